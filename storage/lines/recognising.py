"""Who is there: checks member numbers for a turn, and carries out what follows once it is known."""

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows import effects as ef
from storage import locks
from storage.erasure.register import note_way
from storage.lines.failing import works
from storage.lines.pins import WRONG, Checked, check_number
from storage.lines.reaching import ways_to
from storage.sending.checks import DOUBTED, STILL
from storage.sending.outbox import make_due
from storage.tables import lines, matters, outbox, reaches
from storage.turning import load
from storage.turning.load import Person
from storage.turning.stage import Stage


async def look(conn: AsyncConnection, s: Stage, value: str) -> Checked:
    """Who has this member number, "NUMBER" or "NUMBER PIN", as far as they may be on this line.

    Any member of the group may key it on any phone; in writing only who uses the line already.
    """
    number, _, pin = value.partition(" ")
    here = s.known.at(s.line.id) if s.line else []
    found = WRONG
    for group in _groups(s, here, number):
        found = await check_number(
            conn,
            s.secrets,
            group=group,
            practice=s.practised,
            number=number,
            pin=pin,
            by=s.line.id if s.line else s.arrived.event.session,
            ids=s.ids,
            now=s.now,
        )
        if found != WRONG:
            break
    theirs = {one.member.id for one in here}
    if found.member and found.member not in theirs and not s.arrived.event.can.call:
        return WRONG
    if found.member and found.member not in s.known.people:
        await _read(conn, s, found.member)
        return found if found.member in s.known.people else WRONG
    return found


def _groups(s: Stage, here: list[Person], number: str) -> list[str]:
    """The groups in which the number may be somebody's: first those that have it on this line."""
    having = [one.group for one in here if one.member.number == number]
    others = [one.group for one in here] + ([s.group.id] if s.group else [])
    return list(dict.fromkeys([*having, *others]))


async def _read(conn: AsyncConnection, s: Stage, member: str) -> None:
    """Somebody who rings from a phone that is not theirs."""
    await locks.for_member(conn, member)
    s.known.people |= await load.people(conn, [member], s.now)
    await load.talks(conn, s.known, [member])
    wanted = {one.group for one in s.known.people.values()} - s.groups.keys()
    s.groups |= await s.views.load(conn, wanted, s.now)


def _here(s: Stage, effect: ef.Here) -> None:
    person = s.known.people[effect.member]
    s.came, s.held = s.person is None, effect.held
    if s.person is None:
        s.ledger.talks[s.owner] = None
        s.known.talks.pop(s.owner, None)
        s.person, s.owner, s.group = person, effect.member, s.groups[person.group]
    if s.line is None:
        return
    s.line.failing_since = None
    line, now, r, o = s.line.id, s.now, reaches.c, outbox.c
    theirs = (r.member_id == effect.member, r.line_id == line)
    s.ledger.change(sa.update(reaches).where(*theirs, r.channel == s.channel).values(proved_at=now))
    for reach in person.reaches:
        if reach.line == line:
            reach.failing, reach.heard_at = False, now
            reach.proved = reach.proved or reach.channel == s.channel

    async def let_go(conn: AsyncConnection) -> None:
        await conn.execute(sa.update(reaches).where(*theirs).values(failing_since=None, heard_at=now))
        await works(conn, [line], now)
        waits = (o.line_id == line, o.member_id == effect.member, o.state == "waiting", o.sentence == DOUBTED)
        freed = await conn.execute(sa.update(outbox).where(*waits).values(not_before=now, sentence=""))
        if freed.rowcount:
            await make_due(conn, {line: now})

    s.ledger.deeds.append(let_go)


def _not_theirs(s: Stage, effect: ef.NotTheirs) -> None:
    """Retire the line for this member; what waits there goes by their next way, and a person is told."""
    person, line = s.known.people.get(effect.member), s.line
    if person is None or line is None:
        return
    person.reaches[:] = [one for one in person.reaches if one.line != line.id]
    s.known.users[line.id] = [one for one in s.known.users.get(line.id, ()) if one != effect.member]
    s.ledger.add(
        matters,
        id=s.ids(),
        group_id=person.group,
        member_id=effect.member,
        kind="number changed",
        words="",
        question="",
        at=s.now,
    )

    async def retire(conn: AsyncConnection) -> None:
        r = reaches.c
        here = (r.member_id == effect.member, r.line_id == line.id, r.retired_at.is_(None))
        await conn.execute(sa.update(reaches).where(*here).values(retired_at=s.now, may_start=False))
        await note_way(conn, "retired", effect.member, line.id)
        who = (lines.c.id == line.id, lines.c.at_member == effect.member)
        await conn.execute(sa.update(lines).where(*who).values(at_member=None, at_until=None))
        await _elsewhere(conn, s, effect.member, line.id)

    s.ledger.deeds.append(retire)


async def _elsewhere(conn: AsyncConnection, s: Stage, member: str, line: str) -> None:
    """What we had started to them and has not gone yet goes by their next way, or not at all."""
    o = outbox.c
    waiting = (o.line_id == line, o.member_id == member, o.state == "waiting")
    await conn.execute(sa.update(outbox).where(*waiting, o.kind == STILL).values(state="dropped", body=None))
    next_ways = (await ways_to(conn, [member], s.channels)).get(member)
    notices = sa.update(outbox).where(*waiting, o["class"] == "notice")
    if next_ways:
        way = next_ways[0]
        lane = "practice" if s.line and s.line.kind == "practice" else way.channel
        goes = {"line_id": way.line_id, "channel": way.channel, "lane": lane, "not_before": s.now}
        await conn.execute(notices.values(**goes, sentence=""))
        await make_due(conn, {way.line_id: s.now})


def _somebody_else(s: Stage, _: ef.SomebodyElse) -> None:
    s.left = True


LOOKS = {"member number": look}
DEEDS: Mapping[type, Callable[[Stage, Any], None]] = {
    ef.Here: _here,
    ef.NotTheirs: _not_theirs,
    ef.SomebodyElse: _somebody_else,
}
