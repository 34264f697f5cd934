"""Texts that came while nobody was there are taken in afterwards, once; none that is older than we are."""

from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from structlog.testing import capture_logs

from bot.intake.catching_up import CatchingUp
from bot.intake.queue import Busy
from tests.world import ADA, BEN, World, open_world

NOWHERE = "http://127.0.0.1:9"


def catching_up(world: World) -> CatchingUp:
    """The loop of a service that has just been started."""
    app = world.app
    return CatchingUp(
        db=app.db,
        secrets=app.secrets,
        sms=app.senders.sms,
        number=world.twilio.number,
        intake=app.intake,
        clock=world.clock,
    )


async def missed(world: World, number: str, words: str, **more: Any) -> None:
    """Somebody sends a text while the service is away."""
    here, world.twilio.service = world.twilio.service, NOWHERE
    assert (await world.twilio.text(number, words, **more)).status == 502
    world.twilio.service = here


async def started(world: World) -> None:
    """The service has been there once before."""
    assert await catching_up(world).look()


async def test_a_text_that_came_while_we_were_away_is_stored_and_answered_once(world: World) -> None:
    await world.group()
    await started(world)
    await missed(world, ADA, "JOIN GARDEN")
    world.clock.forward(timedelta(days=3))
    for _ in range(2):
        assert await catching_up(world).look()
    assert "Welcome to Garden Group" in await world.twilio.next_text(ADA)
    assert (await world.count("events"), await world.count("outbox")) == (1, 1)


async def test_what_the_webhook_brought_is_not_taken_again(world: World) -> None:
    await world.group()
    await started(world)
    await world.joined(ADA)
    with capture_logs() as logs:
        assert await catching_up(world).look()
    assert await world.count("events") == 3
    assert not [line for line in logs if line["event"] in ("texts_caught_up", "turn_failed")]


async def test_a_webhook_that_comes_after_all_is_known_for_a_repeat(world: World) -> None:
    await world.group()
    await started(world)
    await missed(world, ADA, "JOIN GARDEN", sid="SM7")
    await catching_up(world).look()
    assert (await world.twilio.text(ADA, "JOIN GARDEN", sid="SM7")).status == 200
    assert (await world.count("events"), await world.count("outbox")) == (1, 1)


async def test_a_new_installation_answers_no_old_texts(tmp_path: Path, migrated: Path) -> None:
    async with open_world(tmp_path, migrated) as world:
        await world.group()
        await world.until("SELECT 1 FROM marks WHERE name LIKE 'texts%'")
        world.clock.forward(-timedelta(minutes=5))
        await missed(world, ADA, "JOIN GARDEN")
        world.clock.forward(timedelta(minutes=5))
        await catching_up(world).look()
        assert await world.count("events") == 0


async def test_many_texts_are_taken_in_the_order_they_came(world: World) -> None:
    await world.group()
    await started(world)
    await world.joined(ADA)
    for words in ("diary", "The bus was late", "2"):
        await missed(world, ADA, words)
    for n in range(60):
        await missed(world, BEN, f"hello {n}")
    world.twilio.page_most = 20
    await catching_up(world).look()
    assert await world.count("events") == 3 + 63
    (kept,) = await world.rows("SELECT text, answers FROM contributions")
    assert kept.text == "The bus was late"
    assert "2" in kept.answers


async def test_a_picture_that_we_missed_is_fetched(world: World) -> None:
    await world.group()
    await started(world)
    await world.joined(ADA)
    await world.texts(ADA, "photo")
    photo = BytesIO()
    Image.new("RGB", (30, 20), "red").save(photo, "PNG")
    await missed(world, ADA, "", media=[(photo.getvalue(), "image/png")])
    await catching_up(world).look()
    await world.until("SELECT 1 FROM media WHERE state = 'stored'")


async def test_while_twilio_is_away_nothing_is_passed_over(world: World) -> None:
    await world.group()
    await started(world)
    await missed(world, ADA, "JOIN GARDEN")
    world.twilio.fail_next("lists", status=503)
    world.clock.forward(timedelta(hours=5))
    assert not await catching_up(world).look()
    assert await catching_up(world).look()
    assert await world.count("events") == 1


async def test_a_text_that_was_refused_for_want_of_room_is_taken_soon(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.group()
    await started(world)
    intake, take_all = world.app.intake, world.app.intake.take_all

    async def full(events: object) -> None:
        monkeypatch.setattr(intake, "take_all", take_all)
        raise Busy

    monkeypatch.setattr(intake, "take_all", full)
    monkeypatch.setattr(world.app.catching_up, "_settle", 0)
    assert (await world.twilio.text(ADA, "JOIN GARDEN")).status == 503
    assert "Welcome to Garden Group" in await world.twilio.next_text(ADA)
