"""How fast a lane lets things through: measured with a clock that only sleeping moves."""

import asyncio

import pytest

from bot.lanes import WIDTHS
from bot.pace import Closed, Pace, Speed


class Sleepless:
    """A clock and a sleep that takes no time."""

    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


def pace(speed: Speed, time: Sleepless) -> Pace:
    return Pace(speed, clock=time.clock, sleep=time.sleep)


@pytest.mark.parametrize(
    ("speed", "costs", "seconds"),
    [
        (Speed(rate=30, burst=30), [1.0] * 90, 2),
        (Speed(rate=1, burst=3), [3.0, 3.0], 3),
        (Speed(rate=1, burst=1), [3.0, 1.0], 3),  # a long message is paid back afterwards
        (Speed(rate=100, burst=100, line_rate=1, line_burst=3), [1.0] * 5, 2),
    ],
)
async def test_a_pace_is_kept(speed: Speed, costs: list[float], seconds: float) -> None:
    time = Sleepless()
    slow = pace(speed, time)
    for cost in costs:
        await slow.take("ann", cost, answer=True)
    assert time.now == pytest.approx(seconds, abs=0.01)


async def test_one_busy_chat_does_not_slow_another() -> None:
    time = Sleepless()
    slow = pace(Speed(rate=100, burst=100, line_rate=1, line_burst=1), time)
    for line in ("ann", "ben", "cyd"):
        await slow.take(line, 1, answer=True)
    assert time.now == 0


async def test_an_answer_overtakes_notices_that_wait() -> None:
    time = Sleepless()
    slow = pace(Speed(rate=1, burst=1), time)
    order: list[str] = []

    async def go(name: str, answer: bool) -> None:
        await slow.take(name, 1, answer=answer)
        order.append(name)

    await asyncio.gather(*(go(f"notice {n}", False) for n in range(3)), go("answer", True))
    assert order.index("answer") <= 1


async def test_answers_go_at_once_where_the_provider_queues_and_notices_wait_for_them() -> None:
    time = Sleepless()
    slow = pace(Speed(rate=1, burst=1, answers_wait=False), time)
    for n in range(5):
        await slow.take(f"line {n}", 1, answer=True)
    assert time.now == 0
    await slow.take("ann", 1, answer=False)
    assert time.now == pytest.approx(5, abs=0.01)


@pytest.mark.parametrize(("lines", "seconds"), [("abc", 7), ("aaa", 0), ("ab", 0)])
async def test_refusals_in_three_chats_pause_everybody(lines: str, seconds: float) -> None:
    time = Sleepless()
    quick = pace(Speed(rate=100, burst=100), time)
    for line in lines:
        quick.throttled(line, 7)
    await quick.take("z", 1, answer=True)
    assert time.now == pytest.approx(seconds)


async def test_what_still_waits_when_the_lane_stops_is_given_back() -> None:
    time = Sleepless()
    slow = pace(Speed(rate=0.001, burst=1), time)
    await slow.take("ann", 1, answer=True)
    waiting = asyncio.create_task(slow.take("ann", 1, answer=True))
    await asyncio.sleep(0)
    slow.close()
    with pytest.raises(Closed):
        await waiting
    slow.open()


async def test_a_text_that_we_start_does_not_wait_long_for_a_conversation_before_it() -> None:
    time = Sleepless()
    usual = pace(WIDTHS["sms"].speed, time)
    for n in range(20):  # ten people have joined
        await usual.take(f"line {n}", 3, answer=True)
    time.now += 5
    await usual.take("ann", 2, answer=False)
    assert time.now < 7
