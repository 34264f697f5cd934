"""Our own numbers as Twilio has them: what each carries, where it sends what comes, and setting that."""

import json
import re
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from aiohttp import ClientError, InvalidURL
from twilio.base.exceptions import TwilioException
from twilio.http.response import Response
from twilio.rest import Client

from channels.base import Result, Trouble
from channels.twilio_faults import outcome, outcome_of

# Twilio then tries five more times, whatever went wrong, instead of once at most.
# https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
TRY_AGAIN = "#rc=5&rp=all"
PAGE = 100
_SILENT = "Twilio did not answer: see that the network is there, and try again."
_GARBLED = "Twilio's answer could not be read: see that TWILIO_API_URL is right, and try again."

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """Where Twilio sends one kind of thing, and by which method."""

    url: str = ""
    method: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OurNumber:
    """One of our numbers. Where an application, a trunk or a service is asked instead, it is named."""

    sid: str
    number: str
    carries: frozenset[str]  # of sms, mms, voice
    texts: Hook = field(default_factory=Hook)
    calls: Hook = field(default_factory=Hook)
    ended: Hook = field(default_factory=Hook)
    texts_else: str = ""  # who is asked when we don't answer
    calls_else: str = ""
    texts_instead: str = ""
    calls_instead: str = ""


class Numbers:
    """Asks for them, and sets their hooks; every call may raise Trouble."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def find(self, number: str) -> OurNumber | None:
        """What Twilio says of a number; None where it is none of this account's."""
        asked = self._client.incoming_phone_numbers.list_async(phone_number=number, page_size=PAGE)
        # A number that is asked for also finds longer ones that hold it.
        found = [one for one in await _told(asked) if _digits(one.phone_number) == _digits(number)]
        return _number(found[0]) if found else None

    async def set_hooks(self, sid: str, hooks: Mapping[str, Hook]) -> None:
        """Let Twilio send `texts`, `calls` or `ended` there from now on; the others stay as they are."""
        names = {
            "texts": ("sms_url", "sms_method"),
            "calls": ("voice_url", "voice_method"),
            "ended": ("status_callback", "status_callback_method"),
        }
        fields: dict[str, str] = {}
        for what, hook in hooks.items():
            url, method = names[what]
            fields |= {url: hook.url, method: hook.method}
        await _told(self._client.incoming_phone_numbers(sid).update_async(**fields))

    async def with_service(self, number: OurNumber) -> OurNumber:
        """The same, where a messaging service takes its texts with what that service does with them."""
        services = self._client.messaging.v1.services
        for service in await _listed(services.list_async(page_size=PAGE)):
            members = await _listed(services(service.sid).phone_numbers.list_async(page_size=PAGE))
            if any(one.sid == number.sid for one in members) and not service.use_inbound_webhook_on_number:
                hook = Hook(url=service.inbound_request_url or "", method=service.inbound_method or "")
                return replace(number, texts=hook, texts_instead=f"the messaging service {service.sid}")
        return number


def _number(one: Any) -> OurNumber:
    able = one.capabilities if isinstance(one.capabilities, dict) else {}
    application, trunk = one.voice_application_sid, one.trunk_sid
    other = one.sms_application_sid
    return OurNumber(
        sid=one.sid or "",
        number=one.phone_number,
        carries=frozenset(name.lower() for name, can in able.items() if can),
        texts=Hook() if other else Hook(url=one.sms_url or "", method=one.sms_method or ""),
        calls=Hook(url=one.voice_url or "", method=one.voice_method or ""),
        ended=Hook(url=one.status_callback or "", method=one.status_callback_method or ""),
        texts_else=one.sms_fallback_url or "",
        calls_else=one.voice_fallback_url or "",
        texts_instead=f"the application {other}" if other else "",
        calls_instead=(f"the application {application}" if application else "")
        or (f"the trunk {trunk}" if trunk else ""),
    )


async def _told(asking: Awaitable[T]) -> T:
    """Twilio's answer; raise Trouble."""
    try:
        return await asking
    except Exception as error:
        raise Trouble(_result(error)) from None


async def _listed(asking: Awaitable[list[Any]]) -> list[Any]:
    """A list that not every server has which stands in for Twilio: what is not there is empty."""
    try:
        return await _told(asking)
    except Trouble as trouble:
        if trouble.result.code in ("404", "20404"):
            return []
        raise


def _result(error: Exception) -> Result:
    """What went wrong with a question; unlike a message, it may always be asked again."""
    answer = error.args[-1] if isinstance(error, TwilioException) and error.args else None
    if isinstance(answer, Response):  # the SDK's own error for a list tells nothing but this
        return outcome(_code(answer.text), answer.status_code)
    if isinstance(error, ClientError | TimeoutError | OSError) and not isinstance(error, InvalidURL):
        return Result(outcome="retry", sentence=_SILENT)
    said = outcome_of(error)
    return replace(said, sentence=_GARBLED) if said.outcome in ("unclear", "refused") else said


def _code(body: str) -> str:
    try:
        return str(json.loads(body).get("code") or "")
    except (ValueError, AttributeError):
        return ""


def _digits(number: str | None) -> str:
    return re.sub(r"\D", "", number or "")
