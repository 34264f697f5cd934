"""The service as a whole: it starts when others are away, ends without losing anything, and clears up."""

import asyncio
import socket
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from aiohttp import ClientSession

from bot.app import App
from bot.serving import PortTaken
from bot.settings import Settings
from bot.ways import open_flows, shipped
from flows.document import parse
from flows.events import Event
from storage.running.clearing import BIT, clear
from storage.tables import flow_versions, lines, practice_posts
from tests.stores import KEY
from tests.world import ADA, World, open_world

AWAY = "http://127.0.0.1:9"


async def test_providers_that_are_away_keep_nobody_from_starting(tmp_path: Path, migrated: Path) -> None:
    async with open_world(tmp_path, migrated, TELEGRAM_API_URL=AWAY, TWILIO_API_URL=AWAY) as world:
        await world.group()
        assert (await world.twilio.text(ADA, "JOIN GARDEN")).status == 200
        async with ClientSession() as http, http.get(f"{world.url}/health/ready") as answer:
            assert answer.status == 200
        await world.until("SELECT 1 FROM outbox WHERE state = 'waiting' AND tries > 0")


async def test_an_answer_waits_for_a_provider_that_is_down(world: World) -> None:
    await world.group()
    world.twilio.fail_next("messages", status=503)
    (answer,) = await world.texts(ADA, "JOIN GARDEN")
    assert "Welcome to Garden Group" in answer
    assert len(world.twilio.sent_to(ADA)) == 1


async def test_a_port_in_use_is_said_in_one_sentence(tmp_path: Path, store_url: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        app = App(_settings(tmp_path, store_url, TAKEPART_PORT=str(other.getsockname()[1])))
        with pytest.raises(PortTaken, match="set TAKEPART_PORT"):
            await app.serve()


async def test_what_was_handed_in_is_answered_before_the_end(tmp_path: Path, store_url: str) -> None:
    app = App(_settings(tmp_path, store_url))
    await app.start()
    waiting = [asyncio.create_task(app.intake.take(_text(app, n))) for n in range(100)]
    await asyncio.sleep(0)
    await app.stop()
    assert all([(await task).repeat is False for task in waiting])


async def test_it_can_be_started_again_on_the_same_data(tmp_path: Path, store_url: str) -> None:
    for n in range(2):
        app = App(_settings(tmp_path, store_url))
        await app.start()
        assert (await app.intake.take(_text(app, 1))).repeat is (n == 1)
        await app.stop()


async def test_somebody_in_an_older_flow_can_finish_it(world: World) -> None:
    await world.group()
    await world.joined(ADA)
    await world.texts(ADA, "diary")
    body = shipped()["diary.yaml"].replace("flow: diary", "flow: diary  # as it was last year")
    old, new = parse(body, "diary.yaml")[0].version, world.app.flows.current["diary"].version
    before = await open_flows(world.app.db, world.clock())
    async with world.app.db.write() as conn:
        await conn.execute(
            flow_versions.insert().values(version=old, flow="diary", body=body, at=world.clock())
        )
        await conn.execute(sa.text(f"UPDATE conversations SET state = replace(state, '{new}', '{old}')"))  # noqa: S608
    after = await open_flows(world.app.db, world.clock())
    assert (old in before.versions, old in after.versions) == (False, True)
    assert after.current["diary"].version == new


async def test_words_kept_for_a_replay_are_emptied_in_time(world: World) -> None:
    await world.group()
    await world.joined(ADA)
    await world.texts(ADA, "diary")
    for days, bodies, events in ((6, 4, 4), (8, 0, 4), (31, 0, 0)):
        await clear(world.app.db, world.clock() + timedelta(days=days))
        assert len(await world.rows("SELECT 1 FROM events WHERE body IS NOT NULL")) == bodies
        assert await world.count("events") == events
    assert await world.count("lines") == 1  # a member's line stays


@pytest.mark.parametrize("state", ["sent", "dead"])
async def test_a_message_that_got_no_receipt_is_emptied_all_the_same(world: World, state: str) -> None:
    await world.group()
    await world.joined(ADA)
    await world.until("SELECT 1 WHERE (SELECT count(*) FROM outbox WHERE state = 'delivered') = 3")
    async with world.app.db.write() as conn:
        await conn.execute(sa.text("UPDATE outbox SET body = 'words', state = :state"), {"state": state})
    for days, bodies in ((3, 3), (5, 0)):
        await clear(world.app.db, world.clock() + timedelta(days=days))
        assert len(await world.rows("SELECT 1 FROM outbox WHERE body IS NOT NULL")) == bodies


async def test_clearing_goes_on_until_nothing_is_left_to_clear(world: World) -> None:
    many = 2 * BIT + 1
    async with world.app.db.write() as conn:
        old = [
            {"id": f"{n:016}", "line_id": f"{n:016}", "parcel": None, "at": world.clock()}
            for n in range(many)
        ]
        mine = [
            {"id": row["line_id"], "kind": "practice", "address_hash": str(row["id"]).encode()} for row in old
        ]
        await conn.execute(lines.insert(), mine)
        await conn.execute(practice_posts.insert(), old)
    await clear(world.app.db, world.clock() + timedelta(days=2))
    assert await world.count("practice_posts") == 0


def _settings(folder: Path, url: str, **more: str) -> Settings:
    given = {
        "TAKEPART_DATABASE_URL": url,
        "TAKEPART_DATA_DIR": str(folder),
        "TAKEPART_SECRET_KEY": KEY.get_secret_value(),
        **more,
    }
    return Settings.model_validate(given)


def _text(app: App, n: int) -> Event:
    return Event(
        channel="sms",
        id=f"SM{n}",
        line=f"+4477009{n:05d}",
        at=app.clock(),
        kind="words",
        can=app.senders.sms.can,
        text="hello",
    )
