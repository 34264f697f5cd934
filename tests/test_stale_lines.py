"""Lines that may be somebody else's by now: asked about first, and nothing private goes there before."""

from datetime import timedelta

import pytest

from flows.events import Say
from storage.columns import micros
from storage.sending import telling
from tests.world import ADA, World

LONG = timedelta(days=91)
NEWS = "Your words about the ramp were heard."
STILL = "Is this still Ada?"


async def tells(world: World) -> None:
    """We start something with everybody."""
    people = [row.id for row in await world.rows("SELECT id FROM members")]
    async with world.app.db.write() as conn:
        await telling.tell(
            conn,
            people,
            Say(text=NEWS),
            kind="say",
            key="news",
            ids=world.app.ids,
            channels=("sms", "voice", "telegram"),
            now=world.clock(),
        )
    world.app.lanes.wake()


@pytest.fixture
async def unheard(world: World) -> list[str]:
    """Ada joined by text and was not heard from for three months; what she has had since."""
    await world.group()
    await world.joined(ADA)
    world.clock.forward(LONG)
    return list(world.twilio.sent_to(ADA))


@pytest.mark.parametrize("says", ["1", "YES", "yes it is"])
async def test_33_a_number_that_was_long_silent_is_asked_first(
    world: World, unheard: list[str], says: str
) -> None:
    await tells(world)
    asked = await world.twilio.next_text(ADA, after=len(unheard))
    assert asked.startswith(STILL) and NEWS not in asked
    assert NEWS in (await world.texts(ADA, says))[0]


async def test_what_is_no_answer_is_asked_again_by_name(world: World, unheard: list[str]) -> None:
    await tells(world)
    asked = await world.twilio.next_text(ADA, after=len(unheard))
    (again,) = await world.texts(ADA, "Who wants to know?")
    assert again.endswith(asked)


async def test_33_whoever_lifts_a_phone_that_may_be_anothers_hears_nothing(
    world: World, unheard: list[str]
) -> None:
    async with world.app.db.write() as conn:
        await conn.exec_driver_sql("UPDATE reaches SET may_start = channel = 'voice'")
    await tells(world)
    call = await world.twilio.answer(ADA)
    await call.press("1")
    assert STILL in call.said and NEWS not in call.said
    await call.press("1")
    assert NEWS in call.said
    await call.hang_up()


async def test_33_a_number_that_was_dead_for_long_proves_nobody_when_it_works_again(world: World) -> None:
    await world.group()
    await world.joined(ADA)
    async with world.app.db.write() as conn:
        dead = {"now": micros(world.clock() - timedelta(days=8))}
        await conn.exec_driver_sql("UPDATE lines SET failing_since = :now", dead)
    await tells(world)
    before = len(world.twilio.sent_to(ADA))
    assert (await world.twilio.next_text(ADA, after=before)).startswith(STILL)
    await world.twilio.settle()
    await tells(world)
    assert all(NEWS not in text for text in world.twilio.sent_to(ADA))
    assert NEWS in (await world.texts(ADA, "1"))[0]


async def test_33_the_next_owner_of_a_number_reads_nothing(world: World, unheard: list[str]) -> None:
    await tells(world)
    await world.twilio.next_text(ADA, after=len(unheard))
    (answer,) = await world.texts(ADA, "2")
    assert "Nothing more for them" in answer
    assert await world.rows("SELECT 1 FROM matters WHERE kind = 'number changed'")
    assert not await world.rows("SELECT 1 FROM reaches WHERE retired_at IS NULL")
    hello, joining = await world.texts(ADA, "hello", "JOIN GARDEN")
    assert "We have not met yet" in hello
    assert "Welcome to Garden Group" in joining
    assert all(NEWS not in text for text in world.twilio.sent_to(ADA))


async def test_who_writes_after_long_is_asked_and_what_they_wrote_waits(
    world: World, unheard: list[str]
) -> None:
    asked, kept = await world.texts(ADA, "The lift is broken again.", "1")
    assert asked.startswith(STILL)
    assert "thought" in kept


async def test_who_rings_after_long_is_asked_first(world: World, unheard: list[str]) -> None:
    call = await world.twilio.ring(ADA)
    assert STILL in call.said
    await call.press("1")
    assert "What would you like to do?" in call.said
    await call.hang_up()
