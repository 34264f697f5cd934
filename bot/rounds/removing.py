"""Has providers remove what is not needed there any more, and forgets lines that were left behind.

Each thing is a row that is tried until it is gone, whatever dies: soon after a file was stored or
somebody was erased.
"""

import asyncio
import random
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from bot.intake.arriving import guard
from bot.logs import place
from channels.twilio_removing import RemoveLater, Trace
from flows.events import Abilities, Event
from storage.database import Database
from storage.erasure import erasing, removals
from storage.erasure.removals import Removal
from storage.secrets import Secrets

POLL = 2.0  # seconds between looks
AT_ONCE = 20  # that one look takes
AT_A_LOOK = 200  # messages and calls of one line: well within its lease
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=5), timedelta(hours=6)
OFF = "Twilio is off, so nothing can be removed there."
A_LOOK = timedelta(seconds=30)  # between looks at a line whose last answer has not gone yet

NOTHING = Abilities(takes=frozenset())


class Provider(Protocol):
    """What a provider is to the remover; each may raise RemoveLater."""

    async def message(self, sid: str) -> None: ...
    async def call(self, sid: str) -> None: ...
    async def file(self, address: str) -> None: ...
    async def of(self, number: str, ours: Collection[str], until: datetime) -> Sequence[Trace]: ...


class Remover:
    """`run` is the loop, `once` one look. Several processes may run it: each row is leased.

    `provider` is None while there is none: then what it holds waits. `numbers` are our own.
    """

    def __init__(
        self,
        *,
        db: Database,
        secrets: Secrets,
        provider: Provider | None,
        numbers: Collection[str],
        clock: Callable[[], datetime],
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._db = db
        self._secrets = secrets
        self._provider = provider
        self._numbers = numbers
        self._clock = clock
        self._jitter = jitter

    async def run(self) -> None:
        """Remove what is due, until cancelled."""
        while True:
            if not await self.once():
                await asyncio.sleep(POLL)

    async def once(self) -> int:
        """Try some of what is due; how many that was."""
        now = self._clock()
        async with self._db.read() as conn:
            if not await removals.due(conn, now, self._able):
                return 0
        async with self._db.write() as conn:
            taken = await removals.claim(conn, self._secrets, self._able, now=now, most=AT_ONCE)
        for one in taken:
            await self._try(one)
        return len(taken)

    @property
    def _able(self) -> Collection[str]:
        """The kinds that can be tried at all."""
        return ("line", "message", "call", "file") if self._provider else ("line",)

    async def _try(self, one: Removal) -> None:
        try:
            due_at = await self._remove(one)
        except RemoveLater as error:
            await self._later(one, str(error))
        except Exception as error:
            kind = type(error).__name__
            structlog.get_logger().error("removal_failed", kind=one.kind, error=kind, at=place(error))
            await self._later(one, f"Removing it failed here ({kind}).")
        else:
            async with self._db.write() as conn:
                if due_at is None:
                    await removals.done(conn, one.id)
                else:
                    await removals.again(conn, one.id, due_at=due_at, tries=0)
            if due_at is None:
                structlog.get_logger().info("removed", kind=one.kind)

    async def _remove(self, one: Removal) -> datetime | None:
        """Have it removed; when to look again, None where it is gone for good."""
        if one.kind == "line":
            return await self._line(one)
        await self._at_provider(one.kind, one.what)
        return None

    async def _at_provider(self, kind: str, what: str) -> None:
        provider = self._provider
        if provider is None:
            raise RemoveLater(OFF)
        remove = {"message": provider.message, "call": provider.call, "file": provider.file}
        await remove[kind](what)

    async def _line(self, one: Removal) -> datetime | None:
        """Forget a line here, and have removed what the provider lists for it.

        At the end of the time in which an answer may still go and be listed it is looked at once more.
        """
        now = self._clock()
        forgotten = await self._db.transact(lambda conn: erasing.forget_line(conn, one.line, now))
        traces = await self._nobodys(one) if one.what else []
        for trace in traces[:AT_A_LOOK]:
            await self._at_provider(trace.kind, trace.sid)
        if len(traces) > AT_A_LOOK:
            return now
        if now >= one.until:
            return None if forgotten else now + A_LOOK
        return one.until if forgotten else min(now + A_LOOK, one.until)

    async def _nobodys(self, one: Removal) -> list[Trace]:
        """What is listed with this number and is of nobody who is here."""
        if self._provider is None:
            raise RemoveLater(OFF)
        traces = await self._provider.of(one.what, self._numbers, one.until)
        guards = {trace.sid: self._guard(one.what, trace) for trace in traces if trace.came}
        async with self._db.read() as conn:
            here = await removals.of_others(conn, [trace.sid for trace in traces], list(guards.values()))
        return [trace for trace in traces if trace.sid not in here and guards.get(trace.sid) not in here]

    def _guard(self, number: str, trace: Trace) -> bytes:
        """By what the text that came with this id is known here."""
        event = Event(channel="sms", id=trace.sid, line=number, at=trace.at, kind="words", can=NOTHING)
        return guard(event, self._secrets)

    async def _later(self, one: Removal, sentence: str) -> None:
        wait = min(FIRST_WAIT * 2 ** min(one.tries, 16), LONGEST_WAIT)
        due_at = self._clock() + wait * (0.5 + self._jitter() / 2)
        async with self._db.write() as conn:
            await removals.again(conn, one.id, due_at=due_at, tries=one.tries + 1, sentence=sentence)
        structlog.get_logger().info("removal_later", kind=one.kind, tries=one.tries + 1)
