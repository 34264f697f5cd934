"""A group's chat on Telegram: linked once by its administrator, it shows the vote and counts each member."""

from datetime import timedelta

import pytest

from bot import rooms
from storage.keeping.holding import hold, let_go
from storage.lines.rooms import room_word
from storage.members.groups import Home
from storage.sessions.drafting import NewPoll
from storage.sessions.polls import close_poll, open_poll
from tests.fakes.telegram_people import Person
from tests.world import World


async def test_a_chat_is_linked_with_the_word_and_shows_the_vote(world: World) -> None:
    group, ann, room = await _linked(world)
    await _poll(world, group)
    ann.writes("/poll", room=room)
    await world.met(lambda: "Where shall we meet?" in ann.heard(room=room)[-1])
    assert "What this vote will change: the place.\n\nNobody has voted yet." in ann.heard(room=room)[-1]
    assert ann.buttons(room=room) == ["Library", "Café"]


async def test_only_an_administrator_with_the_right_word_links_a_chat(world: World) -> None:
    group = await world.group()
    ann, bob = world.telegram.person("Ann"), world.telegram.person("Bob")
    room = world.telegram.room("Our chat", administrators=(ann,))
    word = await _word(world, group)
    bob.writes(f"/link {word}", room=room)
    await world.met(lambda: ann.heard(room=room)[-1:] == ["Only an administrator of this chat can link it."])
    ann.writes("/link WRONG", room=room)
    await world.met(lambda: "not right" in ann.heard(room=room)[-1])
    ann.writes("/poll", room=room)
    await world.met(lambda: "not linked yet" in ann.heard(room=room)[-1])


async def test_a_member_who_presses_in_the_chat_has_voted(world: World) -> None:
    group, ann, room = await _linked(world)
    poll = await _poll(world, group)
    await _joins(world, ann)
    ann.writes("/poll", room=room)
    await world.met(lambda: ann.buttons(room=room) == ["Library", "Café"])
    ann.presses("Café", room=room)
    await world.met(lambda: "1 person has voted." in ann.heard(room=room)[-1])
    ann.presses("Library", room=room)
    await world.until(
        "SELECT 1 FROM ballots WHERE poll_id = :poll AND choices LIKE :key", poll=poll, key='["1%'
    )
    assert await world.count("ballots") == 1
    await world.met(lambda: len(world.telegram.pop_ups) == 2)


async def test_a_strangers_choice_counts_once_they_have_joined(world: World) -> None:
    group, ann, room = await _linked(world)
    await _poll(world, group)
    cat = world.telegram.person("Cat")
    ann.writes("/poll", room=room)
    await world.met(lambda: ann.buttons(room=room) == ["Library", "Café"])
    cat.presses("Library", room=room)
    await world.met(lambda: bool(world.telegram.pop_ups))
    shown = world.telegram.pop_ups[0]["text"]
    assert "JOIN GARDEN" in shown
    assert len(shown) <= 200
    assert await world.count("ballots") == 0
    await _joins(world, cat)
    await world.until("SELECT 1 FROM ballots")
    await world.met(lambda: "1 person has voted." in ann.heard(room=room)[-1])


async def test_a_chat_is_shown_nothing_new_while_everything_is_held(world: World) -> None:
    group, ann, room = await _linked(world)
    poll = await _poll(world, group)
    ann.writes("/poll", room=room)
    await world.met(lambda: ann.buttons(room=room) == ["Library", "Café"])
    shown = ann.heard(room=room)
    assert world.app.rooms
    async with world.app.db.write() as conn:
        await hold(conn, "The data was restored.")
    await world.app.rooms._refresh(poll)  # what a ballot sets off, without its wait
    assert ann.heard(room=room) == shown
    async with world.app.db.write() as conn:
        await close_poll(conn, poll, ids=world.app.ids, now=world.clock())
        await let_go(conn)
    await world.app.rooms._refresh(poll)
    assert "has closed" in ann.heard(room=room)[-1]


async def test_a_chat_is_brought_up_to_date_once_the_database_is_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_: object) -> str:
        raise OSError

    group, ann, room = await _linked(world)
    poll = await _poll(world, group)
    ann.writes("/poll", room=room)
    await world.met(lambda: ann.buttons(room=room) == ["Library", "Café"])
    async with world.app.db.write() as conn:
        await close_poll(conn, poll, ids=world.app.ids, now=world.clock())
    assert world.app.rooms
    with monkeypatch.context() as broken:
        broken.setattr(rooms, "held", away)
        await world.app.rooms._refresh(poll)
    await world.met(lambda: "has closed" in ann.heard(room=room)[-1])


async def test_a_chat_is_shown_that_the_vote_is_over(world: World) -> None:
    group, ann, room = await _linked(world)
    poll = await _poll(world, group)
    ann.writes("/poll", room=room)
    await world.met(lambda: ann.buttons(room=room) == ["Library", "Café"])
    async with world.app.db.write() as conn:
        await close_poll(conn, poll, ids=world.app.ids, now=world.clock())
    await world.met(lambda: "This vote has closed." in ann.heard(room=room)[-1])
    assert ann.buttons(room=room) == []


async def test_a_press_after_the_end_is_not_counted(world: World) -> None:
    group, ann, room = await _linked(world)
    poll = await _poll(world, group)
    ann.writes("/poll", room=room)
    await world.met(lambda: ann.buttons(room=room) == ["Library", "Café"])
    async with world.app.db.write() as conn:
        await close_poll(conn, poll, ids=world.app.ids, now=world.clock())
    ann.presses("Café", room=room)
    await world.met(lambda: bool(world.telegram.pop_ups))
    assert "not open here any more" in world.telegram.pop_ups[0]["text"]
    assert await world.count("ballots") == 0


async def _linked(world: World) -> tuple[Home, Person, int]:
    group = await world.group()
    ann = world.telegram.person("Ann")
    room = world.telegram.room("Our chat", administrators=(ann,))
    ann.writes(f"/link {await _word(world, group)}", room=room)
    await world.met(lambda: "now linked to Garden Group" in "".join(ann.heard(room=room)))
    return group, ann, room


async def _word(world: World, group: Home) -> str:
    async with world.app.db.write() as conn:
        return await room_word(conn, world.app.secrets, id=world.app.ids(), group=group.id, now=world.clock())


async def _poll(world: World, group: Home) -> str:
    new = NewPoll(
        group=group.id,
        question="Where shall we meet?",
        options=("Library", "Café"),
        changes="the place",
        closes_at=world.clock() + timedelta(days=3),
    )
    async with world.app.db.write() as conn:
        return await open_poll(conn, new, ids=world.app.ids, now=world.clock())


async def _joins(world: World, person: Person) -> None:
    for said in ("/start GARDEN", "1", person.name):
        await world.writes(person, said)
