"""A phone call at the fake Twilio: reads TwiML as Twilio does, and is driven like a telephone.

    call = await twilio.ring("+447700900123")
    assert "press 1" in call.said
    await call.press("1")
    await call.record(SOUND, seconds=4, key="#")
    await call.say_words("the library")
    await call.silence()
    await call.hang_up()

`heard` is what was spoken since the last thing the caller did, `said` the same as one string,
`waits` the verb that the call stands at ("Gather", "Record", "Dial") or "" when it is over.
"""

import io
import wave
from collections.abc import Mapping
from typing import Protocol
from urllib.parse import urljoin
from xml.etree import ElementTree

DOCUMENT_LIMIT = 64 * 1024
SAY_LIMIT = 4096
APPLICATION_ERROR = "We are sorry, an application error has occurred. Goodbye."
_VERBS = frozenset({"Say", "Play", "Pause", "Gather", "Record", "Redirect", "Dial", "Hangup", "Reject"})
_IN_GATHER = frozenset({"Say", "Play", "Pause"})
_KEYS = frozenset("0123456789*#")
_MOST_REDIRECTS = 20


def sound(seconds: float = 1.0) -> bytes:
    """A recording as the phone network makes it: WAV, 8 kHz, one channel."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(b"\x10\x00" * int(8000 * seconds))
    return file.getvalue()


SOUND = sound()


class Exchange(Protocol):
    """What a call needs of the fake it runs at."""

    async def post(self, url: str, fields: Mapping[str, str]) -> tuple[int, str]:
        """A signed webhook to the service."""

    async def get(self, url: str) -> bytes:
        """A signed request for something to play."""

    def keep_recording(self, content: bytes, call: str = "") -> tuple[str, str]:
        """Store a recording of a call: its id and its address."""


class Call:
    """One call, seen from the telephone."""

    def __init__(
        self,
        exchange: Exchange,
        *,
        sid: str,
        account: str,
        from_: str,
        to: str,
        direction: str = "inbound",
        status_url: str = "",
        answered_by: str = "",
    ) -> None:
        self.seconds = 42  # how long it lasts, as Twilio says at its end
        self.sid, self.from_, self.to, self.direction = sid, from_, to, direction
        self.status = "ringing"
        self.heard: list[str] = []
        self.history: list[str] = []  # all that was heard, in the whole call
        self.played: list[bytes] = []
        self.dialled: list[str] = []
        self.steps: list[str] = []  # the addresses that were asked
        self.fault = ""  # Twilio's error code, where the service answered what is not TwiML
        self.twiml = ""
        self._exchange, self._account, self._status_url = exchange, account, status_url
        self._answered_by = answered_by
        self._url = ""
        self._verbs: list[ElementTree.Element] = []
        self._at: ElementTree.Element | None = None
        self._redirects = 0

    @property
    def said(self) -> str:
        """All that was heard since the caller last did something."""
        return " ".join(self.heard)

    @property
    def waits(self) -> str:
        """The verb at which the call stands; "" when it is over."""
        return "" if self._at is None else self._at.tag

    @property
    def over(self) -> bool:
        """Whether the call has ended."""
        return self.status == "completed"

    async def begin(self, url: str) -> "Call":
        """The call is answered: the service is asked what to say."""
        self.status = "in-progress" if self.direction != "inbound" else "ringing"
        more = {"AnsweredBy": self._answered_by} if self._answered_by else {}
        await self._ask(url, more)
        return self

    async def press(self, keys: str) -> "Call":
        """Press keys. At a recording one key ends it with nothing said."""
        assert keys and set(keys) <= _KEYS, f"{keys!r} are no keys"
        if self.waits == "Record":
            return await self.record(b"", 0, key=keys)
        gather = self._need("Gather")
        assert "dtmf" in gather.get("input", "dtmf").split(), "the call does not listen for keys"
        digits, ended_by = _taken(keys, gather)
        return await self._act(gather, {"Digits": digits, "FinishedOnKey": ended_by, "msg": "Gather End"})

    async def say_words(self, words: str) -> "Call":
        """Speak; the speech is recognised just as it was said."""
        gather = self._need("Gather")
        assert "speech" in gather.get("input", "dtmf").split(), "the call does not listen for speech"
        return await self._act(gather, {"SpeechResult": words, "Confidence": "0.9283", "Language": "en-GB"})

    async def silence(self) -> "Call":
        """Do nothing until the wait is over."""
        if self.waits == "Record":
            return await self.record(b"", 0)
        gather = self._need("Gather")
        if gather.get("actionOnEmptyResult", "false") == "true":
            return await self._act(gather, {"Digits": "", "FinishedOnKey": "", "msg": "Gather End"})
        self.heard = []
        await self._go_on()
        return self

    async def record(self, content: bytes, seconds: int, key: str = "", hang_up: bool = False) -> "Call":
        """Speak after the tone, then press `key`, hang up, or fall silent.

        An empty recording does not call its action: the call goes on with the next verb.
        """
        record = self._need("Record")
        assert not key or key in record.get("finishOnKey", "1234567890*#"), f"{key} does not end a recording"
        seconds = min(seconds, int(record.get("maxLength", "3600")))
        if not content or not seconds:
            self.heard = []
            await (self._end() if hang_up else self._go_on())
            return self
        sid, url = self._exchange.keep_recording(content, self.sid)
        fields = {"RecordingSid": sid, "RecordingUrl": url, "RecordingDuration": str(seconds)}
        await self._act(record, {**fields, "Digits": "hangup" if hang_up else key}, hung_up=hang_up)
        return self

    async def dial_ends(self, status: str = "completed") -> "Call":
        """The person whom the call was put through to hangs up, or does not answer."""
        dial = self._need("Dial")
        if dial.get("action"):
            return await self._act(dial, {"DialCallStatus": status, "DialCallSid": self.sid[:-1] + "d"})
        self.heard = []
        await self._go_on()
        return self

    async def hang_up(self) -> "Call":
        """Put the phone down."""
        await self._end()
        return self

    def _need(self, tag: str) -> ElementTree.Element:
        assert self._at is not None and self._at.tag == tag, (
            f"the call is at {self.waits or 'its end'}, not {tag}"
        )
        return self._at

    async def _act(
        self, verb: ElementTree.Element, fields: Mapping[str, str], *, hung_up: bool = False
    ) -> "Call":
        self.heard, self._redirects = [], 0
        url = urljoin(self._url, verb.get("action", ""))
        if hung_up:
            self.status = "completed"
            await self._exchange.post(url, {**self._standard(), **fields})
            await self._end()
        else:
            await self._ask(url, fields)
        return self

    async def _ask(self, url: str, fields: Mapping[str, str]) -> None:
        """One request to the service, and what it answers begins."""
        self.steps.append(url)
        status, body = await self._exchange.post(url, {**self._standard(), **fields})
        self._url, self.twiml, self.status = url, body, "in-progress"
        try:
            assert 200 <= status < 300, "11200"
            assert len(body.encode()) <= DOCUMENT_LIMIT, "11750"
            root = ElementTree.fromstring(body)  # noqa: S314  # our own answer
            assert root.tag == "Response", "12100"
        except (AssertionError, ElementTree.ParseError) as error:
            self.fault = str(error) if isinstance(error, AssertionError) else "12100"
            self._hear(APPLICATION_ERROR)
            await self._end()
            return
        self._verbs = list(root)
        await self._go_on()

    async def _go_on(self) -> None:
        """Do the verbs that follow, up to one that waits for the caller."""
        self._at = None
        while self._verbs:
            verb = self._verbs.pop(0)
            assert verb.tag in _VERBS, f"Twilio knows no <{verb.tag}> here (12200)"
            if verb.tag == "Redirect":
                self._redirects += 1
                assert self._redirects < _MOST_REDIRECTS, "the call goes round in circles"
                await self._ask(urljoin(self._url, (verb.text or "").strip()), {})
                return
            if verb.tag in ("Hangup", "Reject"):
                break
            await self._speak(verb)
            if verb.tag in ("Gather", "Record", "Dial"):
                self._at = verb
                return
        await self._end()

    async def _speak(self, verb: ElementTree.Element) -> None:
        if verb.tag == "Say":
            words = "".join(verb.itertext()).strip()
            assert 0 < len(words) <= SAY_LIMIT, "a <Say> is empty or too long"
            self._hear(words)
        elif verb.tag == "Play":
            self.played.append(await self._exchange.get(urljoin(self._url, (verb.text or "").strip())))
            self._hear("[a recording]")
        elif verb.tag == "Record":
            assert 1 <= int(verb.get("maxLength", "3600")) <= 14400, "maxLength is out of range"
            assert int(verb.get("timeout", "5")) > 0, "timeout is out of range"
            self._hear("[tone]" if verb.get("playBeep", "true") == "true" else "")
        elif verb.tag == "Dial":
            self.dialled.append((verb.text or "").strip())
        elif verb.tag == "Gather":
            for inner in verb:
                assert inner.tag in _IN_GATHER, f"<{inner.tag}> cannot stand in a <Gather> (12200)"
                await self._speak(inner)

    def _hear(self, words: str) -> None:
        if words:
            self.heard.append(words)
            self.history.append(words)

    async def _end(self) -> None:
        self._at, self._verbs, self.status = None, [], "completed"
        if self._status_url:
            fields = {
                "CallDuration": str(self.seconds),
                "Duration": "1",
                "SequenceNumber": "0",
                "CallbackSource": "call-progress-events",
            }
            url, self._status_url = self._status_url, ""
            await self._exchange.post(url, {**self._standard(), **fields})

    def _standard(self) -> dict[str, str]:
        """What Twilio sends with every request of a call."""
        return {
            "AccountSid": self._account,
            "ApiVersion": "2010-04-01",
            "CallSid": self.sid,
            "CallStatus": self.status,
            "Called": self.to,
            "CalledCountry": "GB",
            "Caller": self.from_,
            "CallerCountry": "GB",
            "Direction": self.direction,
            "From": self.from_,
            "FromCountry": "GB",
            "To": self.to,
            "ToCountry": "GB",
        }


def _taken(keys: str, gather: ElementTree.Element) -> tuple[str, str]:
    """The digits that a <Gather> takes of what was pressed, and the key that ended it."""
    finish, most = gather.get("finishOnKey", "#"), int(gather.get("numDigits", "0"))
    digits = ""
    for at, key in enumerate(keys):
        if key == finish:
            assert at == len(keys) - 1, f"nobody waits for {keys[at + 1 :]} after the {finish} key"
            return digits, key
        digits += key
        if len(digits) == most:
            assert at == len(keys) - 1, f"nobody waits for {keys[at + 1 :]} after {most} keys"
    return digits, ""
