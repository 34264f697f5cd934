"""Hands one message to its provider, parcel by parcel, and decides what becomes of it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from bot.logs import place
from bot.sending.fates import judge, not_asked, not_listed
from bot.sending.pace import Closed, Gap, Pace
from channels.base import SENT, Channel, Parcel, Result
from flows.readable import parts
from storage.database import Database
from storage.lines.addresses import hash_of
from storage.secrets import Secrets
from storage.sending import records
from storage.sending.checks import UNCLEAR, Waiting
from storage.sending.claims import Claimed
from storage.sending.heads import ANSWER
from storage.sending.records import Fate

LONGEST = 60.0  # seconds for which a provider may keep us waiting with one parcel
PICTURE_SEGMENTS = 3  # what a picture message counts as: about what it costs beside a plain text

Post = Callable[[Claimed, Parcel], Awaitable[Result]]
Find = Callable[[Claimed, Parcel], Awaitable[Result | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What a message is sent with. `encoders` know every channel, also those that are switched off.

    `chance` gives 0 to 1.
    """

    db: Database
    secrets: Secrets
    encoders: Mapping[str, Channel]
    clock: Callable[[], datetime]
    chance: Callable[[], float]


@dataclass(slots=True, kw_only=True)
class _Way:
    """How far a message has come in this try."""

    progress: int
    rested: datetime | None
    spent: int = 0


class Hands:
    """One sender's. `find` asks the provider for what may have gone; without it that is sent again."""

    def __init__(self, means: Means, *, pace: Pace, post: Post, find: Find | None = None) -> None:
        self._means = means
        self.pace = pace
        self._post = post
        self._find = find
        self._log = structlog.get_logger()

    async def send(self, claimed: Claimed) -> Fate:
        """Hand a message over, outside any transaction, and say what is to be noted of it."""
        row, means = claimed.row, self._means
        try:
            address = means.secrets.open(claimed.address or b"")
            parcels = means.encoders[row.channel].encode(claimed.say, address)
        except Exception as error:
            return self._judged(row, self._unfit(row, error), row.progress)
        found = None
        if self._find and row.outcome in UNCLEAR:
            found = await self._ask(claimed, parcels[row.progress :], self._find)
            if found and not found.id:
                return not_asked(row, found, means.clock(), means.chance)
            fate = None if found else not_listed(row, means.clock())
            if fate:
                return fate
        return await self._deliver(claimed, self.pace.speed.gap(address), parcels, found)

    async def _deliver(
        self, claimed: Claimed, gap: Gap | None, parcels: Sequence[Parcel], found: Result | None
    ) -> Fate:
        row, means = claimed.row, self._means
        way = _Way(progress=row.progress, rested=claimed.rested)
        result = await self._parcels(claimed, parcels, way, gap, found)
        if result is None:
            fate = Fate(
                state="waiting", outcome=row.outcome, tries=row.tries, progress=way.progress, tried=False
            )
        else:
            fate = self._judged(row, result, way.progress)
        fate = replace(fate, spent=way.spent, rested=way.rested)
        now = means.clock()
        if gap and way.rested and gap.free(way.rested) > now:
            fate = replace(fate, wait_until=max(gap.free(way.rested), fate.wait_until or now))
        if result and result.moved_to:
            sealed = means.secrets.seal(result.moved_to)
            fate = replace(fate, moved=(sealed, hash_of(means.secrets, row.channel, result.moved_to)))
        return fate

    async def _parcels(
        self,
        claimed: Claimed,
        parcels: Sequence[Parcel],
        way: _Way,
        gap: Gap | None,
        found: Result | None,
    ) -> Result | None:
        """What became of the last parcel that was tried; None if we are stopping.

        `found`: the first of those that are left has gone already.
        """
        row, result = claimed.row, SENT
        for parcel in parcels[way.progress :]:
            if found:
                result, found = found, None
            else:
                try:
                    await self._own_turn(row, parcel, way, gap)
                except Closed:
                    return None
                result = await self._try(claimed, parcel)
            if result.outcome != "sent":
                break
            way.progress += 1
            way.spent += cost(parcel)
            if way.progress < len(parcels):
                async with self._means.db.write() as conn:
                    await records.progressed(conn, row.id, way.progress)
        return result

    async def _own_turn(self, row: Waiting, parcel: Parcel, way: _Way, gap: Gap | None) -> None:
        """Wait until the chat and the sender may take this; raise Closed."""
        clock = self._means.clock
        if gap and way.rested:
            await self.pace.rest((gap.free(way.rested) - clock()).total_seconds())
        await self.pace.take(cost(parcel), answer=row.klass == ANSWER)
        if gap:
            way.rested = gap.after(way.rested, clock())

    async def _ask(self, claimed: Claimed, parcels: Sequence[Parcel], find: Find) -> Result | None:
        """Look for the parcel that may have gone in the provider's own list."""
        try:
            async with asyncio.timeout(LONGEST):
                return await find(claimed, parcels[0]) if parcels else None
        except Exception as error:
            name = type(error).__name__
            self._log.error("message_not_asked", outbox=claimed.row.id, error=name, at=place(error))
            return Result(outcome="retry", code=name, sentence=f"It could not be asked about ({name}).")

    async def _try(self, claimed: Claimed, parcel: Parcel) -> Result:
        try:
            async with asyncio.timeout(LONGEST):
                return await self._post(claimed, parcel)
        except TimeoutError:
            return Result(
                outcome="unclear", sentence="The provider did not answer in time; it may have gone."
            )
        except Exception as error:
            return self._unfit(claimed.row, error)

    def _unfit(self, row: Waiting, error: Exception) -> Result:
        """A fault of ours in one message must not stop the others."""
        name = type(error).__name__
        self._log.error("message_not_sent", outbox=row.id, error=name, at=place(error))
        return Result(outcome="refused", code=name, sentence=f"It could not be made ready to send ({name}).")

    def _judged(self, row: Waiting, result: Result, progress: int) -> Fate:
        means = self._means
        return judge(row, result, progress=progress, now=means.clock(), chance=means.chance)


def cost(parcel: Parcel) -> int:
    """In slots of the pace, and in what a group spends: texts count in segments, all else as one."""
    if parcel.channel != "sms":
        return 1
    return PICTURE_SEGMENTS if parcel.params.get("media") else parts(str(parcel.params.get("body", "")))
