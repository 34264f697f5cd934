"""Leases that processes hold by name, and letting go of all that a dead process held."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import upsert
from storage.tables import exports, leases, lines, media, sendings

SERVING = "serving:"  # what the lease of each service begins with
SERVES = timedelta(minutes=1)


async def hold(conn: AsyncConnection, name: str, holder: str, *, now: datetime, lasts: timedelta) -> bool:
    """Take or renew the lease of this name; False while another process holds it."""
    make = upsert(conn, leases).values(name=name, holder=holder, until=now + lasts)
    free = sa.or_(leases.c.holder == holder, leases.c.until < now)
    new = {"holder": holder, "until": now + lasts}
    taken = make.on_conflict_do_update(index_elements=["name"], set_=new, where=free)
    return (await conn.execute(taken.returning(leases.c.name))).first() is not None


async def serve(conn: AsyncConnection, holder: str, *, now: datetime) -> None:
    """Say that a service runs on this database, for a minute."""
    await hold(conn, SERVING + holder, holder, now=now, lasts=SERVES)


async def served(conn: AsyncConnection, holder: str) -> None:
    """Say that it runs no more."""
    await conn.execute(sa.delete(leases).where(leases.c.name == SERVING + holder))


async def serving(conn: AsyncConnection, now: datetime) -> bool:
    """Whether a service runs on this database."""
    found = sa.select(leases.c.name).where(leases.c.name.startswith(SERVING), leases.c.until > now)
    return (await conn.execute(found.limit(1))).first() is not None


async def let_go(conn: AsyncConnection, name: str, holder: str) -> None:
    """Give a lease back, so that the next need not wait until it has run out."""
    await conn.execute(sa.delete(leases).where(leases.c.name == name, leases.c.holder == holder))


async def release_all(conn: AsyncConnection, now: datetime) -> None:
    """Let go of every lease: only for a process that knows that it is alone on this database."""
    for held in (lines, media, sendings):
        free = sa.update(held).where(held.c.leased_by.is_not(None))
        again = {"due_at": now} if held is lines else {}
        await conn.execute(free.values(leased_by=None, leased_until=None, **again))
    await conn.execute(sa.update(exports).where(exports.c.leased_until.is_not(None)).values(leased_until=now))
    await conn.execute(sa.delete(leases))
