"""What is said is shown on three phones as the real encoders make it, before anything is sent."""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from jinja2 import Environment, PackageLoader, StrictUndefined
from pydantic import SecretStr

from bot.sending.senders import NOWHERE, Senders
from bot.web.console.phones import Phones, rung, three
from channels.sms import SmsChannel
from channels.telegram import TelegramChannel
from channels.twilio import Account
from channels.voice import VoiceChannel
from flows.events import Option, Question, Say, Shown
from flows.library import Flows
from flows.state import Notice
from storage.members.groups import Home
from storage.turning.views import House
from tests.scenes import BRIEF, SECOND, START, VOTE, house, shipped

HOME = Home(
    id="g1",
    code="GARDEN",
    number="1234",
    name="Garden Group",
    outside_name="The Shed",
    zone="Europe/London",
    hours="9-20",
    practice=False,
)
ASKED = Question(id="p1", name="ballot", text="Where?", takes=("choice",), options=VOTE.options, poll="p1")


def senders() -> Senders:
    account = Account(sid="AC" + "0" * 32, token=SecretStr("off"), api_url="")
    return Senders(
        telegram=TelegramChannel(
            words=house(), token=SecretStr("0:off"), secret=SecretStr("s"), api_url=None
        ),
        sms=SmsChannel(words=house(), account=account, number=NOWHERE),
        voice=VoiceChannel(words=house(), account=account, number=NOWHERE),
        account=account,
        on={},
    )


@dataclass
class Service:
    senders: Senders = field(default_factory=senders)
    flows: Flows = field(default_factory=shipped)
    house: House = field(default_factory=House)


def made(*says: Say, **more: Any) -> Phones:
    return three(Service(), says, group=HOME, **more)


def test_a_vote_is_buttons_on_telegram_numbers_by_text_and_keys_on_a_call() -> None:
    phones = made(Say(text="Where shall we meet?", question=ASKED))
    assert phones.chat[0].buttons == ("Library", "Café")
    assert phones.texts[0].parts == ("Where shall we meet?\n1 Library\n2 Café",)
    assert phones.call[0].lines == ("Where shall we meet?", "For Library, press 1.", "For Café, press 2.")
    assert phones.call[0].then == "Then it waits for one key, or for a word."


@pytest.mark.parametrize(
    ("words", "parts", "wide", "more"),
    [
        ("x" * 160, 1, False, False),
        ("x" * 161, 2, False, False),
        ("x" * 70 + "é", 1, False, False),
        ("🙂" * 36, 2, True, False),
        ("A sentence of some length. " * 40, 3, False, True),
    ],
)
def test_a_text_shows_its_parts_and_what_waits(words: str, parts: int, wide: bool, more: bool) -> None:
    phones = made(Say(text=words))
    (text,) = phones.texts
    assert (phones.parts, text.wide, text.more) == (parts, wide, more)


def test_a_picture_is_shown_on_telegram_and_told_elsewhere() -> None:
    bus = Shown(kind="photo", media="m", type="image/jpeg", words="The bus stop")
    phones = made(Say(text="Look:", shown=(bus,)))
    assert phones.chat[0].files == ("The bus stop",)
    assert "The bus stop" in phones.texts[0].parts[0]
    assert "The bus stop" in phones.call[0].lines


def test_whoever_is_rung_hears_who_rings_before_anything_else() -> None:
    said = rung(Service(), HOME, Notice(id="o", kind="poll", subject="p1", text=""), now=START, polls=[VOTE])
    phones = made(Say(text="Where shall we meet?", question=ASKED), turns=said)
    greeting, vote = phones.call
    assert "The Shed" in greeting.lines[0] and not any("Library" in line for line in greeting.lines)
    assert "For Library, press 1." in vote.lines
    assert phones.seconds > 10


@pytest.mark.parametrize(
    ("notice", "heard"),
    [
        (Notice(id="o", kind="brief", subject="b1", text=""), "Two bus routes may change."),
        (Notice(id="o", kind="poll", subject="p2", text=""), "Press the number of each one you choose"),
        (Notice(id="o", kind="result", subject="p1", text="The vote has closed."), "The vote has closed."),
    ],
)
def test_what_is_told_once_somebody_pressed_1(notice: Notice, heard: str) -> None:
    _, told = rung(Service(), HOME, notice, now=START, polls=[SECOND], briefs=[BRIEF])
    phones = made(Say(text="-"), turns=[told])
    assert any(heard in line for line in phones.call[0].lines)


def test_an_easy_brief_is_rung_in_its_easy_words() -> None:
    notice = Notice(id="o", kind="brief", subject="b1", text="")
    _, told = rung(Service(), HOME, notice, now=START, briefs=[BRIEF], form="easy")
    assert any("Two buses may change." in say.text for say in told)


def test_each_channel_may_say_its_own() -> None:
    by = {"telegram": [Say(text="chat")], "sms": [Say(text="text")], "voice": [Say(text="call", ends=True)]}
    phones = three(Service(), by, group=HOME, language="cy")
    assert (phones.chat[0].text, phones.texts[0].parts, phones.call[0].lines) == (
        "chat",
        ("text",),
        ("call",),
    )
    assert phones.call[0].then == "Then the call ends."
    assert phones.language == "cy"


def test_the_page_shows_words_as_words_and_has_no_style_of_its_own() -> None:
    tricky = "<script>alert(1)</script>"
    option = Option(key="1", label=tricky)
    question = replace(ASKED, options=(option, *ASKED.options))
    page = shown(made(Say(text=f"{tricky}\nSecond line", question=question)))
    assert "<script" not in page and "style=" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;<br>Second line" in page
    assert page.count("<h3") == 3 and "SMS part" in page


def shown(phones: Phones) -> str:
    loader = PackageLoader("bot.web", "templates")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
    source = '{% from "console/phones.html" import phones %}{{ phones(made) }}'
    return environment.from_string(source).render(made=phones)
