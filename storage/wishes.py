"""What members wish of us: to hear from us or not, to leave, to be erased, and how to keep in touch."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows import effects as ef
from flows.events import Event
from flows.understand import optout
from storage import leaving
from storage.database import upsert
from storage.load import Person
from storage.register import WISHES, Lifted, What, note, note_line, of_member
from storage.stage import Stage
from storage.states import packed
from storage.tables import lines, members, preferences
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


def prefer(s: Stage, effect: ef.Prefer) -> None:
    if s.person is None:
        return
    me = s.person.member
    if effect.name in PREFERRED:
        value = PREFERRED[effect.name](effect.value)
        wish = sa.update(members).where(members.c.id == me.id).values({effect.name: value})
        s.ledger.change(wish)
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


def _noted(what: What | Lifted, subject: str) -> Deed:
    async def write(conn: AsyncConnection) -> None:
        note(conn, what, subject)

    return write


DEEDS: Mapping[type, Callable[[Stage, Any], None]] = {ef.Change: _change, ef.Prefer: prefer}
