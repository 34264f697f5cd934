"""Ways in to the pages that work once: a link that somebody is given, a code on a line of their own.

Both are kept as keyed hashes. Whether a number is anybody's is told to nobody: who asks for a code with a
wrong one gets none, and hears the same.
"""

import secrets as chance
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.events import Say
from storage.door.sessions import BYTES, Staff
from storage.lines import guessing
from storage.lines.guessing import SIGN_INS
from storage.lines.persons import NO_MEMBER
from storage.lines.reaching import ways_to
from storage.secrets import Secrets
from storage.sending import outbox as box
from storage.tables import groups, members, outbox, reaches, sign_ins
from storage.turning.views import STAFF

LINK, CODE = "link", "code"
LINK_LASTS = timedelta(days=7)
CODE_LASTS = timedelta(minutes=10)
DIGITS = 6
TRIES = 3  # of a code


async def void(conn: AsyncConnection, member: str, *, now: datetime) -> None:
    """No link and no code that this member has works any more."""
    for kind in (LINK, CODE):
        await _void(conn, member, kind, now)


# Links ----------------------------------------------------------------------------------------------
async def new_link(
    conn: AsyncConnection, secrets: Secrets, member: str, *, ids: Callable[[], str], now: datetime
) -> str:
    """What a new link for a member ends in; those that they had are void."""
    await _void(conn, member, LINK, now)
    token = chance.token_urlsafe(BYTES)
    row = {"id": ids(), "member_id": member, "kind": LINK, "token_hash": _of_link(secrets, token)}
    await conn.execute(sa.insert(sign_ins).values(**row, until=now + LINK_LASTS))
    return token


async def opens(conn: AsyncConnection, secrets: Secrets, token: str, *, now: datetime) -> Staff | None:
    """Whom a link would let in. It is not used up: apps that show what is behind a link open it too."""
    n = sign_ins.c
    live = (n.token_hash == _of_link(secrets, token), n.used_at.is_(None), n.until > now)
    row = (await conn.execute(_staff().join(sign_ins, n.member_id == members.c.id).where(*live))).first()
    return Staff(**row._mapping) if row else None


async def use_link(conn: AsyncConnection, secrets: Secrets, token: str, *, now: datetime) -> Staff | None:
    """Whom a link lets in, once."""
    found = await opens(conn, secrets, token, now=now)
    used = found and await _used(conn, sign_ins.c.token_hash == _of_link(secrets, token), now)
    return found if used else None


# Codes ----------------------------------------------------------------------------------------------
async def send_code(
    conn: AsyncConnection,
    secrets: Secrets,
    *,
    group: str,
    number: str,
    asked: str,
    channels: Collection[str],
    words: Callable[[str, str, str], Say],
    ids: Callable[[], str],
    now: datetime,
) -> bool:
    """Send a code to the line that this member number's owner likes best; whether there is any.

    `asked` is what the browser that asked for it will name with the code: a code is good there alone.
    `words` are made of the code, and the language and form that they like.
    """
    found = await _number_of(conn, group, number)
    if found is None or await guessing.closed(conn, SIGN_INS, found.id, now):
        return False
    member = found.id
    ways = (await ways_to(conn, [member], channels)).get(member)
    if not ways:
        return False
    await guessing.count(conn, SIGN_INS, member, ids=ids, now=now)
    await _void(conn, member, CODE, now)
    code = f"{chance.randbelow(10**DIGITS):0{DIGITS}}"
    row = {"id": asked, "member_id": member, "kind": CODE, "token_hash": _of_code(secrets, asked, code)}
    line, channel = ways[0].line_id, ways[0].channel
    await conn.execute(sa.insert(sign_ins).values(**row, line_id=line, until=now + CODE_LASTS))
    message = box.Row(
        id=ids(),
        line=line,
        channel=channel,
        klass="answer",  # to what they just did in the browser: it goes at any hour
        dedupe_key=f"sign-in:{asked}",
        say=words(code, found.language, found.form),
        member=member,
        group=group,
        kind=CODE,
        subject=asked,
        expires_at=now + CODE_LASTS,
    )
    await box.add(conn, [message], now=now)
    return True


async def use_code(
    conn: AsyncConnection, secrets: Secrets, asked: str, code: str, *, now: datetime
) -> list[str]:
    """The members whom a code lets in, once: one person's. Nobody where it is wrong or too late."""
    n = sign_ins.c
    digits = "".join(one for one in code if one.isdecimal())
    live = (n.id == asked, n.kind == CODE, n.used_at.is_(None), n.until > now, n.tries < TRIES)
    tried = sa.update(sign_ins).where(*live).values(tries=n.tries + 1)
    row = (await conn.execute(tried.returning(n.member_id, n.line_id, n.token_hash))).first()
    right = row is not None and row.token_hash == _of_code(secrets, asked, digits)
    if row is None or not right or not await _used(conn, n.id == asked, now):
        return []
    o = outbox.c
    spent = sa.update(outbox).where(o.kind == CODE, o.subject_id == asked, o.member_id == row.member_id)
    await conn.execute(spent.values(body=None))
    return await _same_person(conn, row.member_id, row.line_id)


async def _number_of(conn: AsyncConnection, group: str, number: str) -> Any:
    """Who has this member number and may run the group."""
    m = members.c
    theirs = (m.group_id == group, m.number == number, m.permission.in_(STAFF), m.state.not_in(NO_MEMBER))
    return (await conn.execute(sa.select(m.id, m.language, m.form).where(*theirs))).first()


async def _same_person(conn: AsyncConnection, member: str, line: str) -> list[str]:
    """This member, and all else that they run who proved a line to be theirs.

    A line that several members of one group use is nobody's proof of who else they are.
    """
    m, r = members.c, reaches.c
    here = sa.select(m.id, m.group_id, m.permission, r.proved_at).join(reaches, r.member_id == m.id)
    used = here.where(r.line_id == line, r.retired_at.is_(None), m.state.not_in(NO_MEMBER))
    rows = (await conn.execute(used)).all()
    who = {row.id for row in rows}
    if member not in who or len({row.group_id for row in rows}) < len(who):
        return [member]
    proved = {row.id for row in rows if row.proved_at and row.permission in STAFF}
    return sorted({member, *proved}) if member in proved else [member]


# Both -----------------------------------------------------------------------------------------------
def _staff() -> sa.Select[Any]:
    m, g = members.c, groups.c
    who = (m.id.label("member"), m.group_id.label("group"), g.code, m.name, m.permission)
    here = (m.permission.in_(STAFF), m.state.not_in(NO_MEMBER))
    return sa.select(*who).join(groups, g.id == m.group_id).where(*here)


async def _used(conn: AsyncConnection, which: sa.ColumnElement[bool], now: datetime) -> bool:
    """Whether it was ours to use: of two who come with the same one, one gets in."""
    used = sa.update(sign_ins).where(which, sign_ins.c.used_at.is_(None)).values(used_at=now)
    return (await conn.execute(used)).rowcount == 1


async def _void(conn: AsyncConnection, member: str, kind: str, now: datetime) -> None:
    n = sign_ins.c
    theirs = sa.update(sign_ins).where(n.member_id == member, n.kind == kind, n.used_at.is_(None))
    await conn.execute(theirs.values(used_at=now))


def _of_link(secrets: Secrets, token: str) -> bytes:
    return secrets.hash(token, "sign-in link")


def _of_code(secrets: Secrets, asked: str, code: str) -> bytes:
    return secrets.hash(f"{asked}:{code}", "sign-in code")
