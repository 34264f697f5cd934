"""Measurements, by `make bench`: each `bench_*` module has a `main(short)` that prints its numbers."""

import json
from collections.abc import Mapping, Sequence


def report(name: str, rows: Sequence[Mapping[str, object]], **more: object) -> None:
    """Print rows as a table that can be pasted into a page, then all of it as one JSON line.

    `more` are facts beside the table, such as how a bound was met; see `bound`.
    """
    columns = list(dict.fromkeys(column for row in rows for column in row))
    print(f"\n**{name}**\n")
    print("|", " | ".join(columns), "|")
    print("|", " | ".join("---" for _ in columns), "|")
    for row in rows:
        print("|", " | ".join(_cell(row.get(column, "")) for column in columns), "|")
    print()
    for key, value in more.items():
        print(f"{key}: {_cell(value)}")
    print(json.dumps({"benchmark": name, "rows": list(rows), **more}), flush=True)


def bound(value: float, wanted: float, *, least: bool = False) -> str:
    """Say whether a bound was reached: a benchmark tells, and never fails for time."""
    reached = value >= wanted if least else value <= wanted
    sign = "at least" if least else "at most"
    return f"{'reached' if reached else 'not reached'}: {_cell(value)}, wanted {sign} {_cell(wanted)}"


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
