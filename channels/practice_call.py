"""Reads TwiML as the phone network does, up to where it waits for the caller. Pure.

https://www.twilio.com/docs/voice/twiml names the verbs and their defaults.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal
from xml.etree import ElementTree


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One thing that is heard: words, a stored recording at the address `url`, or the tone."""

    kind: Literal["words", "recording", "tone"]
    text: str = ""
    url: str = ""
    language: str = ""
    slower: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """What the call waits for, and where it goes then.

    `keys`: keys or speech, sent to `action` once there are `digits` of them (0 for any number) or
    `finish` was pressed. `recording`: sound, ended by one of the keys in `finish`. `person`: the
    call was put through to `number`. `otherwise` is where it goes on when nothing comes, "" for its end.
    """

    what: Literal["keys", "recording", "person", "over"]
    action: str = ""
    otherwise: str = ""
    digits: int = 0
    finish: str = ""
    speech: bool = False
    number: str = ""


OVER = Wait(what="over")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What one answer lets the caller hear, then either a wait or a `redirect` to follow."""

    heard: tuple[Heard, ...]
    wait: Wait = OVER
    redirect: str = ""


def scene(twiml: str) -> Scene:
    """Perform one answer; raise ValueError where it is no TwiML."""
    try:
        root = ElementTree.fromstring(twiml)  # noqa: S314  # our own answer
    except ElementTree.ParseError as error:
        raise ValueError("the answer to a call is not TwiML") from error
    heard: list[Heard] = []
    verbs = list(root)
    for at, verb in enumerate(verbs):
        heard += _heard(verb)
        if verb.tag == "Redirect":
            return Scene(heard=tuple(heard), redirect=_text(verb))
        if verb.tag == "Hangup":
            break
        if verb.tag in ("Gather", "Record", "Dial"):
            return Scene(heard=tuple(heard), wait=_wait(verb, _next(verbs[at + 1 :])))
    return Scene(heard=tuple(heard))


def _heard(verb: ElementTree.Element) -> Iterator[Heard]:
    if verb.tag == "Say":
        yield Heard(
            kind="words",
            text=_text(verb),
            language=verb.get("language", ""),
            slower=verb.find("prosody") is not None,
        )
    elif verb.tag == "Play":
        yield Heard(kind="recording", url=_text(verb))
    elif verb.tag == "Record" and verb.get("playBeep", "true") == "true":
        yield Heard(kind="tone")
    elif verb.tag == "Gather":
        for inner in verb:
            yield from _heard(inner)


def _wait(verb: ElementTree.Element, otherwise: str) -> Wait:
    action = verb.get("action", "")
    if verb.tag == "Record":
        finish = verb.get("finishOnKey", "1234567890*#")
        return Wait(what="recording", action=action, otherwise=otherwise, finish=finish)
    if verb.tag == "Dial":
        return Wait(what="person", action=action, otherwise=otherwise, number=_text(verb))
    on_empty = verb.get("actionOnEmptyResult", "false") == "true"
    return Wait(
        what="keys",
        action=action,
        otherwise=action if on_empty else otherwise,
        digits=int(verb.get("numDigits", "0")),
        finish=verb.get("finishOnKey", "#"),
        speech="speech" in verb.get("input", "dtmf").split(),
    )


def _next(verbs: Sequence[ElementTree.Element]) -> str:
    """Where a call goes that gets nothing: our answers have a redirect there, or end."""
    return _text(verbs[0]) if verbs and verbs[0].tag == "Redirect" else ""


def _text(verb: ElementTree.Element) -> str:
    return "".join(verb.itertext()).strip()
