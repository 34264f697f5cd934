"""Tells the operator when codes or PINs were guessed so often that nobody may try any more for a while."""

from datetime import datetime

import structlog

from storage.database import Database
from storage.lines.guessing import shut


class Guesses:
    """A round: each time that a kind of guess closes to everybody, it is said once."""

    def __init__(self, *, db: Database) -> None:
        self._db = db
        self._told: set[str] = set()

    async def round(self, now: datetime) -> None:
        """Look whether anything is closed just now."""
        async with self._db.read() as conn:
            found = set(await shut(conn, now))
        for kind in sorted(found - self._told):
            structlog.get_logger().warning("guessing_closed", kind=kind)
        self._told = found
