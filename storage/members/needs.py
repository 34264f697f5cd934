"""What members need to take part: in their own words, met or not yet and why, and looked at again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows import effects as ef
from storage.members.preferring import prefer
from storage.tables import members, needs
from storage.turning.stage import Stage

# What the service itself keeps to, and never asks again: by its kind, the wish that stands for it.
KEPT: Mapping[str, str] = {"never ring": "never_ring", "never first": "never_first"}
KINDS = ("bsl", "braille", "large print", "hearing loop", "relay uk", *KEPT, "other")
LOOK_AGAIN = timedelta(days=365)  # a need that is met is looked at again within a year


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """One need of one member. `met` is None while nobody has seen to it."""

    id: str
    member: str
    name: str
    kind: str
    words: str
    asked_on: datetime
    met: bool | None
    why: str
    review_on: datetime | None

    def waits(self, now: datetime) -> bool:
        """Whether somebody is to see to it: it is not met, or is due to be looked at again."""
        return not self.met or (self.review_on is not None and self.review_on <= now)


async def add(
    conn: AsyncConnection, member: str, kind: str, words: str, *, ids: Callable[[], str], now: datetime
) -> str:
    """Note a need; what the service itself keeps to is met from this moment."""
    kept = kind in KEPT
    row = {"id": ids(), "member_id": member, "kind": kind, "words": words, "asked_on": now}
    await conn.execute(needs.insert().values(**row, met=True if kept else None, why=""))
    if kept:
        await prefer(conn, member, KEPT[kind], "yes", now=now)
    return str(row["id"])


async def meet(
    conn: AsyncConnection, id: str, *, met: bool, why: str, review_on: datetime | None, now: datetime
) -> Needed | None:
    """Say whether a need is met, and why not yet; None where there is no such need."""
    again = review_on or (now + LOOK_AGAIN if met else None)
    change = sa.update(needs).where(needs.c.id == id)
    await conn.execute(change.values(met=met, why=why, review_on=again))
    found = await _listed(conn, needs.c.id == id)
    return found[0] if found else None


async def list_needs(conn: AsyncConnection, group: str) -> list[Needed]:
    """Everything that a group's members need, the oldest first."""
    return await _listed(
        conn, members.c.group_id == group, members.c.state.in_(("active", "paused", "stopped"))
    )


async def list_of(conn: AsyncConnection, member: str) -> list[Needed]:
    """What one member needs, the oldest first."""
    return await _listed(conn, needs.c.member_id == member)


async def _listed(conn: AsyncConnection, *which: sa.ColumnElement[bool]) -> list[Needed]:
    n = needs.c
    found = await conn.execute(
        sa.select(n.id, n.member_id, members.c.name, n.kind, n.words, n.asked_on, n.met, n.why, n.review_on)
        .join(members, members.c.id == n.member_id)
        .where(*which)
        .order_by(n.asked_on, n.id)
    )
    return [
        Needed(
            id=row.id,
            member=row.member_id,
            name=row.name,
            kind=row.kind,
            words=row.words,
            asked_on=row.asked_on,
            met=row.met,
            why=row.why,
            review_on=row.review_on,
        )
        for row in found
    ]


def _need(s: Stage, effect: ef.Need) -> None:
    if s.me is None:
        return
    me = s.me

    async def write(conn: AsyncConnection) -> None:
        await add(conn, me, effect.kind, effect.words, ids=s.ids, now=s.now)

    s.ledger.deeds.append(write)


DEEDS: Mapping[type, Callable[[Stage, Any], None]] = {ef.Need: _need}
