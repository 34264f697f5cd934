"""Carries out what a turn asks for: each effect becomes rows in the batch's ledger."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows import effects as ef
from flows.effects import Effect
from flows.events import Event
from flows.state import Answer
from flows.understand import optout
from storage import fetches, leaving, rewriting
from storage.database import upsert
from storage.joining import join
from storage.load import Person
from storage.register import WISHES, Lifted, What, note, note_line, of_member
from storage.stage import Stage
from storage.states import packed
from storage.tables import (
    lines,
    matters,
    media,
    members,
    outbox,
    preferences,
    reached,
    thanks,
)
from storage.turns import Deed

PREFERRED: Mapping[str, Callable[[str], Any]] = {  # wishes that are columns of the member
    "slower": lambda value: value == "yes",
    "never_ring": lambda value: value == "yes",
    "never_first": lambda value: value == "yes",
    "more_time": lambda value: value == "yes",
    "language": str,
    "form": str,
    "hours": str,
}


def apply(stage: Stage, effect: Effect) -> None:
    """Put one effect into the ledger, and into what the rest of the batch knows."""
    DEEDS[type(effect)](stage, effect)


def _fetch(s: Stage, effect: ef.Fetch) -> None:
    s.ledger.fetch = True
    row = fetches.asked(
        s.secrets,
        id=effect.media,
        channel=s.channel,
        attachment=effect.attachment,
        line=s.line.id if s.line else None,
        practice=bool(s.line and s.line.kind == "practice"),
        now=s.now,
    )
    s.ledger.add(media, **row)


def _keep(s: Stage, effect: ef.Keep) -> None:
    if s.group is None:
        raise LookupError("something was to be kept for a group that is not known")
    practice = bool(s.person and s.person.practice) or bool(s.line and s.line.kind == "practice")
    s.ledger.gifts[effect.id] = {
        "id": effect.id,
        "group_id": s.group.id,
        "flow": effect.flow,
        "meeting_id": effect.meeting or None,
        "poll_id": effect.poll or None,
        "channel": s.channel,
        "at": s.now,
        "text": effect.text,
        "answers": _answers(effect),
        "audience": effect.audience,
        "shown_name": s.person.member.name if s.person else "",
        "practice": practice,
    }
    if s.me:
        s.ledger.givers[effect.id] = s.me
    for key in [key for key in s.ledger.files if key[0] == effect.id]:
        del s.ledger.files[key]  # kept before in this batch
    for position, (name, file) in enumerate(_files(effect)):
        row = {"contribution_id": effect.id, "media_id": file, "position": position, "answer": name}
        s.ledger.files[effect.id, file] = row
    s.gifts.add(effect.id)
    if effect.audience != "facilitators":
        s.ledger.groups.add(s.group.id)


def _answers(effect: ef.Keep) -> dict[str, Any]:
    """By name; what was asked again and again is a list of such."""
    plain = {name: rewriting.stored(answer) for name, answer in effect.answers.items()}
    listed = {
        name: [{key: rewriting.stored(answer) for key, answer in one.items()} for one in items]
        for name, items in effect.lists.items()
    }
    return {**plain, **listed}


def _files(effect: ef.Keep) -> list[tuple[str, str]]:
    """Every file once, with the name of the answer that it is in, in order."""
    parts: list[Mapping[str, Answer]] = [
        effect.answers,
        *(one for items in effect.lists.values() for one in items),
    ]
    found: dict[str, str] = {}
    for part in parts:
        for name, answer in part.items():
            for file in answer.media:
                found.setdefault(file, name)
    return [(name, file) for file, name in found.items()]


def _amend(s: Stage, effect: ef.Amend) -> None:
    s.gifts.add(effect.id)
    s.ledger.deeds.append(lambda conn: rewriting.amend(conn, effect, s.me))
    _read_anew(s)


def _narrow(s: Stage, effect: ef.Narrow) -> None:
    s.ledger.deeds.append(lambda conn: rewriting.narrow(conn, effect.id, s.me))
    _read_anew(s)


def _take_back(s: Stage, effect: ef.TakeBack) -> None:

    async def write(conn: AsyncConnection) -> None:
        s.ledger.gone += await rewriting.take_back(conn, effect.id, s.me, s.now)

    s.ledger.deeds.append(write)
    _read_anew(s)


def _vote(s: Stage, effect: ef.Vote) -> None:
    """Count a ballot, unless the poll has closed or this person has no vote in it."""
    poll = next((one for one in s.group.polls if one.id == effect.poll), None) if s.group else None
    if poll is None or poll.closed or s.person is None:
        return
    if s.person.member.permission != "member" and not poll.staff:
        return
    me = s.person.member
    key = (poll.id, me.id)
    row = {
        "poll_id": poll.id,
        "member_id": me.id,
        "choices": list(effect.keys),
        "channel": s.channel,
        "at": s.now,
    }
    s.ledger.ballots[key] = row if effect.keys else None
    votes = {**me.votes, poll.id: effect.keys}
    s.person.member = replace(me, votes={id_: keys for id_, keys in votes.items() if keys})
    s.poll, s.secret = poll.id, poll.secret
    s.ledger.answered.append({"member": me.id, "poll": poll.id})


def _acknowledge(s: Stage, effect: ef.Acknowledge) -> None:
    if s.person is None:
        return
    me = s.person.member
    s.person.member = replace(me, acknowledged=me.acknowledged | {effect.brief})
    row = {
        "kind": "brief",
        "subject_id": effect.brief,
        "member_id": me.id,
        "channel": s.channel,
        "state": "acknowledged",
        "at": s.now,
    }

    async def write(conn: AsyncConnection) -> None:
        make = upsert(conn, reached).values(row)
        new = {name: row[name] for name in ("channel", "state", "at")}
        key = ["kind", "subject_id", "member_id"]
        not_yet = reached.c.state != "acknowledged"  # the first time is the one that counts
        await conn.execute(make.on_conflict_do_update(index_elements=key, set_=new, where=not_yet))

    s.ledger.deeds.append(write)


def _delivered(s: Stage, effect: ef.Delivered) -> None:
    o, r = outbox.c, reached.c
    arrived = sa.update(outbox).where(o.id == effect.outbox).values(state="delivered")
    told = (
        sa.update(reached)
        .where(r.outbox_id == effect.outbox, r.state != "acknowledged")
        .values(state="delivered", at=s.now, channel=s.channel)
    )
    s.ledger.deeds += [_statement(arrived), _statement(told)]


def _thank(s: Stage, effect: ef.Thank) -> None:
    if s.me is None:
        return
    row = {"contribution_id": effect.id, "member_id": s.me, "at": s.now}

    async def write(conn: AsyncConnection) -> None:
        await conn.execute(upsert(conn, thanks).values(row).on_conflict_do_nothing())

    s.ledger.deeds.append(write)


def _matter(s: Stage, effect: ef.Matter) -> None:
    if s.group is None:  # nobody could take it up: the stranger has been told how to reach a group
        return
    s.ledger.add(
        matters,
        id=s.ids(),
        group_id=s.group.id,
        member_id=s.me,
        kind=effect.kind,
        words=effect.words,
        question=effect.question,
        media=list(effect.media),
        at=s.now,
    )


def _change(s: Stage, effect: ef.Change) -> None:
    if s.line:
        _carrier(s, s.line.id, effect.to)
    for person in _meant(s, effect.to):
        s.ledger.deeds.append(_changed(s, person.member.id, effect))
        if effect.to in ("active", "paused", "stopped"):
            person.member = replace(person.member, state=effect.to)
        else:
            s.known.people.pop(person.member.id, None)
            s.ledger.groups.add(person.group)


def _meant(s: Stage, to: str) -> list[Person]:
    """Whom a wish is for. A stop word said to one number is meant for all that comes from it."""
    if s.line and to in ("stopped", "active") and _word(s.arrived.event) in ("stop", "start"):
        return s.known.at(s.line.id)
    return [s.person] if s.person else []


def _changed(s: Stage, member: str, effect: ef.Change) -> Deed:
    talk = packed(s.conversation)

    async def write(conn: AsyncConnection) -> None:
        s.ledger.gone += await leaving.change(conn, member, effect, s.now, talk=talk)

    return write


def _word(event: Event) -> str | None:
    return event.value if event.kind == "optout" else optout(event.text)


def _carrier(s: Stage, line: str, to: str) -> None:
    """A stop that the carrier or the app acts on too closes the line itself, not only the member."""
    event = s.arrived.event
    ours = s.group is not None and s.group.replies_to_optout
    by_carrier = event.kind == "optout" or (event.channel == "sms" and not ours)
    if to == "stopped" and by_carrier and _word(event) == "stop":
        s.ledger.deeds.append(_line(line, "stopped", s.now))
    elif to == "active":
        s.ledger.deeds.append(_line(line, "started", None))


def _line(line: str, noted: Literal["stopped", "started"], at: datetime | None) -> Deed:

    async def write(conn: AsyncConnection) -> None:
        await note_line(conn, noted, line)
        await conn.execute(sa.update(lines).where(lines.c.id == line).values(stopped_at=at))

    return write


def _prefer(s: Stage, effect: ef.Prefer) -> None:
    if s.person is None:
        return
    me = s.person.member
    if effect.name in PREFERRED:
        value = PREFERRED[effect.name](effect.value)
        wish = sa.update(members).where(members.c.id == me.id).values({effect.name: value})
        s.ledger.deeds.append(_statement(wish))
        if effect.name in WISHES:
            noted = WISHES[effect.name][0 if value else 1]
            s.ledger.deeds.append(_noted(noted, of_member(me.id)))
        if effect.name in ("slower", "language", "form"):
            s.person.member = replace(me, **{effect.name: value})
        if effect.name == "never_ring" and value:
            s.ledger.deeds.append(lambda conn: leaving.cancel_notices(conn, me.id, channel="voice"))
        return
    row = {"member_id": me.id, "name": effect.name, "value": effect.value, "at": s.now}

    async def write(conn: AsyncConnection) -> None:
        make = upsert(conn, preferences).values(row)
        new = {"value": effect.value, "at": s.now}
        await conn.execute(make.on_conflict_do_update(index_elements=["member_id", "name"], set_=new))

    s.ledger.deeds.append(write)


def _read_anew(s: Stage) -> None:
    if s.group:
        s.ledger.groups.add(s.group.id)


def _noted(what: What | Lifted, subject: str) -> Deed:
    async def write(conn: AsyncConnection) -> None:
        note(conn, what, subject)

    return write


def _statement(statement: sa.Update) -> Deed:
    async def write(conn: AsyncConnection) -> None:
        await conn.execute(statement)

    return write


DEEDS: Mapping[type, Callable[[Stage, Any], None]] = {
    ef.Fetch: _fetch,
    ef.Join: join,
    ef.Keep: _keep,
    ef.Amend: _amend,
    ef.Narrow: _narrow,
    ef.TakeBack: _take_back,
    ef.Vote: _vote,
    ef.Acknowledge: _acknowledge,
    ef.Delivered: _delivered,
    ef.Thank: _thank,
    ef.Matter: _matter,
    ef.Change: _change,
    ef.Prefer: _prefer,
}
