"""One look at a group for those who run it: what came in, what did not get through, what goes out next."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.given.unnaming import day_of
from storage.members.groups import Home
from storage.running.undelivered import OVER
from storage.tables import (
    briefs,
    contributions,
    events,
    lines,
    meetings,
    members,
    outbox,
    polls,
    problems,
    sendings,
)

LATELY = timedelta(days=7)  # what did not get through before is news no more
AHEAD = 10  # of what goes out next
MANY = 1000  # where counting ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """How much came by one way of taking part."""

    flow: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """Something that goes to many, or a vote that closes. `of` is the id that its page is found by."""

    at: datetime
    kind: str
    title: str
    of: str


async def came(conn: AsyncConnection, home: Home, since: datetime) -> list[Came]:
    """What was given since, by flow, the most first. What was taken back is left out.

    So is practice, unless the group is only for that. Of what has no name only the day is known, so all
    of that day counts.
    """
    c, today = contributions.c, day_of(since, home.zone)
    new = sa.or_(c.at > since, sa.and_(c.unnamed, c.at >= today))
    here = [c.group_id == home.id, c.at >= today, new, c.taken_back_at.is_(None)]
    if not home.practice:
        here.append(c.practice.is_(False))
    count = sa.func.count().label("count")
    found = sa.select(c.flow, count).where(*here).group_by(c.flow).order_by(count.desc(), c.flow)
    return [Came(flow=flow, count=number) for flow, number in await conn.execute(found)]


async def not_through(conn: AsyncConnection, group: str, now: datetime) -> int:
    """How many people something did not get through to lately, by whatever way, and was given up."""
    o = outbox.c
    lost = (o.group_id == group, o.state.in_(OVER), o.created_at > now - LATELY, o.member_id.is_not(None))
    real = lines.c.kind != "practice"
    found = (
        sa.select(o.member_id).join(lines, lines.c.id == o.line_id).where(*lost, real).distinct().limit(MANY)
    )
    return await conn.scalar(sa.select(sa.func.count()).select_from(found.subquery())) or 0


async def not_answered(conn: AsyncConnection, group: str) -> int:
    """How many messages of this group's members failed here, and nobody has seen to them."""
    p, e, m = problems.c, events.c, members.c
    found = (
        sa.select(sa.func.count())
        .select_from(problems)
        .join(events, e.id == p.event_id)
        .join(members, m.id == e.member_id)
        .where(m.group_id == group, p.replayed_at.is_(None), p.done_at.is_(None))
    )
    return await conn.scalar(found) or 0


async def ahead(conn: AsyncConnection, group: str, now: datetime) -> list[Next]:
    """What goes out next, and which votes close, the first first."""
    s, b, m, p = sendings.c, briefs.c, meetings.c, polls.c
    title = sa.func.coalesce(b.title, p.question, m.title, "")
    goes = (
        sa.select(s.due_at.label("at"), s.kind, title.label("title"), s.subject_id.label("of"))
        .outerjoin(briefs, b.id == s.subject_id)
        .outerjoin(polls, p.id == s.subject_id)
        .outerjoin(meetings, m.id == s.subject_id)
        .where(s.group_id == group, s.state == "waiting")
        .order_by(s.due_at)
        .limit(AHEAD)
    )
    kind = sa.literal("closing").label("kind")
    closes = (
        sa.select(
            p.closes_at.label("at"),
            kind,
            p.question.label("title"),
            p.id.label("of"),
        )
        .where(p.group_id == group, p.state == "open", p.closes_at > now)
        .order_by(p.closes_at)
        .limit(AHEAD)
    )
    rows = [*(await conn.execute(goes)).mappings(), *(await conn.execute(closes)).mappings()]
    return sorted((Next(**row) for row in rows), key=lambda one: one.at)[:AHEAD]
