"""What the service does for hand-overs by itself: it ends those that nobody took up, or that fell silent."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.rounds.teller import Teller
from bot.sending.notices import said
from storage.care import handovers, helped
from storage.care.handovers import Tools
from storage.care.helped import KIND, Listed
from storage.sending import telling


def first_name(name: str) -> str:
    return name.partition(" ")[0]


@dataclass(slots=True, kw_only=True)
class Helping(Teller):
    """`late` and `forget` are its rounds."""

    async def late(self, now: datetime) -> None:
        """Give back to the automation whom nobody has answered in time, or written to for a day."""
        tools = Tools(ids=self.ids, now=now)
        async with self.db.read() as conn:
            found = await helped.late(conn, now)
        for over in found:
            await self.db.transact(partial(self._give_back, over=over, tools=tools))
        if found:
            self.wake()

    async def forget(self, now: datetime) -> None:
        """Drop what was said in hand-overs that have been over for long."""
        while await self.db.transact(partial(helped.forget_old, now=now)):
            pass

    async def _give_back(self, conn: AsyncConnection, *, over: Listed, tools: Tools) -> None:
        name = "handover.idle" if over.taken_at else "handover.nobody"
        says = self.words(name, helper=over.helper or self.words("readers.nobody"))
        ended = await handovers.close(conn, over.id, says=says, tools=tools, klass="notice")
        if ended and not over.taken_at:
            await self.tell(
                conn,
                await telling.staff(conn, over.group),
                self.words.each(said, "handover.late"),
                kind=KIND,
                key=f"{KIND}:{over.id}:late",
                now=tools.now,
            )
