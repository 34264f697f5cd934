"""What comes in is stored once, in order, and answered; a mistake with one event costs nobody else."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from bot.intake.queue import Busy
from bot.intake.stepping import Turned
from flows import engine
from flows.events import Event
from flows.library import Flows
from flows.state import Conversation
from flows.turns.turning import Outcome
from storage.running.clearing import clear
from storage.tables import conversations
from tests.fakes.twilio_calls import SOUND
from tests.world import ADA, BEN, World


async def test_a_text_is_answered_and_what_was_given_is_kept(world: World) -> None:
    await world.group()
    await world.joined(ADA)
    answers = await world.texts(ADA, "diary", "A lovely day in the garden", "4")
    assert "kept" in answers[-1]
    (gift,) = await world.rows("SELECT text, shown_name, channel FROM contributions")
    assert tuple(gift) == ("A lovely day in the garden", "Ada", "sms")


async def test_the_same_message_twice_at_once_is_stored_once(world: World) -> None:
    await world.group()
    await world.joined(ADA)
    had = await world.count("events")
    twice = [world.twilio.text(ADA, "diary", sid="SM" + "7" * 32) for _ in range(2)]
    replies = await asyncio.gather(*twice)
    assert [reply.status for reply in replies] == [200, 200]
    assert await world.count("events") == had + 1
    await world.twilio.next_text(ADA, after=3)
    assert len(world.twilio.sent_to(ADA)) == 4


async def test_two_messages_at_the_same_moment_are_both_kept_in_order(world: World) -> None:
    await world.group()
    await world.joined(ADA)
    template = _event(world, "")
    words = ["diary", "The first thing I did was to go out for a walk", "3"]
    events = [replace(template, id=f"SM{n}", text=text) for n, text in enumerate(words)]
    await world.app.intake.take_all(events)
    assert await world.rows("SELECT 1 FROM contributions WHERE text = :said", said=words[1])
    assert await world.rows("SELECT 1 FROM contributions WHERE answers LIKE '%feeling%'")


async def test_people_who_join_at_the_same_moment_get_numbers_of_their_own(world: World) -> None:
    await world.group()
    for said in ("JOIN GARDEN", "1", "Sam"):
        template = _event(world, said)
        lines = [f"+4477009002{n:02d}" for n in range(40)]
        everybody = [replace(template, line=line, id=f"SM{line}{said}") for line in lines]
        await world.app.intake.take_all(everybody)
    assert len(await world.rows("SELECT DISTINCT number FROM members")) == 40
    assert await world.count("problems") == 0


async def test_a_mistake_in_one_turn_costs_nobody_else(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.group()
    await world.joined(ADA)
    await world.joined(BEN, name="Ben")
    monkeypatch.setattr(engine, "turn", _fails_at("burst"))
    ada, ben = _event(world, "burst"), replace(_event(world, "diary"), line=BEN, id="SMben")
    results = await world.app.intake.take_all([ada, ben])
    assert "went wrong on our side" in results[0].says[0].text
    assert "diary" in results[1].says[0].text
    ((error,),) = await world.rows("SELECT error FROM problems")
    assert error.startswith("ZeroDivisionError at tests/")
    assert "burst" not in error


async def test_what_failed_is_kept_for_the_operator(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.group()
    await world.joined(ADA)
    await world.texts(ADA, "diary")
    monkeypatch.setattr(engine, "turn", _fails_at("burst"))
    result = await world.app.intake.take(_event(world, "burst"))
    assert result.says[0].question is not None  # asked again
    ((body,),) = await world.rows("SELECT body FROM events JOIN problems ON problems.event_id = events.id")
    assert "burst" in body
    assert ADA not in body


async def test_a_place_that_cannot_be_read_is_begun_anew_and_noticed(world: World) -> None:
    await world.group()
    await world.joined(ADA)
    async with world.app.db.write() as conn:
        await conn.execute(conversations.update().values(state="{"))
    with capture_logs() as logs:
        assert "put in your diary" in (await world.texts(ADA, "diary"))[0]
    assert [one["number"] for one in logs if one["event"] == "conversations_begun_anew"] == [1]


async def test_an_edited_message_corrects_what_was_kept(world: World) -> None:
    await world.group()
    eve = world.telegram.person("Eve")
    for said in ("/start GARDEN", "1", "Eve", "diary"):
        await world.writes(eve, said)
    message = await world.writes(eve, "I went to the shop on my own today")
    await world.writes(eve, "skip")
    eve.edits(message, "I went to the library on my own today")
    await world.until("SELECT 1 FROM contributions WHERE text LIKE '%library%'")
    assert not await world.rows("SELECT 1 FROM contributions WHERE text LIKE '%shop%'")


async def test_an_edit_of_a_message_long_forgotten_still_changes_what_it_became(world: World) -> None:
    await world.group()
    eve = world.telegram.person("Eve")
    for said in ("/start GARDEN", "1", "Eve", "diary"):
        await world.writes(eve, said)
    message = await world.writes(eve, "I went to the shop on my own today")
    await world.writes(eve, "skip")
    async with world.app.db.write() as conn:
        await conn.exec_driver_sql("UPDATE conversations SET state = '{}'")
    eve.edits(message, "I went to the library on my own today")
    await world.until("SELECT 1 FROM contributions WHERE text LIKE '%library%'")


async def test_taking_back_leaves_no_words_behind(world: World) -> None:
    await world.group()
    await world.joined(ADA)
    await world.texts(ADA, "diary", "A secret that I would rather keep", "2", "undo")
    assert await world.rows("SELECT 1 FROM contributions WHERE text = '' AND taken_back_at > 0")
    assert not await world.rows("SELECT 1 FROM events WHERE body LIKE '%secret%'")


async def test_leaving_with_everything_erased_leaves_nothing(world: World) -> None:
    await world.group()
    await world.joined(ADA)
    await world.texts(ADA, "diary", "A day that I tell you about", "2", "leave", "4")
    answers = await world.texts(ADA, "1")
    assert "erased" in answers[-1].lower()
    for table in ("members", "contributions", "given", "reaches", "consents"):
        assert await world.count(table) == 0, table
    assert not await world.rows("SELECT 1 FROM events WHERE body LIKE '%tell you%'")


async def test_erasing_reaches_what_was_said_before_joining_and_what_was_never_finished(world: World) -> None:
    await world.group()
    eve = world.telegram.person("Eve")
    for said in ("Is there a zebra?", "/start GARDEN", "1", "Eve"):
        await world.writes(eve, said)
    eve.sends_voice(SOUND)
    await world.until("SELECT 1 FROM media WHERE state = 'stored'")
    for said in ("leave", "4"):
        await world.writes(eve, said)
    await world.writes(eve, "1")
    await world.until("SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM members)")
    assert await world.count("media") == 0
    assert not await world.rows("SELECT 1 FROM events WHERE body IS NOT NULL OR line_id IS NOT NULL")
    await clear(world.app.db, world.clock() + timedelta(days=5))
    assert await world.count("lines") == 0


async def test_when_somebody_was_last_heard_is_kept_to_the_minute(world: World) -> None:
    await world.group()
    await world.joined(ADA)
    heard = "SELECT heard_at FROM members UNION SELECT heard_at FROM reaches WHERE channel = 'sms'"
    before = await world.rows(heard)
    await world.texts(ADA, "diary")
    assert await world.rows(heard) == before
    world.clock.forward(timedelta(minutes=2))
    await world.texts(ADA, "We planted beans.")
    assert max(await world.rows(heard)) > max(before)


async def test_a_way_that_failed_works_again_once_it_is_known_to_be_theirs(world: World) -> None:
    await world.group()
    await world.joined(ADA)
    async with world.app.db.write() as conn:
        await conn.execute(sa.text("UPDATE reaches SET failing_since = 1"))
    asked, answered = await world.texts(ADA, "diary", "1")
    assert asked.startswith("Is this still Ada?") and "your diary" in answered
    assert not await world.rows("SELECT 1 FROM reaches WHERE channel = 'sms' AND failing_since IS NOT NULL")


async def test_stop_is_meant_for_every_group_that_writes_to_a_number(world: World) -> None:
    await world.group()
    await world.group("OAKS", name="Oaks")
    await world.joined(ADA)
    await world.joined(ADA, code="OAKS")
    await world.twilio.text(ADA, "STOP")
    assert not await world.rows("SELECT 1 FROM members WHERE state != 'stopped'")
    assert await world.rows("SELECT 1 FROM lines WHERE stopped_at IS NOT NULL")
    await world.twilio.text(ADA, "START")
    assert not await world.rows("SELECT 1 FROM members WHERE state != 'active'")


async def test_one_number_is_one_person_by_text_and_on_the_phone(world: World) -> None:
    await world.group()
    await world.joined(ADA)
    call = await world.twilio.ring(ADA)
    assert "join" not in call.said.lower()
    await call.hang_up()
    assert await world.count("members") == 1
    assert await world.count("lines") == 1


async def test_hanging_up_keeps_what_was_said(world: World) -> None:
    await world.group()
    await world.joined(ADA)
    call = await world.twilio.ring(ADA)
    while call.waits != "Record":
        await call.press("1")
    await call.record(SOUND, 4, hang_up=True)
    await world.until("SELECT 1 FROM contributions")
    await world.until("SELECT 1 FROM media WHERE state = 'stored'")


async def test_a_call_asked_twice_for_one_step_hears_the_same(world: World) -> None:
    await world.group()
    call = await world.twilio.ring(ADA)
    had = await world.count("events")
    again = await world.twilio.post(call.steps[0], call._standard())
    assert again == (200, call.twiml)
    assert await world.count("events") == had


async def test_a_full_queue_sends_the_provider_away(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world.app.intake, "_bound", 0)
    with pytest.raises(Busy):
        await world.app.intake.take(_event(world, "hello"))
    assert (await world.twilio.text(ADA, "hello")).status == 503
    take, asked = world.app.intake.take, list[Event]()

    async def full_at_first(event: Event) -> Turned:
        asked.append(event)
        if len(asked) == 3:
            monkeypatch.undo()
        return await take(event)

    monkeypatch.setattr(world.app.intake, "take", full_at_first)
    call = await world.twilio.ring(ADA)
    assert not call.fault
    assert any("One moment" in heard for heard in call.history)
    assert call.waits == "Gather"


async def test_while_the_database_is_away_a_batch_is_refused_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches: list[object] = []

    async def gone(work: object) -> None:
        if getattr(work, "func", None) == world.app.intake._turns:
            batches.append(work)
        raise sa.exc.OperationalError("", {}, OSError())

    async def dead() -> bool:
        return False

    monkeypatch.setattr(world.app.db, "transact", gone)
    monkeypatch.setattr(world.app.db, "alive", dead)
    with pytest.raises(sa.exc.OperationalError):
        await world.app.intake.take_all([_event(world, str(n)) for n in range(5)])
    assert len(batches) == 1


async def test_no_address_stands_in_the_store_in_the_clear(world: World, tmp_path: Path) -> None:
    await world.group()
    await world.joined(ADA)
    await world.texts(ADA, "diary", "Something about my day today", "2")
    stored = b"".join(path.read_bytes() for path in _files(tmp_path))
    assert b"Something about my day" in stored
    assert ADA.removeprefix("+").encode() not in stored


def _files(folder: Path) -> list[Path]:
    return list(folder.glob("takepart.db*"))


def _event(world: World, text: str) -> Event:
    sms = world.app.senders.sms
    return Event(
        channel="sms", id=f"SM{text}", line=ADA, at=world.clock(), kind="words", can=sms.can, text=text
    )


def _fails_at(text: str) -> Callable[..., Outcome]:
    """The engine, with a mistake in it that one event meets."""
    turn = engine.turn

    def fails(flows: Flows, conversation: Conversation, event: Event, *more: Any) -> Outcome:
        if event.text == text:
            raise ZeroDivisionError(text)
        return turn(flows, conversation, event, *more)

    return fails
