"""One lane: takes what is due for one sender, a few lines at a time, and sends it at the sender's pace."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from bot.fates import judge, not_asked, not_listed
from bot.logs import place
from bot.pace import Closed, Pace
from channels.base import SENT, Channel, Parcel, Result
from flows.events import Say
from flows.readable import parts
from storage import claims, records
from storage.addresses import hash_of
from storage.checks import UNCLEAR
from storage.claims import Claimed
from storage.database import Database
from storage.records import Fate
from storage.secrets import Secrets

POLL = 0.5  # seconds between looks at the outbox, for what other processes put there
LONGEST = 60.0  # seconds for which a provider may keep us waiting with one parcel

Post = Callable[[Claimed, Parcel], Awaitable[Result]]
Find = Callable[[Claimed, Parcel], Awaitable[Result | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What every lane works with. `encoders` know every channel, also those that are switched off.

    `chance` gives 0 to 1. `carrier_stops`: see `storage.checks.Facts`.
    """

    db: Database
    secrets: Secrets
    encoders: Mapping[str, Channel]
    clock: Callable[[], datetime]
    chance: Callable[[], float]
    holder: str
    carrier_stops: bool = True


class Lane:
    """One sender's messages. `answers` and `notices`: how many lines of each it sends to at once.

    Notices never take the places of answers.
    """

    def __init__(
        self,
        name: str,
        *,
        answers: int,
        notices: int,
        pace: Pace,
        post: Post,
        tools: Tools,
        find: Find | None = None,
    ) -> None:
        """`find` asks the provider for what may have gone; without it that is sent once more unasked."""
        self.name = name
        self.pace = pace
        self.bell = asyncio.Event()
        self._free = {"answer": answers, "notice": notices}
        self._post = post
        self._find = find
        self._tools = tools
        self._sending: dict[asyncio.Task[None], str] = {}  # and to which line
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
        """Claim what is due and has room, and begin to send it; how many messages that is."""
        now = self._tools.clock()
        room = dict(self._free)
        if not any(room.values()):
            return 0
        async with self._tools.db.read() as conn:
            if not await claims.any_due(conn, self.name, now):
                return 0
            paused = (await records.paused(conn)).get(self.name)
        if paused:
            if now < paused[1] or self._sending:
                return 0
            room = {klass: min(free, 1) for klass, free in room.items()}  # a probe
        taken = await self._claim(room, now)
        for claimed in taken:
            self._begin(claimed, probe=paused is not None)
        return len(taken)

    async def idle(self) -> None:
        """Wait until all that has begun is sent and noted."""
        if self._step:
            await asyncio.gather(self._step, return_exceptions=True)
        while self._sending:
            await asyncio.wait(self._sending)

    async def renew(self) -> None:
        """Keep the leases of the lines that are being sent to."""
        busy = set(self._sending.values())
        if busy:
            async with self._tools.db.write() as conn:
                await records.renew(conn, busy, self._tools.holder, self._tools.clock())

    async def _rung(self) -> None:
        try:
            async with asyncio.timeout(POLL):
                await self.bell.wait()
        except TimeoutError:
            pass

    async def _claim(self, room: Mapping[str, int], now: datetime) -> list[Claimed]:
        async with self._tools.db.write() as conn:
            return await claims.claim(
                conn,
                self.name,
                now=now,
                holder=self._tools.holder,
                answers=room["answer"],
                notices=room["notice"],
                fit=self._fit,
                carrier_stops=self._tools.carrier_stops,
            )

    def _fit(self, channel: str, say: Say) -> tuple[Say, str]:
        encoder = self._tools.encoders.get(channel)
        return encoder.fit(say) if encoder else (say, "")

    def _begin(self, claimed: Claimed, *, probe: bool) -> None:
        self._free[claimed.row.klass] -= 1
        task = asyncio.create_task(self._send(claimed, probe=probe))
        self._sending[task] = claimed.row.line
        task.add_done_callback(lambda done: self._end(done, claimed))

    def _end(self, done: asyncio.Task[None], claimed: Claimed) -> None:
        self._free[claimed.row.klass] += 1
        del self._sending[done]
        self.bell.set()
        error = None if done.cancelled() else done.exception()
        if error:  # the lease will lapse, and then the message is taken up as unclear
            facts = {"outbox": claimed.row.id, "error": type(error).__name__, "at": place(error)}
            self._log.error("message_not_recorded", lane=self.name, **facts)

    async def _send(self, claimed: Claimed, *, probe: bool) -> None:
        row = claimed.row
        fate = await self._fate(claimed)
        now = self._tools.clock()
        async with self._tools.db.write() as conn:
            await records.record(conn, row, fate, now)
            if fate.outcome == "ours":
                await records.pause(conn, self.name, fate.sentence, now)
            elif probe and fate.outcome and fate.outcome not in UNCLEAR:
                await records.resume(conn, self.name)
        facts = {"state": fate.state, "outcome": fate.outcome, "code": fate.code}
        self._log.info("message", lane=self.name, outbox=row.id, **facts)

    async def _fate(self, claimed: Claimed) -> Fate:
        """Hand the message over, outside any transaction, and decide what becomes of it."""
        row, tools, found = claimed.row, self._tools, None
        if self._find and row.outcome in UNCLEAR:
            found = await self._ask(claimed, self._find)
            if found and not found.id:
                return not_asked(row, found, tools.clock(), tools.chance)
            fate = None if found else not_listed(row, tools.clock())
            if fate:
                return fate
        result, progress = await self._hand_over(claimed, found)
        if result is None:
            return Fate(state="waiting", outcome=row.outcome, tries=row.tries, progress=progress)
        if result.outcome == "throttled":
            self.pace.throttled(row.line, result.wait)
        fate = judge(row, result, progress=progress, now=tools.clock(), chance=tools.chance)
        if result.moved_to:
            address = tools.secrets.seal(result.moved_to)
            fate = replace(fate, moved=(address, hash_of(tools.secrets, row.channel, result.moved_to)))
        return fate

    async def _ask(self, claimed: Claimed, find: Find) -> Result | None:
        """Look for the parcel that may have gone in the provider's own list."""
        try:
            parcels = self._encode(claimed)[claimed.row.progress :]
            async with asyncio.timeout(LONGEST):
                return await find(claimed, parcels[0]) if parcels else None
        except Exception as error:
            name = type(error).__name__
            self._log.error("message_not_asked", outbox=claimed.row.id, error=name, at=place(error))
            return Result(outcome="retry", code=name, sentence=f"It could not be asked about ({name}).")

    async def _hand_over(self, claimed: Claimed, found: Result | None) -> tuple[Result | None, int]:
        """What became of the last parcel that was tried, and how many have gone; None if we are stopping.

        `found`: the first of them has gone already.
        """
        row, result, progress = claimed.row, SENT, claimed.row.progress
        try:
            parcels = self._encode(claimed)
        except Exception as error:
            return self._unfit(claimed, error), progress
        for parcel in parcels[progress:]:
            try:
                await self.pace.take(row.line, _cost(parcel), answer=row.klass == "answer")
            except Closed:
                return None, progress
            result, found = found or await self._try(claimed, parcel), None
            if result.outcome != "sent":
                break
            progress += 1
            if progress < len(parcels):
                async with self._tools.db.write() as conn:
                    await records.progressed(conn, row.id, progress)
        return result, progress

    def _encode(self, claimed: Claimed) -> Sequence[Parcel]:
        address = self._tools.secrets.open(claimed.address or b"")
        return self._tools.encoders[claimed.row.channel].encode(claimed.say, address)

    async def _try(self, claimed: Claimed, parcel: Parcel) -> Result:
        try:
            async with asyncio.timeout(LONGEST):
                return await self._post(claimed, parcel)
        except TimeoutError:
            return Result(
                outcome="unclear", sentence="The provider did not answer in time; it may have gone."
            )
        except Exception as error:
            return self._unfit(claimed, error)

    def _unfit(self, claimed: Claimed, error: Exception) -> Result:
        """A fault of ours in one message must not stop the others."""
        name = type(error).__name__
        self._log.error("message_not_sent", outbox=claimed.row.id, error=name, at=place(error))
        return Result(outcome="refused", code=name, sentence=f"It could not be made ready to send ({name}).")


def _cost(parcel: Parcel) -> float:
    """In tokens of the pace: SMS are counted in segments, everything else in parcels."""
    return parts(str(parcel.params.get("body", ""))) if parcel.channel == "sms" else 1
