"""What turns do with alerts: raise one for words that may mean danger, say that somebody looks at it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows import effects as ef
from flows.state import Alerted
from storage.care.alerts import Found, find, raise_alert, see, step
from storage.tables import alerts, groups
from storage.turning.load import Person
from storage.turning.stage import Stage


async def look(conn: AsyncConnection, stage: Stage, wanted: str) -> Alerted | None:
    """The alert that a contact means, as far as somebody at this line runs its group."""
    here = [one.group for one in _staff(stage)]
    found = await find(conn, wanted, group=here) if here else None
    return Alerted(id=found.id, number=found.number, seen_by=found.seen_name or "") if found else None


def _staff(s: Stage) -> list[Person]:
    people = s.known.at(s.line.id) if s.line else []
    mine = [s.person, *people] if s.person else people
    return [one for one in mine if one.member.permission != "member"]


def _flag(s: Stage, effect: ef.Flag) -> None:
    practice = bool(s.line and s.line.kind == "practice") or bool(s.person and s.person.practice)
    found = Found(
        words=effect.words,
        gift=effect.gift,
        event=s.arrived.id,
        member=s.me,
        line=s.line.id if s.line else None,
        practice=practice,
    )
    known = [s.group.id] if s.group else None

    async def write(conn: AsyncConnection) -> None:
        for group in known or await _groups(conn, practice=practice):
            await raise_alert(conn, group, found, ids=s.ids, now=s.now)

    s.ledger.alarm = True
    s.ledger.deeds.append(write)


async def _groups(conn: AsyncConnection, *, practice: bool) -> Sequence[str]:
    """Every group on the number: whose a stranger is, nobody knows yet."""
    g = groups.c
    return (await conn.scalars(sa.select(g.id).where(g.practice == practice).order_by(g.id))).all()


def _seen(s: Stage, effect: ef.Seen) -> None:
    async def write(conn: AsyncConnection) -> None:
        by = await _by(conn, s, effect.alert)
        if by:
            await see(conn, effect.alert, by, channel=s.channel, ids=s.ids, now=s.now)

    s.ledger.deeds.append(write)


def _pass_on(s: Stage, effect: ef.PassOn) -> None:
    async def write(conn: AsyncConnection) -> None:
        by = await _by(conn, s, effect.alert)
        still = sa.update(alerts).where(alerts.c.id == effect.alert, alerts.c.due_at.is_not(None))
        if by and (await conn.execute(still.values(due_at=s.now))).rowcount:
            said = {"contact": by, "channel": s.channel}
            await step(conn, effect.alert, "passed on", **said, ids=s.ids, now=s.now)

    s.ledger.alarm = True
    s.ledger.deeds.append(write)


async def _by(conn: AsyncConnection, s: Stage, alert: str) -> str | None:
    """Whoever at this line runs the group that the alert is of."""
    group = await conn.scalar(sa.select(alerts.c.group_id).where(alerts.c.id == alert))
    return next((one.member.id for one in _staff(s) if one.group == group), None)


DEEDS: Mapping[type, Callable[[Stage, Any], None]] = {
    ef.Flag: _flag,
    ef.Seen: _seen,
    ef.PassOn: _pass_on,
}
