"""A flow as the engine runs it: texts by language and form, and a flat list of steps with jumps.

`document` makes these from YAML; nothing else does.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from flows.events import Ask as Kind
from flows.events import Option
from flows.wording import InForms, Text, pick

Condition = Mapping[str, tuple[str, ...]]  # every name must have one of its values

MENU = "menu"  # the shelf of the main menu
OPEN = frozenset({"text", "voice", "photo"})  # answers that are somebody's own


def in_forms(key: str, label: Text, words: tuple[str, ...]) -> InForms[Option]:
    """An option as it is shown in each language and form of its label."""

    def shown(language: str, form: str) -> Option:
        spoken = label.get(f"{language}.voice") or label.get("en.voice", "")
        return Option(key=key, label=pick(label, language, form), spoken=spoken, words=words)

    return InForms(label, shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """`shown` is the choice as people see and hear it."""

    key: str
    label: Text
    words: tuple[str, ...] = ()
    when: Condition = field(default_factory=dict)
    shown: InForms[Option] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "shown", in_forms(self.key, self.label, self.words))


@dataclass(frozen=True, slots=True, kw_only=True)
class SayStep:
    text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class AskStep:
    """`many`: goes on taking photos until told that is all. `review`: on a call a recording is
    played back and confirmed. `soft`: words that do not fit are as if nothing was asked. `quiet`:
    options that work without being listed. `lapses`: minutes after which nobody is held to it. `unlike`:
    words that are no answer to it."""

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
    shelf: str = ""  # the choices are the flows on this shelf
    listed: str = ""  # the choices are the group's: its languages
    lapses: int = 0
    unlike: tuple[str, ...] = ()
    quiet: tuple[Option, ...] = ()

    @property
    def open(self) -> bool:
        """Whether somebody's own words, voice or photos answer it."""
        return not OPEN.isdisjoint(self.takes)


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
    """The end of a repeat. `inside` are the names of what is asked in it."""

    name: str
    start: int
    over: str = ""
    until: Condition = field(default_factory=dict)
    inside: frozenset[str] = frozenset()


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
    """One way of taking part. `over`: it lies over what was going on, which resumes after it. `door`:
    strangers may be in it. `always`: so may those who wait to be let in, or must agree anew. `practice`:
    nothing of it is kept. What follows from its steps is worked out once:

    `keep`: its first keep. `given`: what is asked for in somebody's own words, voice or photos. `main`: the
    answers that a keep names. `steering`: what is asked only to find the way. `entry`: as a choice.
    """

    name: str
    version: str
    title: Text
    menu: Text
    shelf: str
    order: int
    words: tuple[str, ...]
    steps: tuple[Step, ...]
    over: bool = False
    door: bool = False
    always: bool = False
    practice: bool = False
    follows: str = ""  # the question that a day after the flow's own word answers
    when: Condition = field(default_factory=dict)
    source: str = ""
    keep: KeepStep | None = field(init=False, repr=False, compare=False)
    given: tuple[str, ...] = field(init=False, repr=False, compare=False)
    main: tuple[str, ...] = field(init=False, repr=False, compare=False)
    steering: frozenset[str] = field(init=False, repr=False, compare=False)
    entry: InForms[Option] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        asks = [step for step in self.steps if isinstance(step, AskStep)]
        keeps = [step for step in self.steps if isinstance(step, KeepStep)]
        follows: Mapping[str, object] = {
            "keep": next(iter(keeps), None),
            "given": tuple(ask.name for ask in asks if ask.open),
            "main": tuple(name for keep in keeps for name in keep.main),
            "steering": frozenset(ask.name for ask in asks if not ask.echo and not ask.open),
            "entry": in_forms(self.name, self.menu, self.words),
        }
        for name, value in follows.items():
            object.__setattr__(self, name, value)
