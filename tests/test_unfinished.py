"""What somebody gave and never finished is stored and can be read; what they replaced is gone."""

from tests.fakes.twilio_calls import SOUND
from tests.world import World

ADA = "+447700900111"


async def test_a_diary_entry_without_an_end_can_be_read(world: World) -> None:
    await world.group()
    await world.joined(ADA)
    await world.texts(ADA, "diary", "The gate is broken")
    assert await world.rows("SELECT 1 FROM contributions WHERE text = 'The gate is broken'")
    await world.texts(ADA, "4")
    assert await world.count("contributions") == 1


async def test_a_recording_that_was_made_anew_takes_the_place_of_the_first(world: World) -> None:
    await world.group()
    await world.joined(ADA)
    call = await world.twilio.ring(ADA)
    await call.press("1")
    for keys in ("102", "1"):
        await call.record(SOUND, seconds=4, key="#")
        for key in keys:
            await call.press(key)
    await call.hang_up()
    assert await world.count("contribution_media") == 1
    assert await world.count("contributions") == 1
