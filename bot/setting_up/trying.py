"""Tries what can be tried: asks Telegram and Twilio themselves, and looks whether an address can be used."""

from collections.abc import Awaitable, Sequence
from typing import Protocol

from bot.doctor import machine, open_account, open_bot, twilio
from bot.doctor.finding import Finding
from bot.setting_up.questions import SETTINGS, Answers
from bot.settings import Settings, load
from channels.base import Trouble
from storage.members.groups import Complaint
from storage.secrets import Secrets

ALL_THREE = "Texts and calls need all three: the account's SID, its auth token and the number."


class Try(Protocol):
    """Gives what was found, a sentence each; raises Complaint where it can't be so. `offline` asks nobody."""

    def __call__(self, answers: Answers, *, offline: bool) -> Awaitable[Sequence[str]]: ...


async def telegram(answers: Answers, *, offline: bool) -> Sequence[str]:
    """Whether there is a bot of this token."""
    if not answers["telegram_token"] or offline:
        return []
    settings = _with(answers)
    async with open_bot(settings, Secrets(settings.secret_key())) as channel:
        try:
            return [f"The bot is @{await channel.me()}."]
        except Trouble as trouble:
            raise Complaint(f"The bot can't be used: {trouble.result.sentence}") from None


async def numbers(answers: Answers, *, offline: bool) -> Sequence[str]:
    """Whether the account has this number, and what it carries."""
    if not all_or_none(answers) or offline:
        return []
    # Where it sends what comes is seen to later, by the doctor.
    settings = _with(answers | {"public_url": ""})
    async with open_account(settings) as account:
        return _told(await twilio.examine(account, settings))


async def address(answers: Answers, *, offline: bool) -> Sequence[str]:
    """Whether providers could call this address. Whether it leads here is seen once the service runs."""
    return _told(list(machine.public_address(_with(answers), None))) if answers["public_url"] else []


def all_or_none(answers: Answers) -> bool:
    """Whether texts and calls are to be on; raise Complaint where only a part of what they need is there."""
    given = [bool(answers[name]) for name in ("twilio_sid", "twilio_token", "twilio_number")]
    if any(given) and not all(given):
        raise Complaint(ALL_THREE)
    return all(given)


def _with(answers: Answers) -> Settings:
    return load(given={setting: answers.get(name, "") for name, setting in SETTINGS.items()})


def _told(found: Sequence[Finding]) -> list[str]:
    wrong = [one.sentence for one in found if one.state == "bad"]
    if wrong:
        raise Complaint(" ".join(wrong))
    return [one.sentence for one in found]
