"""Keeps the service's loops running: one that fails is noticed, counted and begun again."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

import structlog

from bot.logs import place

Loop = Callable[[], Awaitable[None]]


class Tasks:
    """The loops that run beside the port. Each must run until it is cancelled."""

    def __init__(
        self, *, pause: float = 1.0, longest: float = 5.0, settled: float = 5.0, grace: float = 15.0
    ) -> None:
        """Wait `pause` seconds after a failure, doubling up to `longest`, until it ran for `settled`.

        A loop that is stopped has `grace` seconds for what it is in the middle of, then is stopped again.
        """
        self._pause = pause
        self._longest = longest
        self._settled = settled
        self._grace = grace
        self._running: dict[str, asyncio.Task[None]] = {}
        self._began: dict[str, float] = {}  # when a loop last began; not there while it pauses
        self.failures: Counter[str] = Counter()

    def keep_running(self, name: str, loop: Loop) -> None:
        """Start a loop, and start it again whenever it ends."""
        if name in self._running:
            raise ValueError(f"there is already a loop called {name}")
        self._running[name] = asyncio.create_task(self._keep(name, loop), name=name)

    @property
    def names(self) -> list[str]:
        """Every loop that is to run."""
        return list(self._running)

    def down(self) -> list[str]:
        """Name the loops that failed and have not run well for long enough since."""
        now = asyncio.get_running_loop().time()
        return [name for name in self._running if not self._well(name, now)]

    async def stop(self) -> None:
        """Cancel every loop and wait until the last has cleaned up after itself."""
        pending = set(self._running.values())
        while pending:
            # Perhaps again: a library may swallow a cancellation that comes at a bad moment.
            for task in pending:
                task.cancel()
            _, pending = await asyncio.wait(pending, timeout=self._grace)
        self._running.clear()

    def _well(self, name: str, now: float) -> bool:
        began = self._began.get(name)
        if self._running[name].done() or (began is None and self.failures[name]):
            return False
        return began is None or not self.failures[name] or now - began >= self._settled

    async def _keep(self, name: str, loop: Loop) -> None:
        clock = asyncio.get_running_loop().time
        pause = self._pause
        while True:
            self._began[name] = clock()
            error = await _failure(loop)
            if clock() - self._began.pop(name) >= self._settled:
                pause = self._pause
            self.failures[name] += 1
            structlog.get_logger().error(
                "loop_failed", loop=name, error=type(error).__name__, at=place(error), pause=pause
            )
            await asyncio.sleep(pause)
            pause = min(pause * 2, self._longest)


class _Ended(Exception):
    """A loop came to its end, which none should."""


async def _failure(loop: Loop) -> BaseException:
    """Run a loop and give what ended it, unless it is we who are being stopped."""
    try:
        await loop()
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        return error
    except Exception as error:
        return error
    return _Ended()
