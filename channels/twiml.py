"""What is said on a call, as TwiML: what a prompt says goes inside what waits for a key.

So a key works while it still speaks. Nothing here knows a flow; `channels/spoken` has the words.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from twilio.twiml.voice_response import Gather, VoiceResponse
from twilio.twiml.voice_response import Say as Spoken

from channels.spoken import Prompt, lines, prompt
from flows.events import Say, Shown
from flows.sentences import Sentences

STEP = "/twilio/voice/step"
LONGEST_RECORDING = 300
QUIET_SECONDS = 15
DIAL_SECONDS = 20
ANY_KEY = "1234567890*#"
_SORRY = "I am sorry, something went wrong on our side. Please ring again in a few minutes. Goodbye."


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """Who speaks: the voice and its language; `others` by a member's language, as (voice, language)."""

    name: str = "Polly.Amy-Neural"
    lower: str = "Polly.Brian-Neural"  # a voice that is low by itself: neural ones can't be lowered
    language: str = "en-GB"
    others: Mapping[str, tuple[str, str]] = field(default_factory=lambda: {"cy": ("Polly.Gwyneth", "cy-GB")})

    def of(self, say: Say) -> tuple[str, str]:
        """The voice and its language for what is said; of some languages there is no lower voice."""
        usual = self.lower if say.lower else self.name
        return self.others.get(say.language, (usual, self.language))


def twiml(
    says: Sequence[Say],
    *,
    step: int,
    voice: Voice,
    number: str,
    words: Sentences,
    below: str = "",
    media_url: Callable[[Shown], str] | None = None,
) -> str:
    """All of `says`, then what the last thing to be wanted of the caller is, for step `step`.

    `below` is the path that all our addresses begin with, where there is one.
    """
    talk = _Talk(step=step, voice=voice, below=below, media_url=media_url)
    last = _last(says)
    wanted = prompt(last, words.to(last.language)) if last else Prompt(want="listen", lines=())
    response = VoiceResponse()
    waits = wanted.want not in ("record", "end", "dial")
    patient = any(say.slower or say.waits for say in says)
    speaker = talk.gather(wanted, patient=patient) if waits else response
    # Whatever order they came in: what is wanted of the caller is heard last, close to the wait.
    for say in sorted(says, key=lambda say: say is last):
        talk.say(speaker, say, lines(say.spoken or say.text), menu=wanted.menu if say is last else ())
    if waits:
        response.append(speaker)
    talk.close(response, wanted, last.dial if last else "", number, patient=patient)
    return str(response)


def one_moment(url: str) -> str:
    """Keeps a call alive while its step is still being worked on: the same step is asked again."""
    response = VoiceResponse()
    response.say("One moment, please.", voice=Voice().name, language=Voice().language)
    response.pause(length=1)
    response.redirect(url, method="POST")
    return str(response)


def error_answer() -> str:
    """A kind goodbye for when a step went wrong: a call is never met by an error or by nothing."""
    response = VoiceResponse()
    response.say(_SORRY, voice=Voice().name, language=Voice().language)
    response.hangup()
    return str(response)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Talk:
    """One answer in the making."""

    step: int
    voice: Voice
    below: str
    media_url: Callable[[Shown], str] | None

    def gather(self, wanted: Prompt, *, patient: bool) -> Gather:
        """Waits for keys or speech. Without either the step is asked all the same, as silence."""
        # An empty finishOnKey lets the hash key itself through where one key is the whole answer.
        keys = {"num_digits": 1, "finish_on_key": ""} if wanted.digits == 1 else {"finish_on_key": "#"}
        seconds = 5 if wanted.want == "listen" else 7 if wanted.digits == 1 else 10
        return Gather(
            input="dtmf speech",
            action=self._address(wanted, wanted.want),
            method="POST",
            action_on_empty_result=True,
            timeout=seconds * 2 if patient else seconds,
            speech_timeout="auto",
            language=self.voice.language,
            hints=", ".join(wanted.hints) or None,
            profanity_filter=False,
            **keys,
        )

    def say(self, speaker: Any, say: Say, told: Sequence[str], *, menu: Sequence[str]) -> None:
        """Say what there is to say, play the recordings, then say how to answer."""
        self._lines(speaker, say, told)
        for shown in say.shown:
            address = self.media_url(shown) if shown.kind == "voice" and self.media_url else ""
            if address:
                speaker.play(address)
            else:
                self._lines(speaker, say, lines(shown.words))
        self._lines(speaker, say, menu)

    def _lines(self, speaker: Any, say: Say, told: Sequence[str]) -> None:
        """Each line by itself, with a pause after it."""
        name, language = self.voice.of(say)
        for line in told:
            if say.slower:
                spoken = Spoken(voice=name, language=language)
                spoken.prosody(line, rate="80%")
                speaker.append(spoken)
            else:
                speaker.say(line, voice=name, language=language)
            speaker.pause(length=2 if say.slower else 1)

    def close(
        self, response: VoiceResponse, wanted: Prompt, dial: str, number: str, *, patient: bool
    ) -> None:
        """What the call does after the words."""
        if wanted.want == "end":
            response.hangup()
            return
        if wanted.want == "dial":
            response.dial(
                dial, action=self._address(wanted, "dial"), timeout=DIAL_SECONDS, caller_id=number or None
            )
            return
        if wanted.want == "record":
            response.record(
                action=self._address(wanted, "record"),
                method="POST",
                max_length=LONGEST_RECORDING,
                timeout=QUIET_SECONDS * 2 if patient else QUIET_SECONDS,
                finish_on_key=ANY_KEY,
                play_beep=True,
                trim="do-not-trim",
            )
        # An empty recording does not call its action: the call goes on here instead.
        response.redirect(self._address(wanted, "silence"), method="POST")

    def _address(self, wanted: Prompt, arrives_as: str) -> str:
        marks: dict[str, str | int] = {"n": self.step, "as": arrives_as}
        if wanted.question:
            marks["q"] = wanted.question
        if wanted.offset:
            marks["from"] = wanted.offset
        if wanted.more:
            marks["more"] = wanted.more
        if wanted.skip:
            marks["skip"] = 1
        return f"{self.below}{STEP}?{urlencode(marks)}"


def _last(says: Sequence[Say]) -> Say | None:
    """The say that settles what is wanted: an end or a number to dial, else the last question."""
    for settles in (
        lambda say: say.ends or say.dial,
        lambda say: say.record or say.question,
        lambda say: True,
    ):
        found = [say for say in says if settles(say)]
        if found:
            return found[-1]
    return None
