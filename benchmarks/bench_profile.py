"""Where the microseconds of a text go: the service looks at itself while it is driven."""

import asyncio
import json

from benchmarks import report
from benchmarks.bench_turns import PEOPLE, busy
from benchmarks.crowd import gather
from benchmarks.letters import said, texts
from benchmarks.processes import folder, generate_here, service


def main(short: bool = False) -> None:
    """Drive the service, then read what it saw."""
    generate_here()
    people, many = (200, 400) if short else (PEOPLE, 20_000)
    with folder() as data:
        asyncio.run(gather(data, people))
        seen = data / "samples.json"
        with service(data, seen=seen) as server:
            busy(server, 64, texts(said(people), 100 if short else 2_000))
            server.look()
            each = busy(server, 64, texts(said(people, seed=2), many)).each
        counts: dict[str, int] = json.loads(seen.read_text())
    total = sum(counts.values())
    ordered = sorted(counts.items(), key=lambda one: -one[1])
    rows: list[dict[str, object]] = [
        {"part": part, "share": found / total, "µs": each * found / total} for part, found in ordered
    ]
    report("profile", rows, microseconds_a_text=each)
