"""What somebody notices on a practice phone: one person on all of them, and the real thing in everything."""

import io
import os
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from aiohttp import ClientSession

from bot.app import App
from bot.practice.phones import Step, Upload
from bot.practice.talk import Phone, talk
from bot.practice.uploads import LASTS, Uploads
from bot.web.practice import COOKIE
from channels.base import FetchRefused
from channels.practice import REF, Handset
from channels.practice_call import Heard, Scene, Wait, scene
from storage.door.inviting import invite
from storage.tables import groups
from tests.practising import Somebody, open_browser, picture, rows, settings, until

PHOTO = Upload(name="steps.jpg", type="image/jpeg", data=picture())

ANSWERS = {
    "a menu": (
        '<Gather action="/twilio/voice/step?n=1" numDigits="1" finishOnKey="" input="dtmf speech" '
        'actionOnEmptyResult="true"><Say language="en-GB">To vote, press 1.</Say></Gather>',
        Scene(
            heard=(Heard(kind="words", text="To vote, press 1.", language="en-GB"),),
            wait=Wait(
                what="keys",
                action="/twilio/voice/step?n=1",
                otherwise="/twilio/voice/step?n=1",
                digits=1,
                speech=True,
            ),
        ),
    ),
    "a recording that falls through when it is empty": (
        '<Record action="/a" finishOnKey="12"/><Redirect>/b</Redirect>',
        Scene(
            heard=(Heard(kind="tone"),), wait=Wait(what="recording", action="/a", otherwise="/b", finish="12")
        ),
    ),
    "slower speech, something played, and the end": (
        '<Say><prosody rate="80%">Slowly.</prosody></Say><Play>/media/1</Play><Hangup/><Say>Not this.</Say>',
        Scene(
            heard=(
                Heard(kind="words", text="Slowly.", slower=True),
                Heard(kind="recording", url="/media/1"),
            )
        ),
    ),
    "one moment": ("<Redirect>/again</Redirect>", Scene(heard=(), redirect="/again")),
    "a person": (
        '<Dial action="/d">+441632960001</Dial>',
        Scene(heard=(), wait=Wait(what="person", action="/d", number="+441632960001")),
    ),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_is_heard_as_the_phone_network_reads_it(name: str) -> None:
    twiml, expected = ANSWERS[name]
    assert scene(f"<Response>{twiml}</Response>") == expected


def test_what_is_no_answer_is_said_to_be_none() -> None:
    with pytest.raises(ValueError, match="not TwiML"):
        scene("Internal Server Error")


async def test_a_text_and_a_call_come_from_the_same_person(pat: Somebody) -> None:
    await pat.texts("MENU")
    assert "To speak in your diary" in await pat.rings()
    assert len(await rows(pat.app, "SELECT 1 FROM members WHERE name = 'Pat'")) == 1


async def test_telegram_is_a_line_of_its_own(pat: Somebody) -> None:
    assert "Welcome to The Garden Group" in await pat.writes("JOIN GARDEN")


async def test_no_invitation_is_used_up_by_practising(app: App) -> None:
    async with app.db.write() as conn:
        group = await conn.scalar(sa.select(groups.c.id))
        _, code = await invite(conn, app.secrets, ids=app.ids, group=group or "", name="", now=app.clock())
    assert "You are in" in await Somebody(app).texts(f"JOIN {code}", "1", "Pat")
    (left,) = await rows(app, "SELECT used_at FROM invitations")
    assert left.used_at is None


async def test_a_photo_is_kept_without_where_it_was_taken(pat: Somebody) -> None:
    await pat.writes("JOIN GARDEN", "1", "Tel", "PHOTO")
    await pat.app.phones.send_photos(pat.me, [PHOTO, PHOTO])
    assert "Your 2 photos are kept" in await pat.answers()
    stored = await until(pat.app, "SELECT sha256 FROM media WHERE state = 'stored' AND kind = 'photo'")
    assert b"Exif" not in await pat.app.files.load(str(stored[0][0]))


async def test_what_was_uploaded_does_not_lie_about(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path)
    old, new = await uploads.keep(b"old"), await uploads.keep(b"new")
    long_ago = time.time() - LASTS - 1
    os.utime(tmp_path / old.removeprefix(REF), (long_ago, long_ago))
    uploads.sweep()
    assert await uploads.load(new, most=3) == b"new"
    with pytest.raises(FetchRefused):
        await uploads.load(old, most=3)


async def test_what_is_said_in_a_call_is_kept_and_can_be_heard_again(pat: Somebody) -> None:
    await pat.rings()
    await pat.presses("2")
    await pat.presses("2")
    assert "To hear it, press 2" in await pat.speaks()
    await pat.presses("2")
    played = [one.url for one in pat.scene.heard if one.kind == "recording"]
    async with open_browser(pat.app) as browser, browser.get(played[0]) as file:
        assert file.content_type == "audio/wav"


async def test_hanging_up_keeps_what_was_being_said(pat: Somebody) -> None:
    await pat.rings()
    await pat.presses("2")
    await pat.presses("2")
    said = Step(call="call", action=pat.scene.wait.action, recording=Upload(name="", type="", data=b"RIFF"))
    await pat.app.phones.hang_up(pat.me, "call", sound=said)
    assert await rows(pat.app, "SELECT 1 FROM contributions WHERE flow = 'diary' AND channel = 'voice'")


async def test_a_call_of_ours_rings_and_its_brief_is_heard(app: App) -> None:
    pat = Somebody(app)
    await pat.joins_by_phone()
    outbox = await pat.is_rung()
    assert "To hear our message, press 1" in await pat.answers_phone(outbox)
    assert "What the garden needs" in await pat.presses("1", outbox=outbox)
    _, ringing = await app.phones.posts(pat.me)
    assert outbox not in ringing


async def test_a_call_that_is_not_taken_is_noted(app: App) -> None:
    pat = Somebody(app)
    await pat.joins_by_phone()
    outbox = await pat.is_rung()
    await app.phones.decline(pat.me, "missed", outbox)
    assert await until(app, "SELECT 1 FROM receipts WHERE state = 'no_answer'")


async def test_nobody_can_step_into_the_call_of_another(pat: Somebody) -> None:
    await pat.rings()
    other = Handset(id="1" * 24)
    heard = await pat.app.phones.step(other, Step(call="call", action="/twilio/voice"))
    assert "We don't know this number yet" in " ".join(one.text for one in heard.heard)


@pytest.mark.parametrize("action", ["/twilio/sms", "//elsewhere/x", "", "/twilio/voice/status"])
async def test_only_a_step_of_a_call_is_one(pat: Somebody, action: str) -> None:
    with pytest.raises(ValueError, match="no step"):
        await pat.app.phones.step(pat.me, Step(call="call", action=action))


async def test_the_page_remembers_who_somebody_is_until_they_begin_anew(browser: ClientSession) -> None:
    people = []
    for method, path in (("GET", "/practice"), ("GET", "/practice"), ("POST", "/practice/new")):
        async with browser.request(method, path, allow_redirects=False) as page:
            people.append(page.cookies[COOKIE].value)
    assert people[0] == people[1] != people[2]


async def test_the_page_runs_no_script_but_its_own(browser: ClientSession) -> None:
    async with browser.get("/practice") as page:
        policy = page.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy


ODD: list[tuple[str, dict[str, str], int]] = [
    ("call", {"call": "x", "action": "/elsewhere"}, 400),
    ("call", {"call": "x", "action": "/twilio/voice/step?n=x"}, 400),
    ("telegram/press", {"data": "nonsense"}, 200),
    ("telegram", {"text": "\0" * 10}, 200),
    ("sms", {}, 200),
    ("sms", {"text": "x" * 10_000}, 200),
]


@pytest.mark.parametrize(("path", "fields", "status"), ODD)
async def test_odd_input_is_answered_kindly(
    browser: ClientSession, path: str, fields: dict[str, str], status: int
) -> None:
    async with browser.get("/practice"), browser.post(f"/practice/{path}", data=fields) as answer:
        said = (await answer.json()).get("error", "")
    assert (answer.status, bool(said)) == (status, status != 200)


async def test_a_page_without_its_cookie_can_do_nothing(app: App, browser: ClientSession) -> None:
    async with browser.post("/practice/sms", data={"text": "JOIN GARDEN"}) as answer:
        assert answer.status == 400
    assert not await rows(app, "SELECT 1 FROM events")


async def test_a_long_text_shows_its_parts(app: App, browser: ClientSession) -> None:
    async with browser.get("/practice"), browser.post("/practice/sms", data={"text": "JOIN GARDEN"}):
        await until(app, "SELECT 1 FROM outbox WHERE state = 'sent'")
    async with browser.get("/practice/posts") as answer:
        sent, came = (await answer.json())["posts"]
    assert (sent["from"], came["from"]) == ("you", "takepart")
    assert "".join(came["parts"]) == came["text"]
    assert len(came["parts"]) == 2


TALKS: dict[Phone, tuple[str, str]] = {
    "sms": (
        "JOIN GARDEN\n1\nPat\nDIARY\n",
        "What would you like to put in your diary?\n(1 part, 41 characters)",
    ),
    "telegram": ("/start GARDEN\n/press Join\nPat\n/press 99\n", "There is no such button."),
    "call": ("/press 1\n/ring\n/press 1\n/hangup\n", "Nobody is on the phone. Type /ring first."),
}


@pytest.mark.parametrize("phone", TALKS)
async def test_the_terminal_prints_the_answer_to_each_line(app: App, tmp_path: Path, phone: Phone) -> None:
    typed, expected = TALKS[phone]
    printed: list[str] = []
    await talk(settings(tmp_path), phone, lines=io.StringIO(typed), say=printed.append)
    assert expected in "\n".join(printed)


async def test_the_terminal_rings_though_the_public_address_has_a_path(app: App, tmp_path: Path) -> None:
    printed: list[str] = []
    below = settings(tmp_path, TAKEPART_PUBLIC_URL="https://example.org/voices")
    await talk(below, "call", lines=io.StringIO("/ring\n/press 1\n"), say=printed.append)
    assert "To join, press 1." in printed[2:]


async def test_the_terminal_is_the_same_person_the_next_time(app: App, tmp_path: Path) -> None:
    printed: list[str] = []
    lines: dict[Phone, str] = {"sms": "JOIN GARDEN\n1\nPat\n", "call": "/ring\n"}
    for phone, typed in lines.items():
        await talk(settings(tmp_path), phone, lines=io.StringIO(typed), say=printed.append)
    assert "(The call is over.)" in printed
    assert not any("don't know this number" in line for line in printed)


async def test_a_line_in_a_call_is_keys_or_words_and_a_hum_stands_for_words_after_the_tone(
    tmp_path: Path, app: App
) -> None:
    printed: list[str] = []
    typed = "/ring\n1\n/hang\n1\nMary\n1\n0\n"  # they join, say their name and ask for other choices
    await talk(settings(tmp_path), "call", lines=io.StringIO(typed), say=printed.append)
    told = "\n".join(printed)
    assert "There is no /hang here." in told and "(A hum of 2 seconds stands for that.)" in told
    assert "To go on where you were, press" in told and "I did not hear anything" not in told
    assert await rows(app, "SELECT 1 FROM members WHERE name_media IS NOT NULL")
