"""What comes from Telegram, by webhook or by polling: into the queue, and the button's wait ended."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from bot.intake.queue import Busy, Intake
from bot.intake.stepping import Turned
from bot.rooms import Rooms, no_files
from channels.base import Result, Trouble, Unreadable
from channels.telegram import TelegramChannel
from channels.telegram_out import pop_up
from flows.events import Event
from storage import leases
from storage.database import Database

POLL_SECONDS = 20
LEASE = timedelta(seconds=60)
SOON = 5.0
OURS = 60.0  # a wrong token does not mend itself quickly
AGAIN = 3600.0  # somebody else may have taken the webhook away
LEASE_NAME = "telegram"


class Chats:
    """`receive` what came; `run` sets the webhook, or polls where there is no public address."""

    def __init__(
        self,
        *,
        db: Database,
        channel: TelegramChannel,
        intake: Intake,
        rooms: Rooms,
        webhook: str,
        named: Callable[[str], None],
        clock: Callable[[], datetime],
        holder: str,
    ) -> None:
        self._db = db
        self._channel = channel
        self._intake = intake
        self._rooms = rooms
        self._webhook = webhook
        self._named = named
        self._clock = clock
        self._holder = holder
        self._offset = 0
        self._beside: set[asyncio.Task[None]] = set()
        self._log = structlog.get_logger()

    async def receive(self, events: Sequence[Event]) -> None:
        """Take in what one update or several brought; returns when all is committed. Raise Busy."""
        await asyncio.gather(*(self._one(event) for event in events))

    async def run(self) -> None:
        """Have updates sent to us, or fetch them; what fails is tried again, until cancelled."""
        while True:
            try:
                self._named(await self._channel.me())
                if self._webhook:
                    await self._channel.set_webhook(self._webhook)
                    await asyncio.sleep(AGAIN)
                elif await self._hold():
                    await self._channel.remove_webhook()
                    await self._poll()
                else:
                    await asyncio.sleep(SOON)
            except Trouble as trouble:
                self._log.warning("telegram_away", code=trouble.result.code, sentence=trouble.result.sentence)
                await asyncio.sleep(wait_after(trouble.result))

    async def _one(self, event: Event) -> None:
        if event.room and event.kind in ("words", "unknown"):
            await self._rooms.command(event)
            return
        turned = await self._intake.take(event)
        if event.kind in ("press", "unknown") and event.id.startswith("cb:"):
            self._end_wait(event, turned)
        if turned.voted or (event.room and event.question):
            self._rooms.voted(turned.voted or event.question)

    def _end_wait(self, event: Event, turned: Turned) -> None:
        """The button that was pressed turns until it is answered: at once, beside the outbox."""
        parcel = pop_up(event.session, turned.pop_up, alert=bool(event.room and turned.stranger))

        async def answer() -> None:
            result = await self._channel.send(parcel, load=no_files)
            if result.outcome != "sent":
                self._log.info("button_not_answered", outcome=result.outcome, code=result.code)

        task = asyncio.create_task(answer())
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    async def _poll(self) -> None:
        """Fetch updates for as long as nobody else does; what is not committed is fetched again."""
        try:
            await self._poll_on()
        finally:
            async with self._db.write() as conn:
                await leases.let_go(conn, LEASE_NAME, self._holder)

    async def _poll_on(self) -> None:
        while await self._hold():
            updates = await self._channel.poll(self._offset, POLL_SECONDS)
            events: list[Event] = []
            for update in updates:
                try:
                    events += self._channel.decode_update(update, self._clock())
                except Unreadable as error:
                    self._log.warning("update_unreadable", sentence=str(error))
            try:
                await self.receive(events)
            except Busy:
                await asyncio.sleep(SOON)
                continue
            if updates:
                self._offset = updates[-1].update_id + 1

    async def _hold(self) -> bool:
        """Whether it is for us to poll: one process does, while it renews its lease."""
        async with self._db.write() as conn:
            return await leases.hold(conn, LEASE_NAME, self._holder, now=self._clock(), lasts=LEASE)


def wait_after(failed: Result) -> float:
    """Seconds until Telegram is asked again."""
    # Another who polls has often gone in a moment: a process that was ended a little before.
    return max(OURS if failed.code == "token" else SOON, failed.wait)
