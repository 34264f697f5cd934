"""A load generator that costs far less than what it drives: requests made ready, connections kept open.

`closed` keeps every connection busy; `opened` sends at a fixed rate whatever the answers do, and counts
each wait from when its request was due, so that a server that stalls cannot hide it.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any, TypeVar, cast

import uvloop

LENGTH = b"content-length:"
END = b"\r\n\r\n"

Made = TypeVar("Made")
Answered = Callable[["Connection", int, bytes], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one run came to. `waits` are seconds, one for each answer."""

    seconds: float
    waits: Sequence[float]
    statuses: Counter[int]

    @property
    def rate(self) -> float:
        """Answers in a second."""
        return len(self.waits) / self.seconds

    @property
    def failed(self) -> int:
        """Answers that were none: all but 2xx."""
        return sum(many for status, many in self.statuses.items() if status // 100 != 2)

    def within(self, share: float) -> float:
        """The milliseconds within which such a share of the answers came."""
        ordered = sorted(self.waits)
        return 1000 * ordered[min(int(len(ordered) * share), len(ordered) - 1)]


class Connection(asyncio.Protocol):
    """One kept connection with at most one request under way; `answered` is told of each answer."""

    def __init__(self, answered: Answered) -> None:
        self.answered = answered
        self.due = 0.0
        self._got = b""
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what is written to."""
        self._transport = cast(asyncio.WriteTransport, transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Nothing can be asked any more."""
        self._transport = None

    def ask(self, request: bytes, due: float) -> None:
        """Send a request; its wait counts from `due`."""
        if self._transport is None:
            raise ConnectionError("The server has closed a connection.")
        self.due = due
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Tell of an answer once it is whole."""
        self._got += data
        head = self._got.find(END)
        if head < 0:
            return
        _, _, rest = self._got[:head].lower().partition(LENGTH)
        whole = head + len(END) + int(rest.partition(b"\r")[0] or 0)
        if len(self._got) >= whole:
            status, body, self._got = int(self._got[9:12]), self._got[head + len(END) : whole], b""
            self.answered(self, status, body)

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()


@asynccontextmanager
async def connected(port: int, many: int) -> AsyncIterator[list[Connection]]:
    """So many open connections, closed afterwards."""
    loop = asyncio.get_running_loop()
    made = [await loop.create_connection(lambda: Connection(_nobody), "127.0.0.1", port) for _ in range(many)]
    connections = [connection for _, connection in made]
    try:
        yield connections
    finally:
        for connection in connections:
            connection.close()


async def closed(connections: Sequence[Connection], requests: Sequence[bytes]) -> Run:
    """Every connection sends its next request as soon as it has an answer, until all are answered."""
    left = iter(requests)
    running = _Running(len(requests))

    def answered(connection: Connection, status: int, body: bytes) -> None:
        running.note(connection, status)
        following = next(left, None)
        if following is not None:
            connection.ask(following, perf_counter())

    for connection in connections:
        connection.answered = answered
        if (first := next(left, None)) is not None:
            connection.ask(first, perf_counter())
    return await running.over()


async def opened(connections: Sequence[Connection], requests: Sequence[bytes], rate: float) -> Run:
    """So many requests a second; one that finds no free connection waits for it, and its wait counts."""
    free = deque(connections)
    late: deque[tuple[bytes, float]] = deque()
    running = _Running(len(requests))

    def answered(connection: Connection, status: int, body: bytes) -> None:
        running.note(connection, status)
        if late:
            connection.ask(*late.popleft())
        else:
            free.append(connection)

    for connection in connections:
        connection.answered = answered
    for n, request in enumerate(requests):
        due = running.began + n / rate
        await asyncio.sleep(max(0.0, due - perf_counter()))
        if free:
            free.popleft().ask(request, due)
        else:
            late.append((request, due))
    return await running.over()


async def asked(connection: Connection, request: bytes) -> tuple[int, bytes]:
    """One request and its answer: status and body."""
    answer: asyncio.Future[tuple[int, bytes]] = asyncio.get_running_loop().create_future()
    connection.answered = lambda _, status, body: answer.set_result((status, body))
    connection.ask(request, perf_counter())
    return await answer


def run(work: Coroutine[Any, Any, Made]) -> Made:
    """Run on the quicker loop."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


class _Running:
    """Counts the answers of one run."""

    def __init__(self, wanted: int) -> None:
        self._wanted = wanted
        self._waits: list[float] = []
        self._statuses: Counter[int] = Counter()
        self._all = asyncio.get_running_loop().create_future()
        self.began = perf_counter()

    def note(self, connection: Connection, status: int) -> None:
        self._waits.append(perf_counter() - connection.due)
        self._statuses[status] += 1
        if len(self._waits) == self._wanted:
            self._all.set_result(perf_counter())

    async def over(self) -> Run:
        async with asyncio.timeout(120):
            ended = await self._all
        return Run(seconds=ended - self.began, waits=self._waits, statuses=self._statuses)


def _nobody(connection: Connection, status: int, body: bytes) -> None:
    """Nothing was asked yet."""
