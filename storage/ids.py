"""Ids of our own: 16 letters and digits that sort by the time they were made."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from storage.columns import EPOCH

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: nothing that looks like another
TIME_BITS, CHANCE_BITS = 45, 35  # milliseconds since 1970 until the year 3084; 16 characters together


def _now() -> datetime:
    return datetime.now(UTC)


class Ids:
    """Makes an id at each call, always greater than the one before, even if the clock goes back."""

    def __init__(
        self, clock: Callable[[], datetime] = _now, chance: Callable[[int], int] = secrets.randbits
    ) -> None:
        self._clock = clock
        self._chance = chance
        self._last = 0

    def __call__(self) -> str:
        elapsed = (self._clock() - EPOCH) // timedelta(milliseconds=1)
        fresh = elapsed << CHANCE_BITS | self._chance(CHANCE_BITS)
        # Within one millisecond a small step of chance keeps the order, and others cannot guess the next.
        self._last = fresh if fresh >> CHANCE_BITS > self._last >> CHANCE_BITS else self._next()
        return _spell(self._last)

    def _next(self) -> int:
        return self._last + 1 + self._chance(16)


def _spell(number: int) -> str:
    places = range(TIME_BITS + CHANCE_BITS - 5, -1, -5)
    return "".join(ALPHABET[number >> place & 31] for place in places)
