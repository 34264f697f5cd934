"""Changing frozen values at less than half the price of `dataclasses.replace`; ids that tell no time."""

import hashlib
from collections import deque
from collections.abc import Callable, Sequence
from functools import cache
from itertools import repeat
from operator import attrgetter, call
from typing import TYPE_CHECKING, Any

__all__ = ["replace", "scattered"]

ALPHABET = b"0123456789abcdefghjkmnpqrstvwxyz"  # as of other ids
FOLDED = bytes.maketrans(bytes(range(256)), ALPHABET * 8)


def scattered(id_: str) -> str:
    """An id made of this one that neither sorts by time nor tells when it was made."""
    return hashlib.sha256(id_.encode()).digest()[:16].translate(FOLDED).decode()


_use_up = deque[None](maxlen=0).extend  # goes through an iterator quicker than a loop does

if TYPE_CHECKING:
    from dataclasses import replace
else:

    def replace(value: Any, /, **changes: Any) -> Any:
        """A copy of a frozen, slotted value with some fields changed; the rest is copied as it is."""
        kind = type(value)
        puts, kept = _slots(kind)
        copy = object.__new__(kind)
        _use_up(map(call, puts, repeat(copy), kept(value)))
        for name, new in changes.items():
            object.__setattr__(copy, name, new)
        return copy


@cache
def _slots(kind: type) -> tuple[Sequence[Callable[[Any, Any], None]], Callable[[Any], tuple[Any, ...]]]:
    """How to set each slot of a class, and how to get all of them at once."""
    names: tuple[str, ...] = getattr(kind, "__slots__", ())
    # The class at the end makes a tuple even of one field.
    return [getattr(kind, name).__set__ for name in names], attrgetter(*names, "__class__")
