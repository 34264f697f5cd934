"""Leases that outlived the process that held them."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.tables import leases, lines, media, sendings


async def release_all(conn: AsyncConnection, now: datetime) -> None:
    """Let go of every lease: only for a process that knows that it is alone on this database."""
    for held in (lines, media, sendings):
        free = sa.update(held).where(held.c.leased_by.is_not(None))
        again = {"due_at": now} if held is lines else {}
        await conn.execute(free.values(leased_by=None, leased_until=None, **again))
    await conn.execute(sa.delete(leases))
