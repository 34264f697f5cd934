"""What goes to many: how quickly it is written for everybody, and how well the allowed rate is used.

The writing is measured slice by slice: no turn can be taken while one is written.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter, process_time

from aiohttp import ClientSession
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from benchmarks import bound, report
from benchmarks.crowd import brief, gather, url
from benchmarks.load import run
from benchmarks.processes import folder, generate_here, providers, service
from benchmarks.providers import OVERALL
from bot.sending.scheduler import Scheduler
from bot.ways import shipped
from flows.document import load
from storage.database import Database
from storage.ids import Ids

TOTAL, LONGEST = 8.0, 50.0  # seconds for 100,000 rows; milliseconds for a slice
SHARE = 0.97  # of the rate that Telegram allows


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
    people = 500 if short else 100_000
    with folder() as data:
        run(gather(data, people, group=people))
        rows = run(_write(data, people))
    report("fanout: written", [rows[0]], **rows[1])
    _send(*((10, 1) if short else (1_000, 3)))


def _send(people: int, briefs: int) -> None:
    """Briefs to people on Telegram, by the real service at its real pace."""
    generate_here()
    with folder() as data, providers() as api:
        run(gather(data, people, group=people, phones=False))
        with service(data, lanes=True, api=f"http://127.0.0.1:{api.port}") as server:
            before = server.cpu()
            told = run(_sent(data, api.port, people * briefs, briefs))
            worked = server.cpu() - before
    seconds = told["last"] - told["first"]
    rate = (told["taken"] - 1) / seconds
    row: dict[str, object] = {
        "messages": int(told["taken"]),
        "chats": people,
        "seconds": seconds,
        "a second": rate,
        "answered 429": int(told["early"]),
        "processor ms each": 1000 * worked / told["taken"],
    }
    share, early = bound(rate / OVERALL, SHARE, least=True), bound(told["early"], 0)
    report("fanout: sent", [row], share_of_allowed_rate=share, refused_as_too_early=early)


async def _sent(data: Path, port: int, wanted: int, briefs: int) -> dict[str, float]:
    """Let the briefs fall due, and wait until all of it has gone."""
    db, ids = await Database.open(url(data)), Ids()
    now = datetime.now(UTC)
    for _ in range(briefs):
        await brief(db, ids, now, due=now)
    await db.close()
    async with ClientSession() as session, asyncio.timeout(60 + wanted / OVERALL * 2):
        while True:
            async with session.get(f"http://127.0.0.1:{port}/told") as answer:
                told: dict[str, float] = await answer.json()
            if told["taken"] >= wanted:
                return told
            await asyncio.sleep(0.2)


async def _write(data: Path, people: int) -> tuple[dict[str, object], dict[str, object]]:
    db = await Watched.open(url(data))
    ids = Ids()
    now = datetime.now(UTC)
    await brief(db, ids, now, due=now)
    db.held.clear()
    scheduler = Scheduler(
        db,
        flows=load(shipped()),
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
