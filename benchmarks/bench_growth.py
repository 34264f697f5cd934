"""Whether a turn costs more when there are more members: the same turns, in process, on two stores.

`python -m benchmarks.bench_growth 1000000` compares with a million.
"""

import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

from benchmarks import bound, report
from benchmarks.crowd import gather
from benchmarks.letters import phone, said
from benchmarks.load import run
from benchmarks.processes import folder, settings
from bot.app import App
from flows.events import Event

FEW, MANY = 1_000, 100_000
GIFTS = 10  # contributions that each member has given
RATIO = 1.2
AT_ONCE = 64


def main(short: bool = False, many: int = MANY) -> None:
    """Turns on a small and on a large store, in turns."""
    sizes = (200, 400) if short else (FEW, many)
    turns, rounds = (320, 1) if short else (6_400, 5)
    with folder() as small, folder() as large:
        for data, people in zip((small, large), sizes, strict=True):
            run(gather(data, people, gifts=GIFTS))
        found = run(_measure((small, large), sizes, turns, rounds))
    (few, quick), (lots, slow) = found
    ratio = median(b / a for a, b in zip(few, lots, strict=True))
    walls = median(b / a for a, b in zip(quick, slow, strict=True))
    rows: list[dict[str, object]] = [
        {"members": people, "processor µs a turn": median(each), "µs a turn": median(wall)}
        for people, (each, wall) in zip(sizes, found, strict=True)
    ]
    report("growth", rows, ratio=bound(ratio, RATIO), ratio_by_the_clock=bound(walls, RATIO))


async def _measure(
    stores: tuple[Path, Path], sizes: tuple[int, int], turns: int, rounds: int
) -> list[tuple[list[float], list[float]]]:
    """For each store the processor time and the time that a turn took, round by round."""
    found: list[tuple[list[float], list[float]]] = [([], []), ([], [])]
    async with AsyncExitStack() as opened:
        apps = []
        for data in stores:
            app = App(settings(data))
            await app.open()
            opened.push_async_callback(app.stop)
            app.tasks.keep_running("intake", app.intake.run)
            apps.append(app)
        written = [said(people) for people in sizes]
        for app, words in zip(apps, written, strict=True):
            await _turns(app, words, turns)
        for _ in range(rounds):
            for app, words, (each, wall) in zip(apps, written, found, strict=True):
                worked, began = process_time(), perf_counter()
                await _turns(app, words, turns)
                each.append(1e6 * (process_time() - worked) / turns)
                wall.append(1e6 * (perf_counter() - began) / turns)
    return found


async def _turns(app: App, words: Iterator[tuple[int, str]], many: int) -> None:
    """So many texts, a full batch at a time."""
    can = app.senders.sms.can
    for start in range(0, many, AT_ONCE):
        events = [
            Event(
                channel="sms",
                id=app.ids(),
                line=phone(person),
                at=datetime.now(UTC),
                kind="words",
                can=can,
                text=text,
            )
            for person, text in islice(words, min(AT_ONCE, many - start))
        ]
        await app.intake.take_all(events)


if __name__ == "__main__":
    main(many=int(sys.argv[1]) if sys.argv[1:] else MANY)
