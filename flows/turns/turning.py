"""The workbench of one turn: what is known, what has been said so far, what is to be done.

Lives for one call of `engine.turn` and is the only thing in this room that changes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from flows.effects import Effect, Fetch, Vote
from flows.events import Event, Question, Say, Shown
from flows.library import Flows
from flows.lines import Person
from flows.looks import Look, Missing, Seen
from flows.state import Answer, Candidate, Conversation, Done, Frame, Group, Heard, Invited, Member, Review
from flows.steps import Flow
from flows.values import replace, scattered

MEMORY = 10  # how many questions, edits and deeds a conversation remembers


@dataclass(slots=True, kw_only=True)
class Turn:
    flows: Flows
    was: Conversation
    event: Event
    group: Group | None
    member: Member | None
    now: datetime
    ids: Callable[[], str]
    seen: Seen = field(default_factory=dict)
    candidates: Sequence[Candidate] = ()  # those who may be there, while it is not known who is
    recognised: bool = False  # it has just become known who is there: what follows is theirs
    sought: str = ""  # the group in which it is asked who is there
    proved: bool = False  # they have just shown that they are the member whose line it is
    says: list[Say] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    lines: list[tuple[str, str, str]] = field(default_factory=list)  # as written, as said, its language
    votes: Mapping[str, tuple[str, ...]] = field(init=False)
    chosen: str = ""
    waiting_title: str = ""
    given_name: str = ""
    fetched: dict[str, str] = field(default_factory=dict)
    again: bool = False  # the current question has been put in this turn
    nameless: bool = False  # what is given in this turn carries no name

    # Where the member is, as far as this turn has come: what `Conversation` says, to be changed
    frames: list[Frame] = field(init=False)
    asked: Question | None = field(init=False)
    before: tuple[Question, ...] = field(init=False)
    heard: tuple[Heard, ...] = field(init=False)
    done: tuple[Done, ...] = field(init=False)
    tries: int = field(init=False)
    missed: tuple[str, ...] = field(init=False)
    near: str = ""
    helped: bool = False
    silences: int = field(init=False)
    away: bool = field(init=False)
    review: Review | None = field(init=False)
    rest: str = field(init=False)
    promised: str = field(init=False)
    album: tuple[str, str, str] = field(init=False)  # it, its contribution and its answer there
    pending: tuple[str, str] = field(init=False)
    invited: Invited = field(init=False)
    held: tuple[Event, ...] = field(init=False)
    slower: bool = field(init=False)
    at: datetime | None = field(init=False)
    about: str = ""  # the contribution that is told in what is being said

    def __post_init__(self) -> None:
        was, member = self.was, self.member
        self.votes = member.votes if member else {}
        if self.group and member:
            self.group = self.group.in_words(member.language, member.form)
        self.frames = list(was.frames)
        self.asked, self.before, self.heard, self.done = was.asked, was.before, was.heard, was.done
        self.tries, self.missed, self.silences = was.tries, was.missed, was.silences
        self.away, self.review, self.rest, self.pending = was.away, was.review, was.rest, was.pending
        self.invited, self.held = was.invited, was.held
        self.album = was.album, was.album_gift, was.album_answer
        self.slower = was.slower or bool(member and member.slower)
        self.promised = was.promised
        self.at = self.now

    def go_on_as(self, person: Person) -> None:
        """The rest of this turn is this person's, from where they were."""
        self.member, self.group, self.was = person.member, person.group, person.conversation
        self.__post_init__()

    # What is known -------------------------------------------------------------------------------
    @property
    def language(self) -> str:
        if self.member:
            return self.member.language
        for frame in self.frames:  # they may have chosen one on their way in
            if "language" in frame.answers:
                return frame.answers["language"].keys[0]
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
    def question(self) -> Question | None:
        """The question that bare words answer now."""
        frame = self.frame
        return frame.asked if frame else self.asked

    def look(self, what: str, value: str = "") -> Any:
        """What storage knows of this; the turn is begun anew where it has not been asked yet."""
        look = Look(what=what, value=value)
        if look not in self.seen:
            raise Missing(look)
        return self.seen[look]

    def flow(self, frame: Frame) -> Flow:
        """The flow that this is a run of, in the version that it began with."""
        return self.flows.get(frame.flow, frame.version)

    def title(self, frame: Frame) -> str:
        return self.flow(frame).title.written[self.language, self.form].text

    def unnamed(self, frame: Frame | None) -> bool:
        """Whether what is given in this run carries no name."""
        never = self.member is not None and self.member.never_named
        return never or self.nameless or (frame is not None and frame.unnamed)

    def answer(self, name: str) -> Answer | None:
        return self.frames[-1].answers.get(name) if self.frames else None

    def key(self, name: str) -> str:
        """The choice that was the answer of this name; of several the first."""
        found = self.answer(name)
        return found.keys[0] if found and found.keys else ""

    def afresh(self) -> None:
        """Nothing has been misunderstood yet, nobody has been silent yet."""
        self.tries = self.silences = 0
        self.review = None

    def put_frame(self, frame: Frame) -> None:
        self.frames[-1] = frame

    # What is said --------------------------------------------------------------------------------
    def phrase(self, name: str, **values: str | int) -> str:
        """A sentence of the house in the person's language and form."""
        return self._phrase(name, values)[0]

    def _phrase(self, name: str, values: Mapping[str, str | int], *, aloud: bool = False) -> tuple[str, str]:
        """As it is read and, where that is wanted, as it is said."""
        text, form = self.flows.phrases[name], (self.language, self.form)
        written, spoken = text.written[form], text.spoken[form]

        def named(key: str) -> str:
            return str(values.get(key, ""))

        shown = written.fill(named)
        return shown, (spoken.fill(named) if aloud and spoken is not written else shown)

    def several(self, names: Sequence[str]) -> str:
        """Names as they stand in a sentence: "Ann", "Ann and Bo"."""
        *others, last = names or ("",)
        return self.phrase("readers.several", first=", ".join(others), last=last) if others else last

    def spoken(self, name: str) -> str:
        """The same as it is said on a call."""
        return self._phrase(name, {}, aloud=True)[1]

    def tongue(self, name: str) -> str:
        """The language in which a sentence of the house is said to this person."""
        return self.flows.phrases[name].spoken[self.language, self.form].language

    def tell(self, name: str, **values: str | int) -> None:
        """Say a sentence of the house."""
        self.line(*self._phrase(name, values, aloud=self.on_call), self.tongue(name))

    def line(self, text: str, spoken: str = "", language: str = "") -> None:
        """Add a paragraph; paragraphs of one turn go out together as one message.

        `language` is the one that it is in, "" for the person's own.
        """
        if text.strip():
            self.lines.append((text, spoken or text, language or self.language))

    def speak(self, question: Question | None = None, **extra: Any) -> None:
        """Close the message: what was said so far, with the question that it ends in.

        On a call each voice speaks one language, so what is in several is said by several.
        """
        if not self.lines and not extra:
            return
        last = self.lines[-1][2] if self.lines else self.language
        runs = [(last, self.lines)]
        if self.on_call and any(language != last for *_, language in self.lines):
            runs = [(language, list(lines)) for language, lines in groupby(self.lines, key=itemgetter(2))]
        self.lines = []
        for language, lines in runs[:-1]:
            self._say(lines, language)
        self._say(runs[-1][1], last, question=question, **extra)

    def _say(self, lines: Sequence[tuple[str, str, str]], language: str, **extra: Any) -> None:
        member = self.member if self.on_call else None
        text = "\n\n".join([line for line, *_ in lines])
        spoken = "\n\n".join([line for _, line, _ in lines]) if self.on_call else text
        self.says.append(
            Say(
                text=text,
                spoken="" if spoken == text else spoken,
                slower=self.slower,
                lower=bool(member and member.lower),
                waits=bool(member and member.more_time),
                language=language,
                about=self.about,
                **extra,
            )
        )
        self.about = ""

    def show(self, *shown: Shown) -> None:
        """Send files along with what has been said so far."""
        if shown:
            self.speak(shown=tuple(shown))

    # What is done --------------------------------------------------------------------------------
    def gift_id(self) -> str:
        """An id for something given: unlike others it does not tell when it was made."""
        return scattered(self.ids())

    def do(self, effect: Effect) -> None:
        self.effects.append(effect)

    def vote(self, poll: str, keys: tuple[str, ...]) -> None:
        self.do(Vote(poll=poll, keys=keys))
        self.votes = {**self.votes, poll: keys}

    def take_files(self, *kinds: str) -> tuple[str, ...]:
        """Take in the event's files of these kinds, each once, and give their ids."""
        found = []
        for attachment in self.event.attachments:
            if attachment.kind in kinds:
                if attachment.ref not in self.fetched:
                    self.fetched[attachment.ref] = self.gift_id()
                    self.do(Fetch(media=self.fetched[attachment.ref], attachment=attachment))
                found.append(self.fetched[attachment.ref])
        return tuple(found)

    def remember(self, question: Question) -> None:
        """Keep an answered question within reach: for late buttons, and for edited messages."""
        places = {frame.id for frame in self.frames} | {done.id for done in self.done}
        rest = [
            one
            if one.poll or not one.options or one.frame in places or one.gift in places
            else replace(one, options=())  # no answer to it has a place to go to any more
            for one in self.before
            if one.id != question.id
        ]
        event = self.event.of if self.event.kind == "edit" else self.event.id
        if not question.poll:  # only a vote is ever put again
            question = replace(question, text="", spoken="")
        self.before = (question, *rest)[:MEMORY]
        self.heard = (*self.heard, Heard(event=event, question=question.id))[-MEMORY:]

    def answered(self, event: str) -> Question | None:
        """The question that this message answered, as far as it is remembered."""
        wanted = next((one.question for one in reversed(self.heard) if one.event == event), "")
        known = (*self.before, self.asked, *(frame.asked for frame in self.frames))
        return next((one for one in known if one and one.id == wanted), None)

    def push_done(self, done: Done) -> None:
        others = [one for one in self.done if one.id != done.id]
        self.done = (*others, done)[-MEMORY:]

    def outcome(self) -> "Outcome":
        self.speak()
        return Outcome(conversation=self._after(), says=tuple(self.says), effects=tuple(self.effects))

    def _after(self) -> Conversation:
        joins = (
            self.member is None
            and self.group
            and self.frames
            and self.frames[-1].flow in {"join", "come back"}
        )
        album, gift, name = self.album
        return Conversation(
            frames=tuple(self.frames),
            asked=self.asked,
            before=self.before,
            heard=self.heard,
            done=self.done,
            tries=self.tries,
            missed=self.missed,
            near=self.near,
            silences=self.silences,
            away=self.away,
            review=self.review,
            rest=self.rest,
            album=album,
            album_gift=gift,
            album_answer=name,
            notice=self.was.notice,
            pending=self.pending,
            invited=self.invited,
            held=self.held,
            slower=self.slower,
            helped=self.helped,
            channel=self.event.channel,
            promised=self.promised,
            group=self.sought or (self.group.id if joins and self.group else self.was.group),
            at=self.at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a turn: the conversation as it is now, what to say, what to store."""

    conversation: Conversation
    says: tuple[Say, ...]
    effects: tuple[Effect, ...]
