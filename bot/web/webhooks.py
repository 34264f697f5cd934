"""Where providers knock: the signature is checked, the event stored, and only then is it answered."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.intake.calls import Calls
from bot.intake.chats import Chats
from bot.intake.queue import Busy, Intake
from bot.logs import place
from bot.metrics import Metrics
from channels.base import Channel, Delivery, Inbound, Refused, Unreadable
from channels.sms import SmsChannel, nothing
from channels.telegram import TelegramChannel
from channels.voice import VoiceChannel, error_answer

MOST_BYTES = 1024 * 1024

Answer = Callable[[Inbound], Awaitable[Response]]


class TooLarge(Exception):
    """A body that no provider would send."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhooks:
    """The channels that are on, None for those that are off, and what serves them."""

    telegram: TelegramChannel | None
    sms: SmsChannel | None
    voice: VoiceChannel | None
    chats: Chats | None
    calls: Calls
    intake: Intake
    receipt: Callable[[Delivery], Awaitable[None]]
    missed: Callable[[], None]  # told when a text was not taken
    public_url: str
    clock: Callable[[], datetime]
    metrics: Metrics

    def routes(self) -> list[Route]:
        """One route for each address that a provider knows."""
        return [Route(path, door, methods=["POST"]) for path, door in self.doors().items()]

    def doors(self) -> dict[str, ASGIApp]:
        """What serves each of these addresses."""
        doors: Sequence[tuple[str, Channel | None, Answer]] = (
            ("/telegram/webhook", self.telegram, self._update),
            ("/twilio/sms", self.sms, self._text),
            ("/twilio/sms/status", self.sms, self._receipt),
            ("/twilio/voice", self.voice, self._step),
            ("/twilio/voice/step", self.voice, self._step),
            ("/twilio/voice/status", self.voice, self._call_over),
        )
        return {path: _Door(self, channel, answer) for path, channel, answer in doors}

    async def receive(self, channel: Channel | None, answer: Answer, scope: Scope, body: Receive) -> Response:
        """What is answered at one door, whatever comes in."""
        if channel is None:
            return PlainTextResponse("This channel is off here.", 404)
        try:
            inbound = await self._inbound(scope, body)
            channel.verify(inbound)
            return await answer(inbound)
        except TooLarge:
            return self._refused("too_large", 413)
        except Refused:
            return self._refused("not_signed", 403)
        except Unreadable:
            return self._refused("unreadable", 400)
        except Busy:
            return self._refused("busy", 503)
        except Exception as error:  # nothing was stored: the provider is to bring it again
            self._say_failed(error)
            return self._refused("failed", 503)

    async def _inbound(self, scope: Scope, receive: Receive) -> Inbound:
        body = await _body(receive)
        if self.public_url:
            path, query = scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1")
            url = f"{self.public_url}{path}" + (f"?{query}" if query else "")
        else:
            url = str(Request(scope).url)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        return Inbound(url=url, headers=headers, body=body)

    async def _update(self, inbound: Inbound) -> Response:
        if self.telegram and self.chats:
            await self.chats.receive(self.telegram.decode(inbound, self.clock()))
        return _taken()

    async def _text(self, inbound: Inbound) -> Response:
        if self.sms:
            events = self.sms.decode(inbound, self.clock())
            try:
                await self.intake.take_all(events)
            except Exception:
                self.missed()
                raise
        return _heard()

    async def _receipt(self, inbound: Inbound) -> Response:
        delivery = self.sms.decode_status(inbound, self.clock()) if self.sms else None
        if delivery:
            await self.receipt(delivery)
        return Response(status_code=204)

    async def _step(self, inbound: Inbound) -> Response:
        """A signed step is always answered in TwiML: the caller would hear any other answer as a failure."""
        try:
            (event,) = self.voice.decode(inbound, self.clock()) if self.voice else ()
            return _xml(await self.calls.answer(event, inbound.url))
        except Exception as error:
            self._say_failed(error)
            return _xml(error_answer())

    async def _call_over(self, inbound: Inbound) -> Response:
        if self.voice:
            events, delivery = self.voice.decode_status(inbound, self.clock())
            await self.intake.take_all(events)
            if delivery:
                await self.receipt(delivery)
        return Response(status_code=204)

    def _refused(self, reason: str, status: int) -> Response:
        self.metrics.refused.labels(reason).inc()
        structlog.get_logger().warning("webhook_refused", reason=reason, status=status)
        headers = {"Retry-After": "5"} if status == 503 else {}
        return PlainTextResponse("", status, headers=headers)

    def _say_failed(self, error: Exception) -> None:
        structlog.get_logger().error("webhook_failed", error=type(error).__name__, at=place(error))


class _Door:
    """One address, as plain ASGI: what a framework adds to each request would cost more than our own part."""

    def __init__(self, webhooks: Webhooks, channel: Channel | None, answer: Answer) -> None:
        self._webhooks = webhooks
        self._channel = channel
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._webhooks.receive(self._channel, self._answer, scope, receive)
        await response(scope, receive, send)


async def _body(receive: Receive) -> bytes:
    """All that is sent; raise TooLarge."""
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        if len(body) > MOST_BYTES:
            raise TooLarge
        more = message.get("more_body", False)
    return body


@cache
def _taken() -> Response:
    """What Telegram is told of every update."""
    return JSONResponse({})


@cache
def _heard() -> Response:
    """What Twilio is told of every text."""
    return _xml(nothing())


def _xml(body: str) -> Response:
    return Response(body, media_type="text/xml")
