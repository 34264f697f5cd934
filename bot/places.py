"""Whose an event is: which member's or stranger's conversation it belongs to, and in which group."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.events import Event
from flows.state import Conversation
from flows.turns.door import wanted
from storage import views
from storage.load import Known, Line, Person
from storage.states import packed
from storage.turns import Arrived

STAYS = timedelta(minutes=30)  # who wrote last is at the line so long, where several use it


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """`owner` names the conversation; `group` is a group's id, None while it is not known."""

    owner: str
    person: Person | None
    line: Line | None
    group: str | None


async def find(
    conn: AsyncConnection, known: Known, arrived: Arrived, *, room_group: str | None, now: datetime
) -> Place:
    """The place of one event, as things are now."""
    event = arrived.event
    line = known.lines.get(arrived.line or "")
    people = known.at(line.id) if line else []
    person = _on_call(known, event) or (await _person(conn, known, event, line, people, room_group, now))
    if person:
        return Place(owner=person.member.id, person=person, line=line, group=person.group)
    owner = f"line:{line.id}" if line else f"call:{event.session}"
    talk = known.talks.get(owner, Conversation())
    group = room_group or await _asked_for(conn, event, talk) or talk.group or None
    if group is None and not wanted(event, talk):
        group = await views.only(conn, practice=bool(line and line.kind == "practice"))
    return Place(owner=owner, person=None, line=line, group=group)


def names_group(event: Event) -> bool:
    """Whether a stranger's event says which group they mean."""
    return wanted(event, Conversation()) is not None


def _on_call(known: Known, event: Event) -> Person | None:
    """Who is on a call is settled for that call."""
    call = known.calls.get(event.session) if event.can.call else None
    return known.people.get(call.member) if call else None


async def _person(
    conn: AsyncConnection,
    known: Known,
    event: Event,
    line: Line | None,
    people: Sequence[Person],
    room_group: str | None,
    now: datetime,
) -> Person | None:
    """The member at the line; None for a stranger, or a member who is joining another group."""
    if line is None or not people:
        return None
    group = room_group or await _asked_for(conn, event, Conversation(group="known"))
    if group:
        return next((one for one in people if one.group == group), None)
    talk = known.talks.get(f"line:{line.id}")
    at_the_line = line.at_until is not None and line.at_until > now
    if talk and talk.frame and at_the_line and line.at_member is None:
        return None  # in the middle of joining another group
    if len(people) == 1:
        return people[0]
    return _asked_it(known, event, people) or _at(line, people, at_the_line) or people[0]


def _asked_it(known: Known, event: Event, people: Sequence[Person]) -> Person | None:
    """A button belongs to whom its question was put to, however late it is pressed."""
    if event.kind != "press" or not event.question:
        return None
    talks = ((one, known.talks.get(one.member.id)) for one in people)
    return next((one for one, talk in talks if talk and f'"{event.question}"' in packed(talk)), None)


def _at(line: Line, people: Sequence[Person], at_the_line: bool) -> Person | None:
    return next((one for one in people if at_the_line and one.member.id == line.at_member), None)


async def _asked_for(conn: AsyncConnection, event: Event, talk: Conversation) -> str | None:
    name = wanted(event, talk)
    return (await views.find(conn, {name})).get(name) if name else None
