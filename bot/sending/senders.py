"""The channels of this installation, made from its settings."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydantic import SecretStr

from bot.settings import Settings
from channels.base import Channel, Trouble
from channels.sms import SmsChannel
from channels.telegram import TelegramChannel
from channels.twilio import Account
from channels.voice import VoiceChannel
from flows.events import Shown
from flows.sentences import Sentences
from storage.secrets import Secrets

NOWHERE = "+15005550006"  # the number of practice phones, whose messages never leave
ASKING = 3.0  # seconds for the provider to say what the number can carry


@dataclass(frozen=True, slots=True, kw_only=True)
class Senders:
    """Every channel, since practice phones use them all; `on` has those that reach a provider, by name."""

    telegram: TelegramChannel
    sms: SmsChannel
    voice: VoiceChannel
    account: Account
    on: Mapping[str, Channel]

    @property
    def encoders(self) -> dict[str, Channel]:
        """Every channel by name."""
        return {one.name: one for one in (self.telegram, self.sms, self.voice)}

    async def close(self) -> None:
        """Close every connection."""
        await self.telegram.stop()
        await self.account.close()


def telegram_secret(settings: Settings, secrets: Secrets) -> SecretStr:
    """What Telegram shows at our webhook: every process and command knows the same."""
    return settings.telegram_webhook_secret or SecretStr(secrets.derive("telegram webhook"))


async def make(
    settings: Settings, *, words: Sentences, webhook_secret: SecretStr, media_url: Callable[[Shown], str]
) -> Senders:
    """Make the channels; asks Twilio whether the number carries pictures, but waits for it only briefly."""
    public = settings.public_url or ""
    account = _account(settings)
    mms = settings.twilio_on and await _carries_pictures(account, settings.twilio_number or "")
    sms = SmsChannel(
        account=account,
        number=settings.twilio_number or NOWHERE,
        words=words,
        public_url=public,
        mms=mms,
        media_url=media_url if public else None,
    )
    voice = VoiceChannel(
        account=account,
        number=settings.twilio_voice_number or settings.twilio_number or NOWHERE,
        words=words,
        public_url=public,
        media_url=media_url,
    )
    telegram = TelegramChannel(
        token=settings.telegram_bot_token or SecretStr("0:off"),
        secret=webhook_secret,
        words=words,
        api_url=settings.telegram_api_url,
    )
    switched: dict[str, Channel] = {"telegram": telegram} if settings.telegram_on else {}
    if settings.twilio_on:
        switched |= {"sms": sms, "voice": voice}
    return Senders(telegram=telegram, sms=sms, voice=voice, account=account, on=switched)


def _account(settings: Settings) -> Account:
    return Account(
        sid=settings.twilio_account_sid or "AC" + "0" * 32,
        token=settings.twilio_auth_token or SecretStr("off"),
        api_url=settings.twilio_api_url or "",
    )


async def _carries_pictures(account: Account, number: str) -> bool:
    try:
        found = await asyncio.wait_for(account.numbers.find(number), ASKING)
    except (TimeoutError, Trouble):
        return False
    return found is not None and "mms" in found.carries
