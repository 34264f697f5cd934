"""Tells those who run a group that somebody asks to join it, or that one of them would end a membership."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.rounds.teller import Teller
from bot.sending.notices import said
from storage.care import matters
from storage.care.matters import ASKS_IN, ENDING, Fresh
from storage.sending import telling

SAYS: Mapping[str, str] = {ASKS_IN: "door.asks in", ENDING: "door.ending"}
LATELY = timedelta(hours=1)  # what waits longer stands on the list all the same


@dataclass(slots=True, kw_only=True)
class Admitting(Teller):
    """`told` is its round."""

    async def told(self, now: datetime) -> None:
        """Tell staff of what has come onto the list since, each thing once."""
        async with self.db.read() as conn:
            found = await matters.fresh(conn, tuple(SAYS), since=now - LATELY)
        if found:
            async with self.db.write() as conn:
                for one in found:
                    await self._tell(conn, one, now)
            self.wake()

    async def _tell(self, conn: AsyncConnection, one: Fresh, now: datetime) -> None:
        others = [who for who in await telling.staff(conn, one.group) if who != one.member]
        await self.tell(
            conn,
            others,
            self.words.each(said, SAYS[one.kind], group=one.called),
            kind=one.kind,
            key=f"matter:{one.id}",
            now=now,
        )
