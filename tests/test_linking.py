"""Another line by a code, and coming back: by text, Telegram and telephone, with the service running."""

import asyncio
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from storage.members import groups
from storage.sessions.drafting import NewPoll
from storage.sessions.polls import open_poll
from storage.tables import guesses
from tests.world import ADA, BEN, World

NEW, LANDLINE = "+447700900177", "+441632960114"
WAYS = "SELECT count(*) AS n FROM reaches WHERE retired_at IS NULL AND member_id = :member"
STATE = "SELECT state FROM members WHERE name = :name"


@pytest.fixture
async def ada(world: World) -> World:
    """Ada takes part by text."""
    await world.group()
    await world.joined(ADA)
    return world


async def code(world: World, number: str = ADA) -> str:
    """The code that somebody gets for their other phone."""
    (answer,) = await world.texts(number, "LINK")
    found = re.search(r"\b\d{6}\b", answer)
    assert found
    return found[0]


async def own(world: World, name: str = "Ada") -> tuple[str, str]:
    """A member's id and number."""
    (row,) = await world.rows("SELECT id, number FROM members WHERE name = :name", name=name)
    return row.id, row.number


async def test_15_what_was_begun_by_text_goes_on_in_telegram(ada: World) -> None:
    digits = await code(ada)
    await ada.texts(ADA, "diary", "It rained.")
    person = ada.telegram.person("Ada")
    await ada.writes(person, digits)
    assert "How was that day?" in person.heard()[-1]
    await ada.writes(person, "4")
    assert await ada.count("members") == 1
    assert await ada.rows("SELECT 1 FROM given g JOIN members m ON m.id = g.member_id WHERE m.name = 'Ada'")


async def test_15_a_question_not_answered_yet_is_asked_again_on_the_other_line(ada: World) -> None:
    await ada.texts(ADA, "diary")
    digits = await code(ada)
    person = ada.telegram.person("Ada")
    await ada.writes(person, digits)
    assert "put in your diary?" in person.heard()[-1]


async def test_a_code_is_keyed_on_a_landline(ada: World) -> None:
    digits = await code(ada)
    call = await ada.twilio.ring(LANDLINE)
    await call.press("2")
    await call.press(digits)
    assert "same person here" in call.said
    member, _ = await own(ada)
    assert (await ada.rows(WAYS, member=member))[
        0
    ].n == 3  # texts and calls of one number, calls of the other


async def test_sixty_four_guesses_at_once_are_all_counted(ada: World) -> None:
    digits = await code(ada)
    guesses = [f"{n}" for n in range(100000, 100063)]
    await asyncio.gather(*(ada.twilio.text(NEW, one) for one in [*guesses, digits]))
    await ada.until("SELECT 1 FROM (SELECT count(*) AS n FROM events) WHERE n >= 68")
    assert await ada.count("members") == 1
    assert len(await ada.rows("SELECT 1 FROM guesses")) == 3
    (row,) = await ada.rows("SELECT count(*) AS n FROM reaches")
    assert row.n == 2


async def test_a_code_works_for_a_quarter_of_an_hour(ada: World) -> None:
    digits = await code(ada)
    ada.clock.forward(timedelta(minutes=16))
    (answer,) = await ada.texts(NEW, digits)
    assert "can't find anything" in answer


async def test_a_code_works_once(ada: World) -> None:
    digits = await code(ada)
    first, second = await ada.texts(NEW, digits), await ada.texts(BEN, digits)
    assert "same person" in first[0]
    assert "can't find anything" in second[0]


async def test_15_two_members_become_one_only_when_they_say_so(ada: World) -> None:
    await ada.joined(BEN, name="Beatrice")
    digits = await code(ada)
    (asked,) = await ada.texts(BEN, digits)
    assert "Is that you too?" in asked and "Ada" not in asked
    assert (await ada.rows(STATE, name="Beatrice"))[0].state == "active"
    (answer,) = await ada.texts(BEN, "1")
    assert "one person now" in answer
    assert (await ada.rows(STATE, name="Beatrice"))[0].state == "joined"


async def test_15_two_people_who_share_a_phone_stay_two(ada: World) -> None:
    await ada.joined(BEN, name="Beatrice")
    digits = await code(ada)
    await ada.texts(BEN, digits, "2")
    assert (await ada.rows(STATE, name="Beatrice"))[0].state == "active"
    (row,) = await ada.rows(
        "SELECT count(DISTINCT member_id) AS n FROM reaches GROUP BY line_id HAVING n > 1"
    )
    assert row.n == 2


@pytest.mark.parametrize("by", [ADA, BEN])
async def test_a_link_that_was_wrong_is_undone_by_either(ada: World, by: str) -> None:
    await ada.joined(BEN, name="Beatrice")
    await ada.texts(BEN, await code(ada), "1")
    *_, answer = await ada.texts(by, "UNLINK", "1")
    assert "two people again" in answer
    for one in (answer, *await ada.texts(ADA, "WHO"), *await ada.texts(BEN, "WHO")):
        assert "Is that you too?" not in one and "Shall I make two people" not in one
    assert (await ada.rows(STATE, name="Beatrice"))[0].state == "active"
    await ada.texts(BEN, "diary", "Mine again.")
    given = "SELECT 1 FROM given g JOIN members m ON m.id = g.member_id WHERE m.name = 'Beatrice'"
    assert await ada.until(given)


async def test_who_comes_back_with_number_and_pin_leaves_the_old_phone_behind(ada: World) -> None:
    await ada.texts(ADA, "PIN", "7305")
    member, number = await own(ada)
    *_, answer = await ada.texts(NEW, "COME BACK", number, "7305", "1")
    assert "Welcome back" in answer
    assert (await ada.rows(WAYS, member=member))[0].n == 2  # the new number's texts and calls
    (stranger,) = await ada.texts(ADA, "hello")
    assert "not met yet" in stranger


async def test_33_the_next_owner_of_a_number_gets_nothing_of_ours(ada: World) -> None:
    await ada.texts(ADA, "PIN", "7305")
    _, number = await own(ada)
    await ada.texts(NEW, "COME BACK", number, "7305", "1")
    had = len(ada.twilio.sent_to(ADA))
    async with ada.app.db.write() as conn:
        home = (await groups.list_groups(conn))[0]
        poll = NewPoll(group=home.id, question="Where shall we meet?", options=("Library", "Park"))
        await open_poll(conn, poll, ids=ada.app.ids, now=ada.clock())
    assert "Where shall we meet?" in await ada.twilio.next_text(NEW, after=4)
    assert len(ada.twilio.sent_to(ADA)) == had


async def test_no_pin_stays_in_what_is_stored(ada: World) -> None:
    await ada.texts(ADA, "PIN", "7305")
    _, number = await own(ada)
    await ada.texts(NEW, "COME BACK", number, "7305")
    for table, column in (("events", "body"), ("conversations", "state"), ("outbox", "body")):
        found = await ada.rows(f"SELECT {column} AS it FROM {table} WHERE {column} LIKE '%7305%'")  # noqa: S608
        assert not found, table


async def test_somebody_else_with_only_the_number_learns_nothing(ada: World) -> None:
    _, number = await own(ada)
    *_, right = await ada.texts(NEW, "COME BACK", number, "1111")
    *_, wrong = await ada.texts(BEN, "COME BACK", "1000", "1111")
    assert right == wrong


async def test_when_everybody_guesses_it_is_closed_and_the_operator_is_told(
    ada: World, capsys: pytest.CaptureFixture[str]
) -> None:
    digits = await code(ada)
    row = {"what": "code", "at": ada.clock()}
    async with ada.app.db.write() as conn:
        await conn.execute(sa.insert(guesses), [{"id": f"g{n}", "by": f"l{n}", **row} for n in range(60)])
    (answer,) = await ada.texts(NEW, digits)
    assert "wrong too often" in answer
    await ada.app.rounds.once()
    said = capsys.readouterr()
    assert "guessing_closed" in said.out + said.err


async def test_a_practised_place_opens_to_no_real_phone(ada: World) -> None:
    """Nor a real one to a practice phone: it is the same condition."""
    linked = await code(ada)
    _, number = await own(ada)
    told = (await ada.texts(ADA, "PIN", "7305", "supporter", "1", "Joan", "1", "2"))[-1]
    named = told.partition("this code: ")[2][:9]
    async with ada.app.db.write() as conn:
        await conn.exec_driver_sql("UPDATE members SET practice = 1")
    for answer in await ada.texts(NEW, linked, named):
        assert "can't find anything" in answer
    assert "can't find anything" in (await ada.texts(NEW, "COME BACK", number, "7305"))[-1]


async def test_who_comes_back_by_pin_is_on_the_list_for_a_person(ada: World) -> None:
    await ada.texts(ADA, "PIN", "7305")
    _, number = await own(ada)
    await ada.texts(NEW, "COME BACK", number, "7305", "1")
    assert await ada.rows("SELECT 1 FROM matters WHERE kind = 'number changed'")
