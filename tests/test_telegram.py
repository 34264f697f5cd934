"""What Telegram's updates mean to us, and what we say looks like there."""

import json
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr

from channels.base import Inbound, Parcel, Refused, Unreadable
from channels.telegram import TelegramChannel
from channels.telegram_out import pop_up, room_poll, room_words
from flows.events import Attachment, Event, Option, Question, Say, Shown
from tests.scenes import house

NOW = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
CASES = yaml.safe_load((Path(__file__).parent / "cases" / "telegram" / "updates.yaml").read_text())["cases"]
PLACES = (Option(key="library", label="Library"), Option(key="cafe", label="Café"))


@pytest.fixture
def channel() -> TelegramChannel:
    made = TelegramChannel(words=house(), token=SecretStr("1:token"), secret=SecretStr("webhook-secret"))
    made.username = "takepart_bot"
    return made


def request(body: bytes, **headers: str) -> Inbound:
    return Inbound(url="https://example.org/telegram/webhook", headers=headers, body=body)


def shown(value: Event | Attachment) -> dict[str, Any]:
    """Only what is not its default, and not the same in every event."""
    told = {}
    for field in fields(value):
        content = getattr(value, field.name)
        if content != field.default and field.name not in ("channel", "can"):
            told[field.name] = content
    return told


def expected(event: dict[str, Any]) -> dict[str, Any]:
    at = NOW if event["at"] == "now" else datetime.fromtimestamp(event["at"], UTC)
    filled = event | {"at": at, "to": "1"}  # the bot of this token
    if "attachments" in event:
        filled["attachments"] = tuple(Attachment(**attachment) for attachment in event["attachments"])
    return filled


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in CASES])
def test_an_update_becomes_these_events(case: dict[str, Any], channel: TelegramChannel) -> None:
    events = channel.decode(request(json.dumps(case["update"]).encode()), NOW)
    assert [shown(event) for event in events] == [expected(event) for event in case["events"]]


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in CASES])
def test_every_event_carries_what_telegram_can_do(case: dict[str, Any], channel: TelegramChannel) -> None:
    events = channel.decode(request(json.dumps(case["update"]).encode()), NOW)
    assert all(event.channel == "telegram" and event.can == channel.can for event in events)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"Body=hello&From=%2B44",
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b"null",
        b'{"message": {}}',
        b'{"update_id": "7"}',
        b'{"update_id": 7, "message": "secret words"}',
        b'{"update_id": 7, "message": {"text": "secret words"}}',
        b'{"update_id": 7, "message": {"message_id": 1, "date": 1, "chat": {"id": 1, "type": "private"},'
        b' "from": {"id": 1, "is_bot": false, "first_name": "x"}, "text": ["secret words"]}}',
        b'{"update_id": 7, "message": {"message_id": 1, "date": 99999999999999999999, "chat": 3}}',
    ],
)
def test_a_body_that_is_no_update_is_unreadable(body: bytes, channel: TelegramChannel) -> None:
    with pytest.raises(Unreadable) as refusal:
        channel.decode(request(body), NOW)
    assert "secret words" not in str(refusal.value)


def test_half_a_character_does_no_harm(channel: TelegramChannel) -> None:
    update = json.dumps(CASES[0]["update"]).replace("I like", "\\ud83d I like")
    (event,) = channel.decode(request(update.encode()), NOW)
    assert event.text == " I like the library"


def test_only_who_knows_the_secret_gets_in(channel: TelegramChannel) -> None:
    channel.verify(request(b"{}", **{"x-telegram-bot-api-secret-token": "webhook-secret"}))
    for headers in (
        {},
        {"x-telegram-bot-api-secret-token": "wrong"},
        {"x-telegram-bot-api-secret-token": "ü"},
    ):
        with pytest.raises(Refused):
            channel.verify(request(b"{}", **headers))


def test_without_a_secret_nobody_gets_in() -> None:
    open_channel = TelegramChannel(words=house(), token=SecretStr("1:token"), secret=SecretStr(""))
    with pytest.raises(Refused):
        open_channel.verify(request(b"{}", **{"x-telegram-bot-api-secret-token": ""}))


def asked(**more: Any) -> Question:
    return Question(
        **{"id": "q1", "name": "place", "text": "Where?", "takes": ("choice",), "options": PLACES} | more
    )


def labels(parcel: Parcel) -> list[list[str]]:
    rows = parcel.params.get("reply_markup", {}).get("inline_keyboard", [])
    return [[button["text"] for button in row] for row in rows]


SCALE = tuple(
    Option(key=str(n), label=label) for n, label in enumerate(["1 very bad", "2", "3", "4", "5 very good"], 1)
)
LONG = Option(key="x", label="A quiet corner in the back room, with a door that can be closed")

LOOKS: list[tuple[str, Question | None, str, list[list[str]]]] = [
    ("words alone", None, "Where?", []),
    ("a choice", asked(), "Where?", [["Library"], ["Café"]]),
    ("one that may be left out", asked(optional=True), "Where?", [["Library"], ["Café"], ["Skip"]]),
    (
        "free words that may be left out",
        asked(takes=("text",), options=(), optional=True),
        "Where?",
        [["Skip"]],
    ),
    (
        "a scale",
        asked(takes=("scale",), options=SCALE),
        "Where?\n\n1 is very bad, 5 is very good",
        [["1", "2", "3", "4", "5"]],
    ),
    (
        "a scale with a way out",
        asked(takes=("scale",), options=(*SCALE, Option(key="no", label="Rather not say"))),
        "Where?\n\n1 is very bad, 5 is very good",
        [["1", "2", "3", "4", "5"], ["Rather not say"]],
    ),
    (
        "several",
        asked(takes=("several",)),
        "Where?\n\n1 Library\n2 Café\nYou can choose more than one, like 1 2.",
        [["1 Library"], ["2 Café"]],
    ),
    (
        "a label too long for a button",
        asked(options=(*PLACES, LONG)),
        f"Where?\n\n1 Library\n2 Café\n3 {LONG.label}",
        [["1 Library"], ["2 Café"], ["3 A quiet corner in the back…"]],
    ),
]


@pytest.mark.parametrize(
    ("question", "text", "buttons"), [pytest.param(*row[1:], id=row[0]) for row in LOOKS]
)
def test_a_question_looks_like_this(
    question: Question | None, text: str, buttons: list[list[str]], channel: TelegramChannel
) -> None:
    (parcel,) = channel.encode(Say(text="Where?", question=question), "100")
    assert (parcel.method, parcel.params["chat_id"], parcel.params["text"]) == ("send_message", 100, text)
    assert labels(parcel) == buttons


def test_a_button_brings_back_its_question_and_option(channel: TelegramChannel) -> None:
    (parcel,) = channel.encode(Say(text="Where?", question=asked()), "100")
    data = parcel.params["reply_markup"]["inline_keyboard"][1][0]["callback_data"]
    pressed = {
        "id": "1",
        "from": {"id": 100, "is_bot": False, "first_name": "A"},
        "chat_instance": "1",
        "data": data,
    }
    (event,) = channel.decode(request(json.dumps({"update_id": 1, "callback_query": pressed}).encode()), NOW)
    assert (event.kind, event.question, event.value) == ("press", "q1", "cafe")


def test_an_option_with_a_long_key_is_named_by_its_position(channel: TelegramChannel) -> None:
    question = asked(options=(PLACES[0], Option(key="é" * 40, label="Café")))
    (parcel,) = channel.encode(Say(text="Where?", question=question), "100")
    assert parcel.params["reply_markup"]["inline_keyboard"][1][0]["callback_data"] == "a:q1:2"


def test_long_words_go_as_several_messages_with_the_buttons_last(channel: TelegramChannel) -> None:
    words = "\n\n".join(f"Paragraph {n}. " + "This is what it says 😀. " * 20 for n in range(25))
    sent = channel.encode(Say(text=words, question=asked()), "100")
    assert len(sent) > 2
    assert all(len(parcel.params["text"].encode("utf-16-le")) <= 2 * 4096 for parcel in sent)
    assert [labels(parcel) for parcel in sent] == [[]] * (len(sent) - 1) + [[["Library"], ["Café"]]]
    assert "".join("".join(p.params["text"].split()) for p in sent) == "".join(words.split())


def test_addresses_in_words_bring_no_preview(channel: TelegramChannel) -> None:
    (parcel,) = channel.encode(Say(text="See https://example.org"), "100")
    assert parcel.params["link_preview_options"] == {"is_disabled": True}


FILES = [
    ("photo", "image/jpeg", "send_photo", "photo"),
    ("photo", "image/heic", "send_document", "document"),
    ("voice", "audio/ogg", "send_voice", "voice"),
    ("voice", "audio/mpeg", "send_audio", "audio"),
    ("voice", "audio/wav", "send_document", "document"),
    ("file", "application/pdf", "send_document", "document"),
]


@pytest.mark.parametrize(("kind", "media_type", "method", "name"), FILES)
def test_a_file_is_passed_on_with_words_for_who_cannot_see_it(
    kind: Any, media_type: str, method: str, name: str, channel: TelegramChannel
) -> None:
    file = Shown(kind=kind, media="abc", sha256="5ha", type=media_type, words="A blue door with a step.")
    first, last = channel.encode(Say(text="Look:", shown=(file,)), "100")
    assert (first.method, first.params[name], first.files) == (method, "abc", (file,))
    assert first.params["caption"] == "A blue door with a step."
    assert last.params["text"] == "Look:"


def test_words_too_long_for_a_caption_go_on_below(channel: TelegramChannel) -> None:
    file = Shown(kind="photo", media="abc", sha256="5ha", type="image/png", words="A long story. " * 100)
    photo, below = channel.encode(Say(text="", shown=(file,)), "100")
    assert len(photo.params["caption"]) <= 1024
    assert len(photo.params["caption"]) + len(below.params["text"]) > 1380


def test_nothing_to_say_sends_nothing(channel: TelegramChannel) -> None:
    assert channel.encode(Say(text=" "), "100") == ()


def test_a_poll_in_a_group_shows_how_many_have_voted() -> None:
    parcel = room_poll("-100500", asked(optional=True), "7 people have voted.", house())
    assert parcel.method == "send_message"
    assert parcel.params["text"] == "Where?\n\n7 people have voted."
    assert labels(parcel) == [["Library"], ["Café"]]


def test_a_poll_in_a_group_is_brought_up_to_date_in_its_place() -> None:
    parcel = room_poll("-100500", asked(), "3 people have voted.", house(), message="-100500:31")
    place = (parcel.params["chat_id"], parcel.params["message_id"])
    assert (parcel.method, *place) == ("edit_message_text", -100500, 31)
    closed = room_words("-100500", "Library won.", message="-100500:31")
    assert "reply_markup" not in closed.params


def test_a_pop_up_is_cut_to_what_telegram_takes() -> None:
    parcel = pop_up("4382", "Your vote is counted. " * 20, alert=True)
    assert len(parcel.params["text"]) <= 200
    assert parcel.params["text"].endswith("…")
    assert parcel.params["show_alert"] is True
