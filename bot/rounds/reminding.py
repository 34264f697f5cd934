"""Tells whoever a group alerts that recordings or photos wait for longer than was promised: once a day."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.rounds.teller import Teller
from bot.sending import notices
from flows.calendar import day_name
from storage.care import safety
from storage.given import listening
from storage.given.listening import Unheard
from storage.tables import groups

HOURLY = timedelta(hours=1)
A_DAY = timedelta(days=1)  # a reminder that could not go is followed by the next one


@dataclass(slots=True, kw_only=True)
class Reminding(Teller):
    """A round that looks once an hour; what it tells is known by its day, so that it goes once."""

    _next: datetime | None = field(default=None, init=False)

    async def round(self, now: datetime) -> None:
        """Tell the contacts of every group in which something is late."""
        if self._next and now < self._next:
            return
        async with self.db.read() as conn:
            late = await listening.late(conn, now)
        for group, waiting in late.items():
            async with self.db.write() as conn:
                await self._remind(conn, group, waiting, now)
        self._next = now + HOURLY
        if late:
            self.wake()

    async def _remind(self, conn: AsyncConnection, group: str, waiting: list[Unheard], now: datetime) -> None:
        g = groups.c
        home = (await conn.execute(sa.select(g.name, g.zone).where(g.id == group))).one()
        people = await safety.contacts(conn, group, self.channels, now)
        first = next((one for one in people if one.ways), None)
        if first is None:
            return  # the doctor says so
        since = day_name(min(one.at for one in waiting), home.zone, now)
        day = now.astimezone(ZoneInfo(home.zone)).date().isoformat()
        await self.tell(
            conn,
            [first.member],
            self.words.each(notices.unheard, len(waiting), since, home.name),
            kind="unheard",
            key=f"unheard:{group}:{day}",
            now=now,
            expires_at=now + A_DAY,
        )
