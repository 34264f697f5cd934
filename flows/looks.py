"""What a turn looks up only when it needs it: a code that was sent, the list of what somebody gave.

A turn is pure and reads nothing. Where it finds that something is missing it stops with `Missing`. Whoever
runs turns reads it then and takes the same turn again from its beginning, so nothing is said or done twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What to look up: a name that `storage.turning.looking` knows, and what it is asked about."""

    what: str
    value: str = ""


Seen = Mapping[Look, Any]  # what was looked up for this turn so far


class Missing(Exception):
    """The turn cannot go on without this."""

    def __init__(self, look: Look) -> None:
        super().__init__(look.what)
        self.look = look
