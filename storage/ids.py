"""Ids of our own: 16 letters and digits that sort by the time they were made."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from storage.columns import EPOCH

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: nothing that looks like another
TIME_BITS, CHANCE_BITS = 45, 35  # milliseconds since 1970 until the year 3084; 16 characters together
PAIRS = [one + two for one in ALPHABET for two in ALPHABET]
PLACES = range(TIME_BITS + CHANCE_BITS - 10, -1, -10)  # of each pair
MILLISECOND = timedelta(milliseconds=1)
DRAWN = 4096  # bytes of chance fetched from the system at a time, since asking for each is dear


def _now() -> datetime:
    return datetime.now(UTC)


class Chance:
    """Gives so many bits of chance at each call."""

    def __init__(self) -> None:
        self._drawn, self._used = b"", 0

    def __call__(self, bits: int) -> int:
        size = (bits + 7) // 8
        if self._used + size > len(self._drawn):
            self._drawn, self._used = os.urandom(DRAWN), 0
        start, self._used = self._used, self._used + size
        return int.from_bytes(self._drawn[start : self._used]) >> (8 * size - bits)


class Ids:
    """Makes an id at each call, always greater than the one before, even if the clock goes back."""

    def __init__(
        self, clock: Callable[[], datetime] = _now, chance: Callable[[int], int] | None = None
    ) -> None:
        self._clock = clock
        self._chance = chance or Chance()
        self._last = 0

    def __call__(self) -> str:
        elapsed = (self._clock() - EPOCH) // MILLISECOND
        fresh = elapsed << CHANCE_BITS | self._chance(CHANCE_BITS)
        # Within one millisecond a small step of chance keeps the order, and others cannot guess the next.
        self._last = fresh if fresh >> CHANCE_BITS > self._last >> CHANCE_BITS else self._next()
        return _spell(self._last)

    def _next(self) -> int:
        return self._last + 1 + self._chance(16)


def _spell(number: int) -> str:
    return "".join([PAIRS[number >> place & 1023] for place in PLACES])
