"""Finds the lines that a lane may send to now, and what waits on them: from the outbox's own index.

The lock is the line, so that two processes never send one line's messages in the wrong order.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import ready
from storage.sending.checks import PATIENCE, Waiting
from storage.sending.outbox import columns
from storage.tables import lines, outbox

ANSWER, NOTICE, LAPSED = "answer", "notice", "lapsed"
KINDS = (ANSWER, NOTICE, LAPSED)  # of what a claim may find
UNSENT = ("waiting", "sending")
MOST = 20  # messages of each class that are looked at for one line: those behind them come after them


@dataclass(frozen=True, slots=True, kw_only=True)
class Free:
    """A line that is ours to look at. `address` is sealed; `rested`: see `bot.sending.pace.Gap`."""

    id: str
    address: bytes | None
    rested: datetime | None


async def any_due(conn: AsyncConnection, lane: str, now: datetime) -> list[str]:
    """Of what a claim would find something: answers, notices, and what a dead process was sending."""
    (found,) = await ready.read(conn, _any_due(), lane=lane, now=now)
    return [name for name, there in zip(KINDS, found, strict=True) if there]


@cache
def _any_due() -> sa.Select[*tuple[Any, ...]]:
    """What each lane asks several times a second."""
    lane: sa.BindParameter[Any] = sa.bindparam("lane")
    now: sa.BindParameter[Any] = sa.bindparam("now", type_=outbox.c.not_before.type)
    return sa.select(*(_due(lane, name, now).exists().label(name) for name in KINDS))


async def lock(conn: AsyncConnection, lane: str, room: Mapping[str, int], now: datetime) -> dict[str, Free]:
    """At most so many lines of each kind, whoever waits longest first; nobody else sees them meanwhile.

    A line with many messages is found with each of them: then it is fewer lines, and more the next time.
    """
    found: dict[str, Free] = {}
    for name, most in room.items():
        due = _due(lane, name, now).limit(most).with_for_update(of=lines, skip_locked=True)
        for row in await conn.execute(due):
            found[row.id] = Free(id=row.id, address=row.address, rested=row.next_slot)
    return found


def _due(
    lane: str | sa.BindParameter[Any], name: str, now: datetime | sa.BindParameter[Any]
) -> sa.Select[tuple[str, bytes | None, datetime | None]]:
    o, n = outbox.c, lines.c
    of_lane = sa.select(n.id, n.address, n.next_slot).join(outbox, o.line_id == n.id).where(o.lane == lane)
    if name == LAPSED:
        return of_lane.where(o.state == "sending", sa.or_(n.leased_until.is_(None), n.leased_until <= now))
    free = (
        n.due_at <= now,
        sa.or_(n.leased_until.is_(None), n.leased_until <= now),
        sa.or_(n.wait_until.is_(None), n.wait_until <= now),
    )
    due = of_lane.where(o.state == "waiting", o["class"] == name, o.not_before <= now, *free)
    return due.order_by(o.not_before)


async def waiting(
    conn: AsyncConnection, lane: str, ids: Collection[str], now: datetime
) -> dict[str, list[Waiting]]:
    """The first that are unsent of each line and class and due soon, in the order of sending.

    The lane is looked at here and not by the database, which would go through all that the lane has.
    """
    o = outbox.c
    place = sa.func.row_number().over(partition_by=(o.line_id, o.lane, o["class"]), order_by=o.id)
    soon = sa.or_(o.not_before <= now + PATIENCE, o.state == "sending")
    unsent = (
        sa.select(*columns(), o.lane, place.label("place"))
        .where(o.line_id.in_(ids), o.state.in_(UNSENT), soon)
        .subquery()
    )
    first = sa.select(unsent).where(unsent.c.place <= MOST).order_by(unsent.c.id)
    found: dict[str, list[Waiting]] = {id_: [] for id_ in ids}
    for row in (await conn.execute(first)).mappings():
        one = dict(row)
        theirs, _ = one.pop("lane"), one.pop("place")
        if theirs == lane:
            found[row["line"]].append(Waiting(**one))
    return found


async def others_due(
    conn: AsyncConnection, lane: str, ids: Collection[str], now: datetime
) -> dict[str, datetime]:
    """When the first of what `waiting` leaves out is due: of other lanes, and what waits for longer."""
    o = outbox.c
    rest = sa.or_(o.lane != lane, sa.and_(o.state == "waiting", o.not_before > now + PATIENCE))
    found = await conn.execute(
        sa.select(o.line_id, sa.func.min(o.not_before))
        .where(o.line_id.in_(ids), o.state.in_(UNSENT), rest)
        .group_by(o.line_id)
    )
    return {line: at for line, at in found if at}
