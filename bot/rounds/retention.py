"""Has what a group does not keep for ever erased, a week after its givers and the facilitators were told."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.rounds.teller import Teller
from bot.sending import notices
from storage.erasure import retention
from storage.erasure.retention import Fading, Keeping
from storage.sending import telling


@dataclass(slots=True, kw_only=True)
class Retention(Teller):
    """`round` tells what goes in a week, and erases what was told a week ago."""

    async def round(self, now: datetime) -> None:
        """Do what is due for each group."""
        async with self.db.read() as conn:
            found = await retention.keeping(conn)
        for one in found:
            await self._erase(one, now)
            async with self.db.write() as conn:
                what = await retention.fading(conn, one, now)
                if what:
                    await self._tell(conn, one, what, now)
                    await retention.announced(conn, one, what, now)
            if what:
                self.wake()

    async def _erase(self, one: Keeping, now: datetime) -> None:
        """A few at a time, so that no turn waits long for it."""
        left = True
        while left:
            async with self.db.write() as conn:
                what = await retention.due(conn, one, now)
                if what:
                    await retention.over(conn, one, what, ids=self.ids, now=now)
                else:
                    await retention.settled(conn, one, now)
                left = what is not None

    async def _tell(self, conn: AsyncConnection, one: Keeping, what: Fading, now: datetime) -> None:
        key = f"fading:{one.group}:{what.through.isoformat()}"
        put = partial(
            self.tell,
            conn,
            kind="fading",
            now=now,
            expires_at=what.goes_at,
        )
        await put(what.givers, self.words.each(notices.fading, one.name, one.days), key=key)
        here = await telling.staff(conn, one.group)
        await put(here, self.words.each(notices.fading_here, what.number, one.days), key=f"{key}:staff")
