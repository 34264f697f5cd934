"""A flow as the engine runs it: texts by language and form, and a flat list of steps with jumps.

`document` makes these from YAML; nothing else does.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from flows.events import Ask as Kind

Text = Mapping[str, str]  # "en", "en.easy", "en.voice", "en.easy.voice"; the same for other languages

Condition = Mapping[str, tuple[str, ...]]  # every name must have one of its values


def pick(text: Text, language: str, form: str, *, spoken: bool = False, fallback: str = "en") -> str:
    """The wording for a person: their language first, then their form; never blank where a text exists."""
    endings = [".easy.voice", ".voice", ".easy", ""] if form == "easy" else [".voice", ""]
    if not spoken:
        endings = [ending for ending in endings if not ending.endswith("voice")]
    for tongue in (language, fallback, "en"):
        for ending in endings:
            found = text.get(tongue + ending)
            if found is not None:
                return found
    return next(iter(text.values()), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    key: str
    label: Text
    words: tuple[str, ...] = ()
    when: Condition = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SayStep:
    text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class AskStep:
    """`many`: goes on taking photos until told that is all. `review`: on a call a recording is
    played back and confirmed. `soft`: words that do not fit are as if nothing was asked. `quiet`:
    keys that work without being listed. `lapses`: minutes after which nobody is held to it. `unlike`: words
    that are no answer to it."""

    name: str
    text: Text
    takes: tuple[Kind, ...]
    choices: tuple[Choice, ...] = ()
    most: int = 0
    low: int = 0
    high: int = 0
    optional: bool = False
    many: bool = False
    review: bool = True
    soft: bool = False
    echo: bool = True
    flows: bool = False  # the choices are the ways of taking part
    lapses: int = 0
    unlike: tuple[str, ...] = ()
    quiet: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepStep:
    """Keep what was given as a contribution of this kind; `main` are the answers that are its words."""

    flow: str
    text: Text
    main: tuple[str, ...] = ()
    audience: str = "facilitators"
    audience_from: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BallotStep:
    """Ask the poll at hand, or count the answer that is there already."""

    text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class BeginStep:
    """Start of a repeat; `over` names what is gone through, `end` the step after it."""

    name: str
    over: str = ""
    end: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopStep:
    name: str
    start: int
    over: str = ""
    until: Condition = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlessStep:
    condition: Condition
    to: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JumpStep:
    to: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SetStep:
    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DoStep:
    deed: str
    with_: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoStep:
    """On to another flow, named here or by an answer."""

    flow: str = ""
    answer: str = ""


Step = (
    SayStep
    | AskStep
    | KeepStep
    | BallotStep
    | BeginStep
    | LoopStep
    | UnlessStep
    | JumpStep
    | SetStep
    | DoStep
    | GoStep
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """One way of taking part. `over`: it lies over what was going on, which resumes after it.
    `door`: strangers may be in it."""

    name: str
    version: str
    title: Text
    menu: Text
    order: int
    words: tuple[str, ...]
    steps: tuple[Step, ...]
    over: bool = False
    door: bool = False
    when: Condition = field(default_factory=dict)
    source: str = ""
    kind: Literal["flow"] = "flow"
