"""What groups spend on texts and calls in a day of theirs, and the limit that holds back what we start."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import upsert
from storage.sending import outbox as box
from storage.sending import telling
from storage.sending.checks import OVER_LIMIT, SPENDING
from storage.tables import groups, matters, outbox, spending

UNITS = {"sms": "segments", "voice": "minutes"}  # what a lane spends
SHARES = (80, 100)  # per cent of the limit of which facilitators are told


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """How many messages a group may still send by a lane in this day of its, which lasts until then."""

    left: int
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """A group has now spent this share of what it may. `unit`: segments or minutes."""

    group: str
    day: str
    unit: str
    share: int
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a group has spent in its present day, and its limits; 0 for none."""

    segments: int
    minutes: int
    daily_segments: int
    daily_minutes: int


async def allowed(
    conn: AsyncConnection, lane: str, group_ids: Collection[str], now: datetime
) -> dict[str, Allowed]:
    """What is left for each of these groups that has a limit; what is being sent is counted as one each."""
    unit = UNITS.get(lane)
    if unit is None or not group_ids:
        return {}
    g, o, s = groups.c, outbox.c, spending.c
    limits = sa.select(g.id, g.zone, g["daily_" + unit].label("most")).where(g.id.in_(group_ids))
    found = {row.id: row for row in await conn.execute(limits.where(g["daily_" + unit] > 0))}
    if not found:
        return {}
    days = {id_: _day(row.zone, now) for id_, row in found.items()}
    spent = sa.select(s.group_id, s.day, s[unit]).where(s.group_id.in_(found), s.day.in_(set(days.values())))
    used = {id_: many for id_, day, many in await conn.execute(spent) if days[id_] == day}
    going = (
        sa.select(o.group_id, sa.func.count().label("many"))
        .where(o.state == "sending", o.lane == lane)
        .group_by(o.group_id)
    )
    under_way: dict[str | None, int] = {row.group_id: row.many for row in await conn.execute(going)}
    return {
        id_: Allowed(left=row.most - used.get(id_, 0) - under_way.get(id_, 0), until=_next_day(row.zone, now))
        for id_, row in found.items()
    }


async def count(conn: AsyncConnection, spent: Mapping[tuple[str, str], int], now: datetime) -> list[Passed]:
    """Add what was spent, by group and unit; tell which shares of a limit were passed by that."""
    g = groups.c
    ids = {group for (group, _), many in spent.items() if many}
    if not ids:
        return []
    # In id order, so that two processes can't lock crosswise.
    limits = sa.select(g.id, g.zone, g.daily_segments, g.daily_minutes).where(g.id.in_(ids)).order_by(g.id)
    passed: list[Passed] = []
    for row in (await conn.execute(limits)).all():
        day = _day(row.zone, now)
        new = {unit: spent.get((row.id, unit), 0) for unit in UNITS.values()}
        make = upsert(conn, spending).values(group_id=row.id, day=day, **new)
        sums = {unit: spending.c[unit] + many for unit, many in new.items()}
        change = make.on_conflict_do_update(index_elements=["group_id", "day"], set_=sums)
        total = (await conn.execute(change.returning(spending.c.segments, spending.c.minutes))).one()
        for unit, many in new.items():
            most, after = row._mapping["daily_" + unit], total._mapping[unit]
            share = _passed(most, after - many, after)
            if share:
                passed.append(Passed(group=row.id, day=day, unit=unit, share=share, limit=most))
    return passed


def _passed(limit: int, before: int, after: int) -> int:
    """The largest share that lies between; 0 for none."""
    return max((share for share in SHARES if limit and before < limit * share / 100 <= after), default=0)


async def tell(
    conn: AsyncConnection,
    passed: Passed,
    say: telling.Write,
    *,
    ids: Callable[[], str],
    channels: Collection[str],
    now: datetime,
) -> None:
    """Tell the group's facilitators by their own lines, and put it on the list of what needs a person."""
    said = say("en", "plain").text
    matter = {"id": ids(), "group_id": passed.group, "kind": SPENDING, "words": said, "at": now}
    await conn.execute(matters.insert().values(matter))
    await telling.tell(
        conn,
        await telling.staff(conn, passed.group),
        say,
        kind=SPENDING,
        key=f"{SPENDING}:{passed.group}:{passed.day}:{passed.unit}:{passed.share}",
        ids=ids,
        channels=channels,
        now=now,
    )


async def today(conn: AsyncConnection, group: str, now: datetime) -> Spent:
    """What this group has spent so far in its present day."""
    g, s = groups.c, spending.c
    limits = sa.select(g.zone, g.daily_segments, g.daily_minutes).where(g.id == group)
    row = (await conn.execute(limits)).one()
    spent = sa.select(s.segments, s.minutes).where(s.group_id == group, s.day == _day(row.zone, now))
    used = (await conn.execute(spent)).first()
    return Spent(
        segments=used.segments if used else 0,
        minutes=used.minutes if used else 0,
        daily_segments=row.daily_segments,
        daily_minutes=row.daily_minutes,
    )


async def limit(
    conn: AsyncConnection, group: str, *, segments: int | None, minutes: int | None, now: datetime
) -> None:
    """Change what a group may spend in a day, 0 for no limit, and let go of what the old limit held."""
    given = {"daily_segments": segments, "daily_minutes": minutes}
    values = {name: value for name, value in given.items() if value is not None}
    if not values:
        return
    await conn.execute(sa.update(groups).where(groups.c.id == group).values(**values))
    o = outbox.c
    held = sa.update(outbox).where(
        o.state == "waiting", o.lane.in_(UNITS), o["class"] == "notice", o.group_id == group
    )
    freed = held.where(o.sentence == OVER_LIMIT).values(not_before=now, sentence="").returning(o.line_id)
    await box.make_due(conn, dict.fromkeys(await conn.scalars(freed), now))


def _day(zone: str, now: datetime) -> str:
    return now.astimezone(ZoneInfo(zone)).date().isoformat()


def _next_day(zone: str, now: datetime) -> datetime:
    tomorrow = now.astimezone(ZoneInfo(zone)).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), ZoneInfo(zone)).astimezone(UTC)
