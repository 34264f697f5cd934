"""Up to when the provider's list of texts to one of our numbers has been read, and which of them we have."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import upsert
from storage.tables import events, marks

SLICE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """`first`: from when on texts are ours to answer. `last`: when the list was last read to its end."""

    first: datetime
    last: datetime


async def seen(conn: AsyncConnection, number: str) -> Seen | None:
    """How far the texts to a number have been read; None where they never were."""
    stored = await conn.scalar(sa.select(marks.c.value).where(marks.c.name == _name(number)))
    if not stored:
        return None
    first, last = map(datetime.fromisoformat, stored.split())
    return Seen(first=first, last=last)


async def note(conn: AsyncConnection, number: str, now: Seen) -> None:
    """Remember how far they have been read."""
    value = f"{now.first.isoformat()} {now.last.isoformat()}"
    make = upsert(conn, marks).values(name=_name(number), value=value)
    await conn.execute(
        make.on_conflict_do_update(index_elements=["name"], set_={"value": make.excluded.value})
    )


async def have(conn: AsyncConnection, channel: str, guards: Collection[bytes]) -> set[bytes]:
    """Those of these events that came already."""
    e, wanted, found = events.c, list(guards), set[bytes]()
    for start in range(0, len(wanted), SLICE):
        some = sa.select(e.guard).where(e.channel == channel, e.guard.in_(wanted[start : start + SLICE]))
        found |= set(await conn.scalars(some))
    return found


def _name(number: str) -> str:
    return f"texts to {number}"
