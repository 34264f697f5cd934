"""Telegram, by webhook or by polling: a thin shell around python-telegram-bot's `Bot`."""

import hmac
import json
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import structlog
from pydantic import SecretStr
from telegram import Bot, InlineKeyboardMarkup, LinkPreviewOptions, Message, Update
from telegram import error as ptb
from telegram.constants import ChatMemberStatus
from telegram.request import HTTPXRequest

from channels.base import (
    FetchLater,
    FetchRefused,
    Inbound,
    Load,
    Parcel,
    Refused,
    Result,
    Trouble,
    Unreadable,
)
from channels.telegram_faults import outcome, result
from channels.telegram_in import CAN, NAME, events_in, message_id
from channels.telegram_out import parcels
from flows.events import Event, Say
from flows.sentences import Sentences

ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")
WEBHOOK_HEADER = "x-telegram-bot-api-secret-token"
UPLOADS = ("photo", "voice", "audio", "document")
METHODS = frozenset({"send_message", "edit_message_text", "answer_callback_query"}).union(
    f"send_{kind}" for kind in UPLOADS
)

# What the SDK stumbles with over JSON that is not what Telegram answers.
_SENSELESS = (AttributeError, KeyError, TypeError, ValueError)
_LONGEST_ERROR = 4096  # bytes; an answer with a result may be far longer
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Where Telegram posts updates ("" nowhere), what it posts, and how that goes."""

    url: str
    updates: frozenset[str]  # empty: its own usual ones
    pending: int
    error: str
    error_at: datetime | None


class TelegramChannel:
    """The bot. `secret` is what Telegram shows at our webhook; `patience` is seconds for one call."""

    name = NAME
    can = CAN

    def __init__(
        self,
        *,
        token: SecretStr,
        secret: SecretStr,
        words: Sentences,
        api_url: str | None = None,
        patience: float = 20.0,
    ) -> None:
        # python-telegram-bot warns at every time span until it is asked for timedeltas.
        os.environ.setdefault("PTB_TIMEDELTA", "true")
        # Below warnings they write the token, which is in every address, and members' words.
        for name in ("httpx", "httpcore", "telegram"):
            logging.getLogger(name).setLevel(logging.WARNING)
        self.username = ""
        self._words = words
        self._token = token
        self._secret = secret
        self._api_url = api_url.rstrip("/") if api_url else "https://api.telegram.org"
        self._patience = patience
        self._open: tuple[Bot, tuple[HTTPXRequest, HTTPXRequest]] | None = None

    # What comes in and what goes out: pure.

    def verify(self, request: Inbound) -> None:
        """Raise Refused unless the request carries the secret that we gave to Telegram."""
        shown = request.headers.get(WEBHOOK_HEADER, "").encode()
        secret = self._secret.get_secret_value().encode()
        if not secret or not hmac.compare_digest(shown, secret):
            raise Refused("The secret of Telegram's webhook is missing or wrong.")

    def decode(self, request: Inbound, now: datetime) -> tuple[Event, ...]:
        """The events in a webhook's body, which is one update."""
        try:
            data = json.loads(request.body)
        except (ValueError, RecursionError):
            raise Unreadable("Telegram's webhook got a body that is not JSON.") from None
        if not isinstance(data, dict) or not isinstance(data.get("update_id"), int):
            raise Unreadable("Telegram's webhook got JSON that is not an update.")
        return self.decode_update(_update(data), now)

    def decode_update(self, update: Update, now: datetime) -> tuple[Event, ...]:
        """The events in an update that polling brought; raise Unreadable where its parts are wrong."""
        try:
            found = events_in(update, now=now, username=self.username)
        except Exception as error:  # the SDK takes values of any type over unchecked
            raise Unreadable(f"An update of Telegram has wrong parts ({type(error).__name__}).") from None
        bot = self._token.get_secret_value().partition(":")[0]  # message ids are each bot's own
        return tuple(replace(event, to=bot) for event in found)

    def encode(self, say: Say, line: str) -> tuple[Parcel, ...]:
        """The Bot API calls that say this."""
        return parcels(say, line, self._words.to(say.language))

    def fit(self, say: Say) -> tuple[Say, str]:
        """All of it: long texts go as several messages."""
        return say, ""

    # Calls.

    async def send(self, parcel: Parcel, *, outbox: str = "", load: Load) -> Result:
        """Make one call. Telegram has no receipts, so `outbox` is of no use to it."""
        if parcel.method not in METHODS:
            return result("unknown-method")
        try:
            files = [shown.text.encode() or await load(shown.sha256) for shown in parcel.files]
        except Exception as error:  # whatever the store has: the message must not be lost for it
            _log.warning("file_not_loaded", outbox=outbox, error=type(error).__name__)
            return result("no-file")
        try:
            return _sent(await self._call(parcel, files))
        except ptb.TelegramError as error:
            return await self._as_document(parcel, files, outcome(error))

    async def fetch(self, ref: str, *, most: int) -> bytes:
        """A file's bytes by its Telegram file id."""
        try:
            file = await self._bot.get_file(ref)
        except ptb.BadRequest as error:
            # One sentence of Telegram's for two things; waiting loses nothing, giving up may.
            if "temporarily unavailable" in error.message:
                raise FetchLater("Telegram does not have the file at the moment.") from None
            raise FetchRefused("Telegram does not give this file: too large for a bot, or gone.") from None
        except ptb.TelegramError as error:
            raise FetchLater(outcome(error).sentence) from None
        if (file.file_size or 0) > most:
            raise FetchRefused("The file is larger than is kept here.")
        try:
            data = bytes(await file.download_as_bytearray())
        except ptb.TelegramError:
            raise FetchLater("The file could not be downloaded from Telegram yet.") from None
        if len(data) > most:
            raise FetchRefused("The file is larger than Telegram said.")
        return data

    async def poll(self, offset: int, wait: int) -> Sequence[Update]:
        """The updates from `offset` on, waiting up to `wait` seconds for one; raise Trouble."""
        async with _telling():
            return await self._bot.get_updates(offset=offset, timeout=wait, allowed_updates=ALLOWED_UPDATES)

    async def set_webhook(self, url: str) -> None:
        """Have updates posted to `url` from now on; raise Trouble."""
        async with _telling():
            secret = self._secret.get_secret_value()
            await self._bot.set_webhook(url, secret_token=secret, allowed_updates=ALLOWED_UPDATES)

    async def webhook(self) -> Webhook:
        """What Telegram says of the webhook that is set; raise Trouble."""
        async with _telling():
            info = await self._bot.get_webhook_info()
        return Webhook(
            url=info.url,
            updates=frozenset(info.allowed_updates or ()),
            pending=info.pending_update_count,
            error=info.last_error_message or "",
            error_at=info.last_error_date,
        )

    async def remove_webhook(self) -> None:
        """Keep updates for polling from now on; none that waits is dropped. Raise Trouble."""
        async with _telling():
            await self._bot.delete_webhook()

    async def me(self) -> str:
        """The bot's username, remembered for commands in groups; raise Trouble."""
        async with _telling():
            self.username = (await self._bot.get_me()).username or ""
            return self.username

    async def administers(self, room: str, line: str) -> bool:
        """Whether somebody may speak for a group chat; raise Trouble where Telegram can't say."""
        if line == room:  # an anonymous administrator writes as the group itself
            return True
        async with _telling():
            member = await self._bot.get_chat_member(int(room), int(line))
            return member.status in (ChatMemberStatus.OWNER, ChatMemberStatus.ADMINISTRATOR)

    async def stop(self) -> None:
        """Close the connections. The next call opens new ones."""
        if self._open:
            _, requests = self._open
            self._open = None
            for request in requests:
                await request.shutdown()

    @property
    def _bot(self) -> Bot:
        if self._open is None:
            requests = (self._request(pool=32), self._request(pool=2))
            bot = Bot(
                self._token.get_secret_value(),
                base_url=f"{self._api_url}/bot",
                base_file_url=f"{self._api_url}/file/bot",
                request=requests[0],
                get_updates_request=requests[1],
            )
            self._open = (bot, requests)
        return self._open[0]

    def _request(self, *, pool: int) -> HTTPXRequest:
        return _Request(
            connection_pool_size=pool,
            connect_timeout=self._patience / 2,
            read_timeout=self._patience,
            write_timeout=self._patience,
            pool_timeout=self._patience / 4,
            media_write_timeout=self._patience * 3,
        )

    async def _call(self, parcel: Parcel, files: Sequence[bytes]) -> object:
        params = dict(parcel.params)
        if buttons := params.get("reply_markup"):
            params["reply_markup"] = InlineKeyboardMarkup.de_json(dict(buttons), None)
        if preview := params.get("link_preview_options"):
            params["link_preview_options"] = LinkPreviewOptions.de_json(dict(preview), None)
        uploads = [name for name in UPLOADS if name in params]
        for name, shown, data in zip(uploads, parcel.files, files, strict=True):
            params |= {name: data, "filename": shown.name or None}
        method: Callable[..., Awaitable[object]] = getattr(self._bot, parcel.method)
        try:
            return await method(**params)
        except _SENSELESS:
            raise ptb.TelegramError("Invalid server response") from None

    async def _as_document(self, parcel: Parcel, files: Sequence[bytes], failed: Result) -> Result:
        """Pictures too large or too long to be shown still arrive as files. Else what `failed` says."""
        if parcel.method != "send_photo" or failed.code not in ("bad-picture", "too-large"):
            return failed
        params = {"document" if name == "photo" else name: value for name, value in parcel.params.items()}
        document = Parcel(
            channel=NAME, line=parcel.line, method="send_document", params=params, files=parcel.files
        )
        try:
            return _sent(await self._call(document, files))
        except ptb.TelegramError as error:
            return outcome(error)


class _Request(HTTPXRequest):
    """Reads answers so that no update holds up the others, and none of their words is logged."""

    __slots__ = ()

    async def do_request(self, url: str, method: str, *args: Any, **more: Any) -> tuple[int, bytes]:
        """Servers that stand in for Telegram's may say what is wrong in the body alone, with status 200."""
        code, payload = await super().do_request(url, method, *args, **more)
        return (_said_to_fail(payload) if code == 200 and method == "POST" else 0) or code, payload

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        try:
            answer = json.loads(payload.decode("utf-8", "replace"))
        except ValueError:
            raise ptb.TelegramError("Invalid server response") from None
        if not isinstance(answer, dict):
            raise ptb.TelegramError("Invalid server response")
        if isinstance(answer.get("result"), list):
            answer["result"] = [_readable(item) for item in answer["result"]]
        return answer


def _said_to_fail(payload: bytes) -> int:
    """The error's number in an answer that calls itself a failure; 0 in any other."""
    if len(payload) > _LONGEST_ERROR:
        return 0
    try:
        answer = json.loads(payload)
    except ValueError:
        return 0
    if not isinstance(answer, dict) or answer.get("ok") is not False:
        return 0
    code = answer.get("error_code")
    return code if isinstance(code, int) and code >= 400 else 400


def _readable(item: Any) -> Any:
    """An update as it is, or its number alone where the SDK would stumble over the rest."""
    if not isinstance(item, dict) or "update_id" not in item:
        return item
    try:
        Update.de_json(item, None)
    except Exception as error:  # the SDK raises whatever a missing or new field leads to
        _log.error("update_unreadable", error=type(error).__name__)
        return {"update_id": item["update_id"]}
    return item


def _update(data: dict[str, Any]) -> Update:
    try:
        return Update.de_json(data, None)
    except Exception as error:  # see _readable; the error's own text may carry members' words
        raise Unreadable(f"An update of Telegram cannot be read ({type(error).__name__}).") from None


def _sent(answer: object) -> Result:
    return Result(outcome="sent", id=message_id(answer) if isinstance(answer, Message) else "")


@asynccontextmanager
async def _telling() -> AsyncIterator[None]:
    try:
        yield
    except ptb.TelegramError as error:
        raise Trouble(outcome(error)) from None
    except _SENSELESS:
        raise Trouble(result("not-telegram")) from None
