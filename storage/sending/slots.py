"""How fast a sender may go, all processes together: slots of one timetable, and pauses that it is given."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.columns import micros
from storage.database import upsert
from storage.tables import senders

PROBE = timedelta(minutes=1)  # how long a paused lane waits before it tries one message again
AHEAD = timedelta(minutes=1)  # further ahead than any queue of ours: a clock was put back
REFUSALS = 3  # from so many lines within this time, and it is the whole sender that is too fast
REFUSALS_WITHIN = timedelta(seconds=10)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Slots that are ours: the first of them, and until when the provider wants nothing at all."""

    first: datetime
    wait_until: datetime | None


async def take(
    conn: AsyncConnection, sender: str, many: int, *, every: timedelta, saved: timedelta, now: datetime
) -> Taken:
    """Take the sender's next slots, `every` so often. Those older than `saved` are lost to everybody.

    One row, changed by one statement: no two processes can have the same slot.
    """
    s = senders.c
    step, earliest = many * (every // _MICROSECOND), micros(now - saved)
    next_one = sa.func.coalesce(sa.type_coerce(s.next_slot, sa.BigInteger), 0)
    lost = sa.or_(next_one < earliest, next_one > micros(now + AHEAD))
    first = sa.case((lost, earliest), else_=next_one)
    make = upsert(conn, senders).values(name=sender, next_slot=now - saved + many * every)
    change = make.on_conflict_do_update(
        index_elements=["name"], set_={"next_slot": sa.type_coerce(first + step, s.next_slot.type)}
    )
    row = (await conn.execute(change.returning(s.next_slot, s.wait_until))).one()
    return Taken(first=row.next_slot - many * every, wait_until=row.wait_until)


async def wait(conn: AsyncConnection, sender: str, until: datetime) -> None:
    """The provider wants nothing from this sender until then."""
    later = upsert(conn, senders).values(name=sender, wait_until=until)
    change = {"wait_until": until}
    await conn.execute(later.on_conflict_do_update(index_elements=["name"], set_=change))


async def refused(
    conn: AsyncConnection, sender: str, line: str, *, wait: timedelta, now: datetime
) -> datetime | None:
    """The provider found this line's message too early; until when the whole sender is to wait, if so."""
    s = senders.c
    await conn.execute(upsert(conn, senders).values(name=sender).on_conflict_do_nothing())
    mine = sa.select(s.refusals, s.wait_until).where(s.name == sender).with_for_update()
    row = (await conn.execute(mine)).one()
    since = micros(now - REFUSALS_WITHIN)
    recent = [[at, one] for at, one in row.refusals or () if at > since] + [[micros(now), line]]
    values: dict[str, object] = {"refusals": recent}
    until = None
    if len({one for _, one in recent}) >= REFUSALS:
        until = max(now + wait, row.wait_until or now)
        values = {"refusals": [], "wait_until": until}
    await conn.execute(sa.update(senders).where(s.name == sender).values(**values))
    return until


async def pause(conn: AsyncConnection, lane: str, sentence: str, now: datetime) -> None:
    """Stop a lane for a fault of ours, and say when it tries again."""
    row = {"name": lane, "paused": sentence, "paused_at": now, "probe_at": now + PROBE}
    make = upsert(conn, senders).values(row)
    change = {
        "paused": sentence,
        "paused_at": sa.func.coalesce(senders.c.paused_at, make.excluded.paused_at),
        "probe_at": now + PROBE,
    }
    await conn.execute(make.on_conflict_do_update(index_elements=["name"], set_=change))
