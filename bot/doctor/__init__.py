"""Looks whether this installation can work, and says for each thing what is wrong and how to mend it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from aiohttp import ClientTimeout
from pydantic import SecretStr

from bot.doctor import kept, machine, telegram, twilio
from bot.doctor.finding import Finding, bad, look, off
from bot.sending.senders import telegram_secret
from bot.settings import Settings, SettingsError
from bot.ways import house
from channels.elsewhere import Seen, look_at
from channels.telegram import TelegramChannel
from channels.twilio import HOME, Account
from storage.members.groups import Complaint
from storage.secrets import Secrets

__all__ = ["Finding", "examine", "open_account", "open_bot", "set_webhooks"]

TELEGRAM = "https://api.telegram.org"
PATIENCE = 10.0  # seconds for one question: somebody waits at the terminal


def _now() -> datetime:
    return datetime.now(UTC)


async def examine(settings: Settings, *, now: Callable[[], datetime] = _now) -> AsyncIterator[Finding]:
    """Everything worth knowing, one by one; what can't be reached is found out, not raised."""
    for advice in settings.advice():
        yield look("settings", advice)
    for finding in machine.env_file():
        yield finding
    try:
        here = [*machine.folder(settings), *machine.key(settings)]
        secrets = Secrets(settings.secret_key())
    except SettingsError as error:
        yield bad("data folder", str(error))
        return
    for finding in here:
        yield finding
    async for finding in kept.database(settings, secrets):
        yield finding
    yield await kept.media(settings)
    for finding in await _outside(settings, secrets, now):
        yield finding


async def set_webhooks(settings: Settings) -> list[Finding]:
    """Tell Telegram and Twilio where we are, and say what changed; raise Complaint or SettingsError."""
    public = settings.public_url
    if public is None:
        raise Complaint(
            "Nothing was set: set TAKEPART_PUBLIC_URL first, so that there is an address to give."
        )
    if not settings.telegram_on and not settings.twilio_on:
        raise Complaint("Nothing was set: neither Telegram nor Twilio is on.")
    found: list[Finding] = []
    if settings.telegram_on:
        async with open_bot(settings, Secrets(settings.secret_key())) as channel:
            found.append(await telegram.set_webhook(channel, _hook(settings)))
    if settings.twilio_on:
        async with open_account(settings) as account:
            found += await twilio.set_webhooks(account, settings)
    return found


async def _outside(settings: Settings, secrets: Secrets, now: Callable[[], datetime]) -> list[Finding]:
    """What only others can tell: the providers, and whoever asks for the public address."""
    public = settings.public_url
    seen = await look_at(f"{public}/health/live") if public else None
    found = [*machine.public_address(settings, seen), machine.clock(now, await _times(settings))]
    if settings.telegram_on:
        async with open_bot(settings, secrets) as channel:
            found += await telegram.examine(channel, _hook(settings), now())
    else:
        found.append(off("telegram", "No TELEGRAM_BOT_TOKEN is set."))
    if settings.twilio_on:
        async with open_account(settings) as account:
            found += await twilio.examine(account, settings)
    else:
        found.append(off("twilio", "No Twilio account and number are set."))
    return found


async def _times(settings: Settings) -> list[tuple[str, Seen]]:
    asked = []
    if settings.twilio_on:
        asked.append(("Twilio", settings.twilio_api_url or HOME))
    if settings.telegram_on:
        asked.append(("Telegram", settings.telegram_api_url or TELEGRAM))
    return [(name, await look_at(url)) for name, url in asked]


def _hook(settings: Settings) -> str:
    return f"{settings.public_url}/telegram/webhook" if settings.public_url else ""


@asynccontextmanager
async def open_bot(settings: Settings, secrets: Secrets) -> AsyncIterator[TelegramChannel]:
    """Our bot, for some questions."""
    channel = TelegramChannel(
        token=settings.telegram_bot_token or SecretStr("0:off"),
        secret=telegram_secret(settings, secrets),
        words=house(),
        api_url=settings.telegram_api_url,
        patience=PATIENCE,
    )
    try:
        yield channel
    finally:
        await channel.stop()


@asynccontextmanager
async def open_account(settings: Settings) -> AsyncIterator[Account]:
    """Our account at Twilio, for some questions."""
    account = Account(
        sid=settings.twilio_account_sid or "",
        token=settings.twilio_auth_token or SecretStr(""),
        api_url=settings.twilio_api_url or "",
        timeout=ClientTimeout(total=PATIENCE, connect=PATIENCE / 2),
    )
    try:
        yield account
    finally:
        await account.close()
