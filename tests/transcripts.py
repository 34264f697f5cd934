"""Reads, replays and writes the transcripts in `tests/transcripts/`: conversations as a member has them.

How one is written: tests/transcripts/README.md. Only what the member does is input; all else is written anew.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from bot.rounds import checkins
from flows.effects import TakeBack, Vote
from flows.events import Say
from flows.state import Alerted, Thing, Wants, Way
from flows.turns.wishes import choosing
from storage.lines.pins import Checked
from storage.members.checkins import Due
from tests import doors, sharing
from tests.codes import JO, opening
from tests.effects import told
from tests.phones import Phone, phone
from tests.scenes import BRIEF, JO_IS_HELPED, NOTICE, REASONED, SECOND, SHARED, THINGS, VOTE, Scene

FOLDER = Path(__file__).parent / "transcripts"
ALERTED = Alerted(id="a1", number="123")
RUNG = "Something that came in to Garden Group's line may need you now. It is alert 1 2 3."
CHANNELS = ("Telegram", "Text messages", "Phone call")
BY = {"Telegram": "Telegram", "text": "Text messages", "phone": "Phone call"}


def _reached_by(scene: Scene, *channels: str) -> Scene:
    """Somebody with these ways, who wants what they have said so far."""
    wants = Wants(has=frozenset(channels))
    return scene.finds(wants=lambda: choosing.changed(wants, scene.effects))


def _having_given(scene: Scene) -> Scene:
    """Somebody who gave some things and took back others."""

    def left() -> list[Thing]:
        gone = {one.id for one in scene.effects if isinstance(one, TakeBack)}
        gone |= {one.poll for one in scene.effects if isinstance(one, Vote)}
        return [one for one in THINGS if one.id not in gone]

    return scene.finds(things=left, **{"own copy": lambda: "What is held about Mary"})


GIVEN: Mapping[str, Callable[[Scene], Scene]] = {
    **sharing.GIVEN,
    "a stranger": lambda s: replace(s, member=None),
    "a number of several groups": lambda s: replace(
        s, known_group=False, group=replace(s.group, alone=False)
    ),
    "a vote": lambda s: replace(s, group=replace(s.group, polls=(VOTE,))),
    "a vote with its reasons": lambda s: replace(s, group=replace(s.group, polls=(REASONED,))),
    "a call about a vote with its reasons": lambda s: replace(
        s, notice=replace(NOTICE, kind="poll", subject="p1"), group=replace(s.group, polls=(REASONED,))
    ),
    "a vote with several choices": lambda s: replace(s, group=replace(s.group, polls=(SECOND,))),
    "two votes": lambda s: replace(s, group=replace(s.group, polls=(VOTE, SECOND))),
    "something to read": lambda s: replace(s, group=replace(s.group, briefs=(BRIEF,))),
    "something shared": lambda s: replace(s, group=replace(s.group, shared=SHARED)),
    "a helper who writes": lambda s: replace(s, group=replace(s.group, helper_id="ann")),
    "an evening": lambda s: replace(s, now=s.now.replace(hour=21)),
    "a helper's phone": lambda s: replace(s, group=replace(s.group, helper_phone="01632 960002")),
    "a call about the reading": lambda s: replace(s, notice=NOTICE, group=replace(s.group, briefs=(BRIEF,))),
    "a call about a vote": lambda s: replace(
        s, notice=replace(NOTICE, kind="poll", subject="p1"), group=replace(s.group, polls=(VOTE,))
    ),
    "we may write anything here": lambda s: replace(
        s, member=s.member and replace(s.member, way=Way(write_anything=True))
    ),
    "a contact": lambda s: replace(s, member=s.member and replace(s.member, permission="facilitator")).finds(
        alert=lambda *_: ALERTED
    ),
    "a call about an alert": lambda s: replace(
        s, notice=replace(NOTICE, kind="alert", subject="a1", text=RUNG)
    ),
    "a call about how it goes": lambda s: replace(s, notice=replace(NOTICE, kind="checkin", subject="c1")),
    "Telegram and texts": lambda s: _reached_by(s, "telegram", "sms"),
    "a phone only": lambda s: _reached_by(s, "voice"),
    "somebody helps them": lambda s: s.finds(supporters=lambda: ("Sue",)),
    "a supporter of Jo": lambda s: replace(s, member=None).finds(supported=lambda: JO_IS_HELPED),
    "another member": lambda s: replace(s, member=JO),
    "codes": opening,
    "no more codes": lambda s: opening(s).finds(**{"new code": lambda: ""}),
    "things given": _having_given,
    "nothing given": lambda s: s.finds(things=lambda: ()),
    "a borrowed phone": lambda s: replace(
        s.finds(**{"member number": lambda keyed: Checked(member="m1" if keyed == "7730" else "")}),
        member=s.member and replace(s.member, way=Way(known=False)),
    ),
    **doors.GIVEN,
    "easy words": lambda s: replace(s, member=s.member and replace(s.member, form="easy")),
}


@dataclass(slots=True)
class Section:
    """One conversation: its heading, what is given, and the lines as they stand."""

    heading: str
    lines: list[str] = field(default_factory=list)

    @property
    def channel(self) -> str:
        return next(name for name in CHANNELS if self.heading.startswith(name))


def sections(text: str) -> tuple[list[str], list[Section]]:
    """What stands at the top of a transcript, and its conversations."""
    top: list[str] = []
    found: list[Section] = []
    for line in text.splitlines():
        if line.startswith("== "):
            found.append(Section(line[3:].strip()))
        else:
            (found[-1].lines if found else top).append(line)
    return top, found


async def replay(text: str) -> str:
    """A transcript as it reads now."""
    top, found = sections(text)
    out = [*top]
    for section in found:
        out += [f"== {section.heading}", *await _section(section)]
    return "\n".join(out).rstrip() + "\n"


async def _section(section: Section) -> list[str]:
    scene = Scene()
    inputs = [line for line in section.lines if not line or line[0] not in "<* "]
    for line in inputs:
        if line.startswith("Given: "):
            for name in line.removeprefix("Given: ").rstrip(".").split(", "):
                scene = GIVEN[name](scene)
    held = phone(section.channel, scene)
    out: list[str] = []
    for line in inputs:
        out.append(line)
        before = len(scene.effects)
        if line.startswith("> "):
            out += _shown(await _does(held, line[2:], section.heading))
        elif line.startswith("- by "):
            held = phone(BY[line[5:]], scene)
        elif line.startswith("- "):
            out += _shown(held.show(_happens(scene, line[2:])))
        out += [f"* {words}" for effect in scene.effects[before:] if (words := told(effect, scene.files))]
    return out


async def _does(held: Phone, action: str, heading: str) -> list[str]:
    try:
        return await held.do(action)
    except AssertionError as error:
        error.add_note(f"at: > {action} (in: {heading})")
        raise


def _shown(messages: Iterable[str]) -> list[str]:
    """Each message begins with `<`; its further lines are indented, its empty ones left out."""
    out = []
    for message in messages:
        first, *others = [line for line in message.splitlines() if line.strip()] or ["(nothing)"]
        out += [f"< {first}", *(f"  {line}" for line in others)]
    return out


def _finished(scene: Scene) -> Say:
    """What a member reads when whoever helped them has finished, as `storage.care.handovers` puts it."""
    scene.member = scene.member and replace(scene.member, handover="")
    told = scene.flows.phrases["handover.ended"].written["en", "plain"].fill(lambda _: "Ann")
    question = scene.asked
    return Say(text=f"{told}\n\n{question.text}" if question else told, question=question)


def _happens(scene: Scene, what: str) -> list[Say]:
    """What goes on without the member."""
    if what == "a day later":
        scene.now += timedelta(days=1)
    elif what == "two hours later":
        scene.now += timedelta(hours=2)
    elif what.startswith("the helper writes: "):
        return [Say(text=f"Ann: {what.partition(': ')[2]}")]
    elif what == "the helper finishes":
        return [_finished(scene)]
    elif what == "the vote closes":
        scene.close("p1", "Library was chosen, with 5 of 8 votes.")
    elif what == "we ask how it goes":
        say = checkins.question(scene.flows, "c1", Due(member="m1", language="en", form="plain"))
        assert say.question
        scene.sends(say.question)
        return [say]
    elif sent := re.fullmatch(r"(the|the second) vote is sent", what):
        question = scene.send_poll("p1" if sent[1] == "the" else "p2")
        return [Say(text=question.text, question=question)]
    else:
        raise ValueError(f"nothing is known of '{what}'")
    return []
