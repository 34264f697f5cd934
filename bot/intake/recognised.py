"""What follows once it is known who is there: what was held takes its turns, a call begins anew."""

from collections.abc import Mapping, Sequence
from dataclasses import replace as changed

from flows.events import Event
from flows.state import Candidate, Conversation, Group, Way
from flows.values import replace
from storage.turning.load import Call, Known, Line, Person
from storage.turning.stage import Stage

LIFTED = {"call", "silence", "hangup"}  # what a call of ours brings before anybody pressed a key


def candidates(
    people: Sequence[Person], line: Line | None, groups: Mapping[str, Group]
) -> tuple[Candidate, ...]:
    """Those who may be there, as a turn sees them."""
    return tuple(
        Candidate(
            id=one.member.id,
            name=one.member.name,
            number=one.member.number,
            group=one.group,
            code=groups[one.group].code,
            keyed=groups[one.group].number,
            greet=line is not None and one.greeted(line.id),
        )
        for one in people
    )


def way(person: Person, event: Event, known: Known, line: Line, call: Call | None) -> Way | None:
    """The reach that this came by, and how sure it is that it is they who are there.

    A number proves nobody: who rings is sure on a line where they said or keyed who they are.
    """
    reach = person.by(line.id, event.channel)
    users = known.at(line.id)
    shared = len(users) > 1
    theirs = any(one.member.id == person.member.id for one in users)
    sure = not event.can.call or shared or not theirs or bool(call and call.outbox)
    if reach is None:
        return None if sure else Way(known=False)
    doubted = person.doubted(line, event.at)
    known_there = sure or reach.proved
    return reach.seen(shared=shared, known=known_there, doubted=doubted, closed=line.closed)


def sure(person: Person, event: Event, line: Line, known: Known) -> bool:
    """Whether it was they whom we heard: not whoever lifts the phone when we ring, nor on a line in doubt."""
    call = known.calls.get(event.session) if event.can.call else None
    lifted = bool(call and call.outbox) and event.kind in LIFTED
    return not lifted and not person.doubted(line, event.at)


def follows(stage: Stage) -> tuple[Event, ...]:
    """What takes a turn after this one, now that it is known who is there, or who is not."""
    event, group = stage.arrived.event, stage.group
    if (stage.came or stage.left) and event.can.call:
        return (replace(event, kind="call", value="", question="", text="", attachments=()),)
    if stage.left and group:
        return (replace(event, kind="words", value="", question="", text=f"JOIN {group.code}"),)
    return stage.held if stage.came else ()


def stranger(stage: Stage) -> Stage:
    """The same for whoever is there instead of the member whom we took them for."""
    event, line = stage.arrived.event, stage.line
    owner = f"call:{event.session}" if event.can.call or line is None else f"line:{line.id}"
    group = stage.group.id if stage.group else ""
    return changed(stage, person=None, owner=owner, conversation=Conversation(group=group), left=False)
