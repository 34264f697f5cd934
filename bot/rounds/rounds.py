"""What is looked at again and again: each minute every round is made, and does what is due in it.

A round that fails is logged and made again a minute later; the others go on.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

import structlog

from bot.logs import place

EVERY = 60.0  # seconds
SETTLING = 3.0  # seconds after a start

Round = Callable[[datetime], Awaitable[None]]


class Rounds:
    """`run` is the loop; `once` makes every round now."""

    def __init__(
        self, rounds: Mapping[str, Round], *, clock: Callable[[], datetime], every: float = EVERY
    ) -> None:
        self._rounds = rounds
        self._clock = clock
        self._every = every

    async def run(self) -> None:
        """Make the rounds until cancelled. Whoever waited for a start is answered first."""
        await asyncio.sleep(SETTLING)
        while True:
            await self.once()
            await asyncio.sleep(self._every)

    async def once(self) -> None:
        """Make every round, each whatever became of the others."""
        for name, made in self._rounds.items():
            try:
                await made(self._clock())
            except Exception as error:
                structlog.get_logger().error(
                    "round_failed", kind=name, error=type(error).__name__, at=place(error)
                )
