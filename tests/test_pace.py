"""How fast a lane lets things through: measured with a clock that only sleeping moves."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from bot.sending.lanes import WIDTHS, widths_of
from bot.sending.pace import Closed, Gap, Pace, Speed
from storage.database import Database
from storage.sending import slots

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)


class Sleepless:
    """A clock and a sleep that takes no time."""

    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


def timetable(speed: Speed, time: Sleepless) -> Callable[[int], Awaitable[float]]:
    """As `storage.sending.slots` gives slots, to nobody else."""
    ahead = float("-inf")

    async def more(many: int) -> float:
        nonlocal ahead
        first = max(ahead, time.now - speed.saved.total_seconds())
        ahead = first + many / speed.rate
        return first

    return more


def pace(speed: Speed, time: Sleepless) -> Pace:
    return Pace(speed, more=timetable(speed, time), clock=time.clock, sleep=time.sleep)


@pytest.mark.parametrize(
    ("speed", "costs", "seconds"),
    [
        (Speed(rate=30, burst=30), [1] * 90, 2),
        (Speed(rate=30, burst=1), [1] * 91, 3),
        (Speed(rate=1, burst=3), [3, 3], 3),
        (Speed(rate=1, burst=1), [3, 1], 3),  # a long message waits for all of its slots
        (Speed(), [1] * 1000, 0),
    ],
)
async def test_a_pace_is_kept(speed: Speed, costs: list[int], seconds: float) -> None:
    time = Sleepless()
    slow = pace(speed, time)
    for cost in costs:
        await slow.take(cost, answer=True)
    assert time.now == pytest.approx(seconds, abs=0.05)


async def test_an_answer_overtakes_notices_that_wait() -> None:
    time = Sleepless()
    slow = pace(Speed(rate=1), time)
    order: list[str] = []

    async def go(name: str, answer: bool) -> None:
        await slow.take(1, answer=answer)
        order.append(name)

    await asyncio.gather(*(go(f"notice {n}", False) for n in range(3)), go("answer", True))
    assert order.index("answer") <= 1


async def test_slots_that_a_lane_has_no_use_for_are_lost_and_not_caught_up_with() -> None:
    time = Sleepless()
    usual = pace(Speed(rate=30, burst=5), time)
    await usual.take(1, answer=True)
    time.now += 60
    began, gone = time.now, 0
    while time.now < began + 1:
        await usual.take(1, answer=True)
        gone += 1
    assert gone <= 30 + 5 + 1


async def test_a_store_that_is_slow_to_give_slots_stops_nobody() -> None:
    time = Sleepless()
    speed = Speed(rate=30, burst=5)
    more = timetable(speed, time)

    async def slowly(many: int) -> float:
        first = await more(many)
        time.now += 2
        return first

    slow = Pace(speed, more=slowly, clock=time.clock, sleep=time.sleep)
    for _ in range(5):
        await slow.take(1, answer=True)
    assert time.now <= 10


async def test_all_wait_where_the_provider_asks_for_it() -> None:
    time = Sleepless()
    quick = pace(Speed(), time)
    quick.hold(7)
    await quick.take(1, answer=True)
    assert time.now == pytest.approx(7)


async def test_what_still_waits_when_the_lane_stops_is_given_back() -> None:
    time = Sleepless()
    slow = pace(Speed(rate=0.001), time)
    await slow.take(1, answer=True)
    waiting = asyncio.create_task(slow.take(1, answer=True))
    await asyncio.sleep(0)
    slow.close()
    with pytest.raises(Closed):
        await waiting
    slow.open()


async def test_a_text_that_we_start_does_not_wait_long_for_a_conversation_before_it() -> None:
    time = Sleepless()
    usual = pace(WIDTHS["sms"].speed, time)
    for _ in range(20):  # ten people have joined
        await usual.take(3, answer=True)
    await usual.take(2, answer=False)
    assert time.now < 7


# One chat ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(("every", "burst", "many", "seconds"), [(1, 3, 5, 2), (1, 1, 4, 3), (3, 1, 20, 57)])
def test_a_chat_gets_so_many_in_that_time(every: float, burst: int, many: int, seconds: float) -> None:
    gap, now, rested = Gap(every=every, burst=burst), NOON, None
    for _ in range(many):
        now = max(now, gap.free(rested)) if rested else now
        rested = gap.after(rested, now)
    assert (now - NOON).total_seconds() == seconds


@pytest.mark.parametrize(("address", "every"), [("4711", 1), ("-100200", 3)])
def test_a_chat_of_many_is_slower(address: str, every: float) -> None:
    gap = WIDTHS["telegram"].speed.gap(address)
    assert gap and gap.every == every


def test_the_rates_of_our_numbers_can_be_set() -> None:
    widths = widths_of(1, 3)
    assert (widths["sms"].speed.rate, widths["voice"].speed.rate) == (1, 3)


# All processes together --------------------------------------------------------------------------
async def take(db: Database, many: int, now: datetime, sender: str = "telegram") -> float:
    """Seconds from noon to the first slot."""
    every, saved = timedelta(seconds=0.5), timedelta(seconds=1)
    async with db.write() as conn:
        taken = await slots.take(conn, sender, many, every=every, saved=saved, now=now)
    return (taken.first - NOON).total_seconds()


async def test_no_two_processes_get_the_same_slot(db: Database) -> None:
    assert [await take(db, 10, NOON) for _ in range(3)] == [-1, 4, 9]
    assert await take(db, 1, NOON, "sms") == -1


async def test_slots_that_nobody_took_are_not_saved_up(db: Database) -> None:
    await take(db, 10, NOON)
    assert await take(db, 1, NOON + timedelta(seconds=100)) == 99


async def test_a_clock_that_is_put_back_keeps_nobody_waiting_long(db: Database) -> None:
    await take(db, 1, NOON + timedelta(hours=1))
    assert await take(db, 1, NOON) == -1


@pytest.mark.parametrize(
    ("refused", "waits"),
    [
        ([("ann", 0), ("ben", 1), ("cyd", 2)], 7),
        ([("ann", 0), ("ann", 1), ("ann", 2)], None),
        ([("ann", 0), ("ben", 1), ("cyd", 11)], None),
    ],
)
async def test_refusals_in_three_chats_pause_the_sender_everywhere(
    db: Database, refused: list[tuple[str, int]], waits: float | None
) -> None:
    for line, second in refused:
        now = NOON + timedelta(seconds=second)
        async with db.write() as conn:  # each could be another process
            until = await slots.refused(conn, "telegram", line, wait=timedelta(seconds=7), now=now)
    assert until == (now + timedelta(seconds=waits) if waits else None)
