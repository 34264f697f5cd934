"""The whole way round: the real program in its own process, a Telegram and a Twilio beside it, one story.

Nothing of the program is replaced; only where the providers' addresses point is set.
"""

import asyncio
import hashlib
import io
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from PIL import Image

from storage.database import Database
from storage.tables import lines, outbox
from tests.fakes.telegram import BotApi
from tests.fakes.telegram_people import Person
from tests.fakes.twilio import FakeTwilio
from tests.fakes.twilio_calls import sound
from tests.service import PATIENCE, Cold, Service, Starter, environment, free_port, until
from tests.stores import sqlite_url
from tests.warm import Warm

MARY, GEORGE = "+447700900111", "+441632960112"
BRIEF = "# Bus routes\n\nTwo routes may change.\n\n## What to think about\n\nWhich stops do you use?\n"


async def heard(person: Person, words: str) -> str:
    """Wait until the bot has said this to somebody."""

    async def said() -> str:
        return next((text for text in person.heard() if words in text), "")

    return str(await until(said))


FROM_COLD = pytest.mark.parametrize("starter", [Cold()], ids=["from cold"])


@pytest.fixture
async def telegram() -> AsyncIterator[BotApi]:
    async with BotApi() as api:
        yield api


@pytest.fixture
async def twilio() -> AsyncIterator[FakeTwilio]:
    async with FakeTwilio() as api:
        yield api


@pytest.fixture
def starter(warm: Warm) -> Starter:
    """What starts the program."""
    return warm


@pytest.fixture
async def service(
    tmp_path: Path, telegram: BotApi, twilio: FakeTwilio, starter: Starter
) -> AsyncIterator[Service]:
    port = free_port()
    found = Service(environment(tmp_path, port, telegram, twilio), port, starter)
    twilio.service = twilio.public = found.url
    await found.says("group", "add", "GARDEN", "Garden Group", "--hours", "0-24")
    await found.says("facilitator", "add", "GARDEN", "Ann")
    await found.start()
    yield found
    if found.pid:
        await found.stop()


async def joins_by_text(twilio: FakeTwilio) -> None:
    await twilio.text(MARY, "Join garden")
    assert "Ann can read it" in await twilio.next_text(MARY, wait=PATIENCE)
    await twilio.text(MARY, "ok")
    assert "called" in await twilio.next_text(MARY, after=1)
    await twilio.text(MARY, "Mary")
    assert "Welcome, Mary" in await twilio.next_text(MARY, after=2)


async def joins_by_chat(telegram: BotApi) -> Person:
    ada = telegram.person("Ada")
    ada.writes("/start GARDEN")
    await heard(ada, "Would you like to join?")
    ada.presses("Join")
    await heard(ada, "called")
    ada.writes("Ada")
    await heard(ada, "Welcome, Ada")
    return ada


async def joins_by_phone(twilio: FakeTwilio) -> None:
    call = await twilio.ring(GEORGE)
    assert "To join, press 1" in call.said
    await call.press("1")
    assert "Welcome to Garden Group" in call.said
    await call.press("1")
    assert call.waits == "Record"
    await call.record(sound(1), 1, key="#")
    assert "You are in" in call.said
    await call.hang_up()


def picture() -> bytes:
    """A photo of a phone's size, with a place in its metadata."""
    image = Image.effect_noise((1200, 900), 60).convert("RGB")
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (52.0, 12.0, 30.0)}
    out = io.BytesIO()
    image.save(out, "JPEG", exif=exif)
    return out.getvalue()


async def test_what_is_given_by_chat_text_and_phone_is_kept(
    service: Service, telegram: BotApi, twilio: FakeTwilio
) -> None:
    await joins_by_text(twilio)
    ada = await joins_by_chat(telegram)
    await joins_by_phone(twilio)
    await writes_in_the_diary(twilio)
    await sends_a_photo(ada)
    spoken = sound(3)
    await speaks_a_thought(twilio, spoken)

    async def all_stored() -> Any:
        found = {one["flow"]: one for one in await service.says("contributions", "GARDEN")}
        files = [file for one in found.values() for file in one["media"]]
        return found if len(files) == 2 and all(file["sha256"] for file in files) else None

    kept = await until(all_stored)
    assert {flow: one["channel"] for flow, one in kept.items()} == {
        "diary": "sms",
        "photo": "telegram",
        "thought": "voice",
    }
    assert kept["diary"]["text"] == "The bus was late again"
    assert kept["thought"]["media"][0]["sha256"] == hashlib.sha256(spoken).hexdigest()


async def writes_in_the_diary(twilio: FakeTwilio) -> None:
    for after, words in ((3, "diary"), (4, "The bus was late again"), (5, "two")):
        await twilio.text(MARY, words)
        answer = await twilio.next_text(MARY, after=after)
    assert "kept" in answer


async def sends_a_photo(ada: Person) -> None:
    ada.sends_photo(picture())
    await heard(ada, "Your photo is kept")
    ada.presses("That is all")
    await heard(ada, "What does it show")
    ada.writes("A step without a ramp")
    await heard(ada, "kept")


async def speaks_a_thought(twilio: FakeTwilio, spoken: bytes) -> None:
    call = await twilio.ring(GEORGE)
    await call.say_words("share a thought")
    assert "What you say is kept" in call.said
    await call.record(spoken, 3, key="#")
    await call.press("1")
    await call.press("1")
    assert "kept" in call.said
    await call.hang_up()


async def test_a_vote_by_chat_text_and_phone(service: Service, telegram: BotApi, twilio: FakeTwilio) -> None:
    await joins_by_text(twilio)
    ada = await joins_by_chat(telegram)
    await joins_by_phone(twilio)
    asked = await service.says(
        "poll", "open", "GARDEN", "Where shall we meet?", "-o", "Library", "-o", "Café"
    )
    poll = asked["id"]
    await heard(ada, "Where shall we meet?")
    ada.presses("Café")
    await heard(ada, "Your vote is counted: Café")
    assert "1 Library" in await twilio.next_text(MARY, after=3)
    await twilio.text(MARY, "libary pls")
    assert "Your vote is counted: Library" in await twilio.next_text(MARY, after=4)
    call = await twilio.answer(GEORGE)
    assert "To hear our message, press 1" in call.said
    assert "Where shall we meet" not in call.said
    await call.press("1")
    assert "For Library, press 1" in call.said
    await call.press("1")
    await call.hang_up()
    result = await service.says("poll", "result", poll)
    assert (result["voted"], result["eligible"], result["state"]) == (3, 3, "open")
    assert all(option["count"] is None for option in result["options"])
    await service.says("poll", "close", poll)
    assert "Library" in await heard(ada, "2 of 3")
    result = await service.says("poll", "result", poll)
    assert {one["option"]: one["count"] for one in result["options"]} == {"Library": 2, "Café": 1}


async def test_a_brief_reaches_everybody_by_their_own_way(
    service: Service, telegram: BotApi, twilio: FakeTwilio, tmp_path: Path
) -> None:
    await joins_by_text(twilio)
    ada = await joins_by_chat(telegram)
    await joins_by_phone(twilio)
    (tmp_path / "buses.md").write_text(BRIEF)
    meeting = (await service.says("meeting", "add", "GARDEN", "Travel session", "--at", "+2d"))["id"]
    brief = (await service.says("brief", "add", meeting, str(tmp_path / "buses.md"), "--before", "3d"))["id"]
    await heard(ada, "Two routes may change")
    ada.writes("READ")
    await heard(ada, "Thank you")
    assert "Bus routes" in await twilio.next_text(MARY, after=3)
    call = await twilio.answer(GEORGE)
    assert "Two routes" not in call.said
    await call.press("1")
    assert "Two routes may change" in call.said
    await call.hang_up()

    async def states() -> Any:
        rows = await service.says("brief", "status", brief)
        found = {row["channel"]: row["state"] for row in rows}
        wanted = {"telegram": "acknowledged", "sms": "delivered", "voice": "delivered"}
        return found if found == wanted else None

    assert await until(states)


async def test_somebody_who_asks_for_a_person_is_put_through_and_listed(
    service: Service, twilio: FakeTwilio
) -> None:
    await service.says("group", "helper", "GARDEN", "Ann", "--phone", "+441632960199")
    await joins_by_phone(twilio)
    call = await twilio.ring(GEORGE)
    await call.press("0")
    assert "To speak to a person, press 1" in call.said
    await call.press("1")
    assert call.dialled == ["+441632960199"]
    await call.dial_ends("no-answer")
    assert "can't come to the phone" in call.said
    await call.hang_up()
    waiting = {one["kind"]: one for one in await service.says("matters", "GARDEN")}
    assert set(waiting) == {"help", "name"}
    await service.says("member", "name", waiting["name"]["member"], "George")
    assert not await service.says("matters", "GARDEN", "--done", waiting["help"]["id"])
    people = await service.says("member", "list", "GARDEN")
    assert [one["name"] for one in people] == ["Ann", "George"]


async def test_where_stopping_is_ours_it_is_confirmed_once_and_kept(
    service: Service, twilio: FakeTwilio
) -> None:
    await service.stop()
    service.env["TAKEPART_SMS_OPTOUT"], twilio.heeds_stop = "ours", False
    await service.start()
    await joins_by_text(twilio)
    await twilio.text(MARY, "STOP")
    assert "START" in await twilio.next_text(MARY, after=3)
    await twilio.text(MARY, "STOP")
    asked = await service.says("poll", "open", "GARDEN", "Where?", "-o", "Library", "-o", "Café")
    await service.says("poll", "close", asked["id"])
    await twilio.text(MARY, "START")
    assert "Welcome back" in await twilio.next_text(MARY, after=4)  # and nothing of the vote before it


async def test_a_provider_that_was_away_gets_what_waited(service: Service, twilio: FakeTwilio) -> None:
    twilio.fail_next("messages", status=500, times=2)
    await twilio.text(MARY, "JOIN GARDEN")
    assert "Would you like to join?" in await twilio.next_text(MARY, wait=PATIENCE)


async def test_a_killed_service_goes_on_where_it_was(service: Service, twilio: FakeTwilio) -> None:
    await joins_by_text(twilio)
    await twilio.text(MARY, "diary")
    await twilio.next_text(MARY, after=3)
    await service.kill()
    await service.start()
    await twilio.text(MARY, "It rained")
    assert "How was that day?" in await twilio.next_text(MARY, after=4)


async def test_a_text_that_left_before_the_service_was_killed_is_not_sent_again(
    service: Service, twilio: FakeTwilio, tmp_path: Path
) -> None:
    await joins_by_text(twilio)
    twilio.receipts = False
    twilio.fail_next("messages", status=500, after=True, seconds=PATIENCE)
    await twilio.text(MARY, "diary")
    asked = await twilio.next_text(MARY, after=3)  # it has gone, and Twilio has not answered yet
    await service.kill()
    await service.start()
    db = await Database.open(sqlite_url(tmp_path / "takepart.db"))
    unclear = sa.select(outbox.c.id).where(outbox.c.outcome == "unclear", outbox.c.state == "waiting")
    lost = await until(lambda: _one(db, unclear))
    now = datetime.now(UTC)
    async with db.write() as conn:  # the minute that it waits is over
        await conn.execute(sa.update(outbox).where(outbox.c.id == lost).values(not_before=now))
        await conn.execute(sa.update(lines).values(due_at=now))
    settled = sa.select(outbox.c.provider_id).where(outbox.c.id == lost, outbox.c.state == "sent")
    sid = await until(lambda: _one(db, settled))
    await db.close()
    assert [text.sid for text in twilio.texts if text.body == asked] == [sid]


async def _one(db: Database, query: sa.Select[Any]) -> Any:
    async with db.read() as conn:
        return await conn.scalar(query)


async def test_a_text_that_came_while_the_service_was_down_is_answered(
    service: Service, twilio: FakeTwilio
) -> None:
    await joins_by_text(twilio)
    await service.stop()
    assert (await twilio.text(MARY, "diary")).status == 502
    await service.start()
    assert "diary" in await twilio.next_text(MARY, after=3, wait=PATIENCE)


@FROM_COLD
async def test_a_service_told_to_end_finishes_and_closes(
    service: Service, twilio: FakeTwilio, tmp_path: Path
) -> None:
    await joins_by_text(twilio)
    assert await service.stop() == 0
    left = await asyncio.to_thread(os.listdir, tmp_path)
    assert "takepart.db" in left
    assert "takepart.db-wal" not in left  # what is written is in one file, ready to be copied
    await service.start()
