"""What the service holds in memory: idle, and whether it grows while turns go by."""

import asyncio

from benchmarks import bound, report
from benchmarks.bench_turns import PEOPLE, busy
from benchmarks.crowd import gather
from benchmarks.letters import said, texts
from benchmarks.processes import folder, generate_here, service

IDLE, GROWTH = 220.0, 5.0  # MB; the growth from the first mark to the last
MARKS = (20_000, 40_000, 60_000, 80_000, 100_000)  # turns
SHORT = (200, 400)
AT_ONCE = 5_000  # requests made ready at a time


def main(short: bool = False) -> None:
    """Read the service's resident memory at each mark."""
    generate_here()
    people = 200 if short else PEOPLE
    with folder() as data:
        asyncio.run(gather(data, people))
        with service(data) as server:
            rows: list[dict[str, object]] = [{"turns": 0, "resident MB": server.resident()}]
            written, done = said(people), 0
            for mark in SHORT if short else MARKS:
                while done < mark:
                    some = min(AT_ONCE, mark - done)
                    busy(server, 64, texts(written, some))
                    done += some
                rows.append({"turns": done, "resident MB": server.resident()})
    idle, first, last = (float(str(rows[place]["resident MB"])) for place in (0, 1, -1))
    report("memory", rows, idle_mb=bound(idle, IDLE), growth_mb=bound(last - first, GROWTH))
