"""What the fake Twilio passes around: messages, calls that ring, scripted faults, and their forms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime

BODY_LIMIT = 1600
PATIENCE = 20.0
ROOT = "/2010-04-01/Accounts/{sid}"
STOP_WORDS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "OPTOUT", "REVOKE"})
START_WORDS = frozenset({"START", "YES", "UNSTOP"})
HELP_WORDS = frozenset({"HELP", "INFO"})


@dataclass(slots=True, kw_only=True)
class Text:
    """One message, in or out."""

    sid: str
    to: str
    from_: str
    body: str
    at: datetime
    direction: str = "outbound-api"
    media: tuple[str, ...] = ()
    status: str = "queued"
    status_callback: str = ""
    error_code: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the service answered to a webhook."""

    status: int
    body: str


@dataclass(slots=True, kw_only=True)
class Ringing:
    """A call that the service asked for, until somebody lifts the phone, or nobody does."""

    sid: str
    to: str
    from_: str
    url: str
    at: datetime
    status_callback: str = ""
    taken: bool = False


@dataclass(slots=True, kw_only=True)
class Failure:
    """What the next requests of one kind get instead of an answer."""

    status: int
    code: int
    times: int
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0  # keep silent for so long first
    after: bool = False  # fail only when the message or call was made


class ApiError(Exception):
    """An error as the API words it."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


def inbound_fields(account: str, text: Text, types: Sequence[str]) -> dict[str, str]:
    """The form that Twilio sends for a message to our number."""
    fields = {
        "AccountSid": account,
        "ApiVersion": "2010-04-01",
        "Body": text.body,
        "From": text.from_,
        "FromCountry": "GB",
        "MessageSid": text.sid,
        "NumMedia": str(len(text.media)),
        "NumSegments": "1",
        "SmsMessageSid": text.sid,
        "SmsSid": text.sid,
        "SmsStatus": "received",
        "To": text.to,
        "ToCountry": "GB",
    }
    for n, (url, type) in enumerate(zip(text.media, types, strict=True)):
        fields |= {f"MediaUrl{n}": url, f"MediaContentType{n}": type}
    return fields


def date_words(at: datetime | None) -> str | None:
    """A time as the API writes it."""
    return format_datetime(at) if at else None


def receipt_fields(account: str, text: Text) -> dict[str, str]:
    """The form that Twilio sends when the state of a message of ours changes."""
    fields = {
        "AccountSid": account,
        "ApiVersion": "2010-04-01",
        "From": text.from_,
        "MessageSid": text.sid,
        "MessageStatus": text.status,
        "SmsSid": text.sid,
        "SmsStatus": text.status,
        "To": text.to,
    }
    return fields | ({"ErrorCode": str(text.error_code)} if text.error_code else {})


def unanswered_fields(account: str, ringing: Ringing, status: str) -> dict[str, str]:
    """The form that Twilio sends when nobody took a call of ours."""
    return {
        "AccountSid": account,
        "ApiVersion": "2010-04-01",
        "CallDuration": "0",
        "CallSid": ringing.sid,
        "CallStatus": status,
        "Direction": "outbound-api",
        "From": ringing.from_,
        "To": ringing.to,
    }
