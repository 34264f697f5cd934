"""What was found: one thing, how it is, and one sentence for the operator with the remedy in it."""

from dataclasses import dataclass
from typing import Literal

State = Literal["good", "off", "look", "bad"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`off` was not asked for and is no fault; `look` works, though perhaps not as was meant."""

    what: str
    state: State
    sentence: str


def good(what: str, sentence: str) -> Finding:
    return Finding(what=what, state="good", sentence=sentence)


def off(what: str, sentence: str) -> Finding:
    return Finding(what=what, state="off", sentence=sentence)


def look(what: str, sentence: str) -> Finding:
    return Finding(what=what, state="look", sentence=sentence)


def bad(what: str, sentence: str) -> Finding:
    return Finding(what=what, state="bad", sentence=sentence)
