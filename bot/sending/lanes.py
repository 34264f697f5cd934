"""Sends what the outbox holds: one lane for each sender, each with its own pace and its own faults.

Several processes may run lanes: a message belongs to whoever holds the lease on its line.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from bot.sending.handing import Find, Hands, Means, Post
from bot.sending.lane import Lane, Tools
from bot.sending.pace import Gap, Pace, Speed
from channels.base import SENT, Channel, Lists, Load, Parcel, Result
from flows.library import Flows
from storage.database import Database
from storage.lines.addresses import hash_of
from storage.secrets import Secrets
from storage.sending import records, slots
from storage.sending.asking import Fit
from storage.sending.claims import LEASE, Claimed, Terms
from storage.sending.outbox import PRACTICE

SKEW = timedelta(minutes=1)  # how far a provider's clock may be from ours
CHAT = 32  # letters of a chat's keyed hash that name its pace
RENEW = LEASE.total_seconds() / 3


class Carrier(Protocol):
    """Takes what the provider would have got for a practice line."""

    async def send(self, line: str, parcels: Sequence[Parcel], *, outbox: str) -> None:
        """Show these parcels of one message on the practice phone whose line has this id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Width:
    """How many lines a lane sends to at once, and how fast."""

    answers: int
    notices: int
    speed: Speed


# Telegram, 30 a second in all, one a second in a chat, twenty a minute in a chat of many:
# https://core.telegram.org/bots/faq (limits).
# Twilio, ten segments a second for a number (one where it texts to the United States and Canada), and
# one call a second for an account: https://support.twilio.com/hc/en-us/articles/115002943027 and
# https://support.twilio.com/hc/en-us/articles/223180028. What is more than a number carries waits here,
# where answers go first, and not in Twilio's queue.
WIDTHS: Mapping[str, Width] = {
    "telegram": Width(
        answers=16,
        notices=16,
        speed=Speed(rate=30, burst=10, chat=Gap(every=1, burst=3), room=Gap(every=3, burst=1)),
    ),
    "sms": Width(answers=8, notices=4, speed=Speed(rate=10, burst=10)),
    "voice": Width(answers=1, notices=4, speed=Speed(rate=1, burst=1)),
    PRACTICE: Width(answers=16, notices=16, speed=Speed()),
}


def widths_of(segments: float, calls: float) -> dict[str, Width]:
    """The lanes' usual widths, with the rates that our Twilio numbers have."""
    sms, voice = WIDTHS["sms"], WIDTHS["voice"]
    return {
        **WIDTHS,
        "sms": replace(sms, speed=Speed(rate=segments, burst=max(1, round(segments)))),
        "voice": replace(voice, speed=Speed(rate=calls, burst=max(1, round(calls)))),
    }


def nobody(lane: str, outcome: str) -> None:
    """For who counts no outcomes."""


class Lanes:
    """All the senders of one process.

    `carriers`: the channels that are switched on. `encoders`: every channel, for practice lines.
    `holder` names this process in leases. `noted` is told the lane and the outcome of each try.
    """

    def __init__(
        self,
        *,
        db: Database,
        secrets: Secrets,
        carriers: Mapping[str, Channel],
        encoders: Mapping[str, Channel],
        practice: Carrier,
        load: Load,
        flows: Flows,
        clock: Callable[[], datetime],
        ids: Callable[[], str],
        holder: str,
        carrier_stops: bool = True,
        noted: Callable[[str, str], None] = nobody,
        chance: Callable[[], float] = random.random,
        seconds: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        widths: Mapping[str, Width] = WIDTHS,
    ) -> None:
        self._db = db
        self._clock = clock
        self._seconds = seconds
        self._sleep = sleep
        every = {**encoders, **carriers}
        self._means = Means(db=db, secrets=secrets, encoders=every, clock=clock, chance=chance)
        self._tools = Tools(
            db=db,
            clock=clock,
            ids=ids,
            terms=Terms(holder=holder, ids=ids, fit=fit(every), flows=flows, carrier_stops=carrier_stops),
            channels=tuple(carriers),
            noted=noted,
        )
        posts = {name: _by(channel, load) for name, channel in carriers.items()}
        finds = {name: _in(one, db) for name, one in carriers.items() if isinstance(one, Lists)}
        posts[PRACTICE] = _practising(practice)
        self._lanes = {
            name: self._lane(name, widths[name], post, finds.get(name)) for name, post in posts.items()
        }

    def _lane(self, name: str, width: Width, post: Post, find: Find | None) -> Lane:
        hands = Hands(self._means, pace=self._pace(name, width.speed), post=post, find=find)
        return Lane(name, answers=width.answers, notices=width.notices, hands=hands, tools=self._tools)

    def _pace(self, name: str, speed: Speed) -> Pace:
        async def more(many: int) -> float:
            async with self._db.write() as conn:
                now, here = self._clock(), self._seconds()
                taken = await slots.take(conn, name, many, every=speed.every, saved=speed.saved, now=now)
            if taken.wait_until:
                pace.hold((taken.wait_until - now).total_seconds())
            return here + (taken.first - now).total_seconds()

        pace = Pace(speed, more=more, clock=self._seconds, sleep=self._sleep)
        return pace

    async def run(self) -> None:
        """Send until cancelled; then finish and note what has begun. Raises what a lane fails with."""
        await self._open()
        loops = [asyncio.create_task(lane.run(), name=f"lane {lane.name}") for lane in self._lanes.values()]
        leases = asyncio.create_task(self._renew(), name="leases")
        try:
            done, _ = await asyncio.wait([*loops, leases], return_when=asyncio.FIRST_COMPLETED)
            for ended in done:
                ended.result()
        finally:
            await _cancelled(loops)
            await self._drain()
            await _cancelled([leases])

    def wake(self) -> None:
        """There is something new in the outbox, and its transaction is committed."""
        for lane in self._lanes.values():
            lane.bell.set()

    async def turn(self, name: str, address: str, after: float = 0.0) -> None:
        """Wait until something that is not in the outbox may be sent to this chat; raise Closed.

        The pace of a chat that has no line is kept like that of a sender, for all processes. `after`:
        for how many seconds the provider has just asked us to leave it alone.
        """
        pace = self._lanes[name].hands.pace
        gap = pace.speed.gap(address)
        if gap:
            chat = f"{name} {hash_of(self._means.secrets, name, address).hex()[:CHAT]}"
            every, saved = timedelta(seconds=gap.every), timedelta(seconds=gap.every * (gap.burst - 1))
            async with self._db.write() as conn:
                now = self._clock()
                if after:
                    await slots.wait(conn, chat, now + timedelta(seconds=after))
                taken = await slots.take(conn, chat, 1, every=every, saved=saved, now=now)
            start = max(taken.first, taken.wait_until or now)
            await pace.rest((start - now).total_seconds())
        await pace.take(1, answer=True)

    async def once(self) -> int:
        """Send what is due now, one message for each line, and wait for it; how many that is."""
        begun = sum([await lane.step() for lane in self._lanes.values()])
        for lane in self._lanes.values():
            await lane.idle()
        return begun

    async def _open(self) -> None:
        """Whatever paused a lane may have been mended before this start."""
        async with self._db.write() as conn:
            for lane in self._lanes.values():
                lane.hands.pace.open()
                await records.resume(conn, lane.name, self._clock())

    async def _drain(self) -> None:
        for lane in self._lanes.values():
            lane.hands.pace.close()
        for lane in self._lanes.values():
            await lane.idle()

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEW)
            for lane in self._lanes.values():
                await lane.renew()


def fit(encoders: Mapping[str, Channel]) -> Fit:
    """Cuts what is to be said to what its channel can carry."""
    return lambda channel, say: encoders[channel].fit(say) if channel in encoders else (say, "")


def _by(channel: Channel, load: Load) -> Post:
    async def post(claimed: Claimed, parcel: Parcel) -> Result:
        return await channel.send(parcel, outbox=claimed.row.id, load=load)

    return post


def _in(lists: Lists, db: Database) -> Find:
    async def find(claimed: Claimed, parcel: Parcel) -> Result | None:
        row = claimed.row
        since = (row.sent_at or row.created_at) - SKEW
        async with db.read() as conn:
            known = await records.others_ids(conn, row, since)
        return await lists.find(parcel, since=since, known=known)

    return find


def _practising(practice: Carrier) -> Post:
    async def post(claimed: Claimed, parcel: Parcel) -> Result:
        await practice.send(claimed.row.line, [parcel], outbox=claimed.row.id)
        return SENT

    return post


async def _cancelled(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
