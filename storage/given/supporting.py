"""Supporters: whom a member named to enter things for them, from a phone of their own and until a date.

A supporter's phone never acts as the member. It can hand something in and learns nothing of what is kept.
"""

import secrets as chance
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows import effects as ef
from flows.state import Supported
from storage.erasure import auditing, removals
from storage.lines import guessing
from storage.members.groups import Complaint
from storage.secrets import Secrets
from storage.tables import members, supporters
from storage.turning.stage import Stage

DIGITS = 9  # so that nobody has to say which kind of code it is
CODE_LASTS = timedelta(days=2)
LONGEST_NAME = 60
PURPOSES: Mapping[str, list[str]] = {"words": ["words"], "votes": ["words", "votes"]}


async def name(
    conn: AsyncConnection,
    secrets: Secrets,
    member: str,
    called: str,
    *,
    may: str,
    until: datetime,
    ids: Callable[[], str],
    now: datetime,
) -> str:
    """Note a supporter, in the place of one who is called the same; the code for their phone."""
    if may not in PURPOSES:
        raise Complaint(f"A supporter is named for one of: {', '.join(PURPOSES)}.")
    s = supporters.c
    alike = (s.member_id == member, s.ended_at.is_(None), sa.func.lower(s.name) == called.strip().lower())
    await _let_go(conn, alike, now)
    first = 10 ** (DIGITS - 1)
    code = str(first + chance.randbelow(9 * first))
    row = {"id": ids(), "member_id": member, "name": called.strip()[:LONGEST_NAME], "purposes": PURPOSES[may]}
    sealed = {"code_hash": _hash(secrets, code), "code_until": now + CODE_LASTS}
    await conn.execute(supporters.insert().values(**row, **sealed, until=until))
    return code


async def end(conn: AsyncConnection, member: str, now: datetime, *, called: str = "") -> int:
    """Nobody enters anything for this member any more, or not the one who is called so; how many ended."""
    s = supporters.c
    theirs = [s.member_id == member, s.ended_at.is_(None)]
    if called:
        theirs.append(sa.or_(s.id == called, sa.func.lower(s.name) == called.strip().lower()))
    return await _let_go(conn, theirs, now)


async def of_member(conn: AsyncConnection, member: str, now: datetime) -> list[sa.Row[*tuple[Any, ...]]]:
    """Whom a member has named: their id, name, purposes, until when, and whether their phone is known."""
    s = supporters.c
    wanted = (s.id, s.name, s.purposes, s.until, s.line_id)
    found = sa.select(*wanted).where(s.member_id == member, *_valid(now)).order_by(s.name, s.id)
    return list(await conn.execute(found))


async def group_of(conn: AsyncConnection, line: str, now: datetime) -> str | None:
    """The group of a member for whom things are entered from this line."""
    s = supporters.c
    found = sa.select(members.c.group_id).join(supporters, s.member_id == members.c.id)
    return await conn.scalar(found.where(s.line_id == line, *_valid(now)).order_by(s.id.desc()).limit(1))


def _valid(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    s = supporters.c
    return s.ended_at.is_(None), sa.or_(s.until.is_(None), s.until > now)


async def _let_go(conn: AsyncConnection, which: Iterable[sa.ColumnElement[bool]], now: datetime) -> int:
    """Keep nothing of these, who are not even members, nor of what they sent and heard; how many."""
    of_theirs = tuple(which)
    left = await conn.scalars(sa.select(supporters.c.line_id).where(*of_theirs))
    await removals.of_lines(conn, [line for line in left if line], now)
    nothing = {"ended_at": now, "line_id": None, "code_hash": None, "name": ""}
    return (await conn.execute(sa.update(supporters).where(*of_theirs).values(**nothing))).rowcount


# What turns look up ----------------------------------------------------------------------------------
async def _named(conn: AsyncConnection, s: Stage, asked: str) -> str:
    """Name a supporter as the member asked; the code for them."""
    may, weeks, called = asked.split("|", 2)
    if s.me is None:
        return ""
    until = s.now + timedelta(weeks=int(weeks))
    await _trail(conn, s, "supporter named", s.me)
    return await name(conn, s.secrets, s.me, called, may=may, until=until, ids=s.ids, now=s.now)


async def _supporters(conn: AsyncConnection, s: Stage, _: str) -> tuple[str, ...]:
    """The names of the member's supporters."""
    return tuple(row.name for row in await of_member(conn, s.me or "", s.now))


async def _supported(conn: AsyncConnection, s: Stage, _: str) -> Supported | None:
    """For whom things can be entered from this line: of several, who named it last."""
    if s.line is None:
        return None
    p, m = supporters.c, members.c
    found = await conn.execute(
        sa.select(p.id, p.purposes, m.name, m.permission)
        .join(members, m.id == p.member_id)
        .where(p.line_id == s.line.id, m.state.not_in(("left", "erased")), *_valid(s.now))
        .order_by(p.id.desc())
        .limit(1)
    )
    row = found.one_or_none()
    if row is None:
        return None
    votes = "votes" in row.purposes
    return Supported(id=row.id, name=row.name, votes=votes, permission=row.permission)


async def _taken(conn: AsyncConnection, s: Stage, code: str) -> Supported | None:
    """Whoever sent a supporter's code can enter things from this line; None where it opens nothing."""
    by = s.line.id if s.line else s.owner
    if s.line is None or await guessing.closed(conn, guessing.CODES, by, s.now):
        return None
    p, m = supporters.c, members.c
    alike = sa.exists().where(m.id == p.member_id, m.practice == s.practised)
    live = (p.code_hash == _hash(s.secrets, code), p.code_until > s.now, *_valid(s.now), alike)
    used = sa.update(supporters).where(*live).values(line_id=s.line.id, code_hash=None).returning(p.member_id)
    member = (await conn.scalars(used)).one_or_none()
    if member is None:
        await guessing.count(conn, guessing.CODES, by, ids=s.ids, now=s.now)
        return None
    await _trail(conn, s, "supporter's phone noted", member)
    return await _supported(conn, s, "")


async def _trail(conn: AsyncConnection, s: Stage, did: str, member: str) -> None:
    group = await conn.scalar(sa.select(members.c.group_id).where(members.c.id == member))
    await auditing.record(conn, ids=s.ids, group=group, did=did, subject=member, who=member, now=s.now)


def _hash(secrets: Secrets, code: str) -> bytes:
    return secrets.hash(code, "supporter")


LOOKS: Mapping[str, Callable[[AsyncConnection, Stage, str], Awaitable[Any]]] = {
    "name supporter": _named,
    "supporters": _supporters,
    "supported": _supported,
    "support code": _taken,
}


# What a turn asks to be stored -----------------------------------------------------------------------
def _end(s: Stage, _: ef.EndSupport) -> None:
    if s.me is None:
        return
    me = s.me

    async def write(conn: AsyncConnection) -> None:
        if await end(conn, me, s.now):
            await _trail(conn, s, "supporters ended", me)

    s.ledger.deeds.append(write)


def _hands_in(s: Stage, _: ef.HandsIn) -> None:
    s.secret = True  # it would name nobody whose it is, and so outlive them


def _give_up(s: Stage, _: ef.GiveUpSupport) -> None:
    """From this line nothing is entered for anybody any more."""
    if s.line is None:
        return
    line = s.line.id

    async def write(conn: AsyncConnection) -> None:
        await _let_go(conn, [supporters.c.line_id == line], s.now)

    s.ledger.deeds.append(write)


DEEDS: Mapping[type, Callable[[Stage, Any], None]] = {
    ef.EndSupport: _end,
    ef.GiveUpSupport: _give_up,
    ef.HandsIn: _hands_in,
}
