"""Somebody asks us to ring them: by text, or by ringing once and hanging up."""

from datetime import timedelta

import pytest

from storage.tables import members, reaches
from tests.world import ADA, World

ABROAD = "+35312345678"
CALLS = "SELECT kind, state FROM outbox WHERE kind = 'ring back'"


@pytest.fixture
async def ada(world: World) -> None:
    await world.group()
    await world.joined(ADA)


async def settles(world: World, **rules: str) -> None:
    """The group settles these rules."""
    settings = ", ".join(f'"{name}": {value}' for name, value in rules.items())
    async with world.app.db.write() as conn:
        await conn.exec_driver_sql(
            "UPDATE groups SET version = version + 1, settings = ?", (f"{{{settings}}}",)
        )
    world.app.views.forget()


async def rang_once(world: World) -> None:
    call = await world.twilio.ring(ADA)
    call.seconds = 2
    await call.hang_up()


async def test_who_texts_ring_me_is_rung_and_hears_the_menu(world: World, ada: None) -> None:
    (answer,) = await world.texts(ADA, "ring me")
    assert answer.startswith("We will ring you")
    world.clock.forward(timedelta(seconds=30))
    world.app.lanes.wake()
    call = await world.twilio.answer(ADA)
    await call.press("1")
    assert "You asked us to ring you." in call.said and "What would you like to do?" in call.said
    await call.hang_up()


async def test_nobody_is_rung_at_night_for_having_asked_in_the_evening(world: World, ada: None) -> None:
    world.clock.forward(timedelta(hours=10))
    (answer,) = await world.texts(ADA, "ring me")
    assert "Wednesday 11 March at 9am" in answer


async def test_nobody_is_rung_abroad(world: World, ada: None) -> None:
    await world.joined(ABROAD, name="Eoin")
    (answer,) = await world.texts(ABROAD, "call me")
    assert "We can't ring that number" in answer
    assert not await world.rows(CALLS)


async def test_a_phone_is_rung_so_often_a_day_and_no_more(world: World, ada: None) -> None:
    await settles(world, ring_backs_a_day="1")
    first, second = await world.texts(ADA, "ring me", "ring me")
    assert "We will ring you" in first and "as often as we can today" in second


async def test_one_ring_is_answered_only_where_the_group_has_that(world: World, ada: None) -> None:
    await rang_once(world)
    assert not await world.rows(CALLS)
    await settles(world, ring_back_missed="true")
    await rang_once(world)
    await world.until(CALLS)


async def test_one_ring_from_a_shared_phone_is_answered_by_asking_who_it_was(world: World, ada: None) -> None:
    (row,) = await world.rows("SELECT m.group_id, m.number, r.line_id FROM members m, reaches r LIMIT 1")
    async with world.app.db.write() as conn:
        await conn.execute(members.insert().values(id="ben", group_id=row.group_id, name="Ben"))
        await conn.execute(
            reaches.insert().values(id="r", member_id="ben", line_id=row.line_id, channel="sms")
        )
    await settles(world, ring_back_missed="true")
    await rang_once(world)
    await world.until(CALLS)
    world.clock.forward(timedelta(seconds=30))
    world.app.lanes.wake()
    call = await world.twilio.answer(ADA)
    assert "Somebody rang us from this phone" in call.said and "Ada" not in call.said
    await call.press(f"{row.number}#")
    assert "What would you like to do?" in call.said
    await call.hang_up()
    assert [one.state for one in await world.rows(CALLS)] == ["delivered"]
