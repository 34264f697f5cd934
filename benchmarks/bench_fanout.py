"""What goes to many: how quickly it is written for everybody, and how well the allowed rate is used.

The writing is measured slice by slice: no turn can be taken while one is written.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter, process_time

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from benchmarks import bound, report
from benchmarks.crowd import brief, gather, url
from benchmarks.load import run
from benchmarks.processes import folder
from bot.scheduler import Scheduler
from storage.database import Database
from storage.ids import Ids

TOTAL, LONGEST = 8.0, 50.0  # seconds for 100,000 rows; milliseconds for a slice


class Watched(Database):
    """Notes how long each write holds the database."""

    def __init__(self, *engines: AsyncEngine) -> None:
        super().__init__(*engines)
        self.held: list[float] = []

    def write(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A transaction that is timed, from its beginning until it is durable."""
        return self._timed()

    @asynccontextmanager
    async def _timed(self) -> AsyncIterator[AsyncConnection]:
        began = perf_counter()
        async with super().write() as conn:
            began = perf_counter()
            yield conn
        self.held.append(perf_counter() - began)


class NoFiles:
    """Nothing that is sent here has a picture."""

    async def save(self, data: bytes) -> str:
        """Never asked for."""
        raise NotImplementedError


def main(short: bool = False) -> None:
    """Write a brief for everybody."""
    people = 3_000 if short else 100_000
    with folder() as data:
        run(gather(data, people, group=people))
        rows = run(_write(data, people))
    report("fanout: written", [rows[0]], **rows[1])


async def _write(data: Path, people: int) -> tuple[dict[str, object], dict[str, object]]:
    db = await Watched.open(url(data))
    ids = Ids()
    now = datetime.now(UTC)
    await brief(db, ids, now, due=now)
    db.held.clear()
    scheduler = Scheduler(
        db,
        clock=lambda: datetime.now(UTC),
        ids=ids,
        files=NoFiles(),
        channels=("sms", "telegram", "voice"),
        holder="benchmark",
        wake=lambda: None,
    )
    gaps = _Gaps()
    began, worked = perf_counter(), process_time()
    async with gaps.watching():
        await scheduler.tick()
    total, worked = perf_counter() - began, process_time() - worked
    await db.close()
    longest = 1000 * max(db.held)
    row: dict[str, object] = {
        "people": people,
        "seconds": total,
        "processor seconds": worked,
        "writes": len(db.held),
        "longest write ms": longest,
        "longest gap ms": 1000 * gaps.longest,
    }
    return row, {"seconds for all": bound(total, TOTAL), "longest slice in ms": bound(longest, LONGEST)}


class _Gaps:
    """How long nothing else could run on the loop."""

    longest = 0.0

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Look for as long as the block lasts."""
        task = asyncio.create_task(self._look())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _look(self) -> None:
        last = perf_counter()
        while True:
            await asyncio.sleep(0.001)
            now = perf_counter()
            self.longest = max(self.longest, now - last)
            last = now
