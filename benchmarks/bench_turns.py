"""Real webhooks to the real service, beside the yardstick: signature, engine, durable commit, answer.

The two take turns within one run, since machines differ and so do minutes.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks import bound, report
from benchmarks.crowd import gather
from benchmarks.letters import said, texts, updates
from benchmarks.load import Run, closed, connected, opened, run
from benchmarks.processes import Process, folder, generate_here, service, yardstick

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


def main(short: bool = False) -> None:
    """Measure texts and updates with each number of connections, then waits at half the load."""
    generate_here()
    many, rounds = (700, 1) if short else (7_000, 3)
    people = 1_400 if short else PEOPLE
    with folder() as data:
        asyncio.run(gather(data, people))
        _measure(data, people, many, rounds, (64,) if short else CONNECTIONS)


def _measure(data: Path, people: int, many: int, rounds: int, widths: Sequence[int]) -> None:
    written, chatted = said(people), said(people, seed=2)
    with yardstick() as bare, service(data) as real:
        for warm in (bare, real):
            busy(warm, 64, texts(written, 700))
        rows = [_compared("texts", texts, written, width, (bare, real), many, rounds) for width in widths]
        rows.append(_compared("updates", updates, chatted, 64, (bare, real), many, rounds))
        at_64 = next(row for row in rows if row["connections"] == 64)
        half = float(str(at_64["requests/s"])) / 2
        waits = steady(real, texts(written, many), half)
    report(
        "turns",
        rows,
        share_of_ceiling_at_64=bound(float(str(at_64["share of ceiling"])), SHARE, least=True),
        p99_ms_at_half_load=bound(waits.within(0.99), P99),
        half_load=half,
        half_load_p50_ms=waits.within(0.5),
        half_load_failed=waits.failed,
    )


def _compared(
    what: str,
    write: Writer,
    written: Iterator[tuple[int, str]],
    width: int,
    servers: tuple[Process, Process],
    many: int,
    rounds: int,
) -> dict[str, object]:
    """The same number of requests to the yardstick and to the service, in turns."""
    bare, real = servers
    pairs = [
        (busy(bare, width, texts(said(PEOPLE), many)), busy(real, width, write(written, many)))
        for _ in range(rounds)
    ]
    return {
        "what": what,
        "connections": width,
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
