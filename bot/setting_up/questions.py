"""What is asked to set Takepart up, in its order, and how each answer is checked by itself."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.settings import SettingsError, load
from storage.members import groups, people

Answers = dict[str, str]  # by the name of the question; empty where there is none
SETTINGS: Mapping[str, str] = {  # which answer is which setting
    "telegram_token": "TELEGRAM_BOT_TOKEN",
    "twilio_sid": "TWILIO_ACCOUNT_SID",
    "twilio_token": "TWILIO_AUTH_TOKEN",
    "twilio_number": "TWILIO_NUMBER",
    "public_url": "TAKEPART_PUBLIC_URL",
}
FIXED = "{} is set in the environment, which goes before .env: change it there."


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One thing to know. `check` gives it as it is kept, or raises Complaint or SettingsError.

    `can_go`: it may be left out, or taken away. `of`: where that has no answer this is not asked. `like`:
    whose answer it begins with, where there is none yet. `secret`: it is not shown while it is typed.
    """

    name: str
    asks: str
    check: Callable[[str], str]
    can_go: bool = False
    of: str = ""
    like: str = ""
    secret: bool = False

    @property
    def option(self) -> str:
        return f"--{self.name.replace('_', '-')}"


def _named(what: str) -> Callable[[str], str]:
    return lambda value: groups.named(value, what)


def _languages(value: str) -> str:
    return " ".join(groups.language_of(one) for one in dict.fromkeys(value.lower().replace(",", " ").split()))


def _setting(name: str) -> Callable[[str], str]:
    setting = SETTINGS[name]

    def check(value: str) -> str:
        load(given={setting: value})
        if os.environ.get(setting, value).strip() not in ("", value):
            raise SettingsError(FIXED.format(setting))
        return value

    return check


CODE = Question(
    name="code", asks="The group's code, which people send to join, such as OAK", check=groups.code_of
)
GROUP = (
    Question(name="name", asks="What the group is called", check=_named("The group's name")),
    Question(
        name="outside_name",
        asks="Its outside name, which tells strangers and answerphones nothing",
        check=_named("The outside name"),
    ),
    Question(name="timezone", asks="Its time zone", check=groups.zone_of),
    Question(name="hours", asks="The hours in which we may write or ring first", check=groups.hours_of),
    Question(name="languages", asks="Its languages, the first one first, such as en cy", check=_languages),
)
PEOPLE = (
    Question(name="owner", asks="Your own name, as members know you", check=_named("Your name")),
    Question(name="helper", asks="Who helps whoever asks for a person", check=_named("A name"), like="owner"),
    Question(
        name="helper_phone",
        asks="The helper's phone, to put callers through to",
        check=people.phone_of,
        can_go=True,
        of="helper",
    ),
    Question(
        name="contact",
        asks="Who is told when somebody may be in danger",
        check=_named("A name"),
        like="owner",
    ),
)
TELEGRAM = (
    Question(
        name="telegram_token",
        asks="The Telegram bot's token from @BotFather",
        check=_setting("telegram_token"),
        can_go=True,
        secret=True,
    ),
)
TWILIO = (
    Question(name="twilio_sid", asks="The Twilio account's SID", check=_setting("twilio_sid"), can_go=True),
    Question(
        name="twilio_token",
        asks="Its auth token",
        check=_setting("twilio_token"),
        can_go=True,
        of="twilio_sid",
        secret=True,
    ),
    Question(
        name="twilio_number",
        asks="Its number for texts and calls, such as +441632960000",
        check=_setting("twilio_number"),
        can_go=True,
        of="twilio_sid",
    ),
)
PLACE = (
    Question(
        name="public_url",
        asks="The service's https address on the internet, which Twilio needs",
        check=_setting("public_url"),
        can_go=True,
    ),
)
