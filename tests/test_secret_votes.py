"""A secret vote through the whole service: nothing that is kept tells who chose what."""

from storage.given.reading import list_contributions
from storage.sessions.drafting import NewPoll
from storage.sessions.polls import close_poll, open_poll
from tests.world import ADA, World


async def test_after_closing_nothing_tells_what_somebody_chose(world: World) -> None:
    garden = await world.group()
    await world.joined(ADA)
    poll = await opened(world, garden.id)
    asked = await world.until("SELECT id FROM outbox WHERE kind = 'poll' AND state != 'waiting'")
    assert asked
    first, second = await world.texts(ADA, "1", "because they keep well in winter")
    assert "Quinces" in first
    assert "kept" in second
    assert await world.rows("SELECT 1 FROM ballots WHERE choices LIKE '%1%'")
    await world.until(
        "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM outbox WHERE class = 'answer' AND state = 'waiting')"
    )

    async with world.app.db.write() as conn:
        assert await close_poll(conn, poll, ids=world.app.ids, now=world.clock())

    assert await world.count("ballots") == 0
    assert await world.count("voted") == 1
    for told in (
        "SELECT 1 FROM outbox WHERE class = 'answer' AND body LIKE '%Quinces%'",
        "SELECT 1 FROM events WHERE answer LIKE 'poll:%' AND body IS NOT NULL",
        "SELECT 1 FROM events WHERE body LIKE '%because they keep%'",
        "SELECT 1 FROM contributions WHERE answers LIKE '%ballot%'",
        """SELECT 1 FROM conversations WHERE state LIKE '%"ballot":{%'""",
    ):
        assert not await world.rows(told), told
    assert await world.rows("SELECT 1 FROM contributions WHERE text LIKE '%keep well%'"), (
        "the comment is theirs"
    )


async def opened(world: World, group: str) -> str:
    new = NewPoll(group=group, question="What shall we plant?", options=("Quinces", "Medlars"), secret=True)
    async with world.app.db.write() as conn:
        poll = await open_poll(conn, new, ids=world.app.ids, now=world.clock())
    await world.app.scheduler.wake()
    return poll


async def test_while_it_is_open_a_list_shows_the_comment_and_not_the_choice(world: World) -> None:
    garden = await world.group()
    await world.joined(ADA)
    await opened(world, garden.id)
    await world.until("SELECT id FROM outbox WHERE kind = 'poll' AND state != 'waiting'")
    await world.texts(ADA, "1", "because they keep well in winter")
    async with world.app.db.read() as conn:
        (comment,) = await list_contributions(conn, garden.id)
    assert "keep well" in comment.text
    assert "ballot" not in comment.answers
