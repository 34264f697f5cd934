"""How far a group has come since it was made: what there is of everything, and what was found right."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import upsert
from storage.lines.persons import NO_MEMBER
from storage.members.groups import Home
from storage.sessions.drafting import DRAFT
from storage.tables import briefs, marks, meetings, members, polls

BACKED_UP = "backed up"
RIGHT = "found right "  # and the group's id: what somebody looked at and found right, as it is


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginnings:
    """Whether there is a first one of each; `right` are the names of what was found right."""

    member: bool
    brief: bool
    poll: bool
    backup: bool
    right: frozenset[str]


async def beginnings(conn: AsyncConnection, home: Home) -> Beginnings:
    """How far this group has come. Whoever only practises counts in a group for practising alone."""
    m = members.c
    real = sa.or_(sa.literal(home.practice), ~m.practice)
    joined = (m.group_id == home.id, m.permission == "member", m.state.not_in(NO_MEMBER), real)
    planned = (meetings.c.group_id == home.id, briefs.c.meeting_id == meetings.c.id, briefs.c.state != DRAFT)
    found = (
        sa.exists().where(*joined),
        sa.exists().where(*planned),
        sa.exists().where(polls.c.group_id == home.id, polls.c.state != DRAFT),
        sa.exists().where(marks.c.name == BACKED_UP),
    )
    member, brief, poll, backup = (await conn.execute(sa.select(*found))).one()
    return Beginnings(
        member=member, brief=brief, poll=poll, backup=backup, right=frozenset(await _right(conn, home.id))
    )


async def find_right(conn: AsyncConnection, group: str, what: str) -> None:
    """Note that somebody looked at this and it may stay as it is."""
    named = " ".join(sorted({*await _right(conn, group), what}))
    await _note(conn, RIGHT + group, named)


async def backed_up(conn: AsyncConnection, now: datetime) -> None:
    """Note that everything was written into a backup."""
    await _note(conn, BACKED_UP, now.isoformat())


async def _right(conn: AsyncConnection, group: str) -> list[str]:
    return (await conn.scalar(sa.select(marks.c.value).where(marks.c.name == RIGHT + group)) or "").split()


async def _note(conn: AsyncConnection, name: str, value: str) -> None:
    make = upsert(conn, marks).values(name=name, value=value)
    await conn.execute(make.on_conflict_do_update(index_elements=["name"], set_={"value": value}))
