"""Loops that must not die silently, and log lines that give nobody away."""

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from contextlib import suppress

import pytest
import structlog
from structlog.testing import capture_logs

from bot.logs import configure, place
from bot.tasks import Tasks


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Our logging as the service sets it up, and as it was again afterwards."""
    root = logging.getLogger()
    before, level, to = root.handlers[:], root.level, io.StringIO()
    configure(json=True, to=to)
    yield to
    structlog.reset_defaults()
    root.handlers[:], root.level = before, level


class Stumbling:
    """A loop that ends in its first rounds, then runs on."""

    def __init__(self, *ends: BaseException | None) -> None:
        self.ends = list(ends)
        self.began, self.steady = asyncio.Event(), asyncio.Event()
        self.cleaned = False

    async def __call__(self) -> None:
        self.began.set()
        if self.ends:
            end = self.ends.pop(0)
            if end:
                raise end
            return
        self.steady.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.cleaned = True


@pytest.mark.parametrize("end", [ValueError("Ada's words"), None, asyncio.CancelledError()])
async def test_a_loop_that_ends_is_noticed_and_begun_again(end: BaseException | None) -> None:
    tasks, loop = Tasks(pause=0.001, settled=60), Stumbling(end)
    with capture_logs() as logs:
        tasks.keep_running("lanes", loop)
        await loop.steady.wait()
    assert tasks.failures["lanes"] == 1
    assert tasks.down() == ["lanes"]  # until it has run well for a while
    assert logs[0]["loop"] == "lanes"
    assert "Ada" not in str(logs)
    await tasks.stop()


async def test_a_loop_that_runs_well_again_is_up() -> None:
    tasks, loop = Tasks(pause=0.001, settled=0.0), Stumbling(ValueError())
    with capture_logs():
        tasks.keep_running("lanes", loop)
        await loop.steady.wait()
    assert tasks.down() == []
    await tasks.stop()


async def test_one_failing_loop_leaves_the_others_alone() -> None:
    tasks, bad, good = Tasks(pause=60), Stumbling(ValueError()), Stumbling()
    with capture_logs():
        tasks.keep_running("bad", bad)
        tasks.keep_running("good", good)
        await asyncio.gather(bad.began.wait(), good.steady.wait())
    assert tasks.down() == ["bad"]
    await tasks.stop()
    assert good.cleaned


async def test_a_loop_that_misses_its_cancellation_is_stopped_all_the_same() -> None:
    tasks, began = Tasks(grace=0.01), asyncio.Event()

    async def deaf() -> None:
        with suppress(asyncio.CancelledError):
            began.set()
            await asyncio.Event().wait()
        await asyncio.Event().wait()

    tasks.keep_running("deaf", deaf)
    await began.wait()
    async with asyncio.timeout(5):
        await tasks.stop()


def test_a_line_says_what_happened_and_nothing_else(lines: io.StringIO) -> None:
    structlog.get_logger().info("fetched", media="m1", bytes=5)
    line = json.loads(lines.getvalue())
    assert (line["action"], line["media"], line["bytes"], line["level"]) == ("fetched", "m1", 5, "info")


def test_what_a_library_says_of_a_member_is_left_out(lines: io.StringIO) -> None:
    try:
        raise ValueError("+441632960001")
    except ValueError:
        logging.getLogger("telegram.ext").exception("Could not send %s", "Ada's words")
    logging.getLogger("uvicorn.error").info("Started on port %d", 8000)
    first, second = map(json.loads, lines.getvalue().splitlines())
    assert (first["library"], first["error"]) == ("telegram.ext", "ValueError")
    assert second["said"] == "Started on port 8000"
    assert "Ada" not in lines.getvalue()
    assert "960001" not in lines.getvalue()


def test_an_error_is_traced_to_our_own_line() -> None:
    try:
        json.loads("Ada")
    except ValueError as error:
        assert place(error).startswith("tests/test_tasks.py:")
        assert place(error).endswith("test_an_error_is_traced_to_our_own_line")
