"""Whom a group alerts when somebody may be in danger: its contacts, in their order, and the ways to them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.lines.reaching import ways_to
from storage.members.groups import Complaint, quoted
from storage.members.people import Listed, facilitators
from storage.secrets import Secrets
from storage.sending.checks import ALERT, next_moment
from storage.tables import groups, lines, members, safe_contacts
from storage.turning.views import changed

CHANNELS = ("telegram", "sms", "voice")  # also those that are off just now
NOT_STAFF = (
    "is not one of this group's facilitators: add them with `takepart facilitator add`, "
    "or give the id or number that it printed."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    line: str
    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Somebody to alert. `wakes_at`: when their hours begin, where they may not be told now. No `ways`:
    they can't be told at all.
    """

    member: str
    name: str
    any_hour: bool
    wakes_at: datetime | None
    ways: tuple[Way, ...]

    @property
    def awake(self) -> bool:
        return self.wakes_at is None


async def contacts(
    conn: AsyncConnection,
    group: str,
    channels: Collection[str],
    now: datetime,
    *,
    practice: bool = False,
) -> list[Contact]:
    """Whom to alert, in their order; with `practice`, by practice phones alone.

    Where nobody was named, all who run the group stand in, in their own hours.
    """
    rows = await _named(conn, group) or await _staff(conn, group)
    found = await ways_to(conn, [row.id for row in rows], channels, ALERT)
    ways = {
        member: [Way(line=way.line_id, channel=way.channel) for way in theirs]
        for member, theirs in found.items()
    }
    if practice:
        only = await _practising(conn, {way.line for theirs in ways.values() for way in theirs})
        ways = {member: [way for way in theirs if way.line in only] for member, theirs in ways.items()}
    return [_contact(row, ways.get(row.id, []), now) for row in rows]


def _contact(row: Any, ways: Sequence[Way], now: datetime) -> Contact:
    shut = row.never_first or row.state == "stopped" or (row.state == "paused" and not row.any_hour)
    open_to = [way for way in ways if not (shut or (row.never_ring and way.channel == "voice"))]
    start = now if row.any_hour else next_moment(now, row.hours or row.group_hours, row.days, row.zone)
    return Contact(
        member=row.id,
        name=row.name,
        any_hour=row.any_hour,
        wakes_at=start if start > now else None,
        ways=tuple(open_to),
    )


async def named(conn: AsyncConnection, group: str) -> list[tuple[str, str, bool]]:
    """The contacts that the group named: id, name, whether at any hour."""
    return [(row.id, row.name, row.any_hour) for row in await _named(conn, group)]


async def name_contact(
    conn: AsyncConnection,
    group: str,
    wanted: str,
    secrets: Secrets,
    *,
    any_hour: bool,
    first: bool,
) -> bool:
    """Put one of the group's facilitators on the list, last or first; raise Complaint.

    Whether there is a way by which they can be told.
    """
    found = await staff_member(conn, group, wanted, secrets)
    c = safe_contacts.c
    await conn.execute(sa.delete(safe_contacts).where(c.group_id == group, c.member_id == found.id))
    places = (await conn.scalars(sa.select(c.rank).where(c.group_id == group))).all()
    rank = min(places, default=1) - 1 if first else max(places, default=0) + 1
    row = {"group_id": group, "member_id": found.id, "rank": rank, "any_hour": any_hour}
    await conn.execute(safe_contacts.insert().values(**row))
    await changed(conn, [group])
    return bool(await ways_to(conn, [found.id], CHANNELS, ALERT))


async def drop_contact(conn: AsyncConnection, group: str, wanted: str, secrets: Secrets) -> Listed:
    """Take somebody off the list; raise Complaint where they are not on it."""
    found = await staff_member(conn, group, wanted, secrets)
    c = safe_contacts.c
    gone = await conn.execute(sa.delete(safe_contacts).where(c.group_id == group, c.member_id == found.id))
    if not gone.rowcount:
        raise Complaint(f"{quoted(found.name)} is not on the list of who is alerted.")
    await changed(conn, [group])
    return found


async def staff_member(conn: AsyncConnection, group: str, wanted: str, secrets: Secrets) -> Listed:
    """The one facilitator of a group with this id, number or name; raise Complaint."""
    here = await facilitators(conn, group, secrets)
    found = [
        one for one in here if wanted in (one.id, one.number) or one.name.casefold() == wanted.casefold()
    ]
    if len(found) != 1:
        raise Complaint(f"{quoted(wanted)} {NOT_STAFF}")
    return found[0]


async def _named(conn: AsyncConnection, group: str) -> Sequence[sa.Row[tuple[object, ...]]]:
    m, c = members.c, safe_contacts.c
    found = _people(c.any_hour).join(safe_contacts, c.member_id == m.id)
    here = (c.group_id == group, m.permission != "member", m.state.not_in(("left", "erased")))
    return (await conn.execute(found.where(*here).order_by(c.rank))).all()


async def _staff(conn: AsyncConnection, group: str) -> Sequence[sa.Row[tuple[object, ...]]]:
    m = members.c
    here = (m.group_id == group, m.permission != "member", m.state.not_in(("left", "erased")))
    return (await conn.execute(_people(sa.false().label("any_hour")).where(*here).order_by(m.id))).all()


def _people(any_hour: sa.ColumnElement[bool]) -> sa.Select[tuple[object, ...]]:
    m, g = members.c, groups.c
    asked = (m.id, m.name, m.state, m.hours, m.days, m.never_first, m.never_ring)
    wanted = sa.select(*asked, g.hours.label("group_hours"), g.zone, any_hour)
    return wanted.select_from(members).join(groups, g.id == m.group_id)


async def _practising(conn: AsyncConnection, ids: Collection[str]) -> set[str]:
    n = lines.c
    return set(await conn.scalars(sa.select(n.id).where(n.id.in_(ids), n.kind == "practice")))
