"""Looks at the bot and at the webhook that Telegram has of it, and sets that webhook."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from bot.doctor.finding import Finding, bad, good, look
from channels.base import Trouble
from channels.telegram import ALLOWED_UPDATES, TelegramChannel, Webhook

LATELY, TODAY = timedelta(minutes=10), timedelta(days=1)
MANY = 100  # updates that wait; a service that runs has them in a moment
HOOK = "telegram webhook"


async def set_webhook(channel: TelegramChannel, ours: str) -> Finding:
    """Have what comes posted to us; what waits already is kept."""
    try:
        before = await channel.webhook()
        await channel.set_webhook(ours)
    except Trouble as trouble:
        return bad(HOOK, f"It could not be set: {trouble.result.sentence}")
    if before.url == ours:
        return good(HOOK, "It was right already, and is set anew with its secret.")
    return good(HOOK, f"Set to {ours}; before it was {bare(before.url) or 'not set'}.")


async def examine(channel: TelegramChannel, ours: str, now: datetime) -> list[Finding]:
    """Whether the token is right and whether what members write finds its way. `ours` is "" for polling."""
    try:
        name = await channel.me()
        hook = await channel.webhook()
    except Trouble as trouble:
        return [bad("telegram", f"The bot can't be used: {trouble.result.sentence}")]
    found = [good("telegram", f"The bot is @{name}.")]
    return found + list(_webhook(hook, ours, now))


def bare(url: str) -> str:
    """An address without what may be secret in it."""
    parts = urlsplit(url)
    return parts.netloc.rpartition("@")[2] + parts.path


def _webhook(hook: Webhook, ours: str, now: datetime) -> Iterator[Finding]:
    faults = [*_place(hook, ours), *_updates(hook), *_trouble(hook, now)]
    yield from faults
    if hook.pending > MANY:
        yield look(HOOK, f"{hook.pending} updates wait at Telegram: see that `takepart serve` runs.")
    elif not faults:
        waits = f" Updates that wait: {hook.pending}." if hook.pending else ""
        way = "It is set as it should be." if ours else "None is set: the service asks Telegram for news."
        yield good(HOOK, way + waits)


def _place(hook: Webhook, ours: str) -> Iterator[Finding]:
    if hook.url == ours:
        return
    if not ours:
        said = f"One is set, to {bare(hook.url)}, so Telegram refuses to be asked for news. `takepart serve` "
        yield bad(HOOK, f"{said}removes it when it starts. If it comes back, another program has this bot.")
    elif not hook.url:
        yield look(
            HOOK,
            "None is set yet. `takepart serve` sets it when it starts, and so does "
            "`takepart doctor --set-webhooks`.",
        )
    else:
        said = f"What members write goes to {bare(hook.url)}: another program, or an older address. "
        yield bad(
            HOOK, f"{said}`takepart doctor --set-webhooks` sets it, and each bot is for one program only."
        )


def _updates(hook: Webhook) -> Iterator[Finding]:
    missing = [name for name in ALLOWED_UPDATES if hook.url and hook.updates and name not in hook.updates]
    if missing:
        said = f"Telegram keeps from us what is called {', '.join(missing)}: "
        yield bad(HOOK, f"{said}`takepart doctor --set-webhooks` asks for all that is needed.")


def _trouble(hook: Webhook, now: datetime) -> Iterator[Finding]:
    if not hook.error or hook.error_at is None or now - hook.error_at > TODAY:
        return
    ago = max(0, round((now - hook.error_at).total_seconds() / 60))
    unit = "minute" if ago == 1 else "minutes"
    said = f'{ago} {unit} ago Telegram could not reach it and says "{hook.error}".'
    if now - hook.error_at > LATELY:
        yield look(HOOK, f"{said} It has been silent about it since.")
    else:
        yield bad(HOOK, f"{said} See that the public address leads to this service and that it runs.")
