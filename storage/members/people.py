"""The people of a group as commands see them: who they are, how they are reached, what they are called."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.lines.persons import NO_MEMBER, person
from storage.members.groups import Complaint, named, quoted
from storage.secrets import Secrets
from storage.tables import groups, lines, matters, members, reaches
from storage.turning.views import changed, spare_number


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to somebody: the address is in the clear, for lists that show it on purpose."""

    channel: str
    line: str
    address: str
    may_start: bool
    heard_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A member in a list."""

    id: str
    group: str
    name: str
    number: str
    permission: str
    state: str
    language: str
    form: str
    practice: bool
    joined_at: datetime | None
    heard_at: datetime | None
    ways: tuple[Way, ...] = ()
    joined: tuple[str, ...] = ()  # ids of members who were found to be the same person


async def add_facilitator(
    conn: AsyncConnection,
    *,
    id: str,
    group: str,
    name: str,
    now: datetime,
    permission: str = "facilitator",
) -> str:
    """Make a facilitator and give the four digits they can key on any phone; raise Complaint."""
    name = named(name, "The facilitator's name")
    taken = await conn.scalars(sa.select(members.c.number).where(members.c.group_id == group))
    number = spare_number({one for one in taken if one})
    row = {"id": id, "group_id": group, "name": name, "number": number, "joined_at": now}
    await conn.execute(members.insert().values(permission=permission, **row))
    await changed(conn, [group])
    return number


async def appoint(
    conn: AsyncConnection, group: str, wanted: str, secrets: Secrets, *, permission: str = "facilitator"
) -> Listed | None:
    """Make a facilitator of the member with this id or number in the group; None where there is none.

    Who has that permission already, or a wider one, keeps it.
    """
    m = members.c
    meant = sa.or_(m.id == wanted, m.number == wanted)
    found = next(iter(await _listed(conn, sa.and_(*_here(group), meant), secrets)), None)
    if found:
        had = ("member", "facilitator") if permission == "owner" else ("member",)
        change = members.update().where(members.c.id == found.id, members.c.permission.in_(had))
        await conn.execute(change.values(permission=permission))
        await changed(conn, [group])
    return found


async def name_helper(
    conn: AsyncConnection, group: str, helper: str, *, phone: str, secrets: Secrets
) -> None:
    """Say which of the group's people HELP names, and the number that 0 on a call is put through to.

    `helper` is a facilitator's id, number or name. An empty `phone` puts nobody through. Raise Complaint.
    """
    here = await facilitators(conn, group, secrets)
    found = [
        one for one in here if helper in (one.id, one.number) or one.name.casefold() == helper.casefold()
    ]
    if len(found) != 1:
        raise Complaint(
            f"{quoted(helper)} is not one of this group's facilitators: "
            "add them with `takepart facilitator add`, or give the id that it printed."
        )
    phone = phone_of(phone) if phone else ""
    set_ = {"helper_id": found[0].id, "helper_phone": secrets.seal(phone) if phone else None}
    await conn.execute(groups.update().where(groups.c.id == group).values(**set_))
    await changed(conn, [group])


async def helper_of(conn: AsyncConnection, group: str, secrets: Secrets) -> tuple[str, str]:
    """The id of whoever helps a group's members, and the number that callers are put through to."""
    row = (
        await conn.execute(sa.select(groups.c.helper_id, groups.c.helper_phone).where(groups.c.id == group))
    ).one()
    return row.helper_id or "", secrets.open(row.helper_phone) if row.helper_phone else ""


def phone_of(phone: str) -> str:
    """A helper's number without blanks and brackets; raise Complaint."""
    bare = re.sub(r"[\s().-]", "", phone)
    if not re.fullmatch(r"\+[1-9][0-9]{6,14}", bare):
        raise Complaint("Write the helper's number with its country, such as +441632960100.")
    return bare


async def facilitators(conn: AsyncConnection, group: str, secrets: Secrets) -> list[Listed]:
    """Who runs a group."""
    staff = (*_here(group), members.c.permission != "member")
    return await _listed(conn, sa.and_(*staff), secrets)


async def list_members(conn: AsyncConnection, group: str, secrets: Secrets) -> list[Listed]:
    """Everybody in a group, in the order they joined, with the ways to them. One person stands there once."""
    m = members.c
    return await _listed(conn, sa.and_(m.group_id == group, m.joined_to.is_(None)), secrets)


def _here(group: str) -> tuple[sa.ColumnElement[bool], ...]:
    """Who takes part in a group, once for each person."""
    m = members.c
    return m.group_id == group, m.joined_to.is_(None), m.state.not_in(NO_MEMBER)


async def find_member(conn: AsyncConnection, wanted: str, secrets: Secrets) -> Listed:
    """The person with this id, or this number where only one group has given it; raise Complaint."""
    m = members.c
    named = (sa.select(person()).where(one == wanted) for one in (m.id, m.number))
    by_id, by_number = (members.c.id.in_(one.scalar_subquery()) for one in named)
    found = await _listed(conn, by_id, secrets) or await _listed(conn, by_number, secrets)
    if len(found) > 1:
        raise Complaint(f"Several groups have a member number {quoted(wanted)}: give the member's id.")
    if not found:
        raise Complaint(f"There is no member {quoted(wanted)}: `takepart member list GROUP` shows their ids.")
    return found[0]


async def type_name(conn: AsyncConnection, member: Listed, name: str, now: datetime) -> None:
    """Write down what a member is called, as they said it on the phone; raise Complaint."""
    name = named(name, "A name")
    await conn.execute(members.update().where(members.c.id == member.id).values(name=name))
    said = matters.update().where(matters.c.member_id == member.id, matters.c.kind == "name")
    await conn.execute(said.where(matters.c.done_at.is_(None)).values(done_at=now))
    await changed(conn, [member.group])


_LISTED = ("id", "name", "permission", "state", "language", "form", "practice", "joined_at", "heard_at")


async def _listed(conn: AsyncConnection, which: sa.ColumnElement[bool], secrets: Secrets) -> list[Listed]:
    m = members.c
    rows = (await conn.execute(sa.select(members).where(which).order_by(m.joined_at, m.id))).all()
    ids = [row.id for row in rows]
    ways, same = await _ways(conn, ids, secrets), await _same(conn, ids)
    return [
        Listed(
            group=row.group_id,
            number=row.number or "",
            ways=tuple(ways[row.id]),
            joined=tuple(same[row.id]),
            **{name: row._mapping[name] for name in _LISTED},
        )
        for row in rows
    ]


async def _same(conn: AsyncConnection, ids: Sequence[str]) -> dict[str, list[str]]:
    m, same = members.c, defaultdict[str, list[str]](list)
    for one, kept in await conn.execute(
        sa.select(m.id, m.joined_to).where(m.joined_to.in_(ids)).order_by(m.id)
    ):
        same[kept].append(one)
    return same


async def _ways(conn: AsyncConnection, ids: Sequence[str], secrets: Secrets) -> dict[str, list[Way]]:
    r = reaches.c
    rows = await conn.execute(
        sa.select(r.member_id, r.channel, r.line_id, lines.c.address, r.may_start, r.heard_at)
        .join(lines, lines.c.id == r.line_id)
        .where(r.member_id.in_(ids), r.retired_at.is_(None))
        .order_by(r.rank, r.id)
    )
    ways: dict[str, list[Way]] = defaultdict(list)
    for member, channel, line, address, may_start, heard_at in rows:
        ways[member].append(
            Way(
                channel=channel,
                line=line,
                address=secrets.open(address) if address else "",
                may_start=may_start,
                heard_at=heard_at,
            )
        )
    return ways
