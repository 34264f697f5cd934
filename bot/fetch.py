"""Brings photos and recordings from the providers, cleans and keeps them: soon, once, or says why not."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Protocol, cast

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.logs import place
from bot.sending.notices import said
from channels.base import FetchLater, FetchRefused
from flows.sentences import Sentences
from storage.database import Database
from storage.files import fetches
from storage.files.cleaning import prepare
from storage.files.fetches import Waiting
from storage.files.leftovers import discard
from storage.files.media import MediaStore
from storage.files.media_place import Away
from storage.files.prepared import MOST_BYTES, Kind, Prepared, Refused, not_had
from storage.lines import sharing
from storage.secrets import Secrets
from storage.sending import outbox

FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=2), timedelta(days=1)
AWAY_WAIT = timedelta(minutes=1)
GIVE_UP = 24  # tries: about a week
PATIENCE = 180  # seconds for one file, well within its lease
POLL = 1.0  # seconds until a look for files that another process asked for
AT_ONCE = 4

log = structlog.get_logger()


class Fetches(Protocol):
    """What a channel is to the fetcher."""

    async def fetch(self, ref: str, *, most: int) -> bytes: ...


Tell = Callable[[AsyncConnection, Waiting, Refused, datetime], Awaitable[None]]


def teller(ids: Callable[[], str], house: Sentences) -> Tell:
    """Says to whoever sent a file why it was not kept, by the way it came, while they will know which."""

    async def tell(conn: AsyncConnection, waiting: Waiting, why: Refused, now: datetime) -> None:
        until = waiting.at + outbox.ANSWER_LASTS
        # A call is over by now, and an answer must not become a call of ours.
        if not waiting.line or waiting.channel == "voice" or now >= until:
            return
        words = house.to(*await sharing.reads(conn, waiting.line))
        say = said(words, why.name, what=words(f"file.{why.kind}"))
        row = outbox.Row(
            id=ids(),
            line=waiting.line,
            channel=waiting.channel,
            klass="answer",
            dedupe_key=f"media:{waiting.id}",
            say=say,
            expires_at=until,
        )
        await outbox.add(conn, [row], now=now)

    return tell


class Fetcher:
    """`run` is the loop; `wake` it when files were asked for; `now` fetches one at once.

    Several processes may run it: each file is leased. One that fails never holds up another.
    """

    def __init__(
        self,
        *,
        db: Database,
        secrets: Secrets,
        store: MediaStore,
        sources: Mapping[str, Fetches],
        tell: Tell,
        clock: Callable[[], datetime],
        holder: str,
        jitter: Callable[[], float] = random.random,
        told: Callable[[], None] = lambda: None,
    ) -> None:
        """`sources` are channels by name, and `PRACTICE` with the name for what comes from practice phones.

        `holder` names this process; `told` is called when an answer stands in the outbox.
        """
        self._db = db
        self._secrets = secrets
        self._store = store
        self._sources = sources
        self._tell = tell
        self._clock = clock
        self._holder = holder
        self._jitter = jitter
        self._told = told
        self._wake = asyncio.Event()
        self._busy: dict[str, asyncio.Task[None]] = {}  # by the file's id

    def wake(self) -> None:
        """Look at once for what is due."""
        self._wake.set()

    async def run(self) -> None:
        """Fetch what is due, until cancelled."""
        try:
            while True:
                self._wake.clear()
                await self.start_due()
                await self._rest()
        finally:
            tasks = list(self._busy.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            async with self._db.write() as conn:
                await fetches.release(conn, self._holder)

    async def start_due(self) -> int:
        """Start fetching as many due files as there is room for; how many."""
        room = AT_ONCE - len(self._busy)
        if room <= 0:
            return 0
        async with self._db.write() as conn:
            due = await fetches.claim(
                conn,
                self._secrets,
                now=self._clock(),
                holder=self._holder,
                sources=list(self._sources),
                most=room,
            )
        for waiting in due:
            self._start(waiting)
        return len(due)

    async def settle(self) -> None:
        """Wait until nothing is being fetched."""
        while self._busy:
            await asyncio.wait(self._busy.values())

    async def now(self, id: str) -> str | None:
        """The hash of a file, fetched now if it still waits; None where it cannot be had at the moment."""
        task = self._busy.get(id)
        if task is None:
            async with self._db.write() as conn:
                waiting = await fetches.claim_one(
                    conn, self._secrets, id, now=self._clock(), holder=self._holder
                )
            task = self._start(waiting) if waiting else None
        if task is not None:
            await asyncio.wait([task])
        async with self._db.read() as conn:
            return await fetches.sha256(conn, id)

    async def _rest(self) -> None:
        # Not wait_for: before Python 3.12 it may swallow a cancellation that comes with the wake.
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL):
                await self._wake.wait()

    def _start(self, waiting: Waiting) -> asyncio.Task[None]:
        task = asyncio.create_task(self._one(waiting), name=waiting.id)
        self._busy[waiting.id] = task
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        del self._busy[task.get_name()]
        self._wake.set()
        if not task.cancelled() and (error := task.exception()):
            # What became of it could not be written down: its lease runs out and it is tried again.
            log.error("fetch_lost", media=task.get_name(), error=type(error).__name__, at=place(error))

    async def _one(self, waiting: Waiting) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                data = await self._fetch(waiting)
            prepared = await prepare(data, cast(Kind, waiting.kind))
            await self._keep(waiting, prepared)
        except Refused as error:
            await self._refuse(waiting, error)
        except FetchRefused as error:
            await self._refuse(waiting, not_had(cast(Kind, waiting.kind), str(error)))
        except FetchLater as error:
            await self._later(waiting, str(error))
        except Away as error:
            await self._postpone(waiting, str(error))
        except TimeoutError:
            await self._later(waiting, "The file took too long to come.")
        except Exception as error:
            log.error("fetch_failed", media=waiting.id, error=type(error).__name__, at=place(error))
            await self._later(waiting, f"Fetching failed here ({type(error).__name__}).")

    async def _fetch(self, waiting: Waiting) -> bytes:
        if waiting.source not in self._sources:
            raise FetchLater(f"The channel {waiting.source} is off.")
        return await self._sources[waiting.source].fetch(waiting.ref, most=MOST_BYTES)

    async def _keep(self, waiting: Waiting, prepared: Prepared) -> None:
        saved = await self._store.keep(prepared)
        async with self._db.write() as conn:
            wanted = await fetches.stored(conn, waiting.id, saved, now=self._clock())
            if not wanted:
                await discard(conn, [saved.sha256, saved.thumb_sha256])
        if wanted:
            # Somebody may have erased the same file between our saving it and our saying so.
            await self._store.keep(prepared)
        log.info("fetched", media=waiting.id, bytes=saved.bytes, wanted=wanted)

    async def _later(self, waiting: Waiting, sentence: str) -> None:
        if waiting.tries + 1 >= GIVE_UP:
            await self._refuse(waiting, not_had(cast(Kind, waiting.kind), sentence))
            return
        wait = min(FIRST_WAIT * 2**waiting.tries, LONGEST_WAIT)
        due_at = self._clock() + wait * (0.5 + self._jitter() / 2)
        async with self._db.write() as conn:
            await fetches.later(conn, waiting.id, due_at=due_at, sentence=sentence)
        log.info("fetch_later", media=waiting.id, tries=waiting.tries + 1)

    async def _postpone(self, waiting: Waiting, sentence: str) -> None:
        """The place where it is to be kept is away: no try of the provider's, however long that lasts."""
        async with self._db.write() as conn:
            await fetches.postponed(conn, waiting.id, due_at=self._clock() + AWAY_WAIT, sentence=sentence)
        log.warning("fetch_postponed", media=waiting.id, sentence=sentence)

    async def _refuse(self, waiting: Waiting, why: Refused) -> None:
        now = self._clock()
        async with self._db.write() as conn:
            if await fetches.refused(conn, waiting.id, sentence=why.sentence, now=now):
                await self._tell(conn, waiting, why, now)
        self._told()
        log.warning("fetch_refused", media=waiting.id, sentence=why.sentence)
