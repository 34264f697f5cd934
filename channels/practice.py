"""What is done on a practice phone, as the provider would bring it: updates, texts, steps of a call. Pure.

It goes through the real decoders, so that practising is the same as the real thing.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from channels.base import Inbound
from flows.events import Event

PHONE = "+447700900123"  # kept free for films and plays by Ofcom: it is nobody's
OURS = "+441632960000"
STEP = "/twilio/voice"
REF = "practice:"  # a file that was uploaded on a practice phone
_HOST = "https://practice.invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handset:
    """One person's practice phones: a Telegram chat, and a number that texts and calls."""

    id: str

    @property
    def telegram(self) -> str:
        """The address of the chat."""
        return f"practice:telegram:{self.id}"

    @property
    def phone(self) -> str:
        """The address of the number."""
        return f"practice:phone:{self.id}"

    @property
    def chat(self) -> int:
        """The chat's id as the Bot API has it."""
        return int.from_bytes(hashlib.sha256(self.id.encode()).digest()[:6])

    def session(self, call: str) -> str:
        """The id of a call: one that nobody else's call, practised or real, can have."""
        return "CA" + hashlib.sha256(f"{self.id}\0{call}".encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """An uploaded file. `ref` is what finds it again."""

    ref: str
    type: str
    bytes: int
    seconds: int = 0


def address_of(handset: Handset, events: Sequence[Event]) -> tuple[Event, ...]:
    """Events that were decoded, now on the practice line that they are of."""
    return tuple(
        replace(event, line=handset.telegram if event.channel == "telegram" else handset.phone)
        for event in events
    )


# Telegram: https://core.telegram.org/bots/api#update


def words(handset: Handset, number: int, text: str, now: datetime) -> Inbound:
    """A message that was typed; `number` is its message id."""
    return _message(handset, number, now, {"text": text})


def edited(handset: Handset, number: int, text: str, now: datetime) -> Inbound:
    """An earlier message, whose words are now these."""
    fields = {"text": text, "edit_date": int(now.timestamp())}
    return _message(handset, number, now, fields, kind="edited_message")


def photo(
    handset: Handset, number: int, file: File, now: datetime, *, caption: str = "", album: str = ""
) -> Inbound:
    """A photo, or one of several that were sent together."""
    size = {"file_id": file.ref, "file_unique_id": file.ref, "file_size": file.bytes}
    fields: dict[str, Any] = {"photo": [size | {"width": 1280, "height": 960}]}
    fields |= {"caption": caption} if caption else {}
    fields |= {"media_group_id": album} if album else {}
    return _message(handset, number, now, fields)


def voice_note(handset: Handset, number: int, file: File, now: datetime) -> Inbound:
    """Something that was spoken into Telegram."""
    note = {"file_id": file.ref, "file_unique_id": file.ref, "file_size": file.bytes}
    return _message(
        handset, number, now, {"voice": note | {"duration": file.seconds, "mime_type": file.type}}
    )


def button(handset: Handset, query: str, data: str, message: int, now: datetime) -> Inbound:
    """A button below an earlier message was pressed."""
    below = {"message_id": message, "date": int(now.timestamp()), "chat": _chat(handset)}
    pressed = {"id": query, "from": _person(handset), "message": below, "data": data}
    return _update({"callback_query": pressed | {"chat_instance": str(handset.chat)}}, message)


def _message(
    handset: Handset, number: int, now: datetime, fields: Mapping[str, Any], *, kind: str = "message"
) -> Inbound:
    message = {"message_id": number, "date": int(now.timestamp()), "chat": _chat(handset)}
    return _update({kind: message | {"from": _person(handset), **fields}}, number)


def _update(fields: Mapping[str, Any], number: int) -> Inbound:
    body = json.dumps({"update_id": number, **fields}).encode()
    return Inbound(url=f"{_HOST}/telegram/webhook", headers={}, body=body)


def _chat(handset: Handset) -> dict[str, Any]:
    return {"id": handset.chat, "type": "private", "first_name": "Practice"}


def _person(handset: Handset) -> dict[str, Any]:
    return {"id": handset.chat, "is_bot": False, "first_name": "Practice"}


# Twilio: https://www.twilio.com/docs/messaging/guides/webhook-request, /docs/voice/twiml#request-parameters


def text(sid: str, body: str) -> Inbound:
    """A text message that arrives at our number."""
    return _form("/twilio/sms", {"MessageSid": sid, "From": PHONE, "To": OURS, "Body": body, "NumMedia": "0"})


def step(handset: Handset, call: str, action: str, fields: Mapping[str, str], *, ours: bool) -> Inbound:
    """One request of a call to the address `action`; `ours`: it was us who rang.

    Raise ValueError where `action` is not an address of calls.
    """
    parts = urlsplit(action)
    # Real calls are answered with the same addresses, which may lie below a path of the public one.
    if not parts.path.endswith((STEP, f"{STEP}/step")):
        raise ValueError("that is no step of a call")
    return _form(parts._replace(scheme="", netloc="").geturl(), {**_call(handset, call, ours), **fields})


def call_over(handset: Handset, call: str, status: str, *, outbox: str = "") -> Inbound:
    """What Twilio tells when a call has ended, or when nobody took it."""
    query = f"?{urlencode({'o': outbox})}" if outbox else ""
    fields = {**_call(handset, call, bool(outbox)), "CallStatus": status}
    return _form(f"{STEP}/status{query}", fields)


def recording(file: File, key: str) -> dict[str, str]:
    """The fields that come with a recording; `key` ended it, "hangup" where the caller hung up."""
    return {"RecordingUrl": file.ref, "RecordingDuration": str(max(1, file.seconds)), "Digits": key}


def _call(handset: Handset, call: str, ours: bool) -> dict[str, str]:
    from_, to = (OURS, PHONE) if ours else (PHONE, OURS)
    return {
        "CallSid": handset.session(call),
        "CallStatus": "in-progress",
        "Direction": "outbound-api" if ours else "inbound",
        "From": from_,
        "To": to,
    }


def _form(path: str, fields: Mapping[str, str]) -> Inbound:
    return Inbound(url=f"{_HOST}{path}", headers={}, body=urlencode(fields).encode())
