"""Tells whoever a group alerts that recordings or photos wait for longer than was promised: once a day."""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import notices
from flows.calendar import day_name
from flows.library import Flows
from flows.sentences import Sentences
from storage.care import safety
from storage.database import Database
from storage.given import listening
from storage.given.listening import Unheard
from storage.sending import telling
from storage.tables import groups

HOURLY = timedelta(hours=1)
A_DAY = timedelta(days=1)  # a reminder that could not go is followed by the next one


class Reminding:
    """A round that looks once an hour; what it tells is known by its day, so that it goes once."""

    def __init__(
        self,
        *,
        db: Database,
        flows: Flows,
        ids: Callable[[], str],
        channels: Collection[str],
        wake: Callable[[], None],
    ) -> None:
        """`wake` is called when somebody is to be told."""
        self._db = db
        self._words = Sentences(flows.phrases)
        self._ids = ids
        self._channels = channels
        self._wake = wake
        self._next: datetime | None = None

    async def round(self, now: datetime) -> None:
        """Tell the contacts of every group in which something is late."""
        if self._next and now < self._next:
            return
        async with self._db.read() as conn:
            late = await listening.late(conn, now)
        for group, waiting in late.items():
            async with self._db.write() as conn:
                await self._remind(conn, group, waiting, now)
        self._next = now + HOURLY
        if late:
            self._wake()

    async def _remind(self, conn: AsyncConnection, group: str, waiting: list[Unheard], now: datetime) -> None:
        g = groups.c
        home = (await conn.execute(sa.select(g.name, g.code, g.zone).where(g.id == group))).one()
        people = await safety.contacts(conn, group, self._channels, now)
        first = next((one for one in people if one.ways), None)
        if first is None:
            return  # the doctor says so
        since = day_name(min(one.at for one in waiting), home.zone, now)
        day = now.astimezone(ZoneInfo(home.zone)).date().isoformat()
        await telling.tell(
            conn,
            [first.member],
            self._words.each(notices.unheard, len(waiting), since, home.name, home.code),
            kind="unheard",
            key=f"unheard:{group}:{day}",
            ids=self._ids,
            channels=self._channels,
            now=now,
            expires_at=now + A_DAY,
        )
