"""How long a group keeps what it was given: said a week ahead, then erased, a few at a time.

A group's mark says what was announced and when. Whatever is announced is erased a week later, and only then
is the next announced: so everybody is told once, and nothing goes that was not announced.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from json import dumps, loads

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows import rules
from storage.database import upsert
from storage.erasure import auditing, erasing
from storage.files.leftovers import discard
from storage.lines.persons import person
from storage.tables import contributions, given, groups, marks, members

NOTICE = timedelta(days=7)
BIT = 50  # contributions that one write erases
MARK = "retention:"
BY_ITSELF = "the service"  # who erases what has had its time

_C = contributions.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """A group that keeps things for so many days; `through` and `said_at`: what was announced, and when."""

    group: str
    name: str
    zone: str
    days: int
    through: datetime | None = None
    said_at: datetime | None = None

    def ends(self, now: datetime) -> datetime:
        """What was given until then has had its time."""
        return now - timedelta(days=self.days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fading:
    """What goes in a week: how many contributions, given until when, and by whom."""

    number: int
    through: datetime
    goes_at: datetime
    givers: tuple[str, ...]


async def keeping(conn: AsyncConnection) -> list[Keeping]:
    """The groups that don't keep things for ever."""
    g, m = groups.c, marks.c
    said = sa.select(g.id, g.name, g.zone, g.settings, m.value)
    rows = await conn.execute(said.outerjoin(marks, m.name == MARK + g.id).where(g.settings.is_not(None)))
    found = []
    for id_, name, zone, settled, mark in rows:
        days = rules.read(settled).keep_days
        if days:
            told = {key: datetime.fromisoformat(value) for key, value in loads(mark or "{}").items()}
            found.append(Keeping(group=id_, name=name, zone=zone, days=days, **told))
    return found


async def fading(conn: AsyncConnection, one: Keeping, now: datetime) -> Fading | None:
    """What is to be announced now; None where nothing is, or what was announced has not gone yet."""
    if one.through is not None:
        return None
    through = one.ends(now + NOTICE)
    here = (_C.group_id == one.group, _C.at <= through)
    number = await conn.scalar(sa.select(sa.func.count()).where(*here).select_from(contributions))
    if not number:
        return None
    gave = sa.select(person()).join(given, given.c.member_id == members.c.id).join(contributions)
    givers = await conn.scalars(gave.where(*here, _C.taken_back_at.is_(None)).distinct())
    return Fading(number=number, through=through, goes_at=now + NOTICE, givers=tuple(sorted(givers)))


async def announced(conn: AsyncConnection, one: Keeping, what: Fading, now: datetime) -> None:
    """Note what was announced."""
    value = dumps({"through": what.through.isoformat(), "said_at": now.isoformat()})
    make = upsert(conn, marks).values(name=MARK + one.group, value=value)
    await conn.execute(make.on_conflict_do_update(index_elements=["name"], set_={"value": value}))


async def due(conn: AsyncConnection, one: Keeping, now: datetime) -> list[str]:
    """Some of what was announced a week ago, and has still had its time."""
    if one.through is None or one.said_at is None or one.said_at + NOTICE > now:
        return []
    gone = (_C.group_id == one.group, _C.at <= min(one.through, one.ends(now)))
    return list(await conn.scalars(sa.select(_C.id).where(*gone).order_by(_C.at).limit(BIT)))


async def over(
    conn: AsyncConnection, one: Keeping, gifts: list[str], *, ids: Callable[[], str], now: datetime
) -> None:
    """Erase these, and note how many they were."""
    await discard(conn, await erasing.erase_gifts(conn, gifts, now))
    await auditing.record(
        conn,
        ids=ids,
        group=one.group,
        who=BY_ITSELF,
        did="erased what had had its time",
        why=f"{len(gifts)} contributions",
        now=now,
    )


async def settled(conn: AsyncConnection, one: Keeping, now: datetime) -> None:
    """What was announced has gone: the next may be announced."""
    if one.said_at is not None and one.said_at + NOTICE <= now:
        await conn.execute(sa.delete(marks).where(marks.c.name == MARK + one.group))
