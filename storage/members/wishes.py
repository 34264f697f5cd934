"""What members wish of us: to hear from us or not, to leave, to be erased, and how to keep in touch."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows import effects as ef
from flows.events import Event
from flows.preferences import OF_A_PHONE
from flows.understand import optout
from storage.erasure.register import note_line
from storage.members import leaving, preferring
from storage.members.preferring import OF_THE_MEMBER
from storage.tables import lines, members
from storage.turning.load import Line, Person
from storage.turning.stage import Stage
from storage.turning.states import packed
from storage.turning.turns import Deed

# By the next turn, of this batch too.
HEARD_AT_ONCE = ("slower", "lower", "more_time", "never_named", "language", "form")


def _change(s: Stage, effect: ef.Change) -> None:
    if s.line:
        _carrier(s, s.line, effect.to)
    for person in _meant(s, effect.to):
        s.ledger.deeds.append(_changed(s, person.member.id, effect))
        if effect.to in ("active", "paused", "stopped"):
            person.member = replace(person.member, state=effect.to)
        else:
            s.known.people.pop(person.member.id, None)
            s.ledger.groups.add(person.group)
    if s.line and effect.to == "active" and _of_all(s, s.line):
        s.ledger.deeds.append(_lifted(s, [one.member.id for one in s.known.at(s.line.id)], effect))


def _meant(s: Stage, to: str) -> list[Person]:
    """Whom a wish is for. A stop word said to one number is meant for all that comes from it.

    Whoever had stopped before keeps that stop, which was their own. A start word ends nobody else's break.
    """
    me = [s.person] if s.person else []
    if s.line and to == "stopped" and _word(s.arrived.event) == "stop":
        return [*me, *(one for one in s.known.at(s.line.id) if not _stopped(one) and one not in me)]
    return [] if to == "active" and s.line and _of_all(s, s.line) else me


def _of_all(s: Stage, line: Line) -> bool:
    """Whether a start word may be anybody's: several use the line, and it does not say who sent it."""
    return _word(s.arrived.event) == "start" and len(s.known.at(line.id)) > 1


def _lifted(s: Stage, there: list[str], effect: ef.Change) -> Deed:
    """A start word lifts what the stop word did: it stopped everybody there, in one moment."""

    async def write(conn: AsyncConnection) -> None:
        m = members.c
        rows = await conn.execute(sa.select(m.id, m.stopped_at).where(m.id.in_(there), m.state == "stopped"))
        stopped = {id_: at for id_, at in rows if at}
        everybody = len(stopped) == len(there)
        last = max(stopped.values(), default=None)
        for id_ in sorted(id_ for id_, at in stopped.items() if at == last) if everybody else ():
            await leaving.change(conn, id_, effect, s.now)
        if not everybody and s.me:
            await leaving.change(conn, s.me, effect, s.now)

    return write


def _stopped(person: Person) -> bool:
    return person.member.state == "stopped"


def _changed(s: Stage, member: str, effect: ef.Change) -> Deed:
    talk = packed(s.conversation)

    async def write(conn: AsyncConnection) -> None:
        s.ledger.gone += await leaving.change(conn, member, effect, s.now, talk=talk)

    return write


def _word(event: Event) -> str | None:
    return event.value if event.kind == "optout" else optout(event.text)


def _carrier(s: Stage, line: Line, to: str) -> None:
    """A stop that the carrier or the app acts on too closes the line itself, not only the member."""
    event = s.arrived.event
    ours = s.group is not None and s.group.replies_to_optout
    by_carrier = event.kind == "optout" or (event.channel == "sms" and not ours)
    if to == "stopped" and by_carrier and _word(event) == "stop":
        line.closed = True
        s.ledger.deeds.append(_line(line.id, "stopped", s.now))
    elif to == "active":
        line.closed = False
        s.ledger.deeds.append(_line(line.id, "started", None))


def _blocked(s: Stage, effect: ef.Blocked) -> None:
    if s.line:
        s.line.closed = effect.now
        noted: Literal["stopped", "started"] = "stopped" if effect.now else "started"
        s.ledger.deeds.append(_line(s.line.id, noted, s.now if effect.now else None))


def _line(line: str, noted: Literal["stopped", "started"], at: datetime | None) -> Deed:

    async def write(conn: AsyncConnection) -> None:
        await note_line(conn, noted, line)
        await conn.execute(sa.update(lines).where(lines.c.id == line).values(stopped_at=at))

    return write


def prefer(s: Stage, effect: ef.Prefer) -> None:
    if s.person is None:
        return
    me, line = s.person.member, s.line.id if s.line else ""
    if effect.name in HEARD_AT_ONCE:
        s.person.member = replace(me, **{effect.name: OF_THE_MEMBER[effect.name](effect.value)})
    for reach in s.person.reaches if effect.name in OF_A_PHONE else ():
        if reach.line == line:
            setattr(reach, effect.name, effect.value == "yes")

    async def write(conn: AsyncConnection) -> None:
        await preferring.prefer(conn, me.id, effect.name, effect.value, now=s.now, line=line)

    s.ledger.deeds.append(write)


DEEDS: Mapping[type, Callable[[Stage, Any], None]] = {
    ef.Change: _change,
    ef.Prefer: prefer,
    ef.Blocked: _blocked,
}
