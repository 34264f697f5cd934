"""Locks that a write takes before it reads, so that no two processes change one member at once.

Always in one order: lines by id, then members by id. SQLite has one writer, which is lock enough.
"""

from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Overtaken
from storage.tables import calls, conversations, lines, members, outbox, polls, reaches
from storage.turning.load import Line


async def for_turns(conn: AsyncConnection, here: Mapping[str, Line], sessions: Collection[str]) -> None:
    """Keep everybody who uses these lines or is on these calls, on whatever line they may write next.

    The lines are what they are once they are ours.
    """
    if _sqlite(conn):
        return
    users = sa.select(reaches.c.member_id).where(reaches.c.line_id.in_(here))
    on_call = sa.select(calls.c.member_id).where(calls.c.id.in_(sessions), calls.c.member_id.is_not(None))
    for row in await _take(conn, users.union(on_call), here):
        if row.id in here:
            here[row.id].at_member, here[row.id].at_until = row.at_member, row.at_until


async def for_member(conn: AsyncConnection, member: str) -> None:
    """Keep a member and their lines."""
    if not _sqlite(conn):
        await _take(conn, sa.select(members.c.id).where(members.c.id == member))


async def for_message(conn: AsyncConnection, outbox_id: str) -> None:
    """Keep the line of a message, as whoever sends it does."""
    if not _sqlite(conn):
        line = sa.select(outbox.c.line_id).where(outbox.c.id == outbox_id).scalar_subquery()
        await conn.execute(sa.select(lines.c.id).where(lines.c.id == line).with_for_update(key_share=True))


async def for_closing(conn: AsyncConnection, poll: str) -> None:
    """Keep everybody whose conversation holds this poll: what they chose may be about to go."""
    if not _sqlite(conn):
        c = conversations.c
        voting = c.state.contains(poll, autoescape=True)
        await _take(conn, sa.select(c.member_id).where(voting, c.member_id.is_not(None)))


async def still_open(conn: AsyncConnection, poll_ids: Collection[str]) -> None:
    """Keep these polls from being closed before this write is; raise Overtaken where one has been."""
    if poll_ids and not _sqlite(conn):
        taking = sa.select(polls.c.id).where(polls.c.id.in_(poll_ids), polls.c.state == "open")
        kept = await conn.scalars(taking.order_by(polls.c.id).with_for_update(read=True))
        if len(kept.all()) < len(poll_ids):
            raise Overtaken


def _sqlite(conn: AsyncConnection) -> bool:
    return conn.dialect.name == "sqlite"


async def _take(
    conn: AsyncConnection, who: sa.SelectBase, here: Collection[str] = ()
) -> list[sa.Row[*tuple[Any, ...]]]:
    """Lock these members and all of their lines, and these lines; the lines."""
    theirs = sa.select(reaches.c.line_id).where(reaches.c.member_id.in_(who))
    wanted = theirs.union(sa.select(lines.c.id).where(lines.c.id.in_(here)))
    found = await conn.execute(
        sa.select(lines.c.id, lines.c.at_member, lines.c.at_until)
        .where(lines.c.id.in_(wanted))
        .order_by(lines.c.id)
        .with_for_update(key_share=True)
    )
    m = members.c
    await conn.execute(sa.select(m.id).where(m.id.in_(who)).order_by(m.id).with_for_update(key_share=True))
    return list(found.all())
