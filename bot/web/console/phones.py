"""How something looks and sounds on three phones, made by the real encoders. Nothing is sent or stored."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from typing import Any, Protocol, TypeVar

from bot.sending.senders import Senders
from channels.base import Parcel
from channels.practice import PHONE
from channels.practice_call import Wait, scene
from flows import engine
from flows.events import Event, Say
from flows.library import Flows
from flows.looks import Look, Missing
from flows.polls import Poll
from flows.readable import part_by_part, plain, seconds_to_listen, units
from flows.state import Brief, Conversation, Group, Member, Notice
from flows.turns.turning import Outcome
from storage.members.groups import Home
from storage.turning.views import House

CHAT = "1"
CALLED = "Sam"  # whom a call of ours greets here
TOLD_APART = 1  # seconds between two lines of a call
ACCEPTS = "1"  # the key that lets a call of ours go on


class Service(Protocol):
    """What this needs of the service."""

    @property
    def senders(self) -> Senders: ...
    @property
    def flows(self) -> Flows: ...
    @property
    def house(self) -> House: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Bubble:
    """One message in a chat. `files` are the words of what it shows, `answer` what somebody then does."""

    text: str
    buttons: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    answer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One text message as its parts carry it. `more`: the rest waits until they ask for it.

    `wide`: it has signs beyond the plain alphabet of phones, so that less fits into each part.
    """

    parts: tuple[str, ...]
    length: int
    wide: bool
    more: bool
    files: tuple[str, ...] = ()
    answer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a caller hears without a break, and what the call does then, in words."""

    lines: tuple[str, ...]
    then: str
    answer: str = ""


Shown = TypeVar("Shown", Bubble, Text, Step)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One turn of a talk: what is said, and what somebody then does, in words."""

    says: tuple[Say, ...]
    answer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phones:
    """The same thing on a phone with Telegram, on one that gets texts, and on a call."""

    language: str
    chat: tuple[Bubble, ...]
    texts: tuple[Text, ...]
    call: tuple[Step, ...]

    @property
    def parts(self) -> int:
        """How many SMS parts it takes."""
        return sum(len(one.parts) for one in self.texts)

    @property
    def seconds(self) -> int:
        """About how long it takes to hear."""
        told = [line for step in self.call for line in step.lines]
        return seconds_to_listen(" ".join(told)) + TOLD_APART * len(told)


def three(
    app: Service,
    says: Sequence[Say] | Mapping[str, Sequence[Say]],
    *,
    group: Home,
    language: str = "en",
    turns: Sequence[Sequence[Say]] = (),
) -> Phones:
    """What is said, on three phones; by channel where it is not the same on each.

    `turns`: what a call says where there is more than one step to it, as `rung` gives them.
    """
    by = says if isinstance(says, Mapping) else dict.fromkeys(("telegram", "sms", "voice"), says)
    by = {channel: [replace(say, language=language) for say in told] for channel, told in by.items()}
    steps: Sequence[Sequence[Say]] = turns or [by["voice"]]
    heard = [[replace(say, language=language) for say in told] for told in steps]
    return Phones(
        language=language,
        chat=tuple(bubble for say in by["telegram"] for bubble in _chat(app, say)),
        texts=tuple(text for say in by["sms"] for text in _texts(app, say)),
        call=tuple(_step(app, told, at) for at, told in enumerate(heard)),
    )


def talked(app: Service, told: Mapping[str, Sequence[Told]], *, group: Home, language: str = "en") -> Phones:
    """A whole talk on three phones, by channel, each turn with what somebody answers."""
    return Phones(
        language=language,
        chat=_each(told["telegram"], lambda turn, _: [b for say in turn.says for b in _chat(app, say)]),
        texts=_each(told["sms"], lambda turn, _: [text for say in turn.says for text in _texts(app, say)]),
        call=_each(told["voice"], lambda turn, at: [_step(app, turn.says, at)]),
    )


def _each(told: Sequence[Told], shows: Callable[[Told, int], list[Shown]]) -> tuple[Shown, ...]:
    """What is shown of each turn; its answer stands with the last thing before it."""
    made: list[Shown] = []
    for at, turn in enumerate(told):
        made += shows(turn, at)
        if made and turn.answer:
            made[-1] = replace(made[-1], answer=turn.answer)
    return tuple(made)


def rung(
    app: Service,
    home: Home,
    notice: Notice,
    *,
    now: datetime,
    polls: Sequence[Poll] = (),
    briefs: Sequence[Brief] = (),
    language: str = "en",
    form: str = "plain",
) -> tuple[tuple[Say, ...], ...]:
    """What somebody hears whom we ring: who rings, and once 1 is pressed, what it is for.

    `polls` or `briefs` have the one that the notice is of.
    """
    group = _group(app, home, polls, briefs)
    member = Member(id="m", name=CALLED, language=language, form=form, notice=notice)
    can = app.senders.voice.can
    call = Event(channel="voice", id="0", line=PHONE, at=now, kind="call", can=can, value="out", session="c")
    first = _turn(app.flows, Conversation(), call, group, member)
    asked = next((say.question.id for say in first.says if say.question), "")
    pressed = replace(call, id="1", kind="press", value=ACCEPTS, question=asked)
    return first.says, _turn(app.flows, first.conversation, pressed, group, member).says


def _group(app: Service, home: Home, polls: Sequence[Poll], briefs: Sequence[Brief]) -> Group:
    """The group as a turn sees it, with nothing else going on in it."""
    return Group(
        id=home.id,
        code=home.code,
        number=home.number,
        name=home.name,
        outside_name=home.outside_name,
        zone=home.zone,
        hours=home.hours,
        language=home.language,
        phone=app.house.phone,
        polls=tuple(polls),
        briefs=tuple(briefs),
    )


def _turn(flows: Flows, talk: Conversation, event: Event, group: Group, member: Member) -> Outcome:
    """One turn of somebody of whom nothing else is known: whatever it looks up is not there."""
    seen: dict[Look, Any] = {}
    ids = map(str, count())
    while True:
        try:
            return engine.turn(flows, talk, event, group, member, event.at, lambda: next(ids), seen)
        except Missing as missing:
            seen[missing.look] = None


def _chat(app: Service, say: Say) -> Iterator[Bubble]:
    channel = app.senders.telegram
    for parcel in channel.encode(channel.fit(say)[0], CHAT):
        rows = parcel.params.get("reply_markup", {}).get("inline_keyboard", [])
        yield Bubble(
            text=str(parcel.params.get("text") or parcel.params.get("caption") or ""),
            buttons=tuple(button["text"] for row in rows for button in row),
            files=_files(parcel),
        )


def _texts(app: Service, say: Say) -> Iterator[Text]:
    channel = app.senders.sms
    now, rest = channel.fit(say)
    for parcel in channel.encode(now, PHONE):
        body = str(parcel.params["body"])
        yield Text(
            parts=tuple(part_by_part(body)),
            length=units(body),
            wide=not plain(body),
            more=bool(rest),
            files=_files(parcel),
        )


def _files(parcel: Parcel) -> tuple[str, ...]:
    return tuple(one.words or one.name or one.kind for one in parcel.files)


def _step(app: Service, says: Sequence[Say], at: int) -> Step:
    played = scene(app.senders.voice.answer(says, step=at))
    lines = (one.text or ("A tone." if one.kind == "tone" else "A recording.") for one in played.heard)
    return Step(lines=tuple(lines), then=_then(played.wait))


def _then(wait: Wait) -> str:
    match wait.what:
        case "keys" if wait.digits == 1:
            return "Then it waits for one key, or for a word."
        case "keys":
            return "Then it waits for keys and the hash key, or for words."
        case "recording":
            return "Then it records what they say, until they press a key."
        case "person":
            return "Then it puts them through to a person."
    return "Then the call ends."
