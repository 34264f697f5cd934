"""Text messages and picture messages by Twilio: words, numbered choices, a few parts at most."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Literal
from urllib.parse import urlencode

from twilio.rest.api.v2010.account.message import MessageInstance
from twilio.twiml.messaging_response import MessagingResponse

from channels.base import Delivery, Inbound, Load, Outcome, Parcel, Result, Unreadable
from channels.text import clean, fit_parts, numbered
from channels.twilio import HOME, Account, form, phone_line, query
from channels.twilio_faults import outcome
from flows.events import Abilities, Attachment, Event, Say, Sense, Shown
from flows.readable import simplify
from flows.sentences import Sentences

PARTS = 3
_WORDS: frozenset[Sense] = frozenset({"text"})
_WITH_PICTURES: frozenset[Sense] = _WORDS | {"photo", "voice"}
_MOST_MEDIA = 10
_MOST_LISTED = 200  # of our newest texts to one person
_PAGE = 500
_State = Literal["sent", "delivered", "failed", "unreachable", "stopped", "later", "ours"]
_STATES: Mapping[str, _State] = {
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
_FAULTS: Mapping[Outcome, _State] = {
    "stopped": "stopped",
    "unreachable": "unreachable",
    "retry": "later",
    "throttled": "later",
    "ours": "ours",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A text to our number as Twilio lists it. `pictures`: some came with it, which must be asked for."""

    event: Event
    at: datetime
    pictures: bool


class SmsChannel:
    """One number's texts. `mms`: it also carries pictures and sound, as `Numbers.find` says.

    `public_url` is ours, for receipts; `media_url` gives the address at which Twilio may fetch a
    file, asked for when the message goes. Without one, a picture is told in words.
    """

    name = "sms"

    def __init__(
        self,
        *,
        account: Account,
        number: str,
        words: Sentences,
        public_url: str = "",
        mms: bool = False,
        media_url: Callable[[Shown], str] | None = None,
    ) -> None:
        self.can = Abilities(takes=_WITH_PICTURES if mms else _WORDS, photos_out=mms, parts=PARTS)
        self._account = account
        self._number = number
        self._words = words
        self._public_url = public_url
        self._media_url = media_url if mms else None

    def verify(self, request: Inbound) -> None:
        """Raise Refused unless Twilio signed the request."""
        self._account.verify(request)

    def decode(self, request: Inbound, now: datetime) -> tuple[Event, ...]:
        """The one event in a message webhook."""
        return (self._event(form(request), now),)

    def _event(self, fields: Mapping[str, str], now: datetime) -> Event:
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
            return replace(event, kind="optout", value=optout)
        return _with(event, fields)

    def encode(self, say: Say, line: str) -> tuple[Parcel, ...]:
        """One message; what it shows goes along as media, or else in words."""
        said, shown = self._told(say)
        body = simplify(clean(numbered(said, self._words.to(say.language)))).strip()
        if not body and not shown:
            return ()
        params = {"to": line, "body": body, "media": [one.media for one in shown]}
        return (Parcel(channel=self.name, line=line, method="message", params=params, files=shown),)

    def fit(self, say: Say) -> tuple[Say, str]:
        """At most three parts go out; the rest waits for MORE."""
        said, shown = self._told(say)
        head, rest = fit_parts(said, self._words.to(say.language), PARTS)
        return (replace(head, shown=shown) if shown else head), rest

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

    async def find(self, parcel: Parcel, *, since: datetime, known: Collection[str]) -> Result | None:
        """This text among those that Twilio had from us for this person.

        By when it was created: one that still waits in Twilio's queue was not sent on any date.
        """
        to, body = parcel.params["to"], parcel.params["body"]
        return await self._account.find(
            lambda client: client.messages.list_async(to=to, from_=self._number, limit=_MOST_LISTED),
            since=since,
            known=known,
            fits=lambda one: _same(body, (one.body or "").strip()),
        )

    async def came_in(self, since: datetime, now: datetime) -> tuple[Listed, ...] | None:
        """The texts to our number since then, oldest first; None where Twilio can't be asked."""
        listed = await self._account.listed(
            lambda client: client.messages.list_async(to=self._number, date_sent_after=since, page_size=_PAGE)
        )
        if listed is None:
            return None
        found = [
            Listed(event=self._event(_fields(one), now), at=at, pictures=one.num_media not in (None, "", "0"))
            for one in reversed(listed)
            if one.direction == "inbound"
            and one.from_
            and ":" not in one.from_
            and (at := one.date_sent or one.date_created)
            and at >= since
        ]
        return tuple(sorted(found, key=lambda one: one.at))

    async def with_pictures(self, event: Event) -> Event | None:
        """A listed text with the pictures that came with it; None where Twilio can't be asked."""
        listed = await self._account.listed(
            lambda client: client.messages(event.id).media.list_async(limit=_MOST_MEDIA)
        )
        if listed is None:
            return None
        fields = {"NumMedia": str(len(listed))}
        for n, one in enumerate(listed):
            fields |= {f"MediaUrl{n}": HOME + one.uri.removesuffix(".json")}
            fields |= {f"MediaContentType{n}": one.content_type or ""}
        return _with(event, fields)

    async def fetch(self, ref: str, *, most: int) -> bytes:
        """A picture's bytes."""
        return await self._account.files.fetch(ref, most=most)

    def decode_status(self, request: Inbound, now: datetime) -> Delivery | None:
        """What a receipt says; None where it says nothing of a message that we sent."""
        fields, outbox = form(request), query(request).get("o", "")
        sid, status = _sid(fields), fields.get("MessageStatus", "") or fields.get("SmsStatus", "")
        if not sid or not status:
            raise Unreadable("This is not a receipt from Twilio.")
        state = _STATES.get(status)
        if not outbox or state is None:
            return None
        code = fields.get("ErrorCode", "") if state == "failed" else ""
        fault = outcome(code) if code else None
        if fault:
            state = _FAULTS.get(fault.outcome, state)
        return Delivery(
            outbox=outbox,
            provider_id=sid,
            state=state,
            code=code,
            sentence=fault.sentence if fault else "",
            at=now,
            no_texts=fault is not None and fault.no_texts,
        )

    def _told(self, say: Say) -> tuple[Say, tuple[Shown, ...]]:
        """`say` with what cannot be shown put into its words, and what can be."""
        if not say.shown:
            return say, ()
        if self._media_url:
            return replace(say, shown=()), say.shown
        words = [say.text, *(one.words for one in say.shown)]
        return replace(say, text="\n".join(filter(None, words)), shown=()), ()


@cache
def nothing() -> str:
    """The answer to every message webhook: our replies leave by the outbox."""
    return str(MessagingResponse())


def _sid(fields: Mapping[str, str]) -> str:
    """A message's id, under the name that it has now or the one that it had before."""
    return fields.get("MessageSid", "") or fields.get("SmsSid", "")


def _fields(one: MessageInstance) -> dict[str, str]:
    """A listed message as its webhook would have told it, but for its pictures."""
    return {"MessageSid": one.sid or "", "From": one.from_ or "", "Body": one.body or ""}


def _same(wanted: str, listed: str) -> bool:
    """Whether these are the words of one text. What comes before them may differ.

    A trial account begins each text with a sentence of its own, and a notice that is made ready
    again may have to say how to go back.
    """
    if not wanted or not listed:
        return wanted == listed
    return listed.endswith(wanted) or wanted.endswith(listed)


def _with(event: Event, fields: Mapping[str, str]) -> Event:
    """The event with what came along. A picture that has come proves that they can, whatever Twilio told."""
    attachments = tuple(_attachments(fields))
    if not attachments:
        return event
    can = replace(event.can, takes=_WITH_PICTURES)
    return replace(event, kind="media", attachments=attachments, can=can)


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
