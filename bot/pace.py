"""How fast a lane may send: token buckets for the whole sender and for each of its lines."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

NAP = 0.25  # seconds; the longest sleep at a time, so that a pace that closes is noticed
YIELD = 0.02  # seconds for which a notice lets an answer go first
MANY_LINES = 1000  # buckets that are full again are forgotten when there are more

CRUMB = 1e-6  # tokens; less than this is what rounding leaves

# Telegram's limit for the whole bot shows as refusals in several chats at once.
REFUSALS = 3
REFUSALS_WITHIN = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """A sender's limits: tokens a second, and how many may be saved up; `line_*` for each line, 0 for none.

    `answers_wait` is False where the provider itself keeps a queue: then answers take their tokens
    in advance, and only notices wait until they are paid back.
    """

    rate: float
    burst: float
    line_rate: float = 0.0
    line_burst: float = 0.0
    answers_wait: bool = True


class Closed(Exception):
    """The lane is stopping: what waited for its turn is not sent now."""


class Bucket:
    """Tokens that come back with time. What costs more than it holds is paid back afterwards."""

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._at = now

    def wait(self, cost: float, now: float) -> float:
        """Seconds until so many tokens may be taken; 0 for now."""
        missing = min(cost, self._burst) - self._fill(now)
        return missing / self._rate if missing > CRUMB else 0.0

    def take(self, cost: float, now: float) -> None:
        self._tokens = self._fill(now) - cost
        self._at = now

    def full(self, now: float) -> bool:
        return self._fill(now) >= self._burst

    def _fill(self, now: float) -> float:
        return min(self._burst, self._tokens + (now - self._at) * self._rate)


class Pace:
    """One sender's pace. `clock` gives seconds that never go back."""

    def __init__(
        self,
        speed: Speed,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._speed = speed
        self._clock = clock
        self._sleep = sleep
        self._all = Bucket(speed.rate, speed.burst, clock())
        self._lines: dict[str, Bucket] = {}
        self._first = {True: asyncio.Lock(), False: asyncio.Lock()}  # by whether it is an answer
        self._answers = 0  # how many are waiting
        self._until = float("-inf")
        self._refusals: deque[tuple[float, str]] = deque()
        self._closed = False

    async def take(self, line: str, cost: float, *, answer: bool) -> None:
        """Wait for the turn of something that costs so many tokens; raise Closed."""
        await self._own_turn(line)
        self._answers += answer
        try:
            async with self._first[answer]:
                while (delay := self._delay(cost, answer)) > 0:
                    await self._nap(delay)
                self._all.take(cost, self._clock())
        finally:
            self._answers -= answer

    def throttled(self, line: str, wait: float) -> None:
        """The provider refused one for going too fast; several lines at once mean the whole sender."""
        now = self._clock()
        self._refusals.append((now, line))
        while self._refusals[0][0] < now - REFUSALS_WITHIN:
            self._refusals.popleft()
        if len({one for _, one in self._refusals}) >= REFUSALS:
            self._until = max(self._until, now + wait)

    def open(self) -> None:
        """Let things through (again)."""
        self._closed = False

    def close(self) -> None:
        """Let nothing more through; whoever waits gets Closed."""
        self._closed = True

    async def _own_turn(self, line: str) -> None:
        if not self._speed.line_rate:
            return
        if len(self._lines) > MANY_LINES:
            now = self._clock()
            self._lines = {one: bucket for one, bucket in self._lines.items() if not bucket.full(now)}
        if line not in self._lines:
            self._lines[line] = Bucket(self._speed.line_rate, self._speed.line_burst, self._clock())
        bucket = self._lines[line]
        while (delay := bucket.wait(1, self._clock())) > 0:
            await self._nap(delay)
        bucket.take(1, self._clock())

    def _delay(self, cost: float, answer: bool) -> float:
        if self._closed:
            raise Closed
        now = self._clock()
        held = max(self._until - now, 0.0)
        if answer and not self._speed.answers_wait:
            return held
        yielding = YIELD if self._answers and not answer else 0.0
        return max(held, self._all.wait(cost, now), yielding)

    async def _nap(self, delay: float) -> None:
        if self._closed:
            raise Closed
        await self._sleep(min(delay, NAP))
