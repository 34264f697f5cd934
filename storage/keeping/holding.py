"""Holds everything that would be sent, after data was restored or copied, until somebody lets it go.

The hold is a row of the database, so that no restart and no other process forgets it.
"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import upsert
from storage.tables import marks

HELD = "held"
DOUBT = "held in doubt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """What was due between these moments may have gone already, from the data as it was then."""

    since: datetime
    until: datetime


async def hold(conn: AsyncConnection, why: str, *, doubt: Doubt | None = None) -> None:
    """Let nothing go from now on. `why` is a sentence for the operator."""
    span = f"{doubt.since.isoformat()} {doubt.until.isoformat()}" if doubt else ""
    for name, value in ((HELD, why), (DOUBT, span)):
        make = upsert(conn, marks).values(name=name, value=value)
        await conn.execute(make.on_conflict_do_update(index_elements=["name"], set_={"value": value}))


async def held(conn: AsyncConnection) -> str:
    """Why nothing may go; "" where everything may."""
    return await conn.scalar(sa.select(marks.c.value).where(marks.c.name == HELD)) or ""


async def in_doubt(conn: AsyncConnection) -> Doubt | None:
    """Of what it is not known whether it has gone; None where nothing is in doubt."""
    span = await conn.scalar(sa.select(marks.c.value).where(marks.c.name == DOUBT)) or ""
    moments = [datetime.fromisoformat(one) for one in span.split()]
    return Doubt(since=moments[0], until=moments[1]) if moments else None


async def let_go(conn: AsyncConnection) -> None:
    """Everything may go again."""
    await conn.execute(sa.delete(marks).where(marks.c.name.in_((HELD, DOUBT))))
