"""Pre-reading as a member meets it: what READ is said of, when more than one thing has come."""

from datetime import timedelta

from storage.sessions import meetings
from storage.sessions.meetings import NewBrief
from tests.world import ADA, World


async def sent(world: World, meeting: str, title: str) -> None:
    """A brief goes out and arrives."""
    had = len(world.twilio.sent_to(ADA))
    async with world.app.db.write() as conn:
        found = await meetings.find_meeting(conn, meeting)
        new = NewBrief(meeting=found, title=title, texts={("en", "plain"): "Words."}, befores=["9d"])
        await meetings.add_brief(conn, new, ids=world.app.ids, now=world.clock())
    await world.twilio.next_text(ADA, after=had)
    await world.twilio.settle()


async def test_read_is_said_of_the_last_that_came_and_then_of_the_one_before(world: World) -> None:
    home = await world.group()
    await world.joined(ADA)
    soon = world.clock() + timedelta(days=3)
    async with world.app.db.write() as conn:
        meeting = await meetings.add_meeting(conn, home, "Travel", soon, ids=world.app.ids, now=world.clock())
    await sent(world, meeting, "Buses")
    await sent(world, meeting, "Trains")
    assert "read Trains" in (await world.texts(ADA, "READ"))[0]
    assert "read Buses" in (await world.texts(ADA, "READ"))[0]
    states = await world.rows("SELECT state FROM reached WHERE kind = 'brief'")
    assert [state for (state,) in states] == ["acknowledged"] * 2
