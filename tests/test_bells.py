"""One process hears at once that another has put something there, also after its connection was lost."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa

from storage.bells import listen, ring
from storage.database import Database
from tests.stores import ON_POSTGRESQL

LISTENERS = "FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
PATIENCE = 10


@pytest.fixture
async def heard(store_url: str) -> AsyncIterator[asyncio.Semaphore]:
    """Has one more for every ring that was heard."""
    rings = asyncio.Semaphore(0)
    task = asyncio.create_task(listen(store_url, rings.release, again=0.05))
    await asyncio.wait_for(rings.acquire(), PATIENCE)  # it begins with a look
    yield rings
    task.cancel()
    await asyncio.wait([task])


@ON_POSTGRESQL
async def test_what_is_committed_rings(db: Database, heard: asyncio.Semaphore) -> None:
    async with db.write() as conn:
        await ring(conn)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(heard.acquire(), 0.2)
    await asyncio.wait_for(heard.acquire(), PATIENCE)


@ON_POSTGRESQL
async def test_a_lost_connection_is_made_anew_with_a_look(db: Database, heard: asyncio.Semaphore) -> None:
    async with db.write() as conn:
        await conn.execute(sa.text(f"SELECT pg_terminate_backend(pid) {LISTENERS}"))
    await asyncio.wait_for(heard.acquire(), PATIENCE)


async def test_nobody_needs_to_be_told_on_sqlite(db: Database) -> None:
    async with db.write() as conn:
        await ring(conn)
