"""The whole way of an alert: from a member's words, by the providers, to somebody who says that they look."""

import pytest

from storage.care import safety
from storage.members import people
from tests.world import ADA, BEN, World

WORDS = "I want to die"
STRANGER = "+447700900177"


async def names(world: World, name: str, *, code: str = "GARDEN", any_hour: bool = True) -> None:
    """Somebody who has joined runs the group now and is to be alerted."""
    (group,) = await world.rows("SELECT id FROM groups WHERE code = :code", code=code)
    (member,) = await world.rows(
        "SELECT id FROM members WHERE name = :name AND group_id = :group", name=name, group=group.id
    )
    secrets = world.app.secrets
    async with world.app.db.write() as conn:
        await people.appoint(conn, group.id, member.id, secrets)
        await safety.name_contact(conn, group.id, member.id, secrets, any_hour=any_hour, first=True)


@pytest.fixture
async def garden(world: World) -> World:
    """Ada is to be alerted; Ben is a member."""
    await world.group()
    await world.joined(ADA)
    await world.joined(BEN, name="Ben")
    await names(world, "Ada")
    return world


async def seen(world: World) -> None:
    await world.until("SELECT 1 FROM alerts WHERE state = 'seen' AND seen_by IS NOT NULL")


async def test_26_a_worrying_text_reaches_a_named_person_who_acts(garden: World) -> None:
    had = len(garden.twilio.sent_to(ADA))
    answers = await garden.texts(BEN, WORDS)
    assert "What shall I do with that?" in answers[0]
    told = await garden.twilio.next_text(ADA, after=had)
    assert told.startswith("Something that came in to Garden Group's line may need you now. Reply SEEN ")
    assert WORDS not in told
    assert "Ben" not in told
    number = told.partition("SEEN ")[2][:3]
    assert f"you look at alert {number}" in (await garden.texts(ADA, f"seen {number}"))[0]
    await seen(garden)


async def test_a_button_says_that_they_look(world: World) -> None:
    await world.group()
    await world.joined(BEN, name="Ben")
    ada = world.telegram.person("Ada")
    await world.writes(ada, "/start GARDEN")
    for label in ("Join", "Ada"):
        had = len(ada.heard())
        ada.presses(label) if label == "Join" else ada.writes(label)
        await world.met(lambda had=had: len(ada.heard()) > had)  # type: ignore[misc]
    await names(world, "Ada")
    await world.twilio.text(BEN, WORDS)
    await world.met(lambda: any("may need you now" in said for said in ada.heard()))
    ada.presses("I will look")
    await seen(world)


async def test_a_key_on_a_call_says_that_they_look(garden: World) -> None:
    async with garden.app.db.write() as conn:
        await conn.exec_driver_sql("UPDATE reaches SET may_start = (channel = 'voice')")
    await garden.twilio.text(BEN, WORDS)
    call = await garden.twilio.answer(ADA)
    assert "may need you" not in call.said  # whoever lifts the phone
    await call.press("1")
    assert "may need you now" in call.said
    await call.press("1")
    await seen(garden)


async def test_28_a_call_that_is_not_taken_is_followed_by_a_text_the_same_night(garden: World) -> None:
    async with garden.app.db.write() as conn:
        await conn.exec_driver_sql("UPDATE reaches SET may_start = 1, rank = (channel = 'sms')")
    had = len(garden.twilio.sent_to(ADA))
    await garden.twilio.text(BEN, WORDS)
    call = await garden.twilio.answer(ADA)
    await call.hang_up()
    garden.app.alerting.wake()
    await garden.until("SELECT 1 FROM outbox WHERE kind = 'alert' AND state = 'failed'")
    garden.app.alerting.wake()
    assert "may need you now" in await garden.twilio.next_text(ADA, after=had)


async def test_what_somebody_unknown_sends_is_seen_to_once_for_all_groups(garden: World) -> None:
    await garden.group("ROSE", name="Rose Group")
    await garden.twilio.text(STRANGER, WORDS)
    await garden.until("SELECT 1 FROM (SELECT count(*) AS many FROM alerts) WHERE many = 2")
    await garden.texts(ADA, "SEEN")
    await seen(garden)
    assert await garden.rows("SELECT 1 FROM alerts WHERE state = 'open'") == []


async def test_seen_is_an_ordinary_word_where_nothing_waits(garden: World) -> None:
    assert "did not catch that" in (await garden.texts(ADA, "seen"))[0]
    assert "no alert with that number" in (await garden.texts(ADA, "seen 999"))[0]
    assert "did not catch that" in (await garden.texts(BEN, "seen 999"))[0]
