"""Looks whether this installation can work, and says for each thing what is wrong and how to mend it."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal

from pydantic import SecretStr

from bot.settings import Settings, SettingsError
from channels.telegram import TelegramChannel
from channels.twilio import Account
from storage.database import StorageError
from storage.groups import list_groups
from storage.records import paused
from storage.secrets import Secrets
from storage.store import open_store
from storage.undelivered import undelivered

LITTLE_SPACE = 500_000_000  # bytes: a hundred photos and the database beside them


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`off` is no fault: it was not asked for."""

    what: str
    state: Literal["good", "off", "look", "bad"]
    sentence: str


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Everything worth knowing, one by one; what can't be reached is found out, not raised."""
    for advice in settings.advice():
        yield Finding(what="settings", state="look", sentence=advice)
    try:
        folder = settings.ensure_data_dir()
        secrets = Secrets(settings.secret_key())
    except SettingsError as error:
        yield Finding(what="data folder", state="bad", sentence=str(error))
        return
    free = shutil.disk_usage(folder).free
    state: Literal["good", "bad"] = "good" if free > LITTLE_SPACE else "bad"
    yield Finding(what="data folder", state=state, sentence=f"{free // 1_000_000} MB are free.")
    async for finding in _database(settings, secrets):
        yield finding
    yield await _telegram(settings)
    yield await _twilio(settings)


async def _database(settings: Settings, secrets: Secrets) -> AsyncIterator[Finding]:
    try:
        db = await open_store(settings.database_url, secrets)
    except StorageError as error:
        yield Finding(what="database", state="bad", sentence=str(error))
        return
    try:
        async with db.read() as conn:
            groups = len(await list_groups(conn))
            lost = len(await undelivered(conn))
            waiting = await paused(conn)
    finally:
        await db.close()
    said = "It opens, the key fits, " + (
        f"and it has groups: {groups}." if groups else "and it has no group yet."
    )
    yield Finding(what="database", state="good", sentence=said)
    if lost:
        said = f"{lost} have not arrived: `takepart undelivered` says why."
        yield Finding(what="messages", state="look", sentence=said)
    for lane, (sentence, _) in waiting.items():
        yield Finding(what=lane, state="bad", sentence=sentence)


async def _telegram(settings: Settings) -> Finding:
    token = settings.telegram_bot_token
    if token is None:
        return Finding(what="telegram", state="off", sentence="No TELEGRAM_BOT_TOKEN is set.")
    channel = TelegramChannel(token=token, secret=SecretStr("unused"), api_url=settings.telegram_api_url)
    try:
        name = await channel.me()
    except Exception as error:  # the provider's library has many, and each means the same here
        sentence = f"It does not answer to this token ({type(error).__name__}): {_error_word(error)}"
        return Finding(what="telegram", state="bad", sentence=sentence)
    finally:
        await channel.stop()
    return Finding(what="telegram", state="good", sentence=f"The bot is @{name}.")


def _error_word(error: Exception) -> str:
    """The operator's sentence where our channel gave one; a provider's own words may hold the token."""
    result = getattr(error, "result", None)
    return result.sentence if result else "see that the token is right and the network is there."


async def _twilio(settings: Settings) -> Finding:
    if not settings.twilio_on:
        return Finding(what="twilio", state="off", sentence="No Twilio account and number are set.")
    account = Account(
        sid=settings.twilio_account_sid or "",
        token=settings.twilio_auth_token or SecretStr(""),
        api_url=settings.twilio_api_url or "",
    )
    try:
        able = await account.abilities_of(settings.twilio_number or "")
    finally:
        await account.close()
    if able is None:
        sentence = (
            "Twilio does not answer: see that the account's SID and token are right and the network is there."
        )
        return Finding(what="twilio", state="bad", sentence=sentence)
    if not able:
        return Finding(what="twilio", state="bad", sentence="TWILIO_NUMBER is not a number of this account.")
    carries = ", ".join(sorted(able))
    pictures = "" if "mms" in able else " Pictures can't be texted: other ways are named instead."
    return Finding(what="twilio", state="good", sentence=f"The number carries {carries}.{pictures}")
