"""The engine alone, in memory, without channels or storage: a diary is kept, a vote given and changed.

Every member takes the same turn before any takes the next. The time is the processor's, so that others
who work on the machine at the same time change it little.
"""

import itertools
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from benchmarks import bound, report
from bot.ways import shipped
from channels.telegram_in import CAN as TELEGRAM
from flows import engine
from flows.document import load
from flows.effects import Vote
from flows.events import Abilities, Event, Option
from flows.polls import Poll
from flows.state import Conversation, Group, Member
from flows.values import replace
from storage.turning.states import packed, unpacked

TEXT = Abilities(takes=frozenset({"text"}), parts=3)
PLACES = tuple(Option(key=str(n), label=one) for n, one in enumerate(("The library", "Café", "At home"), 1))
POLL = Poll(id="poll", question="Where shall we meet?", options=PLACES, closes="Friday at 5pm")
GROUP = Group(id="group", code="GARDEN", number="1234", name="Garden", readers=("Ann", "Bo"), polls=(POLL,))
TURNS = (
    ("the word of the diary", "DIARY"),
    ("an entry", "Day {}: I walked to the shops in the rain. The bus was late and the ramp is still broken."),
    ("a feeling; the entry is kept", "4"),
    ("the menu", "menu"),
    ("the word of the vote", "vote"),
    ("a vote by number", "2"),
    ("a vote changed in words", "the library please"),
    ("a vote changed by number", "3"),
    ("no comment", "skip"),
)
WARMING = 3  # rounds that are not counted: until then a conversation still grows
WANTED = 20_000  # turns a second


class Crowd:
    """Members and where each of them is."""

    def __init__(self, size: int) -> None:
        self.flows = load(shipped())
        self.members = [Member(id=f"member{n}", name="Ada Example", number="1234") for n in range(size)]
        self.talks = [Conversation() for _ in self.members]
        self.now = datetime(2026, 3, 10, 10, tzinfo=UTC)
        self._numbers = itertools.count(1)

    def ids(self) -> str:
        return f"{next(self._numbers):016d}"

    def events(self, words: str) -> list[Event]:
        """One message of each member, half of them by text."""
        self.now += timedelta(seconds=30)
        ways = itertools.cycle((("sms", TEXT), ("telegram", TELEGRAM)))
        return [
            Event(
                channel=channel,
                id=self.ids(),
                line=member.id,
                at=self.now,
                kind="words",
                can=can,
                text=words.format(number),
            )
            for number, (member, (channel, can)) in enumerate(zip(self.members, ways, strict=False))
        ]

    def take(self, events: list[Event]) -> None:
        """Everybody's turn."""
        for at, event in enumerate(events):
            member = self.members[at]
            outcome = engine.turn(self.flows, self.talks[at], event, GROUP, member, self.now, self.ids)
            self.talks[at] = outcome.conversation
            for effect in outcome.effects:
                if isinstance(effect, Vote):
                    self.members[at] = replace(member, votes={effect.poll: effect.keys})


def each(count: int, deed: Callable[[], object]) -> float:
    """The processor's microseconds for each of so many."""
    began = time.process_time()
    deed()
    return 1e6 * (time.process_time() - began) / count


def main(short: bool = False) -> None:
    """Measure each kind of turn, and what it costs to store a conversation and read it back."""
    crowd = Crowd(50 if short else 1_000)
    spent: dict[str, float] = dict.fromkeys((name for name, _ in TURNS), 0.0)
    rounds = 1 if short else 10
    for number in range(WARMING + rounds):
        for name, words in TURNS:
            events = crowd.events(words)
            cost = each(len(events), lambda events=events: crowd.take(events))  # type: ignore[misc]
            spent[name] += cost / rounds if number >= WARMING else 0.0
    rows = [{"turn": name, "processor µs": cost, "turns/s": 1e6 / cost} for name, cost in spent.items()]
    mean = sum(spent.values()) / len(spent)
    rows.append({"turn": "all", "processor µs": mean, "turns/s": 1e6 / mean})
    states = [packed(talk) for talk in crowd.talks]
    report(
        "engine",
        rows,
        turns_per_second=bound(1e6 / mean, WANTED, least=True),
        state_bytes=sum(map(len, states)) // len(states),
        state_packed_us=each(len(states), lambda: [packed(talk) for talk in crowd.talks]),
        state_unpacked_us=each(len(states), lambda: [unpacked(state) for state in states]),
    )
