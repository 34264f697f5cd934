"""What the server can do when nothing comes of a text: the yardstick for `turns`."""

from benchmarks import report
from benchmarks.letters import said, texts
from benchmarks.load import Run, closed, connected, run
from benchmarks.processes import generate_here, yardstick

CONNECTIONS = (32, 64, 128)


async def measure(port: int, connections: int, requests: list[bytes]) -> Run:
    """One run with every connection busy."""
    async with connected(port, connections) as opened:
        return await closed(opened, requests)


def main(short: bool = False) -> None:
    """Measure with each number of connections."""
    generate_here()
    written = said(10_000)
    rows = []
    with yardstick() as server:
        for connections in CONNECTIONS[1:2] if short else CONNECTIONS:
            requests = texts(written, 500 if short else 20_000)
            before = server.cpu()
            found = run(measure(server.port, connections, requests))
            rows.append(
                {
                    "connections": connections,
                    "requests/s": found.rate,
                    "processor µs each": 1e6 * (server.cpu() - before) / len(requests),
                    "p50 ms": found.within(0.5),
                    "p99 ms": found.within(0.99),
                    "failed": found.failed,
                }
            )
    report("ceiling", rows)
