"""Invitations: single-use codes that let somebody into a group, and who comes in by which code.

A code is eight digits, so that it can be read aloud and keyed on any phone. Only its keyed hash is stored.
"""

import secrets as chance
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.state import Invited, Knock
from flows.turns.joining.admitting import INVITATION
from storage.lines import guessing
from storage.lines.guessing import KNOCKS
from storage.secrets import Secrets
from storage.tables import groups, invitations, members, reaches
from storage.turning.stage import Stage

DIGITS = 8
LASTS = timedelta(days=30)


async def invite(
    conn: AsyncConnection,
    secrets: Secrets,
    *,
    ids: Callable[[], str],
    group: str,
    name: str,
    now: datetime,
) -> tuple[str, str]:
    """A new invitation: its id and its code, which is nowhere to be read again."""
    code = await _new_code(conn, secrets)
    id_, hashed = ids(), _hash(secrets, code)
    row = {"id": id_, "group_id": group, "code_hash": hashed, "name": name, "until": now + LASTS}
    await conn.execute(invitations.insert().values(**row))
    return id_, code


async def _new_code(conn: AsyncConnection, secrets: Secrets) -> str:
    """One that begins with no 0, which callers key for a person, and that no group or invitation has."""
    while True:
        code = str(10 ** (DIGITS - 1) + chance.randbelow(9 * 10 ** (DIGITS - 1)))
        given = sa.select(invitations.c.id).where(invitations.c.code_hash == _hash(secrets, code))
        if not await conn.scalar(given.union(sa.select(groups.c.id).where(groups.c.code == code))):
            return code


async def knock(conn: AsyncConnection, s: Stage, code: str) -> Knock:
    """What a code opens to a stranger; the group of a good invitation is at hand from here on.

    A wrong one is counted at once, so that those of one batch count as well.
    """
    s.group = None
    by = _who_knocks(s)
    if await guessing.closed(conn, KNOCKS, by, s.now):
        return Knock(too_many=True)
    i = invitations.c
    good = (i.code_hash == _hash(s.secrets, code), i.used_at.is_(None), i.until > s.now)
    found = (await conn.execute(sa.select(i.id, i.group_id, i.name).where(*good))).first()
    if found is None or not INVITATION.match(code):
        await guessing.count(conn, KNOCKS, by, ids=s.ids, now=s.now)
        return Knock()
    s.group = (await s.views.load(conn, {found.group_id}, s.now))[found.group_id]
    s.groups[found.group_id] = s.group
    if s.practised:  # there is no carrier who would confirm a stop
        s.group = replace(s.group, replies_to_optout=True)
    return Knock(opens=True, invited=Invited(id=found.id, name=found.name))


async def shut_out(conn: AsyncConnection, s: Stage, _: str) -> bool:
    """Whether somebody with a group's own code has tried too many wrong ones: then that one is not named.

    What others guess keeps nobody out of a group that is open.
    """
    shut = await guessing.closed(conn, KNOCKS, _who_knocks(s), s.now, whole=False)
    if shut:
        s.group = None
    return shut


def _who_knocks(s: Stage) -> str:
    return s.line.id if s.line else s.arrived.event.session


async def admit(conn: AsyncConnection, s: Stage, invitation: str) -> Literal["in", "ask", "used"]:
    """Let a stranger in who has said what to be called: at once, or once a person has agreed to it.

    An invitation is used up here, but not by who only practises. Whoever's membership two people ended has
    to ask.
    """
    if invitation:
        i = invitations.c
        still = (i.id == invitation, i.used_at.is_(None), i.until > s.now)
        if s.practised:
            return "in" if await conn.scalar(sa.select(i.id).where(*still)) else "used"
        used = await conn.execute(sa.update(invitations).where(*still).values(used_at=s.now, name=""))
        return "in" if used.rowcount else "used"
    return "ask" if s.line and s.group and await _ended(conn, s.line.id, s.group.id) else "in"


async def _ended(conn: AsyncConnection, line: str, group: str) -> bool:
    """Whether a membership in this group was ended of somebody who used this line."""
    m, r = members.c, reaches.c
    theirs = sa.select(m.id).join(reaches, r.member_id == m.id)
    gone = theirs.where(r.line_id == line, m.group_id == group, m.ended_at.is_not(None))
    return await conn.scalar(gone.limit(1)) is not None


def _hash(secrets: Secrets, code: str) -> bytes:
    return secrets.hash(code, "invitation")


LOOKS = {"door": knock, "shut out": shut_out, "admit": admit}
