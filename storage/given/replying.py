"""“You said, we did”: what a group answers to something that it was given, and what became of the answer.

It goes to the giver by the way that it came. What came without a name is answered too: nobody learns by
whom it was given, so nothing says by which way the answer goes, or what becomes of it.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import upsert
from storage.lines.persons import person
from storage.lines.reaching import ways_to
from storage.members.groups import Complaint
from storage.sending import forecasting, telling
from storage.tables import contributions, given, members, reached, replies
from storage.twice import TWICE

KIND = "reply"  # of the messages
LONGEST = 1000  # characters: a text message of seven parts

NOTHING = "Write what you want to say: an answer without words says nothing."
TOO_LONG = f"An answer has at most {LONGEST} characters: it is read on small phones, and read aloud."
GONE = "This is not here any more: whoever gave it has taken it back."


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer to something given. `state` is that of `reached`, "" where the giver left their name out.

    `by` is the id of whoever wrote it, none where they are erased.
    """

    id: str
    body: str
    by: str | None
    at: datetime
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How an answer would go: by which channel, "" for none. `known` is false where nobody is to know.

    `why`: what speaks against the way that there is.
    """

    known: bool
    channel: str = ""
    why: str = ""
    came: str | None = None  # the channel that the contribution came by


def checked(body: str) -> str:
    """The words of an answer as they are kept; raise Complaint."""
    body = body.strip()
    if not body:
        raise Complaint(NOTHING)
    if len(body) > LONGEST:
        raise Complaint(TOO_LONG)
    return body


async def reply(
    conn: AsyncConnection,
    gift: str,
    body: str,
    say: telling.Write,
    *,
    by: str,
    ids: Callable[[], str],
    channels: Collection[str],
    now: datetime,
) -> str:
    """Keep an answer, and put `say` into the outbox for the giver; the answer's id. Raise Complaint."""
    c = contributions.c
    stands = sa.select(c.unnamed, c.channel).where(c.id == gift, c.taken_back_at.is_(None))
    row = (await conn.execute(stands.with_for_update())).one_or_none()
    if row is None:
        raise Complaint(GONE)
    kept = {"contribution_id": gift, "body": checked(body), "by_id": by}
    if found := await _just_sent(conn, now, **kept):
        return found
    id_ = ids()
    await conn.execute(replies.insert().values(id=id_, at=now, **kept))
    giver = await _giver(conn, gift)
    told = await telling.tell(
        conn,
        [giver] if giver else [],
        say,
        kind=KIND,
        key=f"{KIND}:{id_}",
        ids=ids,
        channels=channels,
        now=now,
        # Lists of messages name their subject, and beside it whom they go to.
        subject=None if row.unnamed else id_,
        by=row.channel or "",
    )
    if giver and not told and not row.unnamed:
        missed = {"kind": KIND, "subject_id": id_, "member_id": giver, "state": "not reachable", "at": now}
        await conn.execute(upsert(conn, reached).values(missed).on_conflict_do_nothing())
    return id_


async def way(conn: AsyncConnection, gift: str, channels: Collection[str], now: datetime) -> Way:
    """How an answer to this would go to its giver now."""
    c = contributions.c
    row = (await conn.execute(sa.select(c.unnamed, c.channel, c.group_id).where(c.id == gift))).one()
    if row.unnamed:
        return Way(known=False)
    giver = await _giver(conn, gift)
    ways = await ways_to(conn, [giver] if giver else [], channels, KIND)
    if giver not in ways:
        return Way(known=True, came=row.channel)
    best = telling.preferred(ways[giver], row.channel or "")
    so = {"line": best.line_id, "channel": best.channel, "group": row.group_id}
    found = await forecasting.outlook(conn, giver, **so, kind=KIND, at=now)
    if found.does in ("send", "hold"):
        return Way(known=True, channel=best.channel, came=row.channel)
    return Way(known=True, why=found.why, came=row.channel)


async def answers(conn: AsyncConnection, gift: str) -> list[Reply]:
    """What was answered to this, the first answer first."""
    r, n = replies.c, reached.c
    found = await conn.execute(
        sa.select(r.id, r.body, r.by_id.label("by"), r.at, sa.func.coalesce(n.state, "").label("state"))
        .outerjoin(reached, sa.and_(n.kind == KIND, n.subject_id == r.id))
        .where(r.contribution_id == gift)
        .order_by(r.at, r.id)
    )
    return [Reply(**row) for row in found.mappings()]


async def _just_sent(conn: AsyncConnection, now: datetime, **kept: str) -> str | None:
    """The same answer by the same person, if they gave it a moment ago."""
    r = replies.c
    same = sa.select(r.id).where(*(r[name] == value for name, value in kept.items()), r.at > now - TWICE)
    found: str | None = await conn.scalar(same.limit(1))
    return found


async def _giver(conn: AsyncConnection, gift: str) -> str | None:
    gave = sa.select(person()).join(given, given.c.member_id == members.c.id)
    found: str | None = await conn.scalar(gave.where(given.c.contribution_id == gift))
    return found
