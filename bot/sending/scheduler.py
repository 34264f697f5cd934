"""Wakes each second, asks the database what is due, and does it: polls close, sendings go out.

The clock only wakes; rows are the truth. Every process may run this: what one has claimed, no other takes.
"""

import asyncio
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from typing import Protocol

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from bot.drawing import charts
from bot.logs import place
from bot.sending import notices
from flows.events import Say, Shown
from flows.library import Flows
from flows.sentences import Sentences
from storage.database import Database
from storage.files.media_place import Away
from storage.ids import Ids
from storage.sending import sendings
from storage.sending.outbox import Row
from storage.sending.sendings import Recipient, Sending
from storage.sessions.meetings import Content, brief_content, find_meeting
from storage.sessions.polls import Tally, close_poll, due_to_close, keep_picture, tally

AGAIN = timedelta(seconds=30)  # after a failure, so that one bad sending doesn't hold up the others

Write = Callable[[Recipient], tuple[Say, Say | None]]  # what one member gets; the second announces it


class Keeps(Protocol):
    """Where pictures are kept."""

    async def save(self, data: bytes) -> str:
        """Keep a file; its content hash."""


class Again(BaseTrigger):  # type: ignore[misc]  # the library says nothing of its types
    """Each time so many seconds after it is looked at.

    The library's own intervals count what a clock that was put forward has left out, second by second: for
    months of it nothing else would run meanwhile.
    """

    def __init__(self, seconds: float) -> None:
        self._every = timedelta(seconds=seconds)

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        """The next time, whenever it was before."""
        return now + self._every


class Scheduler:
    """`run` is the loop; `tick` does once all that is due. `wake` tells the lanes that there is work.

    `closed` is told which poll has closed, when its result goes out.
    """

    def __init__(
        self,
        db: Database,
        *,
        flows: Flows,
        clock: Callable[[], datetime],
        ids: Ids,
        files: Keeps,
        channels: Collection[str],
        holder: str,
        wake: Callable[[], None],
        closed: Callable[[str], None] = lambda poll: None,
        every: float = 1.0,
        most: int = sendings.SLICE,
    ) -> None:
        self._db = db
        self._words = Sentences(flows.phrases)
        self._clock = clock
        self._ids = ids
        self._files = files
        self._channels = channels
        self._holder = holder
        self._wake_lanes = wake
        self._closed = closed
        self._every = every
        self._most = most
        self._woken = asyncio.Event()

    async def run(self) -> None:
        """Do what is due, each second, until cancelled."""
        clock = AsyncIOScheduler(timezone=UTC)
        clock.add_job(self.wake, Again(self._every), coalesce=True, misfire_grace_time=None)
        clock.start()
        try:
            while True:
                await self.tick()
                # A clock that was put back would let the next wake wait until it is there again.
                with suppress(TimeoutError):
                    async with asyncio.timeout(2 * self._every):
                        await self._woken.wait()
                self._woken.clear()
        finally:
            clock.shutdown(wait=False)

    async def wake(self) -> None:
        """Look at once whether anything is due."""
        self._woken.set()

    async def tick(self) -> None:
        """Do all that is due now; what fails is logged and tried again later."""
        await self._close_polls()
        while (sending := await self._claim()) is not None:
            try:
                await self._expand(sending)
            except Exception as error:
                structlog.get_logger().error(
                    "sending_failed",
                    sending=sending.id,
                    kind=sending.kind,
                    error=type(error).__name__,
                    at=place(error),
                )
                async with self._db.write() as conn:
                    until = self._clock() + AGAIN
                    await sendings.release(conn, sending, holder=self._holder, until=until)
            self._wake_lanes()

    async def _close_polls(self) -> None:
        async with self._db.read() as conn:
            over = await due_to_close(conn, self._clock())
        for poll in over:
            try:
                closing = partial(close_poll, poll=poll, ids=self._ids, now=self._clock())
                await self._db.transact(closing)
            except Exception as error:
                structlog.get_logger().error(
                    "poll_not_closed", poll=poll, error=type(error).__name__, at=place(error)
                )

    async def _claim(self) -> Sending | None:
        now = self._clock()
        async with self._db.read() as conn:
            if not await sendings.any_due(conn, now):
                return None
        async with self._db.write() as conn:
            return await sendings.claim(conn, holder=self._holder, now=now)

    async def _expand(self, sending: Sending) -> None:
        """Slice by slice, so that turns that wait are served in between."""
        if sending.kind == "result":
            self._closed(sending.subject)
        write, staff = await self._writer(sending)
        late = sending.expires_at is not None and sending.expires_at <= self._clock()
        if write is None or late:
            await self._finish(sending, "cancelled" if write is None else "late")
            return
        while True:
            async with self._db.read() as conn:
                part = await sendings.next_slice(
                    conn, sending, channels=self._channels, staff=staff, now=self._clock(), most=self._most
                )
            rows = [self._row(sending, one, write) for one in part.people if one.line]
            store = partial(
                sendings.store_slice,
                sending=sending,
                part=part,
                rows=rows,
                holder=self._holder,
                now=self._clock(),
            )
            if not await self._db.transact(store):
                return
            self._wake_lanes()
            if part.last:
                await self._finish(sending, "done")
                return
            sending = sendings.after(sending, part)

    async def _finish(self, sending: Sending, state: str) -> None:
        async with self._db.write() as conn:
            await sendings.finish(conn, sending, holder=self._holder, state=state, now=self._clock())

    def _row(self, sending: Sending, one: Recipient, write: Write) -> Row:
        say, announce = write(one)
        return Row(
            id=self._ids(),
            line=one.line,
            channel=one.channel,
            klass="notice",
            dedupe_key=sendings.dedupe_key(sending, one.member),
            say=say,
            announce=announce,
            member=one.member,
            group=sending.group,
            kind=sending.kind,
            subject=sending.subject,
            expires_at=sending.expires_at,
        )

    async def _writer(self, sending: Sending) -> tuple[Write | None, bool]:
        """What writes a member's message, None where nothing is to be said any more; whether staff get it."""
        now = self._clock()
        async with self._db.read() as conn:
            if sending.kind == "brief":
                content = await brief_content(conn, sending.subject)
                return (None, True) if content is None else (self._brief(content, now), True)
            if sending.kind in ("moved", "cancelled"):
                meeting = await find_meeting(conn, sending.subject)
                news = notices.moved if sending.kind == "moved" else notices.cancelled
                return self._each(lambda words: (news(words, meeting, now), None)), True
            standing = await tally(conn, sending.subject, now=now)
        if standing is None or (sending.kind == "poll" and standing.state != "open"):
            return None, True
        if sending.kind == "poll":
            return self._poll(standing, now), standing.staff
        return self._result(standing, await self._picture(standing)), True

    def _each(self, make: Callable[[Sentences], tuple[Say, Say | None]]) -> Write:
        """Written once for all who read it in the same language and form."""
        said = cache(self._words.each(make))
        return lambda one: said(one.language, one.form)

    def _poll(self, standing: Tally, now: datetime) -> Write:
        @cache
        def said(language: str, form: str, again: bool) -> tuple[Say, Say]:
            words = self._words.to(language, form)
            return notices.poll(words, standing, now, again=again), notices.announced(words)

        return lambda one: said(one.language, one.form, one.again)

    def _brief(self, content: Content, now: datetime) -> Write:
        @cache
        def said(channel: str, language: str, form: str, again: bool) -> Say:
            words = self._words.to(language, form)
            return notices.brief(words, content, channel=channel, again=again, now=now)

        return lambda one: (said(one.channel, one.language, one.form, one.again), None)

    def _result(self, standing: Tally, picture: Shown | None) -> Write:
        """Only Telegram gets the picture: a text can't carry it and a voice can't say it."""
        drawn = self._each(lambda words: (notices.result(words, standing, picture), None))
        plain = self._each(lambda words: (notices.result(words, standing), None))
        return lambda one: (drawn if one.channel == "telegram" else plain)(one)

    async def _picture(self, standing: Tally) -> Shown | None:
        """The result as bars, kept like any photo; none where only the outcome is given."""
        drawing = charts.of_result(standing)
        if not drawing:
            return None
        data = await asyncio.to_thread(charts.png, drawing)
        try:
            sha256 = await self._files.save(data)
        except Away as error:  # the words alone are better than nothing
            structlog.get_logger().warning("files_away", sentence=str(error))
            return None
        async with self._db.write() as conn:
            return await keep_picture(conn, standing.id, sha256=sha256, size=len(data), now=self._clock())
