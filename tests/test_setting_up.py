"""`takepart setup`: asks, checks each answer at once, and writes the group and `.env`, all or nothing."""

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.commands.base import Here
from bot.setting_up.asking import Interview
from bot.setting_up.questions import Question
from bot.setting_up.writing import Done, set_up
from bot.settings import SettingsError, load
from storage.database import Database
from storage.ids import Ids
from storage.members.groups import Complaint
from storage.secrets import Secrets
from tests.fakes.telegram import TOKEN, USERNAME, BotApi
from tests.fakes.twilio import NUMBER, FakeTwilio
from tests.stores import KEY
from tests.terminal import Takepart

NEW = ("--code", "OAK", "--name", "The Oak Group", "--owner", "Sam")
ENV = "# mine\nTAKEPART_PORT=8123\n\n#TELEGRAM_BOT_TOKEN=old\nexport TAKEPART_HOST=127.0.0.1"
SetUp = Callable[..., Any]


@pytest.fixture
def kind() -> str:
    """What is asked and written is the same on either database."""
    return "sqlite"


def test_a_group_its_people_and_its_settings_are_there_with_one_command(takepart: Takepart) -> None:
    Path(".env").write_text(ENV)
    more = ("--languages", "en, cy", "--helper", "Kim", "--helper-phone", "+44 1632 960100")
    said = takepart("setup", *NEW, *more, "--telegram-token", TOKEN, "--offline", "--json")
    assert (said.code, said.json["code"]) == (0, "OAK") and "/console/sign-in/" in said.json["link"]
    assert Path(".env").read_text() == f"{ENV}\nTELEGRAM_BOT_TOKEN='{TOKEN}'\n"
    assert os.stat(".env").st_mode & 0o777 == 0o600
    people = {one["name"]: one["permission"] for one in takepart("member", "list", "OAK", "--json").json}
    assert people == {"Sam": "owner", "Kim": "facilitator"}
    assert takepart("group", "rules", "OAK", "--json").json["languages"] == "en cy"
    assert "Sam" in takepart("safety", "contact", "OAK").out


def test_run_again_it_changes_only_what_is_named(takepart: Takepart) -> None:
    takepart("setup", *NEW, "--telegram-token", TOKEN, "--offline")
    said = takepart("setup", "--hours", "10-18", "--json")
    assert (said.code, said.json["link"]) == (0, None)
    again = takepart("setup", "--code", "oak", "--telegram-token", "-", "--owner", "sam", "--json")
    assert again.json["id"] == said.json["id"] and again.json["link"]
    assert load(Path(".env")).telegram_bot_token is None
    assert [one["name"] for one in takepart("member", "list", "OAK", "--json").json] == ["Sam"]


WRONG = {
    "no name for a new group": (("--code", "ELM"), "--name"),
    "a code that is none": (("--code", "A!"), "3 to 20 letters"),
    "hours that never are": ((*NEW, "--hours", "25-3"), "25-3"),
    "no such zone": ((*NEW, "--timezone", "Mars/Base"), "Mars/Base"),
    "a language by name": ((*NEW, "--languages", "Welsh"), "two letters"),
    "a phone without its country": ((*NEW, "--helper-phone", "01632 960100"), "with its country"),
    "a token with a blank": ((*NEW, "--telegram-token", "1: 2"), "TELEGRAM_BOT_TOKEN"),
    "half of Twilio": ((*NEW, "--twilio-sid", "AC1", "--offline"), "all three"),
    "an address that is none": ((*NEW, "--public-url", "oak"), "TAKEPART_PUBLIC_URL"),
    "an address that nobody can call": (
        (*NEW, "--telegram-token", TOKEN, "--public-url", "http://localhost", "--offline"),
        "https://",
    ),
    "the example group": (("--code", "GARDEN", "--name", "Garden", "--owner", "Sam"), "for practising"),
}


def test_a_wrong_answer_is_named_and_leaves_nothing_behind(takepart: Takepart) -> None:
    takepart("example")
    for what, (words, named) in WRONG.items():
        said = takepart("setup", *words)
        assert (said.code, said.out, named in said.err) == (2, "", True), what
        assert TOKEN not in said.err
    assert not list(Path().glob(".env*"))
    assert takepart("member", "list", "OAK").code == 2


def test_a_setting_of_the_environment_is_not_changed_in_the_file(
    takepart: Takepart, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAKEPART_PUBLIC_URL", "https://oak.example.org")
    assert takepart("setup", *NEW, "--public-url", "https://oak.example.org").code == 0
    said = takepart("setup", "--public-url", "https://elm.example.org")
    assert said.code == 2 and "set in the environment" in said.err
    assert not Path(".env").exists()


def test_a_group_is_not_made_where_the_settings_cannot_be_written(
    takepart: Takepart, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Path) -> None:
        raise SettingsError(".env cannot be written (No space left on device).")

    monkeypatch.setattr("bot.setting_up.env_file.replace", full)
    said = takepart("setup", *NEW, "--telegram-token", TOKEN, "--offline")
    assert said.code == 2 and "cannot be written" in said.err
    assert takepart("member", "list", "OAK").code == 2 and not list(Path().glob(".env*"))


@pytest.fixture
def setting_up(db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Sets up with these options; `typed` is what somebody at a terminal answers, by question."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TAKEPART_SECRET_KEY", KEY.get_secret_value())
    monkeypatch.setenv("TAKEPART_DATA_DIR", str(tmp_path))

    async def run(told: list[str], typed: Mapping[str, list[str]] | None = None, **given: str) -> Done:
        def ask(one: Question, stands: str) -> str:
            answers = (typed or {}).get(one.name, [])
            return answers.pop(0) if answers else stands

        here = Here(settings=load(), db=db, secrets=Secrets(KEY), ids=Ids(), now=datetime.now(UTC))
        given = {"code": "OAK", "name": "The Oak Group", "owner": "Sam"} | given
        asks = ask if typed is not None else None
        return await set_up(here, Interview(given, ask=asks, tell=told.append))

    return run


async def test_telegram_and_twilio_are_really_asked(
    setting_up: SetUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with BotApi() as telegram, FakeTwilio() as twilio:
        monkeypatch.setenv("TELEGRAM_API_URL", telegram.url)
        monkeypatch.setenv("TWILIO_API_URL", twilio.url)
        account = {"twilio_sid": twilio.sid, "twilio_token": twilio.token}
        with pytest.raises(Complaint, match="The bot can't be used"):
            await setting_up([], telegram_token="1:wrong")
        with pytest.raises(Complaint, match="not a number of this account"):
            await setting_up([], **account, twilio_number="+441632960999")
        with pytest.raises(Complaint, match="numbers can't be seen"):
            await setting_up([], **account | {"twilio_token": "wrong"}, twilio_number=NUMBER)
        assert ".env" not in os.listdir()
        told: list[str] = []
        await setting_up(told, telegram_token=telegram.token, **account, twilio_number=NUMBER)
    assert any(USERNAME in one for one in told) and any("It carries" in one for one in told)
    assert load().channels_on == ("telegram", "sms", "voice")


async def test_somebody_at_a_terminal_is_asked_again_until_it_is_right(
    setting_up: SetUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with BotApi() as telegram:
        monkeypatch.setenv("TELEGRAM_API_URL", telegram.url)
        told: list[str] = []
        typed = {
            "hours": ["always", "10-18"],
            "telegram_token": ["1:wrong", telegram.token],
            "contact": ["Kim"],
        }
        done = await setting_up(told, typed, outside_name=" ", helper_phone="12")
    assert done.home.code == "OAK" and done.link
    assert [one for one in told if "always" in one or "can't be used" in one or "with its country" in one]
    assert load().telegram_on
    more = {"hours": ["9-17"], "timezone": ["Europe/Paris"]}
    again = await setting_up(told, more, hours="25")
    assert (again.home.id, again.new) == (done.home.id, False)
    assert more == {"hours": [], "timezone": ["Europe/Paris"]}  # nobody was asked what was not wrong
