"""Walks through a flow as somebody on each of three phones would, with plain answers. Nothing is kept.

It is the real engine that answers. Where a turn would look up something of a real person, the walk ends.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import count
from typing import Any

from bot.web.console.phones import CALLED, Service, Told
from channels.practice import PHONE
from flows import engine
from flows.events import Abilities, Attachment, Event, Option, Question
from flows.library import Flows
from flows.looks import Look, Missing
from flows.polls import Poll
from flows.state import Brief, Conversation, Group, Member, Shared, Wants
from flows.steps import Flow, LoopStep
from flows.turns.turning import Outcome
from flows.values import replace
from storage.care.ringing_back import Answer as RingBack

MOST = 25  # turns of one walk; the longest flow that is shipped takes a dozen
OPENS = "zz"  # stands for the words of the flow, which not every flow has
WROTE = "These are my own words."
DAY = "10 March"
PIN = 2468
LOOKS: Mapping[str, Any] = {  # what is found for somebody of whom there is nothing yet
    "things": (),
    "supporters": (),
    "new code": "493021",
    "name supporter": "493021776",
    "wants": Wants(has=frozenset({"telegram", "sms", "voice"})),
    "admit": "in",
    "own copy": "",
    "supported": None,
    "joined": False,
    "ring back": RingBack(at=datetime(2026, 3, 3, 14, tzinfo=UTC), soon=True),
}
POLL = Poll(
    id="poll",
    question="Where shall we meet?",
    options=(Option(key="1", label="Library"), Option(key="2", label="Town hall")),
    closes="Friday at 5pm",
)
BRIEF = Brief(
    id="brief",
    title="What the garden needs",
    meeting="Our garden session",
    when="Tuesday at 2pm",
    parts={"en": ("The path floods when it rains.", "What would you like there?")},
)
SHARED = Shared(id="shared", name="Jo", text="More benches, please.", mine=("jo",))


def walk(
    app: Service, flow: str, group: Group, *, now: datetime, language: str = "en", form: str = "plain"
) -> Mapping[str, tuple[Told, ...]]:
    """What is said and answered in a flow, by channel: with a vote, a brief and something shared there."""
    member = Member(id="m", name=CALLED, number="4821", language=language, form=form)
    there = replace(
        group,
        polls=group.polls or (POLL,),
        briefs=group.briefs or (BRIEF,),
        shared=group.shared or (SHARED,),
        spare_number=group.spare_number or "4821",
    )
    flows = replace(app.flows, triggers={**app.flows.triggers, OPENS: flow})
    channels = {one.name: one.can for one in (app.senders.telegram, app.senders.sms, app.senders.voice)}
    return {
        name: tuple(_turns(flows, flows.current[flow], there, member, Hand(name, can, now)))
        for name, can in channels.items()
    }


class Hand:
    """What somebody does with one phone."""

    def __init__(self, channel: str, can: Abilities, now: datetime) -> None:
        self.can = can
        self._numbers = count()
        self._common: dict[str, Any] = {
            "channel": channel,
            "line": PHONE,
            "at": now,
            "can": can,
            "session": "call" if can.call else "",
        }

    def writes(self, words: str) -> Event:
        return self._does(kind="words", text=words)

    def answers(self, asked: Question, wanted: tuple[str, ...], *, again: bool) -> tuple[Event, str]:
        """A plain answer, and how to tell of it. `again`: a recording was just played back, to be kept."""
        if again:
            return self._does(kind="press", value="1"), "They press 1."
        if asked.options:
            return self._chooses(asked, wanted)
        if "number" in asked.takes:
            return self._keys(str(asked.high or PIN))
        if "photo" in asked.takes and "text" not in asked.takes and "photo" in self.can.takes:
            return self._sends("photo"), "They send a photo."
        if self.can.call:
            return self._sends("voice"), "They speak, and press a key."
        words = DAY if "date" in asked.takes else CALLED if asked.unlike else WROTE
        return self.writes(words), f"They write: {words}"

    def _chooses(self, asked: Question, wanted: tuple[str, ...]) -> tuple[Event, str]:
        """What leads on where one choice does, the middle of a scale, or else what stands first."""
        middle = len(asked.options) // 2 if "scale" in asked.takes else 0
        at = next((n for n, one in enumerate(asked.options) if one.key in wanted), middle)
        chosen = asked.options[at]
        if self.can.buttons:
            press = self._does(kind="press", value=chosen.key, question=asked.id)
            return press, f"They press: {chosen.label}"
        return self._keys(str(at + 1))

    def _keys(self, digits: str) -> tuple[Event, str]:
        if self.can.call:
            return self._does(kind="press", value=digits), f"They press {digits}."
        return self.writes(digits), f"They write: {digits}"

    def _sends(self, kind: Any) -> Event:
        return self._does(kind="media", attachments=(Attachment(kind=kind, ref="file", seconds=5),))

    def _does(self, **what: Any) -> Event:
        return Event(id=str(next(self._numbers)), **self._common, **what)


def _turns(flows: Flows, flow: Flow, group: Group, member: Member, hand: Hand) -> Iterator[Told]:
    """The flow from its beginning, until it is over."""
    leads = {
        name: keys for step in flow.steps if isinstance(step, LoopStep) for name, keys in step.until.items()
    }
    ids = map(str, count())
    talk, event = Conversation(), hand.writes(OPENS)
    for _ in range(MOST):
        outcome = _turn(flows, talk, event, group, member, ids)
        if outcome is None:
            return
        talk = outcome.conversation
        asked = talk.frame.asked if talk.frame and talk.frame.flow == flow.name else None
        if asked is None:
            yield Told(says=outcome.says)
            return
        wanted = leads.get(asked.name, ())
        event, answer = hand.answers(asked, wanted, again=talk.review is not None)
        yield Told(says=outcome.says, answer=answer)


def _turn(
    flows: Flows, talk: Conversation, event: Event, group: Group, member: Member, ids: Iterator[str]
) -> Outcome | None:
    seen: dict[Look, Any] = {}
    while True:
        try:
            return engine.turn(flows, talk, event, group, member, event.at, lambda: next(ids), seen)
        except Missing as missing:
            if missing.look.what not in LOOKS:
                return None
            seen[missing.look] = LOOKS[missing.look.what]
