"""Whose an event is: which member's or stranger's conversation it belongs to, and in which group."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.events import Event
from flows.state import Conversation
from flows.turns.anywhere import ANYWHERE_STOP
from flows.turns.joining.admitting import INVITATION
from flows.turns.joining.door import wanted
from flows.understand import optout
from storage.door import wanted as wanted_groups
from storage.given import supporting
from storage.turning.load import Known, Line, Person
from storage.turning.states import packed
from storage.turning.turns import Arrived

STAYS = timedelta(minutes=30)  # who wrote last is at the line so long, where several use it


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """`owner` names the conversation; `group` is a group's id, None while it is not known.

    `candidates` may be there: before anything else it has to be known who of them is.
    """

    owner: str
    person: Person | None
    line: Line | None
    group: str | None
    candidates: Sequence[Person] = ()


async def find(
    conn: AsyncConnection, known: Known, arrived: Arrived, *, room_group: str | None, now: datetime
) -> Place:
    """The place of one event, as things are now."""
    event = arrived.event
    line = known.lines.get(arrived.line or "")
    people = known.at(line.id) if line else []
    on_call = _on_call(known, event)
    possible = [on_call] if on_call else await _possible(conn, known, event, line, people, room_group, now)
    if len(possible) == 1 and (on_call or room_group or not _doubted(event, possible[0], line, now)):
        person = possible[0]
        return Place(owner=person.member.id, person=person, line=line, group=person.group)
    if possible:
        owner = f"call:{event.session}" if event.can.call or line is None else f"line:{line.id}"
        return Place(owner=owner, person=None, line=line, group=possible[0].group, candidates=possible)
    return await _strangers(conn, known, event, line, room_group, now)


async def _strangers(
    conn: AsyncConnection,
    known: Known,
    event: Event,
    line: Line | None,
    room_group: str | None,
    now: datetime,
) -> Place:
    apart = line is None or _somebody_else(known, event)
    owner = f"call:{event.session}" if apart or line is None else f"line:{line.id}"
    talk = known.talks.get(owner, Conversation())
    name = wanted(event, talk)
    group = room_group or (await _asked_for(conn, name) if name else talk.group)
    if not group and not name:
        group = await wanted_groups.only(conn, practice=bool(line and line.kind == "practice"))
    if not group and not name and line:
        group = await supporting.group_of(conn, line.id, now)
    return Place(owner=owner, person=None, line=line, group=group or None)


def names_group(event: Event) -> bool:
    """Whether a stranger's event says which group they mean."""
    return wanted(event, Conversation()) is not None


def _on_call(known: Known, event: Event) -> Person | None:
    """Who is on a call is settled for that call."""
    call = known.calls.get(event.session) if event.can.call else None
    return known.people.get(call.member) if call else None


async def _possible(
    conn: AsyncConnection,
    known: Known,
    event: Event,
    line: Line | None,
    people: Sequence[Person],
    room_group: str | None,
    now: datetime,
) -> Sequence[Person]:
    """The members who may be at the line; nobody for a stranger, or a member who is joining another group."""
    if line is None or not people or _somebody_else(known, event):
        return []
    name = wanted(event, Conversation(group="known"))
    if name and INVITATION.match(name):
        return []  # whoever comes with an invitation is somebody new
    group = room_group or (await _asked_for(conn, name, people) if name else None)
    if group:
        of_group = [one for one in people if one.group == group]
        return of_group[:1] if room_group else of_group
    talk = known.talks.get(f"line:{line.id}")
    at_the_line = line.at_until is not None and line.at_until > now
    if talk and talk.frame and at_the_line and line.at_member is None:
        return []  # in the middle of joining another group
    if len(people) == 1 or _for_all(event, people, line):
        return people[:1]
    return _asked_it(known, event, people) or _at(event, line, people, at_the_line) or people


def _somebody_else(known: Known, event: Event) -> bool:
    """Whether whoever rings has said that they are not the member whose line it is."""
    talk = known.talks.get(f"call:{event.session}") if event.can.call else None
    return bool(talk and talk.group)


def _for_all(event: Event, people: Sequence[Person], line: Line) -> bool:
    """A stop word said to one number is meant for all that comes from it, whoever sent it.

    A start word is too, where somebody had stopped; anywhere else YES is an answer, and one person's.
    """
    said = optout(event.text) if event.kind == "words" else event.value if event.kind == "optout" else None
    if said == "start":
        return line.closed or any(one.member.state == "stopped" for one in people)
    anywhere = event.kind == "words" and event.text.strip(" .!").casefold() in ANYWHERE_STOP
    return said == "stop" or anywhere or event.kind == "optout"


def _doubted(event: Event, person: Person, line: Line | None, now: datetime) -> bool:
    """Whether they are to be asked first if this line is still theirs."""
    if line is None or not person.doubted(line, now):
        return False
    return not _for_all(event, [person], line)


def _asked_it(known: Known, event: Event, people: Sequence[Person]) -> Sequence[Person]:
    """A button belongs to whom its question was put to, however late; a change to whose words it changes."""
    sought = event.question if event.kind == "press" else event.of if event.kind == "edit" else ""
    if not sought:
        return ()
    talks = ((one, known.talks.get(one.member.id)) for one in people)
    return [one for one, talk in talks if talk and f'"{sought}"' in packed(talk)][:2]


def _at(event: Event, line: Line, people: Sequence[Person], at_the_line: bool) -> Sequence[Person]:
    """Who wrote last; on a call whoever lifts the phone may be somebody else."""
    there = at_the_line and not event.can.call
    return [one for one in people if there and one.member.id == line.at_member]


async def _asked_for(conn: AsyncConnection, name: str, people: Sequence[Person] = ()) -> str | None:
    """The group with this code or number. One by invitation is there for its own members alone."""
    found = (await wanted_groups.find(conn, {name})).get(name)
    known = found and (found.open or any(one.group == found.id for one in people))
    return found.id if found and known else None
