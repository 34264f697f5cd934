"""Counts wrong codes and PINs, so that nobody can go on guessing. What is counted is written at once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.tables import guesses

KEPT = timedelta(days=2)  # longer than any limit looks back


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """So many wrong guesses of one kind: `each` by one line, call or about one member, `whole` by all."""

    what: str
    each: int
    whole: int
    span: timedelta = timedelta(hours=1)


CODES = Limit(what="code", each=3, whole=60)
NUMBERS = Limit(what="number", each=5, whole=60)  # a member number, with a PIN or without
KNOCKS = Limit(what="invitation", each=5, whole=300)  # codes of groups and invitations, at the door
PINS = Limit(what="pin", each=10, whole=200)  # by the member who is guessed at
PINS_A_DAY = Limit(what="pin", each=20, whole=1000, span=timedelta(days=1))  # a PIN has ten thousand
SIGN_INS = Limit(what="sign-in code", each=5, whole=100)  # that were sent: by their member


async def closed(conn: AsyncConnection, limit: Limit, by: str, now: datetime, *, whole: bool = True) -> bool:
    """Whether there were too many; then not even what is right may be said to be right.

    `whole`: too many of all others close it too.
    """
    g = guesses.c
    mine = sa.func.coalesce(sa.func.sum(sa.case((g.by == by, 1), else_=0)), 0)
    lately = (g.what == limit.what, g.at > now - limit.span)
    of_one, of_all = (await conn.execute(sa.select(mine, sa.func.count()).where(*lately))).one()
    return bool(of_one >= limit.each or (whole and of_all >= limit.whole))


async def count(
    conn: AsyncConnection, limit: Limit, by: str, *, ids: Callable[[], str], now: datetime
) -> None:
    """One more wrong guess."""
    await conn.execute(sa.insert(guesses).values(id=ids(), what=limit.what, by=by, at=now))


async def shut(conn: AsyncConnection, now: datetime) -> list[str]:
    """The kinds of guesses that are closed to everybody for now, for the operator."""
    g, found = guesses.c, []
    for limit in (CODES, NUMBERS, KNOCKS, PINS, PINS_A_DAY, SIGN_INS):
        lately = (g.what == limit.what, g.at > now - limit.span)
        if (await conn.scalar(sa.select(sa.func.count()).where(*lately)) or 0) >= limit.whole:
            found.append(limit.what)
    return found
