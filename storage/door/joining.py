"""Somebody joins: the member, their consent, and the ways to reach them."""

from typing import cast

from flows.effects import Join
from flows.state import Group, Member
from flows.turns.joining.consenting import JOINING
from storage.care.matters import ASKS_IN
from storage.door.consenting import consent
from storage.tables import matters, members, reaches
from storage.turning.load import Person, Reach
from storage.turning.stage import Stage


def join(s: Stage, effect: Join) -> None:
    if s.group is None:
        raise LookupError("somebody joined a group that is not known")
    practice = bool(s.line and s.line.kind == "practice")
    state, agreed = "waiting" if effect.asks_in else "active", {JOINING: effect.agrees.wording}
    member = Member(
        id=s.ids(),
        name=effect.name,
        number=effect.number,
        state=state,
        language=effect.agrees.language,
        agreed=agreed,
    )
    s.ledger.add(
        members,
        id=member.id,
        group_id=s.group.id,
        name=effect.name,
        name_media=effect.recording or None,
        number=effect.number or None,
        state=state,
        language=member.language,
        agreed=agreed,
        practice=practice,
        joined_at=s.now,
        heard_at=s.now,
    )
    s.person = s.known.people[member.id] = Person(member=member, group=s.group.id, practice=practice)
    s.known.uses(s.person, *_reaches(s, member.id))
    consent(s, member.id, effect.agrees)
    if effect.recording:
        _needs(s, member.id, "name", effect.recording)  # somebody is to listen, and to type it
    if effect.asks_in:
        _needs(s, member.id, ASKS_IN)
    _moved_in(s, member.id, effect.number)


def _needs(s: Stage, member: str, kind: str, *media: str) -> None:
    """Put something about them on the list of what needs a person."""
    row = {
        "id": s.ids(),
        "member_id": member,
        "kind": kind,
        "words": "",
        "question": "",
        "media": list(media),
    }
    s.ledger.add(matters, group_id=cast(Group, s.group).id, at=s.now, **row)


def _moved_in(s: Stage, member: str, number: str) -> None:
    """The talk goes on as the member's own; the group has one member more and one number less."""
    s.ledger.talks[s.owner] = None
    s.known.talks.pop(s.owner, None)
    s.owner = member
    group = cast(Group, s.group)
    s.group = s.groups[group.id] = s.views.joined(group, number)
    s.ledger.groups.add(group.id)


def _reaches(s: Stage, member: str) -> list[Reach]:
    """Ways to reach somebody new. A number that texted can be rung too, but we never ring it first."""
    if s.line is None:
        return []
    ways = [(s.channel, True)] + ([("voice", False)] if s.channel == "sms" else [])
    found = []
    for rank, (channel, may_start) in enumerate(ways):
        reach = Reach(id=s.ids(), line=s.line.id, channel=channel, heard_at=s.now)
        found.append(reach)
        add_reach(s, member, reach, rank=rank, may_start=may_start)
    return found


def add_reach(s: Stage, member: str, reach: Reach, *, rank: int, may_start: bool) -> None:
    here = reach.channel == s.channel
    s.ledger.add(
        reaches,
        id=reach.id,
        member_id=member,
        line_id=reach.line,
        channel=reach.channel,
        rank=rank,
        may_start=may_start,
        proved_at=s.now if here else None,
        heard_at=s.now if here else None,
    )
