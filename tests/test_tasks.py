"""Loops that must not die silently."""

import asyncio
from contextlib import suppress

import pytest
from structlog.testing import capture_logs

from bot.tasks import Tasks


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
        tasks.keep_running("fetcher", bad)
        tasks.keep_running("lanes", good)
        await asyncio.gather(bad.began.wait(), good.steady.wait())
    assert tasks.down() == ["fetcher"]
    await tasks.stop()
    assert good.cleaned


async def test_a_loop_that_misses_its_cancellation_is_stopped_all_the_same() -> None:
    tasks, began = Tasks(grace=0.01), asyncio.Event()

    async def deaf() -> None:
        with suppress(asyncio.CancelledError):
            began.set()
            await asyncio.Event().wait()
        await asyncio.Event().wait()

    tasks.keep_running("lanes", deaf)
    await began.wait()
    async with asyncio.timeout(5):
        await tasks.stop()
