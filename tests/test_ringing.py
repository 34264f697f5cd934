"""Ringing a member with something to hear: heard, not heard, and tried again the next morning."""

from datetime import timedelta

import pytest

from flows.events import Say
from storage.sending import outbox
from tests.world import ADA, World

NEWS = "The meeting is in the library."


@pytest.fixture
async def ringing(world: World) -> str:
    """Ada is to be rung; the message's id."""
    home = await world.group()
    await world.joined(ADA)
    async with world.app.db.write() as conn:
        await conn.exec_driver_sql("UPDATE reaches SET may_start = 1 WHERE channel = 'voice'")
    (reach,) = await world.rows("SELECT member_id, line_id FROM reaches WHERE channel = 'voice'")
    row = outbox.Row(
        id=world.app.ids(),
        line=reach.line_id,
        member=reach.member_id,
        group=home.id,
        channel="voice",
        klass="notice",
        dedupe_key="news",
        say=Say(text=NEWS),
    )
    async with world.app.db.write() as conn:
        await outbox.add(conn, [row], now=world.clock())
    world.app.lanes.wake()
    return row.id


async def became(world: World, id_: str, state: str) -> None:
    """Wait until this has become of the message."""
    await world.until("SELECT 1 FROM outbox WHERE id = :id AND state = :state", id=id_, state=state)


async def again_tomorrow(world: World, id_: str) -> None:
    await became(world, id_, "waiting")
    world.clock.forward(timedelta(hours=21))  # 8 o'clock in the morning
    assert await world.app.lanes.once() == 0
    world.clock.forward(timedelta(hours=1))
    await became(world, id_, "sent")


async def test_the_first_name_is_said_on_their_own_phone_only(world: World, ringing: str) -> None:
    call = await world.twilio.answer(ADA)
    assert "Hello Ada. This is Takepart." in call.said
    await call.hang_up()


async def test_no_name_is_said_into_a_shared_phone(world: World, ringing: str) -> None:
    await world.group("OTHER", name="Another Group")
    await world.joined(ADA, code="OTHER")
    call = await world.twilio.answer(ADA)
    assert "Hello. This is Takepart." in call.said
    await call.hang_up()


async def test_who_presses_1_has_been_reached(world: World, ringing: str) -> None:
    call = await world.twilio.answer(ADA)
    assert NEWS not in call.said  # whoever lifts the phone
    await call.press("1")
    assert NEWS in call.said
    await call.hang_up()
    await became(world, ringing, "delivered")


async def test_who_hangs_up_before_pressing_1_is_rung_again_the_next_day(world: World, ringing: str) -> None:
    call = await world.twilio.answer(ADA)
    await call.hang_up()
    await again_tomorrow(world, ringing)


async def test_an_answering_machine_hears_no_news(world: World, ringing: str) -> None:
    call = await world.twilio.answer(ADA, by="machine_start")
    assert NEWS not in call.said
    if not call.over:
        await call.hang_up()
    await again_tomorrow(world, ringing)


async def test_a_call_that_nobody_takes_is_made_again_the_next_day(world: World, ringing: str) -> None:
    await world.twilio.ignore(ADA)
    await again_tomorrow(world, ringing)


async def test_calls_count_by_the_minute_whoever_rang(world: World, ringing: str) -> None:
    call = await world.twilio.answer(ADA)  # that we ring counts one
    await call.press("1")
    await call.hang_up()  # after 42 seconds
    await became(world, ringing, "delivered")
    await (await world.twilio.ring(ADA)).hang_up()
    await world.until("SELECT 1 FROM spending WHERE minutes = 2")
