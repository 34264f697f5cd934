"""Real webhooks to the real service, beside the yardstick: signature, engine, durable commit, answer.

The two take turns within one run, since machines differ and so do minutes.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

from benchmarks import bound, report
from benchmarks.crowd import gather
from benchmarks.letters import said, texts, updates
from benchmarks.load import Run, closed, connected, opened, run
from benchmarks.processes import (
    NOWHERE,
    Process,
    folder,
    generate_here,
    providers,
    service,
    yardstick,
)

CONNECTIONS = (32, 64, 128)
PEOPLE = 10_000
SHARE, P99 = 0.5, 60.0  # of the ceiling at 64 connections; milliseconds at half that load

Writer = Callable[[Iterator[tuple[int, str]], int], list[bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """A run, and the processor time that each of its requests took from the server."""

    run: Run
    each: float  # microseconds


def busy(server: Process, connections: int, requests: Sequence[bytes]) -> Cost:
    """Drive a server with every connection busy."""

    async def drive() -> Run:
        async with connected(server.port, connections) as made:
            return await closed(made, requests)

    before = server.cpu()
    found = run(drive())
    return Cost(run=found, each=1e6 * (server.cpu() - before) / len(requests))


def steady(server: Process, requests: Sequence[bytes], rate: float) -> Run:
    """Drive a server with so many requests a second."""

    async def drive() -> Run:
        async with connected(server.port, 128) as made:
            return await opened(made, requests, rate)

    return run(drive())


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """The yardstick and the service, driven in turns: so many requests each time, so often."""

    bare: Process
    real: Process
    many: int
    rounds: int

    def row(
        self, what: str, connections: int, write: Writer, written: Iterator[tuple[int, str]]
    ) -> dict[str, object]:
        """What the service reaches of what the yardstick does."""
        pairs = []
        for _ in range(self.rounds):
            empty = busy(self.bare, connections, texts(said(PEOPLE), self.many))
            pairs.append((empty, busy(self.real, connections, write(written, self.many))))
        return {
            "what": what,
            "connections": connections,
            "requests/s": median(turn.run.rate for _, turn in pairs),
            "ceiling/s": median(empty.run.rate for empty, _ in pairs),
            "share of ceiling": median(turn.run.rate / empty.run.rate for empty, turn in pairs),
            "processor µs each": median(turn.each for _, turn in pairs),
            "ceiling's µs": median(empty.each for empty, _ in pairs),
            "share of processor": median(empty.each / turn.each for empty, turn in pairs),
            "p50 ms": median(turn.run.within(0.5) for _, turn in pairs),
            "p99 ms": median(turn.run.within(0.99) for _, turn in pairs),
            "failed": sum(one.run.failed for pair in pairs for one in pair),
        }


def main(short: bool = False) -> None:
    """Measure texts and updates, then waits at half the load, then texts while lanes send."""
    generate_here()
    many, rounds = (350, 1) if short else (7_000, 3)
    people = 700 if short else PEOPLE
    with yardstick() as bare:
        busy(bare, 64, texts(said(people), 700))
        with _warm(people) as real:
            rows, facts = _quiet(Contest(bare=bare, real=real, many=many, rounds=rounds), people, short)
        if short:
            return report("turns", rows, **facts)
        with providers() as api, _warm(people, lanes=True, api=f"http://127.0.0.1:{api.port}") as real:
            contest = Contest(bare=bare, real=real, many=many, rounds=rounds)
            rows.append(contest.row("texts, lanes on", 64, texts, said(people)))
    report("turns", rows, **facts)


def _quiet(contest: Contest, people: int, short: bool) -> tuple[list[dict[str, object]], dict[str, object]]:
    """With lanes off: every number of connections, and waits at half the load at 64."""
    written = said(people)
    widths = (64,) if short else CONNECTIONS
    rows = [contest.row("texts", width, texts, written) for width in widths]
    rows.append(contest.row("updates", 64, updates, said(people, seed=2)))
    at_64 = next(row for row in rows if row["connections"] == 64)
    half = float(str(at_64["requests/s"])) / 2
    waits = steady(contest.real, texts(written, 200 if short else contest.many), half)
    return rows, {
        "share_of_ceiling_at_64": bound(float(str(at_64["share of ceiling"])), SHARE, least=True),
        "p99_ms_at_half_load": bound(waits.within(0.99), P99),
        "half_load": half,
        "half_load_p50_ms": waits.within(0.5),
        "half_load_failed": waits.failed,
    }


@contextmanager
def _warm(people: int, *, lanes: bool = False, api: str = NOWHERE) -> Iterator[Process]:
    """The service with so many members, once it has read every group."""
    with folder() as data:
        asyncio.run(gather(data, people))
        with service(data, lanes=lanes, api=api) as real:
            busy(real, 64, texts(said(people, seed=3), 700))
            yield real
