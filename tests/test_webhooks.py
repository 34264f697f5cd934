"""What providers and others may do at the port: signed and whole is taken, all else is refused."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession

from channels.telegram import WEBHOOK_HEADER
from tests.world import ADA, World, open_world

TWILIO = [f"/twilio/{door}" for door in ("sms", "sms/status", "voice", "voice/step?n=1", "voice/status")]
NOT_TELEGRAM = (b"", b"{", b"[]", b"null", b'{"update_id": "x"}', b"\xff\xfe", b'{"a":' * 9000)
ODD = {
    "nothing": "",
    "ten thousand": "word " * 2000,
    "right to left": "שלום עולם, مرحبا بالعالم",
    "emoji alone": "😀👍🏽🏳️‍🌈",
    "controls": "a\x07b\x1b[31mc\x7f",
    "nul": "a\x00b",
    "lone marks": "\u202e\u200f\u2066",
    "quotes": "' OR 1=1; DROP TABLE members; --",
    "braces": "{name} {0} %s <script>alert(1)</script>",
}


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


@pytest.mark.parametrize("said", ODD.values(), ids=ODD.keys())
async def test_any_text_is_taken_and_answered(world: World, said: str) -> None:
    await world.group()
    await world.joined(ADA)
    had = len(world.twilio.sent_to(ADA))
    reply = await world.twilio.text(ADA, said)
    assert reply.status == 200
    await world.twilio.next_text(ADA, after=had)
    assert await world.count("problems") == 0


@pytest.mark.parametrize("said", ODD.values(), ids=ODD.keys())
async def test_any_text_is_taken_into_a_diary(world: World, said: str) -> None:
    await world.group()
    await world.joined(ADA)
    await world.texts(ADA, "diary")
    reply = await world.twilio.text(ADA, said)
    assert reply.status == 200
    await world.twilio.next_text(ADA, after=4)
    assert await world.count("problems") == 0


@pytest.mark.parametrize(
    "path",
    ["/twilio/sms", "/twilio/sms/status", "/twilio/voice", "/twilio/voice/step?n=1", "/twilio/voice/status"],
)
async def test_what_twilio_did_not_sign_is_refused_and_not_stored(
    world: World, http: ClientSession, path: str
) -> None:
    form = {"MessageSid": "SM1", "CallSid": "CA1", "From": ADA, "Body": "JOIN GARDEN"}
    for headers in ({}, {"X-Twilio-Signature": "bm9uc2Vuc2U="}):
        async with http.post(world.url + path, data=form, headers=headers) as answer:
            assert answer.status == 403
            assert await answer.text() == ""
    assert await world.count("events") + await world.count("lines") + await world.count("calls") == 0


async def test_a_telegram_update_without_the_secret_is_refused(world: World, http: ClientSession) -> None:
    for headers in ({}, {WEBHOOK_HEADER: "guessed"}):
        async with http.post(
            world.url + "/telegram/webhook", json={"update_id": 1}, headers=headers
        ) as answer:
            assert answer.status == 403
    assert await world.count("events") == 0


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'{"update_id": "x"}', b"\xff\xfe", b'{"a":' * 9000]
)
async def test_what_telegram_would_not_send_is_turned_away(
    world: World, http: ClientSession, body: bytes
) -> None:
    secret = world.app.secrets.derive("telegram webhook")
    async with http.post(
        world.url + "/telegram/webhook", data=body, headers={WEBHOOK_HEADER: secret}
    ) as answer:
        assert answer.status == 400
    assert await world.count("events") == 0


async def test_a_signed_form_that_is_no_message_is_turned_away(world: World) -> None:
    status, _ = await world.twilio.post(f"{world.url}/twilio/sms", {"Surprise": "yes"})
    assert status == 400
    status, _ = await world.twilio.post(f"{world.url}/twilio/voice/status", {"Surprise": "yes"})
    assert status == 400


async def test_a_body_too_large_to_be_true_is_not_read(world: World, http: ClientSession) -> None:
    async with http.post(f"{world.url}/twilio/sms", data=io.BytesIO(b"x" * 2_000_000)) as answer:
        assert answer.status == 413


async def test_only_posts_are_webhooks(world: World, http: ClientSession) -> None:
    for path in ("/telegram/webhook", "/twilio/sms", "/twilio/voice"):
        async with http.get(world.url + path) as answer:
            assert answer.status == 405
    async with http.get(world.url + "/nowhere") as answer:
        assert answer.status == 404
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_channel_that_is_off_is_not_there(
    tmp_path: Path, migrated: Path, http: ClientSession
) -> None:
    async with open_world(tmp_path, migrated, TWILIO_AUTH_TOKEN="", TELEGRAM_BOT_TOKEN="") as world:
        for path in ("/telegram/webhook", "/twilio/sms", "/twilio/voice"):
            async with http.post(world.url + path, data={"a": "b"}) as answer:
                assert answer.status == 404


async def test_without_a_public_address_twilio_signs_our_own_and_telegram_is_polled(
    tmp_path: Path, migrated: Path
) -> None:
    async with open_world(tmp_path, migrated, webhooks=False) as world:
        await world.group()
        await world.joined(ADA)
        eve = world.telegram.person("Eve")
        for said in ("/start GARDEN", "1", "Eve"):
            await world.writes(eve, said)
        assert await world.count("members") == 2
        assert not world.telegram.webhook["url"]


async def test_with_a_public_address_telegram_is_told_it(world: World) -> None:
    await world.met(lambda: bool(world.telegram.webhook["url"]))
    assert world.telegram.webhook["url"] == f"{world.url}/telegram/webhook"


async def test_health_and_numbers_are_told(world: World, http: ClientSession) -> None:
    await world.group()
    await world.joined(ADA)
    async with http.get(f"{world.url}/health/live") as answer:
        assert answer.status == 200
    async with http.get(f"{world.url}/health/ready") as answer:
        assert (answer.status, (await answer.json())["ready"]) == (200, True)
    async with http.get(f"{world.url}/metrics") as answer:
        numbers = await answer.text()
    assert 'takepart_turns_total{channel="sms",outcome="taken"} 3.0' in numbers
    assert 'takepart_turn_seconds_count{channel="sms"} 3.0' in numbers
    assert "takepart_problems 0.0" in numbers


async def test_a_slow_step_hears_one_moment_and_then_the_answer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.group()
    monkeypatch.setattr(world.app.calls, "_patience", 0.05)
    async with world.app.db.write():  # nobody else can write meanwhile
        ringing = asyncio.create_task(world.twilio.ring(ADA))
        await asyncio.sleep(0.3)
    call = await ringing
    assert not call.fault
    assert any("One moment" in heard for heard in call.history)
    assert call.waits == "Gather"


async def test_the_log_of_a_bad_request_has_none_of_its_words(
    world: World, http: ClientSession, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = world.app.secrets.derive("telegram webhook")
    body = json.dumps({"update_id": 5, "message": {"text": "my private words"}})
    async with http.post(
        world.url + "/telegram/webhook", data=body, headers={WEBHOOK_HEADER: secret}
    ) as answer:
        assert answer.status == 400
    said = "".join(capsys.readouterr())
    assert "webhook_refused" in said
    assert "private" not in said
