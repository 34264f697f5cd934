"""What stands on practice phones: posts on their lines, sent and received, for a day."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import upsert
from storage.lines import addresses
from storage.secrets import Secrets
from storage.sending.heads import UNSENT
from storage.tables import calls, lines, media, outbox, practice_posts

FETCHED_AS = "practice"  # the channel of files that come from practice phones
MOST = 200
RINGS = timedelta(minutes=1)  # how long a call of ours is there to be answered


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One post. `parcel` is JSON: a provider's method and its params, or "own" for what was sent."""

    id: str
    address: str
    parcel: Mapping[str, Any]
    at: datetime


async def line(
    conn: AsyncConnection, secrets: Secrets, address: str, *, ids: Callable[[], str], now: datetime
) -> str:
    """The line with this address, made if need be."""
    row = addresses.row(secrets, id=ids(), channel="", address=address, now=now)
    await conn.execute(upsert(conn, lines).values(row).on_conflict_do_nothing())
    found = await conn.execute(sa.select(lines.c.id).where(lines.c.address_hash == row["address_hash"]))
    return str(found.scalar_one())


async def add(
    conn: AsyncConnection,
    line_id: str,
    parcels: Sequence[Mapping[str, Any]],
    *,
    ids: Callable[[], str],
    now: datetime,
) -> None:
    """Put parcels on a practice phone."""
    rows = [{"id": ids(), "line_id": line_id, "parcel": parcel, "at": now} for parcel in parcels]
    await conn.execute(sa.insert(practice_posts), rows)


async def posts(
    conn: AsyncConnection, secrets: Secrets, wanted: Collection[str], *, after: str
) -> list[Post]:
    """What stands on these addresses after the post `after`, in order."""
    p = practice_posts.c
    hashes = {addresses.hash_of(secrets, "", address): address for address in wanted}
    rows = await conn.execute(
        sa.select(p.id, p.parcel, p.at, lines.c.address_hash)
        .join(lines, lines.c.id == p.line_id)
        .where(lines.c.address_hash.in_(hashes), p.id > after)
        .order_by(p.id)
        .limit(MOST)
    )
    return [
        Post(id=row.id, address=hashes[row.address_hash], parcel=row.parcel, at=row.at) for row in rows.all()
    ]


async def ringing(conn: AsyncConnection, posts_: Sequence[Post], now: datetime) -> set[str]:
    """Which calls of ours among these posts can still be answered, by the message that rings."""
    recent = {str(post.parcel.get("outbox")) for post in posts_ if post.at > now - RINGS}
    taken = await conn.scalars(sa.select(calls.c.outbox_id).where(calls.c.outbox_id.in_(recent)))
    return recent - {one for one in taken if one}


async def on_their_way(conn: AsyncConnection, secrets: Secrets, wanted: Collection[str]) -> int:
    """How many answers have not reached these addresses yet."""
    hashes = [addresses.hash_of(secrets, "", address) for address in wanted]
    o = outbox.c
    waiting = (
        sa.select(sa.func.count(o.id))
        .join(lines, lines.c.id == o.line_id)
        .where(lines.c.address_hash.in_(hashes), o["class"] == "answer", o.state.in_(UNSENT))
    )
    return await conn.scalar(waiting) or 0


async def waiting_files(conn: AsyncConnection) -> list[str]:
    """The files from practice phones that nobody has fetched yet."""
    found = await conn.scalars(
        sa.select(media.c.id).where(media.c.channel == FETCHED_AS, media.c.state == "waiting")
    )
    return list(found)
