"""Text messages and picture messages by Twilio: words, numbered choices, a few parts at most."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Literal
from urllib.parse import urlencode

from twilio.twiml.messaging_response import MessagingResponse

from channels.base import Delivery, Inbound, Load, Parcel, Result, Unreadable
from channels.text import clean, fit_parts, numbered
from channels.twilio import Account, form, phone_line, query
from channels.twilio_faults import outcome
from flows.events import Abilities, Attachment, Event, Say, Sense, Shown
from flows.readable import simplify

PARTS = 3
_MOST_MEDIA = 10
_STATES: Mapping[str, Literal["sent", "delivered", "failed"]] = {
    "accepted": "sent",
    "scheduled": "sent",
    "queued": "sent",
    "sending": "sent",
    "sent": "sent",
    "delivered": "delivered",
    "read": "delivered",
    "undelivered": "failed",
    "failed": "failed",
    "canceled": "failed",
}


class SmsChannel:
    """One number's texts. `mms`: it also carries pictures and sound, as `Account.abilities_of` says.

    `public_url` is ours, for receipts; `media_url` gives the address at which Twilio may fetch a
    file, asked for when the message goes. Without one, a picture is told in words.
    """

    name = "sms"

    def __init__(
        self,
        *,
        account: Account,
        number: str,
        public_url: str = "",
        mms: bool = False,
        media_url: Callable[[Shown], str] | None = None,
    ) -> None:
        takes: set[Sense] = {"text", "photo", "voice"} if mms else {"text"}
        self.can = Abilities(takes=frozenset(takes), photos_out=mms, parts=PARTS)
        self._account = account
        self._number = number
        self._public_url = public_url
        self._media_url = media_url if mms else None

    def verify(self, request: Inbound) -> None:
        """Raise Refused unless Twilio signed the request."""
        self._account.verify(request)

    def decode(self, request: Inbound, now: datetime) -> tuple[Event, ...]:
        """The one event in a message webhook."""
        fields = form(request)
        id, sender = _sid(fields), fields.get("From", "")
        if not id or not sender or ":" in sender:
            raise Unreadable("This is not a text message from Twilio.")
        event = Event(
            channel=self.name,
            id=id,
            line=phone_line(sender),
            at=now,
            kind="words",
            can=self.can,
            text=clean(fields.get("Body", "")),
        )
        optout = fields.get("OptOutType", "").lower()
        if optout in ("stop", "start", "help"):
            return (replace(event, kind="optout", value=optout),)
        attachments = tuple(_attachments(fields))
        if attachments:
            return (replace(event, kind="media", attachments=attachments),)
        return (event,)

    def encode(self, say: Say, line: str) -> tuple[Parcel, ...]:
        """One message; what it shows goes along as media, or else in words."""
        said, shown = self._told(say)
        body = simplify(clean(numbered(said))).strip()
        if not body and not shown:
            return ()
        params = {"to": line, "body": body, "media": [one.media for one in shown]}
        return (Parcel(channel=self.name, line=line, method="message", params=params, files=shown),)

    def fit(self, say: Say) -> tuple[Say, str]:
        """At most three parts go out; the rest waits for MORE."""
        said, shown = self._told(say)
        head, rest = fit_parts(said, PARTS)
        return replace(head, shown=shown), rest

    async def send(self, parcel: Parcel, *, outbox: str, load: Load) -> Result:
        """Create the message at Twilio; the receipt comes to our status address."""
        wanted: dict[str, object] = {"to": parcel.params["to"], "from_": self._number}
        if parcel.params["body"]:
            wanted["body"] = parcel.params["body"]
        if parcel.files and self._media_url:
            wanted["media_url"] = [self._media_url(shown) for shown in parcel.files]
        if self._public_url:
            wanted["status_callback"] = f"{self._public_url}/twilio/sms/status?{urlencode({'o': outbox})}"
        return await self._account.hand_over(lambda client: client.messages.create_async(**wanted))

    async def fetch(self, ref: str, *, most: int) -> bytes:
        """A picture's bytes."""
        return await self._account.files.fetch(ref, most=most)

    def decode_status(self, request: Inbound, now: datetime) -> Delivery | None:
        """What a receipt says; None where it says nothing of a message that we sent."""
        fields, outbox = form(request), query(request).get("o", "")
        sid, status = _sid(fields), fields.get("MessageStatus", "") or fields.get("SmsStatus", "")
        if not sid or not status:
            raise Unreadable("This is not a receipt from Twilio.")
        state: Literal["sent", "delivered", "failed", "stopped"] | None = _STATES.get(status)
        if not outbox or state is None:
            return None
        code = fields.get("ErrorCode", "") if state == "failed" else ""
        fault = outcome(code) if code else None
        if fault and fault.outcome == "stopped":
            state = "stopped"
        sentence = fault.sentence if fault else ""
        return Delivery(outbox=outbox, provider_id=sid, state=state, code=code, sentence=sentence, at=now)

    def _told(self, say: Say) -> tuple[Say, tuple[Shown, ...]]:
        """`say` with what cannot be shown put into its words, and what can be."""
        if self._media_url:
            return replace(say, shown=()), say.shown
        words = [say.text, *(one.words for one in say.shown)]
        return replace(say, text="\n".join(filter(None, words)), shown=()), ()


def nothing() -> str:
    """The answer to every message webhook: our replies leave by the outbox."""
    return str(MessagingResponse())


def _sid(fields: Mapping[str, str]) -> str:
    """A message's id, under the name that it has now or the one that it had before."""
    return fields.get("MessageSid", "") or fields.get("SmsSid", "")


def _attachments(fields: Mapping[str, str]) -> list[Attachment]:
    number = fields.get("NumMedia", "0")
    many = min(int(number), _MOST_MEDIA) if number.isdecimal() else 0
    return [
        Attachment(kind=_kind(type), ref=ref, type=type)
        for n in range(many)
        if (ref := fields.get(f"MediaUrl{n}", ""))
        for type in [fields.get(f"MediaContentType{n}", "")]
    ]


def _kind(type: str) -> Literal["photo", "voice", "file"]:
    if type.startswith("image/"):
        return "photo"
    return "voice" if type.startswith("audio/") else "file"
