"""Takes in texts whose webhook never reached us: Twilio soon gives up on one, but its list keeps it."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from bot.intake.arriving import guard
from bot.intake.queue import Intake
from bot.logs import place
from channels.sms import Listed, SmsChannel
from flows.events import Event
from storage.database import Database
from storage.running import seen
from storage.running.seen import Seen
from storage.secrets import Secrets

EVERY = 300.0  # seconds between looks
AGAIN = 60.0  # seconds until the next look when one did not come to its end
SETTLE = 5.0  # seconds to wait when we have just refused a text: what was in its way passes first
OVERLAP = timedelta(hours=1)  # a list may lag behind
LONGEST = timedelta(days=28)  # an older text could not be known for a repeat
SLICE = 64


class CatchingUp:
    """Reads the list at the start, every five minutes, and after `wake`. `number` is our own.

    Texts from before the very first look are not taken: a new installation answers no old ones.
    """

    def __init__(
        self,
        *,
        db: Database,
        secrets: Secrets,
        sms: SmsChannel,
        number: str,
        intake: Intake,
        clock: Callable[[], datetime],
        every: float = EVERY,
        again: float = AGAIN,
        settle: float = SETTLE,
    ) -> None:
        self._db = db
        self._secrets = secrets
        self._sms = sms
        self._number = number
        self._intake = intake
        self._clock = clock
        self._every = every
        self._again = again
        self._settle = settle
        self._bell = asyncio.Event()

    def wake(self) -> None:
        """A text was not taken when its webhook came."""
        self._bell.set()

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            self._bell.clear()
            await self._rest(self._every if await self.look() else self._again)

    async def look(self) -> bool:
        """Take in what we lack; whether the list was read to its end."""
        now = self._clock()
        async with self._db.read() as conn:
            before = await seen.seen(conn, self._number)
        if before is None:
            # Twilio's times are in whole seconds.
            before = Seen(first=now.replace(microsecond=0), last=now)
        else:
            since = max(before.first, before.last - OVERLAP, now - LONGEST)
            listed = await self._sms.came_in(since, now)
            if listed is None:
                structlog.get_logger().warning("texts_not_listed")
                return False
            if not await self._take(await self._lacking(listed)):
                return False
        async with self._db.write() as conn:
            await seen.note(conn, self._number, Seen(first=before.first, last=now))
        return True

    async def _lacking(self, listed: Sequence[Listed]) -> list[Listed]:
        guards = {one.event.id: guard(one.event, self._secrets) for one in listed}
        async with self._db.read() as conn:
            known = await seen.have(conn, self._sms.name, guards.values())
        return [one for one in listed if guards[one.event.id] not in known]

    async def _take(self, lacking: Sequence[Listed]) -> bool:
        """Hand them in, oldest first; whether all were taken."""
        for start in range(0, len(lacking), SLICE):
            events: list[Event] = []
            for one in lacking[start : start + SLICE]:
                event = await self._sms.with_pictures(one.event) if one.pictures else one.event
                if event is None:
                    structlog.get_logger().warning("pictures_not_listed")
                    return False
                events.append(event)
            try:
                await self._intake.take_all(events)
            except Exception as error:
                facts = {"error": type(error).__name__, "at": place(error)}
                structlog.get_logger().error("texts_not_taken", **facts)
                return False
            structlog.get_logger().info("texts_caught_up", texts=len(events))
        return True

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._bell.wait()
        except TimeoutError:
            return
        await asyncio.sleep(self._settle)
