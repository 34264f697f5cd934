"""Holds everything that would be sent, after data was restored or copied, until somebody lets it go.

The hold is a row of the database, so that no restart and no other process forgets it.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import upsert
from storage.tables import marks

HELD = "held"
SINCE = "held since"


async def hold(conn: AsyncConnection, why: str, *, since: datetime | None = None) -> None:
    """Let nothing go from now on. `why` is a sentence for the operator.

    `since`: what was due between then and now may have gone already, from the data as it was before.
    """
    for name, value in ((HELD, why), (SINCE, since.isoformat() if since else "")):
        make = upsert(conn, marks).values(name=name, value=value)
        await conn.execute(make.on_conflict_do_update(index_elements=["name"], set_={"value": value}))


async def held(conn: AsyncConnection) -> str:
    """Why nothing may go; "" where everything may."""
    return await conn.scalar(sa.select(marks.c.value).where(marks.c.name == HELD)) or ""


async def in_doubt(conn: AsyncConnection) -> datetime | None:
    """The moment since when what was due may have gone already; None where nothing is in doubt."""
    since = await conn.scalar(sa.select(marks.c.value).where(marks.c.name == SINCE))
    return datetime.fromisoformat(since) if since else None


async def let_go(conn: AsyncConnection) -> None:
    """Everything may go again."""
    await conn.execute(sa.delete(marks).where(marks.c.name.in_((HELD, SINCE))))
