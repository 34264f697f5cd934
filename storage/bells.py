"""Rings in every process of one PostgreSQL when one of them has put something where the others look.

It only makes them quicker: whoever hears nothing finds the same a moment later by looking.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.postgres import Connect, connector

CHANNEL = "takepart"
AGAIN = 5.0  # seconds until a lost connection is made anew


async def ring(conn: AsyncConnection) -> None:
    """Let all processes look once this write is committed. On SQLite there is nobody to tell."""
    if conn.dialect.name == "postgresql":
        await conn.execute(sa.select(sa.func.pg_notify(CHANNEL, "")))


async def listen(url: str, rung: Callable[[], None], *, again: float = AGAIN) -> None:
    """Call `rung` for every ring, and when something may have been missed, until cancelled."""
    from asyncpg import InterfaceError, PostgresError  # slow to load, and of no use to SQLite

    connect = connector(sa.make_url(url))
    while True:
        with suppress(OSError, PostgresError, InterfaceError, TimeoutError):
            await _listen(connect, rung)
        await asyncio.sleep(again)


async def _listen(connect: Connect, rung: Callable[[], None]) -> None:
    """Listen until the connection is lost."""
    conn, lost = await connect(), asyncio.Event()
    try:
        conn.add_termination_listener(lambda _: lost.set())
        await conn.add_listener(CHANNEL, lambda *_: rung())
        rung()
        await lost.wait()
    finally:
        conn.terminate()
