"""The loops that clear away: rows that have had their time, and files that no row names any more."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from bot.rounds.rounds import SETTLING
from storage.database import Database
from storage.files import leftovers
from storage.files.media import MediaStore
from storage.files.media_place import Away
from storage.running import clearing

HOURLY = 3600.0
SOON = 5.0


class Clearing:
    """`rows` and `files` are the loops."""

    def __init__(self, *, db: Database, files: MediaStore, clock: Callable[[], datetime]) -> None:
        self._db = db
        self._store = files
        self._clock = clock

    async def rows(self) -> None:
        """Each hour, empty what has had its time; not before those who waited for a start are answered."""
        await asyncio.sleep(SETTLING)
        while True:
            await clearing.clear(self._db, self._clock())
            await self._db.fold()
            await asyncio.sleep(HOURLY)

    async def files(self) -> None:
        """Soon after nobody needs a file any more, remove it."""
        while True:
            try:
                more = await leftovers.sweep(self._db, self._store, self._clock())
            except Away as error:
                structlog.get_logger().warning("files_away", sentence=str(error))
                more = 0
            await asyncio.sleep(0 if more else SOON)
