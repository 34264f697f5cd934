"""One group's messages, for those who run it: what waits by each lane, and what did not get through."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.given.unnaming import telling
from storage.running.undelivered import OVER
from storage.sending.outbox import PRACTICE
from storage.tables import members, outbox, senders

PAGE = 50
DAY = timedelta(days=1)
GONE = ("sent", "delivered")
WAITS = ("waiting", "sending")
UNTOLD = "It is for somebody who gave something without their name, so no more is shown."


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """How one lane stands for this group. `later`: of `waiting`, what is held until another moment.

    `paused` is why nothing goes, "" where all goes; `probe_at` when that is looked at again.
    """

    name: str
    waiting: int
    later: int
    sent: int
    lost: int
    paused: str
    probe_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message without its words. Where they would tell who gave something without their name, it has
    no name, no channel and no reason.

    `at`: when it is to go, if it waits, else when it was written. `held`: they are in the middle of
    something. `again`: it can be sent again.
    """

    id: str
    channel: str
    kind: str
    state: str
    at: datetime
    tries: int
    sentence: str
    member: str | None
    name: str
    held: bool
    again: bool


async def lanes(conn: AsyncConnection, group: str, names: Sequence[str], now: datetime) -> list[Lane]:
    """Each lane: what waits and what went in the last day, less what would tell how a giver is reached."""
    o, s = outbox.c, senders.c
    state = sa.case((o.state.in_(WAITS), "waiting"), (o.state.in_(GONE), "sent"), else_="lost")
    wanted = sa.or_(o.state.in_(WAITS), sa.and_(o.state.in_((*GONE, *OVER)), o.created_at > now - DAY))
    late = sa.func.count(sa.case((o.not_before > now, 1)))
    rows = await conn.execute(
        sa.select(o.lane, state.label("state"), sa.func.count().label("n"), late.label("later"))
        .where(o.group_id == group, wanted, ~telling())
        .group_by(o.lane, state)
    )
    counted = {(row.lane, row.state): row for row in rows}
    paused = {row.name: row for row in await conn.execute(sa.select(s.name, s.paused, s.probe_at))}
    found = []
    for name in names:
        waiting, stand = counted.get((name, "waiting")), paused.get(name)
        found.append(
            Lane(
                name=name,
                waiting=waiting.n if waiting else 0,
                later=waiting.later if waiting else 0,
                sent=_number(counted.get((name, "sent"))),
                lost=_number(counted.get((name, "lost"))),
                paused=(stand.paused or "") if stand and stand.probe_at else "",
                probe_at=stand.probe_at if stand else None,
            )
        )
    return found


async def waiting(conn: AsyncConnection, group: str, after: str = "") -> tuple[list[Message], str]:
    """What is to go and has not, as it was written, a page at a time; what comes next, or ""."""
    return await _page(conn, group, outbox.c.state.in_(WAITS), after, outbox.c.not_before)


async def lost(conn: AsyncConnection, group: str, after: str = "") -> tuple[list[Message], str]:
    """What did not get through, or is being tried again, the latest first, a page at a time."""
    o = outbox.c
    tried = sa.or_(o.state.in_(OVER), sa.and_(o.state == "waiting", o.tries > 0))
    return await _page(conn, group, tried, after, o.created_at)


async def belongs(conn: AsyncConnection, group: str, id_: str) -> bool:
    """Whether this message is one of the group's."""
    found = sa.select(outbox.c.id).where(outbox.c.id == id_, outbox.c.group_id == group)
    return await conn.scalar(found) is not None


async def _page(
    conn: AsyncConnection, group: str, which: sa.ColumnElement[bool], after: str, at: sa.Column[datetime]
) -> tuple[list[Message], str]:
    o, m = outbox.c, members.c
    untold = telling()
    called = sa.func.coalesce(sa.func.nullif(m.name, ""), sa.literal("member ") + m.number, "")
    asked = (
        sa.select(
            *(o.id, o.kind, o.state, o.tries),
            sa.case((untold, o.created_at), else_=at).label("at"),
            sa.case((untold, ""), else_=o.channel).label("channel"),
            sa.case((untold, UNTOLD), else_=o.sentence).label("sentence"),
            sa.case((untold, sa.null()), else_=o.member_id).label("member"),
            sa.case((untold, ""), else_=called).label("name"),
            sa.and_(o.held, ~untold).label("held"),
            sa.and_(o.state.in_(OVER), o.body.is_not(None)).label("again"),
        )
        .outerjoin(members, m.id == o.member_id)
        .where(o.group_id == group, which, o.lane != PRACTICE)
        .order_by(o.id.desc())
        .limit(PAGE + 1)
    )
    rows = await conn.execute(asked.where(o.id < after) if after else asked)
    found = [Message(**row) for row in rows.mappings()]
    return found[:PAGE], found[PAGE - 1].id if len(found) > PAGE else ""


def _number(row: sa.Row[*tuple[object, ...]] | None) -> int:
    return int(row._mapping["n"]) if row else 0
