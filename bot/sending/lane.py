"""One lane: takes what is due for one sender, a few lines at a time, and has it sent and noted."""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.logs import place
from bot.sending import costs
from bot.sending.handing import Hands
from storage.database import Database, away
from storage.sending import claims, heads, records, slots, spending
from storage.sending.checks import UNCLEAR
from storage.sending.claims import Claimed, Terms
from storage.sending.records import Fate, Stand

POLL = 0.5  # seconds between looks at the outbox, for what other processes put there
SOON = 5.0  # seconds; for a chat that may be written to within that time the lane wakes by itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What every lane works with. `channels` are those that are on. `noted` is told each outcome."""

    db: Database
    clock: Callable[[], datetime]
    ids: Callable[[], str]
    terms: Terms
    channels: Collection[str]
    noted: Callable[[str, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A message that was tried, and what is to be noted of it."""

    claimed: Claimed
    fate: Fate
    probe: bool


class Lane:
    """One sender's messages. `answers` and `notices`: how many lines of each it sends to at once.

    Notices never take the places of answers. What is done is noted, and what is next is claimed, in
    one transaction: the more there is to do, the more goes into each.
    """

    def __init__(self, name: str, *, answers: int, notices: int, hands: Hands, tools: Tools) -> None:
        self.name = name
        self.hands = hands
        self.bell = asyncio.Event()
        self._done: list[Done] = []
        self._free = {heads.ANSWER: answers, heads.NOTICE: notices}
        self._tools = tools
        self._sending: dict[asyncio.Task[Fate], str] = {}  # and to which line
        self._step: asyncio.Task[int] | None = None
        self._log = structlog.get_logger()

    async def run(self) -> None:
        """Send what is due, until cancelled."""
        while True:
            self.bell.clear()
            self._step = asyncio.create_task(self.step())
            # Shielded, since what a step has claimed must not be lost when we are cancelled.
            if not await asyncio.shield(self._step):
                await self._rung()

    async def step(self) -> int:
        """Note what is done, claim what is due and has room, and begin to send it; how many that is."""
        now = self._tools.clock()
        room, stand = await self._room(now)
        if not room and not self._done:
            return 0
        done, self._done = self._done, []
        taken = await self._exchange(done, room, stand, now)
        for claimed in taken:
            self._begin(claimed, probe=stand.paused_at is not None)
        return len(taken)

    async def idle(self) -> None:
        """Wait until all that has begun is sent and noted."""
        if self._step:
            await asyncio.gather(self._step, return_exceptions=True)
        while self._sending:
            await asyncio.wait(self._sending)
        done, self._done = self._done, []
        await self._exchange(done, {}, Stand(), self._tools.clock())

    async def renew(self) -> None:
        """Keep the leases of the lines that are being sent to."""
        busy = {*self._sending.values(), *(one.claimed.row.line for one in self._done)}
        if busy:
            holder, now = self._tools.terms.holder, self._tools.clock()
            await self._tools.db.transact(partial(records.renew, line_ids=busy, holder=holder, now=now))

    async def _rung(self) -> None:
        try:
            async with asyncio.timeout(POLL):
                await self.bell.wait()
        except TimeoutError:
            pass

    async def _room(self, now: datetime) -> tuple[dict[str, int], Stand]:
        """How many lines to claim of each kind that has something due; a paused lane tries one of each."""
        if not any(self._free.values()):
            return {}, Stand()
        async with self._tools.db.read() as conn:
            due = await heads.any_due(conn, self.name, now)
            stand = await records.stand(conn, self.name) if due else Stand()
        probing = stand.paused_at is not None
        if not due or stand.shut(now) or (probing and self._sending):
            return {}, stand
        free = {kind: min(many, 1) if probing else many for kind, many in self._free.items()}
        free[heads.LAPSED] = claims.MOST_LAPSED
        return {kind: free[kind] for kind in due if free[kind]}, stand

    async def _exchange(
        self, done: Sequence[Done], room: Mapping[str, int], stand: Stand, now: datetime
    ) -> list[Claimed]:
        """Note what is done, and claim what is next. A fault in the claim never loses what is done."""
        if not done and not room:
            return []
        try:
            taken = await self._tools.db.transact(partial(self._note_and_claim, done, room, stand, now))
        except Exception:
            await self._note_apart(done, now)
            raise
        self._told(done)
        return taken

    async def _note_and_claim(
        self,
        done: Sequence[Done],
        room: Mapping[str, int],
        stand: Stand,
        now: datetime,
        conn: AsyncConnection,
    ) -> list[Claimed]:
        halted = await self._note(conn, done, now)
        return [] if halted or not room else await self._claim(conn, room, stand, now)

    async def _claim(
        self, conn: AsyncConnection, room: Mapping[str, int], stand: Stand, now: datetime
    ) -> list[Claimed]:
        terms, paused_at = self._tools.terms, stand.paused_at
        return await claims.claim(conn, self.name, room, terms, now=now, paused_at=paused_at)

    async def _note(self, conn: AsyncConnection, done: Sequence[Done], now: datetime) -> bool:
        """Write what became of these; True where the lane is to stop for it."""
        await records.record(
            conn, [(one.claimed.row, one.fate) for one in done], self._tools.terms.holder, now
        )
        ours = [one for one in done if one.fate.outcome == "ours"]
        if ours:
            await slots.pause(conn, self.name, ours[-1].fate.sentence, now)
        elif any(one.probe and one.fate.tried and one.fate.outcome not in UNCLEAR for one in done):
            await records.resume(conn, self.name, now)
        slower = await self._slower(conn, done, now)
        await self._count(conn, done, now)
        return bool(ours) or slower

    async def _slower(self, conn: AsyncConnection, done: Sequence[Done], now: datetime) -> bool:
        """Whether the provider refused so much for going too fast that the whole lane waits."""
        until = None
        for one in done:
            if one.fate.outcome == "throttled" and one.fate.wait_until:
                wait = one.fate.wait_until - now
                until = (
                    await slots.refused(conn, self.name, one.claimed.row.line, wait=wait, now=now) or until
                )
        if until:
            self.hands.pace.hold((until - now).total_seconds())
        return until is not None

    async def _count(self, conn: AsyncConnection, done: Sequence[Done], now: datetime) -> None:
        """Count what it costs the groups, and tell their facilitators where it becomes much."""
        tools, unit = self._tools, spending.UNITS.get(self.name)
        if unit is None:
            return
        spent: Counter[tuple[str, str]] = Counter()
        for one in done:
            if one.claimed.row.group:
                spent[one.claimed.row.group, unit] += one.fate.spent
        await costs.count(
            conn,
            spent,
            flows=tools.terms.flows,
            ids=tools.ids,
            channels=tools.channels,
            now=now,
        )

    async def _note_apart(self, done: Sequence[Done], now: datetime) -> None:
        """One by one, so that none is lost for another's fault; while the database is away they wait."""
        for one in done:
            try:
                await self._tools.db.transact(partial(self._note_and_claim, [one], {}, Stand(), now))
            except Exception as error:
                if away(error):
                    self._done.append(one)
                else:
                    self._lost(one.claimed, error)
            else:
                self._told([one])

    def _told(self, done: Sequence[Done]) -> None:
        """Say what became of these, and wake for the chats that may be written to again soon."""
        now, waits = self._tools.clock(), []
        for one in done:
            fate = one.fate
            facts = {"state": fate.state, "outcome": fate.outcome, "code": fate.code}
            self._log.info("message", lane=self.name, outbox=one.claimed.row.id, **facts)
            if fate.tried:
                self._tools.noted(self.name, fate.outcome or "")
            if fate.wait_until:
                waits.append((fate.wait_until - now).total_seconds())
        for wait in sorted({wait for wait in waits if wait < SOON}):
            asyncio.get_running_loop().call_later(max(wait, 0), self.bell.set)

    def _begin(self, claimed: Claimed, *, probe: bool) -> None:
        self._free[claimed.row.klass] -= 1
        task = asyncio.create_task(self.hands.send(claimed))
        self._sending[task] = claimed.row.line
        task.add_done_callback(lambda done: self._end(done, claimed, probe=probe))

    def _end(self, task: asyncio.Task[Fate], claimed: Claimed, *, probe: bool) -> None:
        self._free[claimed.row.klass] += 1
        del self._sending[task]
        self.bell.set()
        if task.cancelled():
            return
        error = task.exception()
        if error:
            self._lost(claimed, error)
        else:
            self._done.append(Done(claimed=claimed, fate=task.result(), probe=probe))

    def _lost(self, claimed: Claimed, error: BaseException) -> None:
        """Its lease will lapse, and then the message is taken up as unclear."""
        facts = {"outbox": claimed.row.id, "error": type(error).__name__, "at": place(error)}
        self._log.error("message_not_recorded", lane=self.name, **facts)
