"""What members give: with their name or without, for whom, and how they take it back."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot.sending import notices
from bot.ways import house
from flows.effects import Keep, Matter, TakeBack, Unname
from flows.state import Way
from flows.values import scattered
from storage.columns import micros
from storage.database import Database
from storage.erasure.held import ABOUT, LEFT_OUT
from storage.erasure.own_copy import HELD, own_copy
from storage.given import hiding
from storage.given.hiding import Hidden
from storage.given.reading import list_contributions
from storage.given.things import things
from storage.given.unnaming import day_of, unname
from storage.ids import Ids
from storage.members.groups import Complaint, Home
from storage.members.people import add_facilitator, find_member
from storage.secrets import Secrets
from storage.tables import ballots, contributions, given, meta
from tests.office import NOON, Office
from tests.people import Person, somebody
from tests.scenes import MARY, THINGS, Scene
from tests.world import ADA, BEN, World


async def listed(world: World, group: str) -> list[Any]:
    async with world.app.db.read() as conn:
        return list(await list_contributions(conn, group))


# 34. "Without my name" in a group of eight, with the minute and the channel beside it.
async def test_34_nothing_beside_it_tells_who_gave_it_or_when(world: World) -> None:
    home = await world.group()
    await world.joined(ADA)
    await world.texts(ADA, "THOUGHT", "The cook shouts", "4", "2")
    (one,) = await listed(world, home.id)
    assert (one.member, one.channel, one.at) == (None, None, "2026-03-10")
    assert one.audience == "group"
    (row,) = await world.rows("SELECT at % 3600000000, shown_name FROM contributions")
    assert tuple(row) == (0, "")


@pytest.mark.parametrize(
    "said", [["THOUGHT", "The cook shouts", "1", "NO NAME"], ["The cook shouts at all of us. No name", "1"]]
)
async def test_34_what_was_kept_with_a_name_loses_all_that_leads_to_it(world: World, said: list[str]) -> None:
    home = await world.group()
    await world.joined(ADA)
    answer = (await world.texts(ADA, *said))[-1]
    assert (await listed(world, home.id))[0].member is None
    assert await world.rows("SELECT id FROM events WHERE contribution_id IS NOT NULL") == []
    assert await world.rows("SELECT id FROM events WHERE body LIKE '%cook%'") == []
    assert "name" in answer
    await world.texts(ADA, "UNDO")
    assert await listed(world, home.id) == []


async def test_34_words_passed_on_without_a_name_are_listed_without_one(world: World) -> None:
    await world.group()
    await world.joined(ADA)
    await world.texts(ADA, "The cook shouts at all of us. No name", "3")
    (matter,) = await world.rows("SELECT words, unnamed FROM matters WHERE kind = 'passed on'")
    assert tuple(matter) == ("The cook shouts at all of us.", True)
    assert "Nothing of that is kept" in (await world.texts(ADA, "UNDO"))[0]
    assert await world.rows("SELECT id FROM matters WHERE words <> '' OR done_at IS NULL") == []


def test_34_an_id_does_not_tell_when_it_was_made() -> None:
    ids = Ids()
    made = [scattered(ids()) for _ in range(40)]
    assert made != sorted(made)
    assert len({one[:4] for one in made}) > 30


@pytest.mark.parametrize("words", ["diary", "thought", "idea", "journey", "photo", "vote"])
def test_who_never_wants_their_name_beside_anything_has_it_nowhere(words: str) -> None:
    person = somebody("sms", member=replace(MARY, never_named=True))
    person.writes(words, "What I give", "2", "skip", "later", "xx yy zz", "xx yy zz", "pass")
    kept: list[Keep | Matter] = [*person.of(Keep), *(one for one in person.of(Matter) if one.kind != "help")]
    assert all(one.unnamed for one in kept)
    assert kept


async def test_34_never_with_my_name_is_said_once_for_all(world: World) -> None:
    home = await world.group()
    await world.joined(ADA)
    said = await world.texts(
        ADA, "NEVER WITH MY NAME", "2", "THOUGHT", "The cook shouts", "2", "DIARY", "Tea", "4"
    )
    assert "without your name" in said[-1]
    assert [one.member for one in await listed(world, home.id)] == [None, None]
    await world.texts(ADA, "my name", "1", "THOUGHT", "More benches", "1")
    assert sum(one.member is not None for one in await listed(world, home.id)) == 1


def test_leaving_the_name_out_says_where_that_ends() -> None:
    person = somebody("telegram")
    said = person.writes("thought", "The cook shouts", "1", "without my name")
    assert "Ann and Bo can look up who gave it. That is written down" in said
    assert "may know your voice" in said
    assert [one.id for one in person.of(Unname)] == [person.of(Keep)[-1].id]


def test_a_sentence_about_names_is_no_wish() -> None:
    person = somebody("sms")
    person.writes("diary", "The new street has no name", "skip")
    assert not person.of(Keep)[-1].unnamed


# What somebody gave, listed for themselves
async def test_any_of_it_can_be_taken_back_a_vote_too(world: World) -> None:
    home = await world.group()
    await world.joined(ADA)
    await world.texts(ADA, "THOUGHT", "More benches", "1", "DIARY", "We had tea", "skip")
    await world.texts(ADA, "All the buses are late again", "3")
    said = await world.texts(ADA, "MY THINGS", "3")
    assert [line[:2] for line in said[0].splitlines()[1:4]] == ["1 ", "2 ", "3 "]
    assert "More benches" in said[1]
    said = await world.texts(ADA, "1", "what you wrote", "take it back")
    assert "Nothing of that is kept" in said[0]
    assert [one.text for one in await listed(world, home.id)] == ["We had tea"]
    assert await world.rows("SELECT id FROM matters WHERE words <> ''") == []


def test_what_is_chosen_from_the_list_is_taken_back_and_not_the_last_thing() -> None:
    person = somebody("sms")
    person.writes("diary", "We had tea", "skip")
    last = person.of(Keep)[-1].id
    person.scene = person.scene.finds(things=lambda: THINGS)
    person.writes("my things", "1", "undo")
    assert [one.id for one in person.of(TakeBack)] == [THINGS[0].id]
    assert last not in {one.id for one in person.of(TakeBack)}


@pytest.mark.parametrize("meanwhile", [["undo"], ["later", "undo", "my things"]])
async def test_what_was_taken_back_meanwhile_stands_no_longer_in_the_list(
    world: World, meanwhile: list[str]
) -> None:
    await world.group()
    await world.joined(ADA)
    await world.texts(ADA, "THOUGHT", "More benches", "1", "THOUGHT", "Fewer cars", "1")
    said = (await world.texts(ADA, "MY THINGS", *meanwhile))[-1]
    assert "Fewer cars" not in said
    assert "Reply 1 for your thought" in said
    said = (await world.texts(ADA, "UNDO"))[-1]
    assert "Nothing of that is kept" in said
    assert "1 " not in said
    assert "nothing here that you gave" in (await world.texts(ADA, "MY THINGS"))[-1]


def test_nothing_is_listed_where_it_is_not_known_who_is_there() -> None:
    stranger = replace(MARY, way=Way(known=False))
    person = Person(scene=Scene(member=stranger).finds(things=lambda: THINGS), channel="voice")
    person.rings()
    said = person.writes("my things")
    assert "member number" in said
    assert "thought" not in said


# Nobody is silenced
async def hidden(world: World, home: Home) -> tuple[str, list[str]]:
    """Ada's thought for all, hidden by Sam; what it is called, and the facilitators' numbers."""
    await world.joined(ADA)
    numbers = []
    async with world.app.db.write() as conn:
        for name in ("Sam", "Kim"):
            ids, now = world.app.ids, world.clock()
            numbers.append(await add_facilitator(conn, id=ids(), group=home.id, name=name, now=now))
    await world.texts(ADA, "THOUGHT", "Jo never helps", "2")
    (gift,) = [one.id for one in await listed(world, home.id)]
    return gift, numbers


async def acts(
    world: World, number: str, work: Callable[..., Awaitable[Hidden]], gift: str, **how: Any
) -> str:
    """One of the facilitators hides or reviews; the giver's next text."""
    had = len(world.twilio.sent_to(ADA))
    ids, now = world.app.ids, world.clock()
    async with world.app.db.write() as conn:
        by = await find_member(conn, number, world.app.secrets)
        done = await work(conn, gift, by=by, ids=ids, now=now, **how)
        words = house()
        say = words.each(notices.hidden, done.why)
        if "show" in how:
            say = words.each(notices.reviewed, done.why, show=how["show"])
        key = work.__name__
        await hiding.tell(conn, done, say, key=key, ids=ids, channels=["sms"], now=now)
    return await world.twilio.next_text(ADA, after=had)


async def test_what_is_hidden_stays_whole_and_its_giver_can_ask_a_second_person(world: World) -> None:
    home = await world.group(hours="0-24")
    gift, (sam, kim) = await hidden(world, home)
    told = await acts(world, sam, hiding.hide, gift, why="names somebody")
    assert "because it names somebody" in told
    assert "Jo" not in told
    assert "Nobody has shared" in (await world.texts(BEN, "JOIN GARDEN", "1", "Ben", "others"))[-1]
    assert [(one.text, one.hidden) for one in await listed(world, home.id)] == [
        ("Jo never helps", "names somebody")
    ]
    assert "second person will look" in (await world.texts(ADA, "LOOK AGAIN"))[0]
    with pytest.raises(Complaint, match="somebody else has to look"):
        await acts(world, sam, hiding.review, gift, show=True)
    assert "shown to the other members again" in await acts(world, kim, hiding.review, gift, show=True)
    assert [one.hidden for one in await listed(world, home.id)] == [""]
    assert await world.rows("SELECT id FROM matters WHERE kind = 'review' AND done_at IS NULL") == []
    trail = await world.rows("SELECT did, why FROM audit WHERE subject = :gift ORDER BY at", gift=gift)
    assert [row.did for row in trail] == ["hid", "showed again"]


async def test_a_second_person_has_the_last_word_and_nobody_is_promised_a_third(world: World) -> None:
    home = await world.group(hours="0-24")
    gift, (sam, kim) = await hidden(world, home)
    await acts(world, sam, hiding.hide, gift, why="dangerous")
    async with world.app.db.write() as conn:
        await conn.execute(sa.update(contributions).values(unnamed=True))
    await world.texts(ADA, "LOOK AGAIN")
    (review,) = await world.rows("SELECT id, words, at FROM matters WHERE kind = 'review'")
    assert f"takepart review {gift}" in review.words
    day = day_of(world.clock(), home.zone)  # whoever was in touch at that minute would be known
    assert review.at == micros(day) and review.id[:4] != Ids(world.clock)()[:4]
    assert "stays hidden" in await acts(world, kim, hiding.review, gift, show=False)
    said = await world.texts(ADA, "LOOK AGAIN", "MY THINGS", "1")
    assert "has looked at it" in said[0]
    assert "will look" not in said[0]
    assert "second person to look" not in said[2]


async def test_a_member_can_hide_nothing_and_no_reason_is_made_up(world: World) -> None:
    home = await world.group()
    gift, (sam, _) = await hidden(world, home)
    (ada,) = await world.rows("SELECT number FROM members WHERE permission = 'member'")
    with pytest.raises(Complaint, match="Only those who run"):
        await acts(world, ada.number, hiding.hide, gift, why="dangerous")
    with pytest.raises(Complaint, match="The reason is one of"):
        await acts(world, sam, hiding.hide, gift, why="too fiery")


# What is held about somebody
def test_every_column_that_points_to_a_member_is_in_their_copy_or_left_out_with_a_reason() -> None:
    members = meta.tables["members"]
    points = {
        (column.table.name, column.name)
        for table in meta.sorted_tables
        for column in table.c
        for key in column.foreign_keys
        if key.column.table is members
    }
    told = {(table.name, column) for table, column in ABOUT.values()}
    assert points == told | LEFT_OUT.keys()
    assert set(ABOUT) | {"contributions", "replies", "audit"} == set(HELD)


async def test_the_copy_of_ones_own_has_what_was_given_without_a_name_too(world: World) -> None:
    await world.group()
    await world.joined(ADA)
    await world.texts(ADA, "THOUGHT", "The cook shouts", "4", "1", "Something about the buses again", "3")
    (ada,) = await world.rows("SELECT id FROM members")
    async with world.app.db.read() as conn:
        copy = await own_copy(conn, ada.id, world.app.secrets, house(), now=world.clock())
    for words in ("The cook shouts", "Something about the buses again", ADA, "What you agreed to"):
        assert words in copy
    assert "{" not in copy


async def test_the_copy_of_ones_own_is_for_a_person_to_read(world: World) -> None:
    await world.group()
    await world.joined(ADA)
    await world.texts(ADA, "DIARY", "We had tea\nand cake", "4", "JOURNEY", "I fell")
    (ada,) = await world.rows("SELECT id FROM members")
    async with world.app.db.read() as conn:
        copy = await own_copy(conn, ada.id, world.app.secrets, house(), now=world.clock())
    assert "entry:\n    We had tea\n    and cake\n  feeling: 4" in copy
    assert "begun: journey: happened: I fell" in copy
    assert "words: I fell" in copy
    for machinery in ("takes", "options", "frame", "version", "buttons", "keys"):
        assert machinery not in copy


def test_words_need_no_warning_of_a_voice() -> None:
    person = somebody("telegram")
    person.writes("diary", "The cook shouts. No name.")
    assert not any("voice" in say.text for say in person.says)


async def test_my_data_comes_as_a_file_on_telegram(world: World) -> None:
    await world.group()
    person = world.telegram.person("Ben")
    for words in ("JOIN GARDEN", "1", "Ben", "my data"):
        await world.writes(person, words)
    await world.met(lambda: any("document" in one for one in world.telegram.sent(person.id)))
    sent = next(one for one in world.telegram.sent(person.id) if "document" in one)
    assert sent["document"]["file_name"] == "about-you.txt"
    assert b"What is held about Ben" in world.telegram.file(sent["document"]["file_id"])


async def test_a_list_of_ones_own_is_the_same_on_each_database(db: Database, secrets: Secrets) -> None:
    office = Office(db, secrets)
    await office.group()
    await office.member("ada")
    await office.poll()
    gift = {"id": "c", "group_id": "g", "flow": "thought", "at": NOON - timedelta(days=1), "text": "Benches"}
    async with db.write() as conn:
        await conn.execute(contributions.insert().values(**gift, channel="sms", shown_name="Ada"))
        await conn.execute(given.insert().values(contribution_id="c", member_id="ada"))
        await conn.execute(
            ballots.insert().values(poll_id="p", member_id="ada", choices=["a"], channel="sms", at=NOON)
        )
        await unname(conn, "c", "ada")
        found = await things(conn, "ada", "Europe/London", NOON)
        row = (await conn.execute(sa.select(contributions.c.at, contributions.c.shown_name))).one()
    assert [(one.kind, one.words, one.unnamed) for one in found] == [
        ("ballot", "Where?", False),
        ("gift", "Benches", True),
    ]
    assert (row.at.hour, row.shown_name) == (0, "")
