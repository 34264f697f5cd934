"""What one person gave and can still take back, under whatever id they gave it: for themselves alone."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.calendar import day_name
from flows.state import Thing
from storage.lines.persons import everyone
from storage.tables import ballots, contributions, given, hidings, matters, polls
from storage.turning.stage import Stage

WORDS = ("passed on", "not understood")  # matters that hold words of theirs

Row = sa.Row[*tuple[Any, ...]]
Dated = tuple[datetime, Thing]


async def look(conn: AsyncConnection, s: Stage, _: str) -> tuple[Thing, ...]:
    """What the person of this turn gave, the newest first."""
    if s.me is None or s.group is None:
        return ()
    return await things(conn, s.me, s.group.zone, s.now)


async def things(conn: AsyncConnection, member: str, zone: str, now: datetime) -> tuple[Thing, ...]:
    """What this member gave, the newest first."""

    def day(at: datetime) -> str:
        return day_name(at, zone, now).partition(" ")[2].partition(" at ")[0]

    found: list[Dated] = [
        *((row.at, _gift(row, day(row.at))) for row in await _gifts(conn, member)),
        *((row.at, _words(row, day(row.at))) for row in await _matters(conn, member)),
        *((row.at, _ballot(row, day(row.at))) for row in await _ballots(conn, member)),
    ]
    return tuple(thing for _, thing in sorted(found, key=lambda one: one[0], reverse=True))


def _gift(row: Row, day: str) -> Thing:
    return Thing(
        kind="gift",
        id=row.id,
        flow=row.flow,
        day=day,
        words=row.text,
        audience=row.audience,
        unnamed=row.unnamed,
        hidden=row.hidden_reason or "" if row.hidden_at else "",
        asked=bool(row.asked),
        looked=bool(row.looked),
    )


def _words(row: Row, day: str) -> Thing:
    return Thing(
        kind="words",
        id=row.id,
        flow="",
        day=day,
        words=row.words,
        audience="facilitators",
        unnamed=row.unnamed,
    )


def _ballot(row: Row, day: str) -> Thing:
    return Thing(kind="ballot", id=row.poll_id, flow="vote", day=day, words=row.question)


async def _gifts(conn: AsyncConnection, member: str) -> Sequence[Row]:
    c, h = contributions.c, hidings.c
    asked = sa.exists().where(h.contribution_id == c.id, h.asked_at.is_not(None), h.reviewed_at.is_(None))
    looked = sa.exists().where(h.contribution_id == c.id, h.at == c.hidden_at, h.reviewed_at.is_not(None))
    kept = (c.id, c.flow, c.at, c.text, c.audience, c.unnamed, c.hidden_reason, c.hidden_at)
    found = await conn.execute(
        sa.select(*kept, asked.label("asked"), looked.label("looked"))
        .join(given, given.c.contribution_id == c.id)
        .where(given.c.member_id.in_(everyone(member)), c.taken_back_at.is_(None))
    )
    return found.all()


async def _matters(conn: AsyncConnection, member: str) -> Sequence[Row]:
    m = matters.c
    theirs = (m.member_id.in_(everyone(member)), m.kind.in_(WORDS))
    found = await conn.execute(sa.select(m.id, m.at, m.words, m.media, m.unnamed).where(*theirs))
    return [row for row in found if row.words or row.media]  # else it was taken back


async def _ballots(conn: AsyncConnection, member: str) -> Sequence[Row]:
    b, p = ballots.c, polls.c
    found = await conn.execute(
        sa.select(b.poll_id, sa.func.max(b.at).label("at"), p.question)
        .join(polls, p.id == b.poll_id)
        .where(b.member_id.in_(everyone(member)), p.state == "open")
        .group_by(b.poll_id, p.question)
    )
    return found.all()
