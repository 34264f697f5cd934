"""Who is in a group, a page at a time, as those who run it look for them. No addresses: only how they end."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.lines.persons import NO_MEMBER
from storage.lines.reaching import ways_to
from storage.secrets import Secrets
from storage.tables import lines, members, needs, reaches

PAGE = 50
END = 3  # digits of a number that a list shows
GETS = ("active", "paused")  # states in which somebody gets what we start, now or later


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Who is looked for; what is not said is not asked. `state` "": all who are there."""

    words: str = ""  # in the name, or the member number
    state: str = ""
    channel: str = ""
    need: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One person. `ways` are (channel, last digits); `next_way` is the one used next, "" for none."""

    id: str
    name: str
    number: str
    permission: str
    state: str
    language: str
    form: str
    practice: bool
    paused_until: datetime | None
    heard_at: datetime | None
    ways: tuple[tuple[str, str], ...]
    needs: tuple[str, ...]
    next_way: str


async def browse(
    conn: AsyncConnection,
    group: str,
    wanted: Wanted,
    secrets: Secrets,
    *,
    channels: Collection[str],
    after: str = "",
) -> tuple[list[Entry], str]:
    """The next page of people by name, after the id that a page before has named; and what comes next."""
    m = members.c
    by = sa.func.lower(m.name)
    asked = sa.select(members).where(m.group_id == group, *_which(wanted)).order_by(by, m.id).limit(PAGE + 1)
    if after:
        last = sa.select(by, m.id).where(m.id == after, m.group_id == group)
        place = (await conn.execute(last)).first()
        if place:
            asked = asked.where(sa.tuple_(by, m.id) > tuple(place))
    rows = (await conn.execute(asked)).all()
    here = rows[:PAGE]
    ids = [row.id for row in here]
    ways, needed = await _ways(conn, ids, secrets), await _needs(conn, ids)
    first = await ways_to(conn, ids, channels, "brief")
    found = [
        Entry(
            id=row.id,
            name=row.name,
            number=row.number or "",
            permission=row.permission,
            state=row.state,
            language=row.language,
            form=row.form,
            practice=row.practice,
            paused_until=row.paused_until,
            heard_at=row.heard_at,
            ways=tuple(ways.get(row.id, ())),
            needs=tuple(needed.get(row.id, ())),
            next_way=first[row.id][0].channel if row.id in first and row.state in GETS else "",
        )
        for row in here
    ]
    return found, here[-1].id if len(rows) > PAGE else ""


async def count(conn: AsyncConnection, group: str) -> int:
    """How many take part; practice is not counted."""
    m = members.c
    there = (m.group_id == group, m.joined_to.is_(None), m.state.not_in(NO_MEMBER), ~m.practice)
    return await conn.scalar(sa.select(sa.func.count()).select_from(members).where(*there)) or 0


def _which(wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    m, r, n = members.c, reaches.c, needs.c
    which: list[sa.ColumnElement[bool]] = [m.joined_to.is_(None)]
    which.append(m.state == wanted.state if wanted.state else m.state.not_in(NO_MEMBER))
    if wanted.words:
        like = f"%{_escaped(wanted.words.lower())}%"
        which.append(sa.or_(sa.func.lower(m.name).like(like, escape="\\"), m.number == wanted.words))
    if wanted.channel:
        has = sa.select(r.member_id).where(r.channel == wanted.channel, r.retired_at.is_(None))
        which.append(m.id.in_(has))
    if wanted.need:
        which.append(m.id.in_(sa.select(n.member_id).where(n.kind == wanted.need)))
    return which


def _escaped(words: str) -> str:
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


async def _ways(
    conn: AsyncConnection, ids: Sequence[str], secrets: Secrets
) -> dict[str, list[tuple[str, str]]]:
    r = reaches.c
    rows = await conn.execute(
        sa.select(r.member_id, r.channel, lines.c.kind, lines.c.address)
        .join(lines, lines.c.id == r.line_id)
        .where(r.member_id.in_(ids), r.retired_at.is_(None))
        .order_by(r.rank, r.id)
    )
    ways: dict[str, list[tuple[str, str]]] = {}
    for row in rows:
        address = secrets.open(row.address) if row.address else ""
        shown = address[-END:] if row.kind == "phone" else ""
        ways.setdefault(row.member_id, []).append((row.channel, shown))
    return ways


async def _needs(conn: AsyncConnection, ids: Sequence[str]) -> dict[str, list[str]]:
    n = needs.c
    found: dict[str, list[str]] = {}
    for member, kind in await conn.execute(
        sa.select(n.member_id, n.kind).where(n.member_id.in_(ids)).order_by(n.asked_on, n.id)
    ):
        found.setdefault(member, []).append(kind)
    return found
