"""Requests as Twilio makes them, and events as a table can say them."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import yaml
from aiohttp import web
from pydantic import SecretStr
from twilio.request_validator import RequestValidator

from channels.base import Inbound
from channels.twilio import Account
from flows.events import Attachment, Event

PUBLIC = "https://takepart.example"
NOW = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
SID = "AC" + "0" * 31 + "1"
TOKEN = "the-token"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
CASES = Path(__file__).parent / "cases"


def account(**more: Any) -> Account:
    """An account that a test uses without a network."""
    return Account(sid=SID, token=SecretStr(TOKEN), **more)


def webhook(path: str, form: Mapping[str, str], *, token: str = TOKEN, public: str = PUBLIC) -> Inbound:
    """A signed webhook."""
    url = public + path
    signature = RequestValidator(token).compute_signature(url, form)
    return Inbound(url=url, headers={"x-twilio-signature": signature}, body=urlencode(form).encode())


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    """A server of the test's own, on a port of its own: its origin."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def table(channel: str) -> list[Any]:
    """The recorded payloads of a channel, each a row with its name."""
    rows = yaml.safe_load((CASES / channel / "inbound.yaml").read_text(encoding="utf-8"))
    return [pytest.param(row, id=row["name"]) for row in rows]


def said_of(event: Event) -> dict[str, Any]:
    """What a table has to list of an event: all that is not its default, but channel, time and abilities."""
    told: dict[str, Any] = {}
    for one in fields(Event):
        value = getattr(event, one.name)
        if one.name not in ("channel", "at", "can") and value != one.default and value != "":
            told[one.name] = value
    if event.attachments:
        told["attachments"] = [_attachment(each) for each in event.attachments]
    return told


def _attachment(one: Attachment) -> dict[str, Any]:
    return {
        each.name: getattr(one, each.name) for each in fields(one) if getattr(one, each.name) not in ("", 0)
    }
