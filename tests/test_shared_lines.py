"""Several people at one telephone: who is there is asked first, and nothing comes to the wrong one."""

from datetime import timedelta

import pytest

from flows.events import Say
from storage.sending import telling
from tests.fakes.twilio_calls import SOUND
from tests.world import ADA, World

LATER = timedelta(minutes=31)
WHO = "Who is writing, please? Send your first name or your member number."
WORDS = "The lift is broken again."
GIVEN = "SELECT m.name FROM given g JOIN members m ON m.id = g.member_id"
NEWS = "The session is in the library."


@pytest.fixture
async def couple(world: World) -> dict[str, str]:
    """Ada and Bob have one telephone; their member numbers by name. Nobody is at it now."""
    await world.group()
    await world.joined(ADA)
    await world.texts(ADA, "SOMEBODY ELSE", "1", "Bob")
    world.clock.forward(LATER)
    return {row.name: row.number for row in await world.rows("SELECT name, number FROM members")}


async def greets(world: World) -> None:
    """Both agreed that their names may be said and written there."""
    async with world.app.db.write() as conn:
        await conn.exec_driver_sql("UPDATE reaches SET greet_by_name = 1")


async def tells(world: World) -> None:
    """We tell both of them something."""
    people = [row.id for row in await world.rows("SELECT id FROM members")]
    say, ids = Say(text=NEWS), world.app.ids
    async with world.app.db.write() as conn:
        await telling.tell(
            conn, people, say, kind="say", key="news", ids=ids, channels=["sms"], now=world.clock()
        )
    world.app.lanes.wake()


async def test_a_second_person_joins_on_the_same_phone(couple: dict[str, str]) -> None:
    assert set(couple) == {"Ada", "Bob"}


async def test_who_joins_twice_is_told_how_somebody_else_can(world: World) -> None:
    await world.group()
    await world.joined(ADA)
    (answer,) = await world.texts(ADA, "JOIN GARDEN")
    assert "text SOMEBODY ELSE" in answer
    assert await world.count("members") == 1


@pytest.mark.parametrize("says", ["Bob", "it is bob", "its Bob", "Bob here!", "number"])
async def test_words_wait_until_it_is_known_whose_they_are(
    world: World, couple: dict[str, str], says: str
) -> None:
    asked, kept, _ = await world.texts(ADA, WORDS, couple["Bob"] if says == "number" else says, "1")
    assert asked == WHO
    assert "thought" in kept
    assert [row.name for row in await world.rows(GIVEN)] == ["Bob"]


async def test_who_wrote_last_is_there_for_half_an_hour(world: World, couple: dict[str, str]) -> None:
    await world.texts(ADA, "menu", "Ada")
    world.clock.forward(timedelta(minutes=20))
    (answer,) = await world.texts(ADA, "diary")
    assert answer != WHO


async def test_names_are_offered_only_where_all_agreed(world: World, couple: dict[str, str]) -> None:
    await greets(world)
    (asked,) = await world.texts(ADA, WORDS)
    assert "Ada" in asked and "Bob" in asked
    (kept,) = await world.texts(ADA, "2" if asked.index("Ada") < asked.index("Bob") else "1")
    assert "thought" in kept


async def test_several_messages_wait_and_none_is_lost(world: World, couple: dict[str, str]) -> None:
    await world.texts(ADA, "diary", "Also the door of the library is far too heavy for me.", "Bob")
    await world.until("SELECT 1 FROM conversations WHERE state LIKE '%too heavy%'")


async def test_who_can_not_be_told_is_let_go_and_the_words_are_kept(
    world: World, couple: dict[str, str]
) -> None:
    *_, answer = await world.texts(ADA, WORDS, "Eve", "Eva", "Evi")
    assert "a person will look at it" in answer
    (row,) = await world.rows("SELECT words, member_id FROM matters WHERE kind = 'nobody known'")
    assert WORDS in row.words and row.member_id is None


async def test_stop_is_meant_for_both_and_needs_no_name(world: World, couple: dict[str, str]) -> None:
    await world.twilio.text(ADA, "STOP")
    await world.until("SELECT 1 WHERE (SELECT count(*) FROM members WHERE state = 'stopped') = 2")


async def test_who_rings_keys_their_number_first(world: World, couple: dict[str, str]) -> None:
    call = await world.twilio.ring(ADA)
    assert "Please key your member number" in call.said
    assert "Ada" not in call.said and "Bob" not in call.said
    await call.press(f"{couple['Bob']}#")
    assert "What would you like to do?" in call.said
    await call.hang_up()
    (row,) = await world.rows("SELECT m.name FROM calls c JOIN members m ON m.id = c.member_id")
    assert row.name == "Bob"


async def test_who_keys_wrong_numbers_can_leave_a_message(world: World, couple: dict[str, str]) -> None:
    call = await world.twilio.ring(ADA)
    for _ in range(3):
        await call.press("0001#")
    assert "After the tone, say your name" in call.said
    await call.record(SOUND, seconds=4, key="#")
    assert "A person will hear that" in call.said
    (row,) = await world.rows("SELECT member_id, media FROM matters WHERE kind = 'nobody known'")
    assert row.member_id is None and row.media != "[]"


async def test_a_notice_begins_with_the_name_of_whom_it_is_for(world: World, couple: dict[str, str]) -> None:
    had = len(world.twilio.sent_to(ADA))
    await tells(world)
    await world.met(lambda: len(world.twilio.sent_to(ADA)) == had + 2)
    assert sorted(world.twilio.sent_to(ADA)[had:]) == [f"Ada: {NEWS}", f"Bob: {NEWS}"]


async def test_nothing_comes_for_one_while_the_other_is_answering(
    world: World, couple: dict[str, str]
) -> None:
    await world.texts(ADA, "diary", "Ada")
    had = len(world.twilio.sent_to(ADA))
    await tells(world)
    await world.until("SELECT 1 WHERE (SELECT count(*) FROM outbox WHERE held AND state = 'waiting') = 2")
    assert len(world.twilio.sent_to(ADA)) == had


@pytest.mark.parametrize("caller", ["anonymous", "Restricted", "", "+266696687", "+447700900555"])
async def test_any_phone_will_do_with_a_member_number(world: World, caller: str) -> None:
    await world.group()
    await world.joined(ADA)
    ((number,),) = await world.rows("SELECT number FROM members")
    call = await world.twilio.ring(caller)
    assert "Ada" not in call.said
    await call.press("3")
    await call.press(f"{number}#")
    assert "What would you like to do?" in call.said
    await call.hang_up()
    assert await world.rows("SELECT 1 FROM calls WHERE member_id IS NOT NULL")
    ((lines,),) = await world.rows("SELECT count(DISTINCT line_id) FROM reaches")
    assert lines == 1  # a phone that was borrowed for a call is not theirs


async def test_27_who_rings_from_a_members_number_proves_nothing(world: World) -> None:
    await world.group()
    await world.joined(ADA)
    call = await world.twilio.ring(ADA)
    assert not await world.rows("SELECT 1 FROM reaches WHERE channel = 'voice' AND proved_at IS NOT NULL")
    await call.hang_up()


async def test_a_text_that_nobody_can_answer_is_kept_for_a_person(world: World) -> None:
    await world.group()
    await world.twilio.text("+266696687", WORDS)
    assert await world.until("SELECT 1 FROM matters WHERE kind = 'nobody known' AND member_id IS NULL")


async def test_what_nobody_says_they_sent_goes_to_a_person_after_a_day(
    world: World, couple: dict[str, str]
) -> None:
    await world.texts(ADA, WORDS)
    await world.app.rounds.once()
    assert not await world.rows("SELECT 1 FROM matters WHERE kind = 'nobody known'")
    world.clock.forward(timedelta(days=2))
    await world.app.rounds.once()
    assert await world.rows("SELECT 1 FROM matters WHERE kind = 'nobody known' AND words = :w", w=WORDS)


async def test_start_ends_nobody_elses_break(world: World, couple: dict[str, str]) -> None:
    async with world.app.db.write() as conn:
        await conn.exec_driver_sql("UPDATE members SET state = 'paused'")
    asked, answer = await world.texts(ADA, "START", "Bob")
    assert asked == WHO and "Welcome back" in answer
    assert await world.rows("SELECT 1 FROM members WHERE name = 'Ada' AND state = 'paused'")
    assert await world.rows("SELECT 1 FROM members WHERE name = 'Bob' AND state = 'active'")


async def test_yes_is_an_answer_of_one_of_them(world: World, couple: dict[str, str]) -> None:
    assert await world.texts(ADA, "YES") == [WHO]


async def test_the_key_of_a_name_stays_the_same(world: World, couple: dict[str, str]) -> None:
    await greets(world)
    for name in couple:
        await world.texts(ADA, name)
        world.clock.forward(LATER)
        assert "1 Ada\n2 Bob" in (await world.texts(ADA, "What is new?"))[0]
        await world.texts(ADA, name)
        world.clock.forward(LATER)
