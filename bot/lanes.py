"""Sends what the outbox holds: one lane for each sender, each with its own pace and its own faults.

Several processes may run lanes: a message belongs to whoever holds the lease on its line.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bot.lane import Find, Lane, Post, Tools
from bot.pace import Pace, Speed
from channels.base import SENT, Channel, Lists, Load, Parcel, Result
from storage import records
from storage.claims import LEASE, Claimed
from storage.database import Database
from storage.outbox import PRACTICE
from storage.secrets import Secrets

SKEW = timedelta(minutes=1)  # how far a provider's clock may be from ours
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


# Telegram: https://core.telegram.org/bots/faq (limits). Twilio: a number carries ten segments a second (one
# in the United States and Canada) and queues what is more by itself, so that answers needn't wait here:
# https://support.twilio.com/hc/en-us/articles/115002943027
WIDTHS: Mapping[str, Width] = {
    "telegram": Width(answers=16, notices=8, speed=Speed(rate=30, burst=5, line_rate=1, line_burst=3)),
    "sms": Width(answers=4, notices=4, speed=Speed(rate=10, burst=10, answers_wait=False)),
    "voice": Width(answers=1, notices=4, speed=Speed(rate=1, burst=1)),
    PRACTICE: Width(answers=8, notices=8, speed=Speed(rate=1000, burst=1000)),
}


class Lanes:
    """All the senders of one process.

    `carriers`: the channels that are switched on. `encoders`: every channel, for practice lines.
    `holder` names this process in leases.
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
        clock: Callable[[], datetime],
        holder: str,
        carrier_stops: bool = True,
        chance: Callable[[], float] = random.random,
        seconds: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        widths: Mapping[str, Width] = WIDTHS,
    ) -> None:
        self._db = db
        tools = Tools(
            db=db,
            secrets=secrets,
            encoders={**encoders, **carriers},
            clock=clock,
            chance=chance,
            holder=holder,
            carrier_stops=carrier_stops,
        )
        posts = {name: _by(channel, load) for name, channel in carriers.items()}
        finds = {name: _in(one, db) for name, one in carriers.items() if isinstance(one, Lists)}
        posts[PRACTICE] = _practising(practice)
        self._lanes = [
            Lane(
                name,
                answers=widths[name].answers,
                notices=widths[name].notices,
                pace=Pace(widths[name].speed, clock=seconds, sleep=sleep),
                post=post,
                tools=tools,
                find=finds.get(name),
            )
            for name, post in posts.items()
        ]

    async def run(self) -> None:
        """Send until cancelled; then finish and note what has begun. Raises what a lane fails with."""
        await self._open()
        loops = [asyncio.create_task(lane.run(), name=f"lane {lane.name}") for lane in self._lanes]
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
        for lane in self._lanes:
            lane.bell.set()

    async def once(self) -> int:
        """Send what is due now, one message for each line, and wait for it; how many that is."""
        begun = sum([await lane.step() for lane in self._lanes])
        for lane in self._lanes:
            await lane.idle()
        return begun

    async def _open(self) -> None:
        """Whatever paused a lane may have been mended before this start."""
        async with self._db.write() as conn:
            for lane in self._lanes:
                lane.pace.open()
                await records.resume(conn, lane.name)

    async def _drain(self) -> None:
        for lane in self._lanes:
            lane.pace.close()
        for lane in self._lanes:
            await lane.idle()

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEW)
            for lane in self._lanes:
                await lane.renew()


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
