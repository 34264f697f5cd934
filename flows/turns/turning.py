"""The workbench of one turn: what is known, what has been said so far, what is to be done.

Lives for one call of `engine.turn` and is the only thing in this room that changes.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from flows.effects import Effect, Fetch, Vote
from flows.events import Event, Question, Say, Shown
from flows.library import Flows
from flows.state import Answer, Conversation, Done, Frame, Group, Heard, Member
from flows.steps import pick

BRACES = re.compile(r"\{([a-z][a-z ]*)\}")
EMPTY = re.compile(r"(?<=\w),? +([.,!?])(?=\s|$)")  # what an empty name leaves behind
BEGIN = re.compile(r"(^|[.!?]\s+)$")  # what stands before the first word of a sentence
NOT_NAMED = frozenset({"readers", "helper"})  # said as "the facilitators" where nobody has been named
MEMORY = 20  # how many questions, edits and deeds a conversation remembers


@dataclass(slots=True, kw_only=True)
class Turn:
    flows: Flows
    was: Conversation
    event: Event
    group: Group | None
    member: Member | None
    now: datetime
    ids: Callable[[], str]
    frames: list[Frame] = field(default_factory=list)
    says: list[Say] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    lines: list[tuple[str, str]] = field(default_factory=list)
    changes: dict[str, object] = field(default_factory=dict)
    votes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    chosen: str = ""
    waiting_title: str = ""
    given_name: str = ""
    fetched: dict[str, str] = field(default_factory=dict)
    again: bool = False  # the current question has been put in this turn

    # What is known -------------------------------------------------------------------------------
    @property
    def language(self) -> str:
        if self.member:
            return self.member.language
        return self.group.language if self.group else "en"

    @property
    def form(self) -> str:
        return self.member.form if self.member else "plain"

    @property
    def on_call(self) -> bool:
        return self.event.can.call

    @property
    def frame(self) -> Frame | None:
        return self.frames[-1] if self.frames and not self.away else None

    @property
    def away(self) -> bool:
        return bool(self.get("away"))

    @property
    def question(self) -> Question | None:
        """The question that bare words answer now."""
        if self.frame:
            return self.frame.asked
        asked = self.get("asked")
        return asked if isinstance(asked, Question) else None

    @property
    def before(self) -> tuple[Question, ...]:
        found = self.get("before")
        return found if isinstance(found, tuple) else ()

    @property
    def done(self) -> tuple[Done, ...]:
        found = self.get("done")
        return found if isinstance(found, tuple) else ()

    def get(self, name: str) -> object:
        return self.changes[name] if name in self.changes else getattr(self.was, name)

    def put(self, **changes: object) -> None:
        self.changes.update(changes)

    def put_frame(self, frame: Frame) -> None:
        self.frames[-1] = frame

    def answer(self, name: str) -> Answer | None:
        return self.frames[-1].answers.get(name) if self.frames else None

    # What is said --------------------------------------------------------------------------------
    def phrase(self, name: str, **values: str | int) -> str:
        """A sentence of the house in the person's language and form."""
        return self._phrase(name, values, spoken=False)

    def _phrase(self, name: str, values: Mapping[str, str | int], *, spoken: bool) -> str:
        text = pick(self.flows.phrases[name], self.language, self.form, spoken=spoken)
        return self.fill(text, lambda key: str(values.get(key, "")))

    @staticmethod
    def fill(text: str, named: Callable[[str], str]) -> str:
        def one(found: re.Match[str]) -> str:
            value = named(found[1])
            starts = found[1] in NOT_NAMED and BEGIN.search(text[: found.start()])
            return value[:1].upper() + value[1:] if starts else value

        filled = BRACES.sub(one, text)
        return EMPTY.sub(r"\1", filled) if filled != text else text

    def spoken(self, name: str) -> str:
        """The same as it is said on a call."""
        return self._phrase(name, {}, spoken=True)

    def tell(self, name: str, **values: str | int) -> None:
        """Say a sentence of the house."""
        self.line(self._phrase(name, values, spoken=False), self._phrase(name, values, spoken=True))

    def line(self, text: str, spoken: str = "") -> None:
        """Add a paragraph; paragraphs of one turn go out together as one message."""
        if text.strip():
            self.lines.append((text, spoken or text))

    def speak(self, question: Question | None = None, **extra: object) -> None:
        """Close the message: what was said so far, with the question that it ends in."""
        if not self.lines and not extra:
            return
        text = "\n\n".join(line for line, _ in self.lines)
        spoken = "\n\n".join(line for _, line in self.lines)
        say = Say(
            text=text,
            spoken="" if spoken == text else spoken,
            question=question,
            slower=bool(self.get("slower")),
            language=self.language,
        )
        self.lines = []
        self.says.append(replace(say, **extra))  # type: ignore[arg-type]  # the callers name Say's fields

    def show(self, *shown: Shown) -> None:
        """Send files along with what has been said so far."""
        if shown:
            self.speak(shown=tuple(shown))

    # What is done --------------------------------------------------------------------------------
    def do(self, effect: Effect) -> None:
        self.effects.append(effect)

    def vote(self, poll: str, keys: tuple[str, ...]) -> None:
        self.do(Vote(poll=poll, keys=keys))
        self.votes[poll] = keys

    def take_files(self, *kinds: str) -> tuple[str, ...]:
        """Take in the event's files of these kinds, each once, and give their ids."""
        found = []
        for attachment in self.event.attachments:
            if attachment.kind in kinds:
                if attachment.ref not in self.fetched:
                    self.fetched[attachment.ref] = self.ids()
                    self.do(Fetch(media=self.fetched[attachment.ref], attachment=attachment))
                found.append(self.fetched[attachment.ref])
        return tuple(found)

    def remember(self, question: Question) -> None:
        """Keep an answered question within reach: for late buttons, and for edited messages."""
        rest = tuple(one for one in self.before if one.id != question.id)
        heard = self.get("heard")
        old = heard if isinstance(heard, tuple) else ()
        event = self.event.of if self.event.kind == "edit" else self.event.id
        self.put(
            before=(question, *rest)[:MEMORY],
            heard=(*old, Heard(event=event, question=question))[-MEMORY:],
        )

    def push_done(self, done: Done) -> None:
        others = tuple(one for one in self.done if one.id != done.id)
        self.put(done=(*others, done)[-MEMORY:])

    def outcome(self) -> "Outcome":
        self.speak()
        changes: Mapping[str, object] = {
            "at": self.now,
            **self.changes,
            "frames": tuple(self.frames),
            "channel": self.event.channel,
        }
        after = replace(self.was, **changes)  # type: ignore[arg-type]  # `put` is given Conversation's fields
        return Outcome(conversation=after, says=tuple(self.says), effects=tuple(self.effects))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a turn: the conversation as it is now, what to say, what to store."""

    conversation: Conversation
    says: tuple[Say, ...]
    effects: tuple[Effect, ...]
