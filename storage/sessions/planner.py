"""A group's meetings as the pages list them: those ahead, those that have been, and a month of them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.members.groups import Complaint
from storage.sending.heads import UNSENT
from storage.sessions.meetings import Meeting, find_meeting
from storage.tables import briefs, meetings, outbox

PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A meeting in a list, with its briefs as (id, title, state). `moves`: how often its time was changed."""

    id: str
    title: str
    at: datetime
    state: str
    moves: int
    briefs: tuple[tuple[str, str, str], ...] = ()


async def ahead(conn: AsyncConnection, group: str, now: datetime, *, after: str = "") -> list[Entry]:
    """Meetings that are still to come, the next one first; `after` is the last of the page before."""
    m = meetings.c
    listed = sa.select(meetings).where(m.group_id == group, m.at > now).order_by(m.at, m.id).limit(PAGE)
    return await _entries(
        conn, listed.where(sa.tuple_(m.at, m.id) > _place(group, after)) if after else listed
    )


async def past(conn: AsyncConnection, group: str, now: datetime, *, after: str = "") -> list[Entry]:
    """Meetings that have been, the latest first."""
    m = meetings.c
    listed = sa.select(meetings).where(m.group_id == group, m.at <= now).limit(PAGE)
    listed = listed.order_by(m.at.desc(), m.id.desc())
    return await _entries(
        conn, listed.where(sa.tuple_(m.at, m.id) < _place(group, after)) if after else listed
    )


async def between(conn: AsyncConnection, group: str, start: datetime, end: datetime) -> list[Entry]:
    """Meetings from one moment until before another."""
    m = meetings.c
    here = sa.select(meetings).where(m.group_id == group, m.at >= start, m.at < end)
    return await _entries(conn, here.order_by(m.at, m.id))


async def entry(conn: AsyncConnection, meeting: Meeting) -> Entry:
    """One meeting with its briefs."""
    (found,) = await _entries(conn, sa.select(meetings).where(meetings.c.id == meeting.id))
    return found


async def meeting_of(conn: AsyncConnection, group: str, wanted: str) -> Meeting | None:
    """A meeting of this group; None where it has none with that id."""
    try:
        found = await find_meeting(conn, wanted)
    except Complaint:
        return None
    return found if found.group == group else None


async def on_their_way(conn: AsyncConnection, meeting: Meeting) -> int:
    """How many messages with a brief of this meeting wait to go out just now."""
    o, b = outbox.c, briefs.c
    of_it = sa.select(b.id).where(b.meeting_id == meeting.id)
    waiting = sa.select(sa.func.count()).where(
        o.kind == "brief", o.subject_id.in_(of_it), o.state.in_(UNSENT)
    )
    return await conn.scalar(waiting) or 0


def _place(group: str, after: str) -> sa.ScalarSelect[Any]:
    """Where in the order a meeting stands."""
    m = meetings.alias().c
    return sa.select(m.at, m.id).where(m.id == after, m.group_id == group).scalar_subquery()


async def _entries(conn: AsyncConnection, listed: sa.Select[*tuple[Any, ...]]) -> list[Entry]:
    rows: Sequence[Any] = (await conn.execute(listed)).all()
    b = briefs.c
    theirs: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    of_these = sa.select(b.meeting_id, b.id, b.title, b.state).where(
        b.meeting_id.in_([row.id for row in rows])
    )
    for meeting, *brief in await conn.execute(of_these.order_by(b.id)):
        theirs[meeting].append((*brief,))
    return [
        Entry(
            id=row.id,
            title=row.title,
            at=row.at,
            state=row.state,
            moves=row.moves,
            briefs=tuple(theirs[row.id]),
        )
        for row in rows
    ]
