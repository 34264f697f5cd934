"""Lines on which nothing comes through: since when, and what follows once something does again."""

from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.tables import lines, reaches

FAILS = timedelta(days=7)  # a phone that was off for some days is no sign of another owner


async def fails(conn: AsyncConnection, line: str, now: datetime, *, no_texts: bool = False) -> None:
    """Nothing comes through to this line; since when stays as it was first noted.

    A number that only can't take texts does not fail: what comes next goes there by voice.
    """
    if no_texts:
        await conn.execute(sa.update(lines).where(lines.c.id == line).values(takes_texts=False))
        return
    first = lines.c.failing_since.is_(None)
    await conn.execute(sa.update(lines).where(lines.c.id == line, first).values(failing_since=now))


async def takes_texts(conn: AsyncConnection, line: str) -> None:
    """A text came from this line: then it takes them too, whatever was said before."""
    await conn.execute(sa.update(lines).where(lines.c.id == line).values(takes_texts=None))


async def works(conn: AsyncConnection, ids: Collection[str], now: datetime) -> None:
    """Something arrived on these lines after all.

    Where nothing had for long the number may have a new owner, so that proves nobody: each way there
    stays in doubt until its member has said that it is still theirs.
    """
    n, r = lines.c, reaches.c
    failing = (n.id.in_(ids), n.failing_since.is_not(None))
    if await conn.scalar(sa.select(n.id).where(*failing).limit(1)) is None:
        return  # as nearly always
    since = sa.select(n.failing_since).where(n.id == r.line_id, *failing, n.failing_since < now - FAILS)
    doubtful = (r.line_id.in_(ids), r.failing_since.is_(None), since.exists())
    await conn.execute(sa.update(reaches).where(*doubtful).values(failing_since=since.scalar_subquery()))
    await conn.execute(sa.update(lines).where(*failing).values(failing_since=None))
