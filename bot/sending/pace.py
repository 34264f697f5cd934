"""How fast a lane may send: its share of the sender's slots, given out evenly, answers first."""

import asyncio
import math
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

NAP = 0.25  # seconds; the longest sleep at a time, so that a pace that closes is noticed
YIELD = 0.02  # seconds for which a notice lets an answer go first
TEN = 10  # slots are taken so many at a time, but no more than for
SHARE = 1 / 3  # seconds, since what a process has taken and does not use is lost to the others


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """How far apart the messages to one chat are, in seconds, after `burst` of them at once.

    What is kept of a chat is the time at which it is as rested as can be.
    """

    every: float
    burst: int

    def free(self, rested: datetime) -> datetime:
        """When the next message may go."""
        return rested - timedelta(seconds=self.every * (self.burst - 1))

    def after(self, rested: datetime | None, now: datetime) -> datetime:
        """When the chat is rested, now that one more has gone."""
        return max(rested or now, now) + timedelta(seconds=self.every)


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """A sender's limits: so many a second, of which `burst` may be saved up; none without a `rate`.

    `chat` goes for each line, `room` for each line that is a chat of many.
    """

    rate: float = math.inf
    burst: int = 1
    chat: Gap | None = None
    room: Gap | None = None

    def gap(self, address: str) -> Gap | None:
        """What goes for the chat at this address. Telegram's chats of many have numbers below zero."""
        return self.room if address.startswith("-") else self.chat

    @property
    def limited(self) -> bool:
        return math.isfinite(self.rate)

    @property
    def every(self) -> timedelta:
        """From one slot to the next."""
        return timedelta(seconds=1 / self.rate)

    @property
    def saved(self) -> timedelta:
        """How old a slot may be that is taken now."""
        return timedelta(seconds=(self.burst - 1) / self.rate)


class Closed(Exception):
    """The lane is stopping: what waited for its turn is not sent now."""


class Pace:
    """One sender's pace in this process. `clock` gives seconds that never go back.

    `more` takes so many slots for us and gives the first one's time on that clock.
    """

    def __init__(
        self,
        speed: Speed,
        *,
        more: Callable[[int], Awaitable[float]],
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.speed = speed
        self._more = more
        self._clock = clock
        self._sleep = sleep
        self._slots: deque[float] = deque()
        self._first = {True: asyncio.Lock(), False: asyncio.Lock()}  # by whether it is an answer
        self._answers = 0  # how many are waiting
        self._until = -math.inf
        self._closed = False

    async def take(self, cost: int, *, answer: bool) -> None:
        """Wait for the turn of something that needs so many slots; raise Closed."""
        self._answers += answer
        try:
            async with self._first[answer]:
                while delay := await self._delay(cost if self.speed.limited else 0, answer):
                    await self._nap(delay)
        finally:
            self._answers -= answer

    async def rest(self, seconds: float) -> None:
        """Wait, unless the lane stops meanwhile; raise Closed."""
        end = self._clock() + seconds
        while (delay := end - self._clock()) > 0:
            await self._nap(delay)

    def hold(self, seconds: float) -> None:
        """Let nothing through for so long: the provider has asked for that."""
        self._until = max(self._until, self._clock() + seconds)

    def open(self) -> None:
        """Let things through (again)."""
        self._closed = False

    def close(self) -> None:
        """Let nothing more through; whoever waits gets Closed."""
        self._closed = True

    async def _delay(self, cost: int, answer: bool) -> float:
        """Seconds after which to ask again; 0 once so many slots are used up."""
        if self._closed:
            raise Closed
        held = self._until - self._clock()
        if held > 0 or (self._answers and not answer):
            return max(held, YIELD)
        if self._lacks(cost):
            await self._reserve(cost)  # and use them though the store was slow to give them
        if len(self._slots) < cost or self._until > self._clock():
            return YIELD
        wait = self._slots[cost - 1] - self._clock() if cost else 0.0
        if wait > 0:
            return wait
        for _ in range(cost):
            self._slots.popleft()
        return 0.0

    def _lacks(self, cost: int) -> bool:
        """Whether there are too few slots, once those are forgotten that are too old to be used."""
        if cost:
            oldest = self._clock() - max(self.speed.burst, cost) / self.speed.rate
            while self._slots and self._slots[0] < oldest:
                self._slots.popleft()
        return len(self._slots) < cost

    async def _reserve(self, cost: int) -> None:
        many = max(cost, min(TEN, round(self.speed.rate * SHARE)), 1)
        first = await self._more(many)
        self._slots += (first + n / self.speed.rate for n in range(many))

    async def _nap(self, delay: float) -> None:
        if self._closed:
            raise Closed
        await self._sleep(min(delay, NAP))
