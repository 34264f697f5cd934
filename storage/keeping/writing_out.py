"""What goes into an export, read in pieces: nothing in it is more than those who run the group may see."""

from collections.abc import AsyncIterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.given import browsing
from storage.given.browsing import Contribution, Wanted
from storage.lines.persons import NO_MEMBER
from storage.tables import (
    ballots,
    briefs,
    consents,
    contributions,
    members,
    needs,
    options,
    polls,
    reached,
    reaches,
)

OF_MANY = ("brief", "poll", "result")  # sendings whose receipts tell nothing of who gave what
Row = sa.Row[*tuple[Any, ...]]


async def how_many(conn: AsyncConnection, group: str) -> int:
    """How many contributions there are, about."""
    c = contributions.c
    found = sa.select(sa.func.count()).select_from(contributions).where(c.group_id == group)
    return await conn.scalar(found.where(c.taken_back_at.is_(None))) or 0


async def gifts(conn: AsyncConnection, group: str) -> AsyncIterator[list[Contribution]]:
    """Everything that was given, a page at a time, the newest first."""
    after = ""
    while True:
        shelf = await browsing.browse(conn, group, Wanted(), after)
        yield list(shelf.found)
        if not (after := shelf.older):
            return


async def votes(conn: AsyncConnection, group: str) -> list[Row]:
    """The group's polls, the oldest first; drafts are none."""
    p = polls.c
    found = sa.select(polls).where(p.group_id == group, p.state.in_(("open", "closed")))
    return list((await conn.execute(found.order_by(p.opened_at, p.id))).all())


async def labels(conn: AsyncConnection, poll: str) -> dict[str, str]:
    """A poll's options by their keys."""
    o = options.c
    rows = await conn.execute(sa.select(o.key, o.label).where(o.poll_id == poll).order_by(o.position, o.key))
    return {row.key: row.label for row in rows}


async def cast(conn: AsyncConnection, poll: str, *, practice: bool) -> list[Row]:
    """The ballots of an open-handed poll that has closed, each with whose it is."""
    b, m = ballots.c, members.c
    found = (
        sa.select(m.number, m.name, m.practice, b.choices, b.channel, b.at)
        .join(members, m.id == b.member_id)
        .where(b.poll_id == poll)
        .order_by(b.at, m.id)
    )
    return list((await conn.execute(found if practice else found.where(~m.practice))).all())


async def receipts(conn: AsyncConnection, group: str, *, practice: bool) -> AsyncIterator[Row]:
    """Whom briefs, votes and results reached."""
    r, m, b, p = reached.c, members.c, briefs.c, polls.c
    found = (
        sa.select(r.kind, sa.func.coalesce(b.title, p.question, "").label("title"), m.number, m.name)
        .add_columns(r.channel, r.state, r.at)
        .join(members, m.id == r.member_id)
        .outerjoin(briefs, b.id == r.subject_id)
        .outerjoin(polls, p.id == r.subject_id)
        .where(m.group_id == group, r.kind.in_(OF_MANY))
        .order_by(r.subject_id, r.kind, m.id)
    )
    async for row in await conn.stream(found if practice else found.where(~m.practice)):
        yield row


async def register(conn: AsyncConnection, group: str, *, practice: bool) -> AsyncIterator[dict[str, Any]]:
    """Everybody who takes part: how, what they need, and what they agreed to. No phone numbers."""
    m = members.c
    ways, needed, agreed = await _ways(conn, group), await _needs(conn, group), await _agreed(conn, group)
    found = sa.select(members).where(m.group_id == group, m.joined_to.is_(None), m.state.not_in(NO_MEMBER))
    async for row in await conn.stream((found if practice else found.where(~m.practice)).order_by(m.id)):
        yield {
            "number": row.number or "",
            "name": row.name,
            "permission": row.permission,
            "state": row.state,
            "language": row.language,
            "form": row.form,
            "practice": row.practice,
            "ways": ", ".join(ways.get(row.id, ())),
            "needs": "; ".join(needed.get(row.id, ())),
            "agreed_to": "; ".join(agreed.get(row.id, ())),
            "joined_at": row.joined_at,
            "last_in_touch": row.heard_at,
        }


async def _ways(conn: AsyncConnection, group: str) -> dict[str, list[str]]:
    r, m = reaches.c, members.c
    rows = sa.select(r.member_id, r.channel).join(members, m.id == r.member_id)
    return await _by_member(conn, rows.where(m.group_id == group, r.retired_at.is_(None)).order_by(r.rank))


async def _needs(conn: AsyncConnection, group: str) -> dict[str, list[str]]:
    n, m = needs.c, members.c
    said = sa.case((n.words != "", n.kind + ": " + n.words), else_=n.kind)
    rows = sa.select(n.member_id, said).join(members, m.id == n.member_id).where(m.group_id == group)
    return await _by_member(conn, rows.order_by(n.asked_on))


async def _agreed(conn: AsyncConnection, group: str) -> dict[str, list[str]]:
    c, m = consents.c, members.c
    rows = sa.select(c.member_id, c.purpose).join(members, m.id == c.member_id)
    return await _by_member(
        conn, rows.where(m.group_id == group, c.withdrawn_at.is_(None)).order_by(c.purpose).distinct()
    )


async def _by_member(conn: AsyncConnection, rows: sa.Select[*tuple[Any, ...]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for member, words in await conn.execute(rows):
        found.setdefault(member, []).append(words)
    return found
