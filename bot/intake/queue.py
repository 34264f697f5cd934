"""The one queue for everything that comes in: what waits is taken together, in one transaction.

Calls are served first. Whoever hands in an event hears of it when it is committed.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from time import perf_counter

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.intake import places
from bot.intake.arriving import arrive
from bot.intake.stepping import Batch, Tools, Turned
from bot.logs import place
from bot.metrics import Metrics
from flows.events import Event, Say
from flows.state import Conversation
from storage import locks
from storage.database import Database, away
from storage.running import problems
from storage.turning import load, turns
from storage.turning.turns import Arrived, Ledger

MOST = 64
WAITING = 5000
MOMENTS = (
    3  # rounds of the loop in which those who are knocking may come along: one more costs a batch little
)
FULL = "Too many events are waiting."


class Busy(Exception):
    """Too much is waiting: the provider is to ask again."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    event: Event
    done: asyncio.Future[Turned]
    since: float  # when it was handed in


class Intake:
    """`take` an event; `run` must be running. `woken` is told after each commit what there is to do."""

    def __init__(
        self,
        *,
        db: Database,
        tools: Tools,
        clock: Callable[[], datetime],
        metrics: Metrics,
        woken: Callable[[Turned], None],
        most: int = MOST,
        bound: int = WAITING,
    ) -> None:
        self._db = db
        self._tools = tools
        self._clock = clock
        self._metrics = metrics
        self._woken = woken
        self._most = most
        self._bound = bound
        self._calls: deque[_Waiting] = deque()
        self._others: deque[_Waiting] = deque()
        self._some = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def waiting(self) -> int:
        """How many events have not been taken up yet."""
        return len(self._calls) + len(self._others)

    async def take(self, event: Event) -> Turned:
        """Store and answer one event; what is returned is committed. Raise Busy, or what failed."""
        return await self._enter(event)

    async def take_all(self, events: Sequence[Event]) -> list[Turned]:
        """Several events of one request, in their order. Raise Busy before any of them is taken."""
        if self.waiting + len(events) > self._bound:
            raise Busy(FULL)
        return list(await asyncio.gather(*map(self._enter, events)))

    def _enter(self, event: Event) -> asyncio.Future[Turned]:
        if self.waiting >= self._bound:
            raise Busy(FULL)
        one = _Waiting(event, asyncio.get_running_loop().create_future(), perf_counter())
        (self._calls if event.can.call else self._others).append(one)
        self._idle.clear()
        self._some.set()
        return one.done

    async def run(self) -> None:
        """Take up what waits, batch by batch, until cancelled."""
        while True:
            await self._some.wait()
            for _ in range(MOMENTS):
                await asyncio.sleep(0)
            batch = self._next()
            if batch:
                await self._serve(batch)
            if not self.waiting:
                self._some.clear()
                self._idle.set()

    async def drained(self) -> None:
        """Wait until everything that was handed in has been answered."""
        await self._idle.wait()

    def _next(self) -> list[_Waiting]:
        found: list[_Waiting] = []
        for queue in (self._calls, self._others):
            while queue and len(found) < self._most:
                found.append(queue.popleft())
        return found

    async def _serve(self, batch: Sequence[_Waiting]) -> None:
        began = perf_counter()
        try:
            await self._batch(batch)
        finally:
            for one in batch:
                if not one.done.done():
                    one.done.set_exception(Busy("The service is stopping."))
            self._metrics.batch(len(batch), perf_counter() - began)

    async def _batch(self, batch: Sequence[_Waiting]) -> None:
        try:
            results = await self._db.transact(partial(self._turns, [one.event for one in batch]))
        except Exception as error:
            if len(batch) == 1:
                await self._failed(batch[0], error)
                return
            if away(error) and not await self._db.alive():  # as it would not be for each of them
                for one in batch:
                    self._refuse(one, error)
                return
            structlog.get_logger().warning("batch_undone", error=type(error).__name__, events=len(batch))
            for one in batch:
                await self._batch([one])
            return
        for one, result in zip(batch, results, strict=True):
            self._answer(one, result)

    async def _failed(self, one: _Waiting, error: Exception) -> None:
        """One event failed by itself: the database is away, or there is a mistake in its turn."""
        if away(error):
            self._refuse(one, error)
            return
        what = f"{type(error).__name__} at {place(error)}"
        log = structlog.get_logger()
        log.error("turn_failed", channel=one.event.channel, kind=one.event.kind, error=what)
        for way in (self._sorry, self._kept):
            try:
                result = await self._db.transact(partial(way, one.event, what))
            except Exception as another:
                error = another
                log.error("problem_not_kept", error=type(error).__name__, at=place(error))
            else:
                self._answer(one, result, "failed")
                return
        self._refuse(one, error)

    def _answer(self, one: _Waiting, result: Turned, outcome: str = "taken") -> None:
        self._count(one, "repeat" if result.repeat else outcome)
        if not one.done.done():  # whoever waited may have gone
            one.done.set_result(result)
        self._woken(result)

    def _refuse(self, one: _Waiting, error: Exception) -> None:
        """Nothing of it could be stored: whoever brought it is to bring it again."""
        self._count(one, "refused")
        if not one.done.done():
            one.done.set_exception(error)

    def _count(self, one: _Waiting, outcome: str) -> None:
        self._metrics.turn(one.event.channel, outcome, perf_counter() - one.since)

    async def _turns(self, events: Sequence[Event], conn: AsyncConnection) -> list[Turned]:
        now = self._clock()
        arrived, fresh, batch = await self._begin(conn, events, now)
        await batch.prepare([one for one in arrived if one.id in fresh])
        results = []
        for one, event in zip(arrived, events, strict=True):
            results.append(await batch.step(one, event) if one.id in fresh else await batch.again(event))
        await batch.ledger.write(conn, now)
        return results

    async def _sorry(self, event: Event, error: str, conn: AsyncConnection) -> Turned:
        """Keep the event for the operator; tell its member kindly, and ask again what was asked."""
        now = self._clock()
        (arrived,), fresh, batch = await self._begin(conn, [event], now)
        if not fresh:
            return await batch.again(event)
        await problems.add(conn, id=self._tools.ids(), event=arrived.id, error=error, now=now)
        await batch.prepare([arrived])
        where = await places.find(conn, batch.known, arrived, room_group=None, now=now)
        talk = batch.known.talks.get(where.owner, Conversation())
        stage = batch.stage(arrived, where, None, talk)
        batch.ledger.whose[arrived.id] = stage.me
        question = talk.frame.asked if talk.frame else talk.asked
        me = stage.person.member if stage.person else None
        words = stage.words.to(me.language, me.form) if me else stage.words
        text = "\n\n".join(filter(None, (words("sorry"), question.text if question else "")))
        says = (Say(text=text, question=question, language=words.tongue("sorry")),)
        result = batch.send(stage, event, says)
        await batch.ledger.write(conn, now)
        return result

    async def _kept(self, event: Event, error: str, conn: AsyncConnection) -> Turned:
        """Keep the event for the operator, where not even an apology can be made."""
        now, tools = self._clock(), self._tools
        (arrived,), _ = await arrive(conn, [event], secrets=tools.secrets, ids=tools.ids, now=now)
        if not await turns.admit(conn, [arrived]):
            return Turned(repeat=True)
        await problems.add(conn, id=tools.ids(), event=arrived.id, error=error, now=now)
        return Turned()

    async def _begin(
        self, conn: AsyncConnection, events: Sequence[Event], now: datetime
    ) -> tuple[list[Arrived], set[str], Batch]:
        """Store the events, keep whoever they are of, and only then read. The ids are of new ones."""
        tools = self._tools
        arrived, lines = await arrive(conn, events, secrets=tools.secrets, ids=tools.ids, now=now)
        fresh = await turns.admit(conn, arrived)
        sessions = {event.session for event in events if event.can.call and event.session}
        await locks.for_turns(conn, lines, sessions)
        known = await load.load(conn, lines_=lines.values(), sessions=sessions, now=now, states=tools.states)
        if known.broken:
            structlog.get_logger().error("conversations_begun_anew", number=len(known.broken))
        ledger = Ledger(states=tools.states)
        return arrived, fresh, Batch(tools=tools, conn=conn, known=known, ledger=ledger, now=now)
