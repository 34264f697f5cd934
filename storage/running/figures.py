"""What the operator's numbers are read from: what waits, how long, and what was spent. Nobody is named.

Each is found by an index over what is unfinished, so that it costs the same beside a million finished rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.keeping.holding import held
from storage.running import problems
from storage.sending import records
from storage.sending.checks import TOO_LATE
from storage.sending.outbox import PRACTICE
from storage.tables import alerts, groups, media, outbox, sendings, spending

UNFINISHED = ("waiting", "sending", "failed", "dead")
LANES = ("telegram", "sms", "voice", PRACTICE)
NEAR = 0.8  # of what a group may spend in a day


@dataclass(frozen=True, slots=True, kw_only=True)
class Pile:
    """Messages of one lane, class and state: how many, and when the first of them is or was due."""

    number: int
    due: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """`outbox` by lane, class and state.

    `segments` and `minutes` were spent today, in each group's own time zone; `near` groups have spent
    most of what they may. `files` wait to be fetched; `overdue` sendings are not written out yet.
    `late`: what was out of date before it could go, in the last day.
    `alerts` nobody has seen, the first of them since `alerts_since`.
    """

    outbox: Mapping[tuple[str, str, str], Pile] = field(default_factory=dict)
    paused: frozenset[str] = frozenset()
    held: bool = False
    problems: int = 0
    alerts: int = 0
    alerts_since: datetime | None = None
    files: int = 0
    overdue: int = 0
    late: int = 0
    segments: int = 0
    minutes: int = 0
    near: int = 0


async def read(conn: AsyncConnection, now: datetime) -> Figures:
    """How things are now."""
    segments, minutes, near = await _spent(conn, now)
    open_alerts, since = await _alerts(conn)
    return Figures(
        outbox=await _outbox(conn),
        paused=frozenset(await records.paused(conn)),
        held=bool(await held(conn)),
        problems=await problems.count(conn),
        alerts=open_alerts,
        alerts_since=since,
        files=await _count(conn, media.c.state == "waiting"),
        overdue=await _count(conn, sa.and_(sendings.c.state == "waiting", sendings.c.due_at <= now)),
        late=await too_late(conn, now),
        segments=segments,
        minutes=minutes,
        near=near,
    )


async def _alerts(conn: AsyncConnection) -> tuple[int, datetime | None]:
    """How many alerts nobody has seen, and since when the first of them waits."""
    a = alerts.c
    waits = (a.state == "open", a.practice.is_(False))
    found = await conn.execute(sa.select(sa.func.count(), sa.func.min(a.at)).where(*waits))
    number, since = found.one()
    return number, since


async def _outbox(conn: AsyncConnection) -> dict[tuple[str, str, str], Pile]:
    o = outbox.c
    found = (o.lane, o["class"], o.state, sa.func.count(), sa.func.min(o.not_before))
    rows = await conn.execute(
        sa.select(*found).where(o.state.in_(UNFINISHED)).group_by(o.state, o.lane, o["class"])
    )
    return {(lane, klass, state): Pile(number=n, due=due) for lane, klass, state, n, due in rows}


async def too_late(conn: AsyncConnection, now: datetime) -> int:
    """What was out of date before it could go, in the last day.

    By the index of the lanes, which leads to a day's messages alone.
    """
    o = outbox.c
    lately = (o["class"] == "notice", o.not_before > now - timedelta(days=1))
    which = sa.and_(o.state == "dropped", o.lane.in_(LANES), *lately, o.sentence == TOO_LATE)
    return await _count(conn, which)


async def _spent(conn: AsyncConnection, now: datetime) -> tuple[int, int, int]:
    """Segments, minutes, and how many groups are near a limit."""
    g, s = groups.c, spending.c
    days = [(now + timedelta(days=days)).date().isoformat() for days in (-1, 0, 1)]
    rows = await conn.execute(
        sa.select(g.zone, s.day, s.segments, s.minutes, g.daily_segments, g.daily_minutes)
        .join_from(groups, spending, s.group_id == g.id)
        .where(s.day.in_(days))
    )
    today = [row for row in rows if row.day == now.astimezone(ZoneInfo(row.zone)).date().isoformat()]
    near = [
        row
        for row in today
        if _near(row.segments, row.daily_segments) or _near(row.minutes, row.daily_minutes)
    ]
    return sum(row.segments for row in today), sum(row.minutes for row in today), len(near)


def _near(spent: int, limit: int) -> bool:
    return bool(limit) and spent >= NEAR * limit


async def _count(conn: AsyncConnection, which: sa.ColumnElement[bool]) -> int:
    return await conn.scalar(sa.select(sa.func.count()).where(which)) or 0
