"""Phone calls by Twilio, step by step: every request is a step, every answer is TwiML for the next.

A step's id is the call's id and a number in the address, so that a repeat is known as one.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal
from urllib.parse import urlencode, urlsplit

from channels.base import Delivery, Inbound, Load, Parcel, Result, Unreadable
from channels.spoken import pressed
from channels.text import clean
from channels.twilio import Account, form, phone_line, query
from channels.twilio_faults import outcome
from channels.twiml import Voice, error_answer, one_moment, twiml
from flows.events import Abilities, Attachment, Event, Say, Shown
from flows.sentences import Sentences

__all__ = ["VoiceChannel", "error_answer", "one_moment", "step_of"]

RING_SECONDS = 30
_MOST_LISTED = 50  # of our newest calls to one person
_UNANSWERED: Mapping[str, Literal["no_answer", "busy", "failed"]] = {
    "no-answer": "no_answer",
    "busy": "busy",
    "failed": "failed",
    "canceled": "no_answer",
}
_SENTENCES = {
    "no_answer": "Nobody answered the call.",
    "busy": "The line was busy.",
    "failed": "The call could not be put through.",
}


class VoiceChannel:
    """One number's calls. `public_url` is ours: without it nobody can be rung.

    `media_url` gives the address at which Twilio may fetch a recording that is to be played.
    """

    name = "voice"

    def __init__(
        self,
        *,
        account: Account,
        number: str,
        words: Sentences,
        public_url: str = "",
        media_url: Callable[[Shown], str] | None = None,
        voice: Voice | None = None,
    ) -> None:
        self.can = Abilities(takes=frozenset({"voice", "press"}), call=True, audio_out=bool(media_url))
        self._account = account
        self._number = number
        self._words = words
        self._public_url = public_url
        self._media_url = media_url
        self._voice = voice or Voice()

    def verify(self, request: Inbound) -> None:
        """Raise Refused unless Twilio signed the request."""
        self._account.verify(request)

    def decode(self, request: Inbound, now: datetime) -> tuple[Event, ...]:
        """The one event of a step: a call, keys, speech, a recording, or silence."""
        fields, marks = form(request), query(request)
        event = self._event(fields, now, step=_number(marks, "n"))
        if "n" not in marks:
            return (replace(event, kind="call", question=marks.get("o", ""), value=_answered(fields, marks)),)
        event = replace(event, question=marks.get("q", ""))
        if fields.get("DialCallStatus"):
            return (replace(event, kind="silence", value=f"dialled:{fields['DialCallStatus']}"),)
        if marks.get("as") == "silence":
            return (event,)
        if fields.get("RecordingUrl"):
            return (_recorded(event, fields),)
        keys = fields.get("Digits", "") or fields.get("FinishedOnKey", "")
        if keys:
            return (_keyed(event, keys, marks),)
        said = clean(fields.get("SpeechResult", "")).strip()
        return (replace(event, kind="words", text=said, spoken=True) if said else event,)

    def decode_status(self, request: Inbound, now: datetime) -> tuple[tuple[Event, ...], Delivery | None]:
        """A call that ended: a hangup, and for a call of ours why nobody could be told.

        That a call of ours was answered is no delivery: pressing 1 in it is.
        """
        fields, outbox = form(request), query(request).get("o", "")
        status = fields.get("CallStatus", "")
        event = self._event(fields, now, step=0)
        hangup = replace(
            event, id=f"{event.session}:end", kind="hangup", question=outbox, value=_lasted(fields)
        )
        state = _UNANSWERED.get(status)
        if state is None:
            return ((hangup,) if status == "completed" else ()), None
        if not outbox:
            return (hangup,), None
        code = fields.get("ErrorCode", "") or fields.get("SipResponseCode", "")
        sentence = outcome(fields["ErrorCode"]).sentence if fields.get("ErrorCode") else _SENTENCES[state]
        missed = Delivery(
            outbox=outbox, provider_id=event.session, state=state, code=code, sentence=sentence, at=now
        )
        return (hangup,), missed

    def answer(self, says: Sequence[Say], *, step: int) -> str:
        """TwiML that says all of `says` and then waits for step `step + 1`.

        `step` is the number of the step that is answered: `step_of` its event.
        """
        return twiml(
            says,
            step=step + 1,
            voice=self._voice,
            number=self._number,
            words=self._words,
            below=urlsplit(self._public_url).path,
            media_url=self._media_url,
        )

    def encode(self, say: Say, line: str) -> tuple[Parcel, ...]:
        """Ring the line; what there is to say is said once somebody has answered."""
        return (Parcel(channel=self.name, line=line, method="call", params={"to": line}),)

    def fit(self, say: Say) -> tuple[Say, str]:
        """A call has room for everything."""
        return say, ""

    async def send(self, parcel: Parcel, *, outbox: str, load: Load) -> Result:
        """Ask Twilio to ring. Sent means that it rings, not that anybody answers."""
        if not self._public_url:
            sentence = "Nobody can be rung without a public address. Set TAKEPART_PUBLIC_URL."
            return Result(outcome="ours", sentence=sentence)
        address, mark = f"{self._public_url}/twilio/voice", urlencode({"o": outbox})
        return await self._account.hand_over(
            lambda client: client.calls.create_async(
                to=parcel.params["to"],
                from_=self._number,
                url=f"{address}?{mark}",
                status_callback=f"{address}/status?{mark}",
                status_callback_event=["completed"],
                machine_detection="Enable",
                timeout=RING_SECONDS,
            )
        )

    async def find(self, parcel: Parcel, *, since: datetime, known: Collection[str]) -> Result | None:
        """This call among those that Twilio was asked to place to this person."""
        to = parcel.params["to"]
        return await self._account.find(
            lambda client: client.calls.list_async(to=to, from_=self._number, limit=_MOST_LISTED),
            since=since,
            known=known,
        )

    async def fetch(self, ref: str, *, most: int) -> bytes:
        """A recording's bytes, as the phone network sent them (WAV)."""
        return await self._account.files.fetch(ref, most=most)

    def _event(self, fields: Mapping[str, str], now: datetime, *, step: int) -> Event:
        call = fields.get("CallSid", "")
        if not call:
            raise Unreadable("This is not a call from Twilio.")
        ours = fields.get("Direction", "").startswith("outbound")
        return Event(
            channel=self.name,
            id=f"{call}:{step}",
            line=phone_line(fields.get("To" if ours else "From", "")),
            at=now,
            kind="silence",
            can=self.can,
            session=call,
        )


def step_of(event: Event) -> int:
    """The number of the step that an event of a call came in."""
    number = event.id.rpartition(":")[2]
    return int(number) if number.isdecimal() else 0


def _answered(fields: Mapping[str, str], marks: Mapping[str, str]) -> str:
    """Who is there when a call begins: "" rang us; "out" is somebody, "machine" nobody, that we rang."""
    if not marks.get("o"):
        return ""
    return "machine" if fields.get("AnsweredBy", "").startswith(("machine", "fax")) else "out"


def _recorded(event: Event, fields: Mapping[str, str]) -> Event:
    """A recording, with the key that ended it as the value; an empty one is silence."""
    seconds = _number(fields, "RecordingDuration")
    if not seconds and "RecordingDuration" in fields:
        return event
    sound = Attachment(kind="voice", ref=fields["RecordingUrl"], type="audio/x-wav", seconds=seconds)
    return replace(event, kind="media", value=fields.get("Digits", ""), attachments=(sound,))


def _keyed(event: Event, keys: str, marks: Mapping[str, str]) -> Event:
    more = _number(marks, "more")
    value = pressed(
        keys,
        marks.get("as", ""),
        offset=_number(marks, "from"),
        more=more,
        skip="skip" in marks,
    )
    return replace(event, kind="press", value=value, text=str(more) if value == "more" else "")


def _lasted(fields: Mapping[str, str]) -> str:
    """The seconds that a call lasted, "" where Twilio does not say."""
    seconds = fields.get("CallDuration", "")
    return seconds if seconds.isascii() and seconds.isdecimal() and len(seconds) < 10 else ""


def _number(fields: Mapping[str, str], name: str) -> int:
    value = fields.get(name, "0") or "0"
    if not (value.isascii() and value.isdecimal() and len(value) < 10):
        raise Unreadable(f"{name} is not a number.")
    return int(value)
