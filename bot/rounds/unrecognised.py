"""A round that hands to a person what has waited for a day because nobody said who they are."""

from collections.abc import Callable
from datetime import datetime, timedelta

from storage.database import Database
from storage.lines import unrecognised
from storage.secrets import Secrets

HOURLY = timedelta(hours=1)


class Unrecognised:
    """Looks once an hour."""

    def __init__(self, *, db: Database, secrets: Secrets, ids: Callable[[], str]) -> None:
        self._db = db
        self._secrets = secrets
        self._ids = ids
        self._next: datetime | None = None

    async def round(self, now: datetime) -> None:
        """Pass on what has waited for long enough."""
        if self._next and now < self._next:
            return
        async with self._db.read() as conn:
            found = await unrecognised.waiting(conn, now)
        for line in found:
            async with self._db.write() as conn:
                await unrecognised.pass_on(conn, line, secrets=self._secrets, ids=self._ids, now=now)
        self._next = now + HOURLY
