"""The benchmarks still run and still say what they found: how quick it was is not judged here."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NAMES = ["ceiling", "console", "engine", "fanout", "growth", "memory", "profile", "turns", "voice"]


@pytest.mark.parametrize("name", NAMES)
async def test_a_benchmark_runs_and_ends_with_its_numbers(name: str) -> None:
    command = (sys.executable, "-m", "benchmarks", name, "--short")
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    assert process.returncode == 0
    found = [json.loads(line) for line in out.decode().splitlines() if line.startswith("{")]
    rows = [row for one in found for row in one["rows"]]
    assert rows
    assert sum(row.get("failed", 0) for row in rows) == 0


def test_every_benchmark_is_tried_here() -> None:
    there = {path.stem.removeprefix("bench_") for path in (ROOT / "benchmarks").glob("bench_*.py")}
    assert sorted(there) == NAMES
