"""One member, their group and their conversation, in memory; stored and read back at each turn."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

from flows import engine
from flows.ballots import ballot_of
from flows.document import load
from flows.effects import (
    Agree,
    Change,
    Effect,
    EndHandover,
    Fetch,
    HandOver,
    Here,
    Join,
    Linked,
    NotTheirs,
    Prefer,
    SomebodyElse,
    Vote,
    Withdraw,
)
from flows.events import Event, Option, Question, Say
from flows.library import Flows
from flows.lines import Opened
from flows.looks import Look, Missing
from flows.polls import Poll, Worded
from flows.sentences import Sentences
from flows.state import (
    Brief,
    Candidate,
    Conversation,
    Group,
    Knock,
    Member,
    Notice,
    Shared,
    Supported,
    Thing,
    Wants,
)
from flows.turns.joining.door import wanted
from storage.care.ringing_back import Answer as RingBack
from storage.lines.pins import Checked
from storage.turning.states import packed, unpacked

START = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)
PLACES = (Option(key="1", label="Library"), Option(key="2", label="Café"))
VOTE = Poll(id="p1", question="Where shall we meet?", options=PLACES, closes="Friday at 5pm")
SNACKS = tuple(Option(key=str(n), label=one) for n, one in enumerate(("Tea", "Coffee", "Cake"), 1))
EASY = Worded(question="Where do we meet?", options=("In the library", "In the café"))
REASONED = replace(
    VOTE,
    changes="where we meet from May",
    decides="all of us, by this vote",
    versions={("en", "easy"): EASY},
)
SECOND = Poll(id="p2", question="What shall we bring?", options=SNACKS, several=True, closes="Monday at noon")
BRIEF = Brief(
    id="b1",
    title="The bus routes",
    meeting="Spring session",
    when="Tuesday 10 March at 2pm",
    parts={
        "en": ("Two bus routes may change.", "Please think about which stops you need."),
        "en.easy": ("Two buses may change.", "Think: which stops do you need?"),
    },
)
SHARED = (
    Shared(id="s1", name="Jo", text="More benches, please.", mine=("m2",)),
    Shared(id="s2", name="Somebody", text="The ramp is steep.", mine=("m3",)),
)
THINGS = (
    Thing(kind="gift", id="t1", flow="thought", day="2 March", words="More benches", audience="group"),
    Thing(kind="ballot", id="p1", flow="vote", day="1 March", words="Where shall we meet?"),
    Thing(kind="gift", id="t2", flow="diary", day="27 February", audience="facilitators", unnamed=True),
    Thing(
        kind="gift",
        id="t3",
        flow="thought",
        day="3 February",
        words="The ramp at the library is much too steep for Jo",
        audience="group",
        hidden="names somebody",
    ),
    Thing(kind="words", id="t4", flow="", day="2 February", words="Hm", audience="facilitators"),
)
GROUP = Group(
    id="g1",
    code="GARDEN",
    number="1234",
    name="Garden Group",
    readers=("Ann", "Bo"),
    helper="Ann",
    spare_number="4821",
    phone="01632 960001",
    chat="garden_bot",
    replies_to_optout=True,
)
MARY = Member(id="m1", name="Mary", number="7730")
TWO = (MARY, Member(id="m2", name="Jo", number="5512"))
JO_IS_HELPED = Supported(id="s1", name="Jo", votes=True)
LOOKS: Mapping[str, Callable[..., Any]] = {  # nobody has an invitation, and whoever joins is let in
    "door": lambda code: Knock(),
    "shut out": lambda: False,
    "admit": lambda invitation="": "in",
    "ring back": lambda: RingBack(why="off"),
    "wants": lambda: Wants(has=frozenset({"sms"})),
    "new code": lambda: "493021",
    "code": lambda code: Opened(),
    "number": lambda asked: Opened(),
    "use code": lambda asked: Opened(),
    "part": lambda: Opened(),
    "joined": lambda: False,
    "things": lambda: (),
    "own copy": lambda: "",
    "member number": lambda keyed: Checked(),
    "supported": lambda: None,
    "supporters": lambda: (),
    "support code": lambda code: JO_IS_HELPED if code == "493021776" else None,
    "name supporter": lambda asked: "493021776",
}
NOTICE = Notice(id="o1", kind="brief", subject="b1", text="")


@cache
def shipped() -> Flows:
    """The flows that are shipped."""
    ways = files("flows") / "ways"
    found = {one.name: one.read_text(encoding="utf-8") for one in ways.iterdir() if one.name.endswith("yaml")}
    return load(found)


def house() -> Sentences:
    """The sentences of the house."""
    return Sentences(shipped().phrases)


@dataclass(slots=True, kw_only=True)
class Scene:
    """Takes events one by one as the service does. `effects` and `heard` gather what came of them."""

    group: Group = GROUP
    member: Member | None = MARY
    flows: Flows = field(default_factory=shipped)
    known_group: bool = True  # whether a stranger's event need not say which group it means
    notice: Notice | None = None
    conversation: Conversation = field(default_factory=Conversation)
    now: datetime = START
    looks: Mapping[str, Callable[..., Any]] = field(default_factory=lambda: LOOKS)  # what storage would find
    candidates: tuple[Candidate, ...] = ()  # those who may be there, while it is not known who is
    withheld: bool = False  # calls don't say where they come from
    effects: list[Effect] = field(default_factory=list)
    heard: list[Say] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def ids(self) -> str:
        return f"i{next(self.numbers)}"

    def take(self, event: Event) -> tuple[Say, ...]:
        """One turn; what it asks to be stored is done to the member and the group."""
        self.now += timedelta(seconds=20)
        before = unpacked(packed(self.conversation))
        group = self._group(event, before)
        member = replace(self.member, notice=self.notice) if self.member and event.can.call else self.member
        outcome = self._turn(before, event, group, member)
        self.conversation = outcome.conversation
        if group and not member and not self.conversation.group and wanted(event, Conversation()):
            self.conversation = replace(self.conversation, group=group.id)
        for effect in outcome.effects:
            self._apply(effect)
        self.heard += outcome.says
        later = [one for effect in outcome.effects for one in self._follows(event, effect, member)]
        return (*outcome.says, *(say for one in later for say in self.take(one)))

    def _follows(self, event: Event, effect: Effect, member: Member | None) -> Sequence[Event]:
        """Once it is known who is there, or who is not, what came takes its turn."""
        again = replace(event, kind="call", value="", text="")
        if isinstance(effect, Here) and member is None:
            self.member = next(Member(id=one.id, name=one.name) for one in TWO if one.id == effect.member)
            self.candidates, self.conversation = (), Conversation()
            return (again,) if event.can.call else effect.held
        if isinstance(effect, SomebodyElse):
            self.member, self.candidates = None, ()
            self.conversation = Conversation(group=self.group.id)
            join = replace(event, kind="words", value="", text=f"JOIN {self.group.code}")
            return (again,) if event.can.call else (join,)
        return ()

    def _turn(
        self, before: Conversation, event: Event, group: Group | None, member: Member | None
    ) -> engine.Outcome:
        """Take the turn, and take it again with what it asks to be looked up."""
        seen: dict[Look, Any] = {}
        while True:
            try:
                there = self.candidates
                return engine.turn(self.flows, before, event, group, member, self.now, self.ids, seen, there)
            except Missing as missing:
                look = missing.look
                seen[look] = self.looks[look.what](*([look.value] if look.value else []))
                if look.what == "door":  # the group of an invitation is at hand from here on
                    group = self.group if seen[look].opens else None

    def finds(self, **looks: Callable[..., Any]) -> "Scene":
        """The same, where storage finds this, by the name of the look."""
        return replace(self, looks={**self.looks, **looks})

    def sends(self, question: Question) -> None:
        """A question of ours is on its way, as the lanes do it."""
        self.conversation = engine.asked(self.conversation, question)

    def send_poll(self, poll_id: str) -> Question:
        """A poll of the group is on its way to the member."""
        question = ballot_of(next(one for one in self.group.polls if one.id == poll_id))
        self.sends(question)
        return question

    def close(self, poll: str, outcome: str) -> None:
        """A poll ends; it stays known for a kind answer to late ballots."""
        polls = (
            replace(one, closed=True, outcome=outcome) if one.id == poll else one for one in self.group.polls
        )
        self.group = replace(self.group, polls=tuple(polls))

    @property
    def asked(self) -> Question | None:
        """What bare words answer now."""
        frame = self.conversation.frame
        return frame.asked if frame else self.conversation.asked

    def _group(self, event: Event, before: Conversation) -> Group | None:
        name, door = wanted(event, before), self.group.rules.door
        named = name in {self.group.code, self.group.number} and door != "invitation"
        if self.member or self.candidates or named:
            return self.group
        if name:
            return None
        return self.group if self.known_group or before.group else None

    def _apply(self, effect: Effect) -> None:
        self.effects.append(effect)
        if isinstance(effect, Join):
            state, agreed = "waiting" if effect.asks_in else "active", {"join": effect.agrees.wording}
            self.member = Member(
                id="m1",
                name=effect.name,
                number=effect.number,
                state=state,
                language=effect.agrees.language,
                agreed=agreed,
            )
        elif isinstance(effect, NotTheirs):
            self.candidates = ()
        elif isinstance(effect, Linked):
            self.member = replace(self.member or MARY, id=effect.member)
        elif isinstance(effect, Fetch):
            kind = effect.attachment.kind
            many = sum(name.startswith(kind) for name in self.files.values())
            self.files[effect.media] = f"{kind} {many + 1}"
        elif self.member:
            self._apply_to(self.member, effect)

    def _apply_to(self, member: Member, effect: Effect) -> None:
        if isinstance(effect, Agree):
            self.member = replace(member, agreed={**member.agreed, effect.purpose: effect.wording})
        elif isinstance(effect, Withdraw):
            left = {name: said for name, said in member.agreed.items() if name != effect.purpose}
            self.member = replace(member, agreed=left)
        elif isinstance(effect, Vote):
            self.member = replace(member, votes={**member.votes, effect.poll: effect.keys})
        elif isinstance(effect, Prefer) and effect.name in ("slower", "never_named"):
            heard: Any = effect.value == "yes"
            self.member = replace(member, **{effect.name: heard})
        elif isinstance(effect, HandOver | EndHandover):
            self.member = replace(member, handover=effect.id if isinstance(effect, HandOver) else "")
        elif isinstance(effect, Change) and effect.to in {"left", "erased"}:
            self.member, self.conversation = None, Conversation()
        elif isinstance(effect, Change):
            self.member = replace(member, state=effect.to, paused_until=effect.until)
