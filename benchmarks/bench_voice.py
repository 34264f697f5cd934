"""How long a caller waits after a key, while texts come at half load and while a brief goes to very many."""

import asyncio
import html
import random
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from time import perf_counter

import sqlalchemy as sa

from benchmarks import bound, report
from benchmarks.bench_turns import PEOPLE, busy
from benchmarks.crowd import brief, gather, url
from benchmarks.letters import presses, rings, said, texts
from benchmarks.load import Connection, asked, connected, opened, run
from benchmarks.processes import Process, folder, generate_here, service
from storage.database import Database
from storage.ids import Ids
from storage.tables import sendings

P99 = 100.0  # milliseconds
CALLERS = 12
PAUSE = 0.2  # seconds between hearing and pressing: far quicker than people
KEYS = "*123"

_ACTION = re.compile(rb'<Gather[^>]* action="([^"]+)"')


class Caller:
    """Somebody who rings, presses keys for as long as keys are asked for, and rings again."""

    def __init__(self, connection: Connection, person: int) -> None:
        self._connection = connection
        self._person = person
        self._dice = random.Random(person)  # noqa: S311
        self.waits: list[float] = []
        self.failed = 0

    async def go_on(self, over: Callable[[], bool]) -> None:
        """Call after call, until it is over."""
        while not over():
            call, request = rings(self._person)
            answer = await self._ask(request)
            while not over() and (action := _ACTION.search(answer)):
                await asyncio.sleep(PAUSE * self._dice.uniform(0.5, 1.5))
                key = self._dice.choice(KEYS)
                address = html.unescape(action[1].decode())
                answer = await self._ask(presses(address, call, self._person, key))

    async def _ask(self, request: bytes) -> bytes:
        began = perf_counter()
        status, body = await asked(self._connection, request)
        self.waits.append(perf_counter() - began)
        self.failed += status != 200 or b"<Response>" not in body
        return body


def main(short: bool = False) -> None:
    """Measure callers alone, beside texts, and beside a brief, all in one large group."""
    generate_here()
    people, many, seconds = (700, 1_000, 1) if short else (PEOPLE, 100_000, 20)
    with folder() as data:
        asyncio.run(gather(data, many, group=many))
        with service(data) as server:
            busy(server, 64, texts(said(people), 350))
            half = busy(server, 64, texts(said(people, seed=2), 350 if short else 7_000)).run.rate / 2
            rows = [
                _row("nothing else", run(_beside(server, people, seconds, rate=0))),
                _row(f"{half:,.0f} texts/s", run(_beside(server, people, seconds, rate=half))),
                _row(f"a brief to {many:,}", run(_beside_brief(server, data))),
            ]
    report("voice", rows, p99_ms=bound(max(float(str(row["p99 ms"])) for row in rows), P99))


def _row(beside: str, callers: Sequence[Caller]) -> dict[str, object]:
    waits = sorted(wait for caller in callers for wait in caller.waits)
    return {
        "beside": beside,
        "steps": len(waits),
        "p50 ms": 1000 * waits[len(waits) // 2],
        "p99 ms": 1000 * waits[int(len(waits) * 0.99)],
        "longest ms": 1000 * waits[-1],
        "failed": sum(caller.failed for caller in callers),
    }


async def _beside(server: Process, people: int, seconds: float, rate: float) -> Sequence[Caller]:
    """Callers while so many texts come in a second."""
    requests = texts(said(people, seed=3), int(rate * seconds))
    end = perf_counter() + seconds
    async with connected(server.port, CALLERS) as lines, connected(server.port, 64) as others:
        callers = [Caller(line, person) for line, person in zip(lines, count())]
        steps = [caller.go_on(lambda: perf_counter() > end) for caller in callers]
        texting = [opened(others, requests, rate)] if requests else []
        await asyncio.gather(*steps, *texting)
    return callers


async def _beside_brief(server: Process, data: Path) -> Sequence[Caller]:
    """Callers from when a brief falls due until it is in everybody's outbox."""
    db = await Database.open(url(data))
    now = datetime.now(UTC)
    made = await brief(db, Ids(), now, due=now)
    over = asyncio.Event()

    async def wait() -> None:
        waiting = sa.select(sendings.c.id).where(sendings.c.subject_id == made, sendings.c.state == "waiting")
        while True:
            async with db.read() as conn:
                if await conn.scalar(waiting) is None:
                    over.set()
                    return
            await asyncio.sleep(0.1)

    try:
        async with connected(server.port, CALLERS) as lines:
            callers = [Caller(line, person) for line, person in zip(lines, count())]
            await asyncio.gather(wait(), *(caller.go_on(over.is_set) for caller in callers))
    finally:
        await db.close()
    return callers
