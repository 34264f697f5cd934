"""How long a group keeps what it was given: said a week ahead, then erased, a few at a time.

A group's mark says what was announced and when. Whatever is announced is erased a week later, and only then
is the next announced: so everybody is told once, and nothing goes that was not announced. What was passed on
to the facilitators goes with it, and so do the words of alerts that somebody has seen to.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from json import dumps, loads

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows import rules
from storage.care.matters import ASKS_IN, ENDING
from storage.database import upsert
from storage.erasure import auditing, erasing
from storage.files.leftovers import discard
from storage.lines.persons import person
from storage.tables import contributions, given, groups, marks, matters, members

NOTICE = timedelta(days=7)
BIT = 50  # contributions, and as many of what was passed on, that one write erases
MARK = "retention:"
BY_ITSELF = "the service"  # who erases what has had its time

WAITING = (ASKS_IN, ENDING, "alert")  # these stay as long as they wait: they ask for something to be done

_C, _M = contributions.c, matters.c


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
    """What goes in a week: how many things, given until when, and by whom."""

    number: int
    through: datetime
    goes_at: datetime
    givers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What goes now: ids of contributions and of what was passed on."""

    gifts: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


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
    gifts, words = _gifts(one, through), _words(one, through)
    number = 0
    for table, old in ((contributions, gifts), (matters, words)):
        number += await conn.scalar(sa.select(sa.func.count()).select_from(table).where(*old)) or 0
    if not number:
        return None
    gave = sa.select(person()).join(given, given.c.member_id == members.c.id).join(contributions)
    said = sa.select(person()).join(matters, _M.member_id == members.c.id)
    both = gave.where(*gifts, _C.taken_back_at.is_(None)).union(said.where(*words))
    givers = tuple(sorted(await conn.scalars(both)))
    return Fading(number=number, through=through, goes_at=now + NOTICE, givers=givers)


def _gifts(one: Keeping, until: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return _C.group_id == one.group, _C.at <= until


def _words(one: Keeping, until: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    """What was passed on until then. What holds no words and no file stays while it waits for somebody."""
    done, files = _M.done_at.is_not(None), sa.cast(_M.media, sa.Text).contains('"')
    old = sa.and_(_M.group_id == one.group, _M.at <= until)
    return old, sa.or_(done, sa.and_(_M.kind.not_in(WAITING), sa.or_(_M.words != "", files)))


async def announced(conn: AsyncConnection, one: Keeping, what: Fading, now: datetime) -> None:
    """Note what was announced."""
    value = dumps({"through": what.through.isoformat(), "said_at": now.isoformat()})
    make = upsert(conn, marks).values(name=MARK + one.group, value=value)
    await conn.execute(make.on_conflict_do_update(index_elements=["name"], set_={"value": value}))


async def due(conn: AsyncConnection, one: Keeping, now: datetime) -> Due | None:
    """Some of what was announced a week ago, and has still had its time; None where nothing is left."""
    if one.through is None or one.said_at is None or one.said_at + NOTICE > now:
        return None
    until = min(one.through, one.ends(now))
    gifts = await conn.scalars(sa.select(_C.id).where(*_gifts(one, until)).order_by(_C.at).limit(BIT))
    words = await conn.scalars(sa.select(_M.id).where(*_words(one, until)).order_by(_M.at).limit(BIT))
    found = Due(gifts=tuple(gifts), words=tuple(words))
    return found if found != Due() else None


async def over(
    conn: AsyncConnection, one: Keeping, what: Due, *, ids: Callable[[], str], now: datetime
) -> None:
    """Erase these, and note how many they were."""
    await discard(conn, await erasing.erase_gifts(conn, what.gifts, now))
    await discard(conn, await erasing.erase_passed_on(conn, what.words, now))
    await auditing.record(
        conn,
        ids=ids,
        group=one.group,
        who=BY_ITSELF,
        did="erased what had had its time",
        why=f"{len(what.gifts)} contributions, {len(what.words)} passed on",
        now=now,
    )


async def settled(conn: AsyncConnection, one: Keeping, now: datetime) -> None:
    """What was announced has gone, and the words of alerts with it: the next may be announced."""
    if one.said_at is not None and one.through is not None and one.said_at + NOTICE <= now:
        await erasing.erase_alert_words(conn, one.group, min(one.through, one.ends(now)))
        await conn.execute(sa.delete(marks).where(marks.c.name == MARK + one.group))
