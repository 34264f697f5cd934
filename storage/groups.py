"""Groups, who belongs to them and by which lines, and the chats they share: what commands ask and change."""

import re
import secrets as chance
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.calendar import Hours
from storage.ids import ALPHABET
from storage.secrets import Secrets
from storage.tables import groups, lines, matters, members, reaches, rooms
from storage.views import changed, spare_number

NAME = 100  # characters, for a name that is shown or spoken
WORD, WORD_LASTS = 8, timedelta(hours=24)  # letters of the word that links a chat, and how long it is good


class Complaint(ValueError):
    """Something asked for cannot be done: one sentence for the person who asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """A group as commands know it."""

    id: str
    code: str
    number: str
    name: str
    outside_name: str
    zone: str
    hours: str
    practice: bool


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


async def add_group(
    conn: AsyncConnection,
    *,
    id: str,
    code: str,
    name: str,
    now: datetime,
    zone: str = "Europe/London",
    hours: str = "9-20",
    outside_name: str = "Takepart",
    practice: bool = False,
) -> Home:
    """Make a group with a number of its own to key; raise Complaint."""
    home = Home(
        id=id,
        code=_code(code),
        number=await _free_number(conn),
        name=_name(name, "The group's name"),
        outside_name=_name(outside_name, "The outside name"),
        zone=_zone(zone),
        hours=_hours(hours),
        practice=practice,
    )
    if await conn.scalar(sa.select(groups.c.id).where(groups.c.code == home.code)):
        raise Complaint(f"There is already a group with the code {home.code}: choose another code.")
    await conn.execute(
        groups.insert().values(created_at=now, **{name: getattr(home, name) for name in _HOME})
    )
    return home


async def find_group(conn: AsyncConnection, wanted: str) -> Home:
    """The group with this id, code or number; raise Complaint."""
    g = groups.c
    found = sa.or_(g.id == wanted, g.code == wanted.upper(), g.number == wanted)
    row = (await conn.execute(sa.select(*(g[name] for name in _HOME)).where(found))).first()
    if row is None:
        raise Complaint(f"There is no group {_quoted(wanted)}: give its code, its number or its id.")
    return Home(**row._mapping)


async def list_groups(conn: AsyncConnection) -> list[Home]:
    """Every group, by code."""
    rows = await conn.execute(sa.select(*(groups.c[name] for name in _HOME)).order_by(groups.c.code))
    return [Home(**row._mapping) for row in rows]


async def add_facilitator(conn: AsyncConnection, *, id: str, group: str, name: str, now: datetime) -> str:
    """Make a facilitator and give the four digits they can key on any phone; raise Complaint."""
    name = _name(name, "The facilitator's name")
    taken = await conn.scalars(sa.select(members.c.number).where(members.c.group_id == group))
    number = spare_number({one for one in taken if one})
    row = {"id": id, "group_id": group, "name": name, "number": number, "joined_at": now}
    await conn.execute(members.insert().values(permission="facilitator", **row))
    await changed(conn, [group])
    return number


async def appoint(conn: AsyncConnection, group: str, wanted: str, secrets: Secrets) -> Listed | None:
    """Make a facilitator of the member with this id or number in the group; None where there is none."""
    here = [one for one in await list_members(conn, group, secrets) if one.state not in ("left", "erased")]
    found = next((one for one in here if wanted in (one.id, one.number)), None)
    if found:
        change = members.update().where(members.c.id == found.id, members.c.permission == "member")
        await conn.execute(change.values(permission="facilitator"))
        await changed(conn, [group])
    return found


async def name_helper(
    conn: AsyncConnection, group: str, helper: str, *, phone: str, secrets: Secrets
) -> None:
    """Say which of the group's people HELP names, and the number that 0 on a call is put through to.

    `helper` is a facilitator's id, number or name. An empty `phone` puts nobody through. Raise Complaint.
    """
    here = await facilitators(conn, group, secrets)
    named = [
        one for one in here if helper in (one.id, one.number) or one.name.casefold() == helper.casefold()
    ]
    if len(named) != 1:
        raise Complaint(
            f"{_quoted(helper)} is not one of this group's facilitators: "
            "add them with `takepart facilitator add`, or give the id that it printed."
        )
    if phone and not re.fullmatch(r"\+[1-9][0-9]{6,14}", phone):
        raise Complaint("Write the helper's number with its country, such as +441632960100.")
    set_ = {"helper_id": named[0].id, "helper_phone": secrets.seal(phone) if phone else None}
    await conn.execute(groups.update().where(groups.c.id == group).values(**set_))
    await changed(conn, [group])


async def facilitators(conn: AsyncConnection, group: str, secrets: Secrets) -> list[Listed]:
    """Who runs a group."""
    here = await list_members(conn, group, secrets)
    return [one for one in here if one.permission != "member" and one.state not in ("left", "erased")]


async def list_members(conn: AsyncConnection, group: str, secrets: Secrets) -> list[Listed]:
    """Everybody in a group, in the order they joined, with the ways to them."""
    return await _listed(conn, members.c.group_id == group, secrets)


async def find_member(conn: AsyncConnection, wanted: str, secrets: Secrets) -> Listed:
    """The member with this id, or this number where only one group has given it; raise Complaint."""
    m = members.c
    found = await _listed(conn, m.id == wanted, secrets) or await _listed(conn, m.number == wanted, secrets)
    if len(found) > 1:
        raise Complaint(f"Several groups have a member number {_quoted(wanted)}: give the member's id.")
    if not found:
        raise Complaint(
            f"There is no member {_quoted(wanted)}: `takepart member list GROUP` shows their ids."
        )
    return found[0]


async def type_name(conn: AsyncConnection, member: Listed, name: str, now: datetime) -> None:
    """Write down what a member is called, as they said it on the phone; raise Complaint."""
    name = _name(name, "A name")
    await conn.execute(members.update().where(members.c.id == member.id).values(name=name))
    said = matters.update().where(matters.c.member_id == member.id, matters.c.kind == "name")
    await conn.execute(said.where(matters.c.done_at.is_(None)).values(done_at=now))
    await changed(conn, [member.group])


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A group chat that is linked to a group."""

    id: str
    group: str
    address: str


async def room_word(conn: AsyncConnection, secrets: Secrets, *, id: str, group: str, now: datetime) -> str:
    """A new word that links one chat to this group within a day; it replaces an unused one."""
    c = rooms.c
    await conn.execute(rooms.delete().where(c.group_id == group, c.linked_at.is_(None)))
    word = "".join(chance.choice(ALPHABET) for _ in range(WORD)).upper()
    await conn.execute(
        rooms.insert().values(
            id=id, group_id=group, word_hash=_word_hash(secrets, word), word_until=now + WORD_LASTS
        )
    )
    return word


async def link_room(
    conn: AsyncConnection, secrets: Secrets, *, word: str, address: str, now: datetime
) -> Room | None:
    """Link the chat with this address to the group that the word is of; None where the word is not good.

    A chat belongs to one group: the last word given there counts.
    """
    c = rooms.c
    good = sa.and_(c.word_hash == _word_hash(secrets, word), c.word_until > now, c.linked_at.is_(None))
    row = (await conn.execute(sa.select(c.id, c.group_id).where(good))).first()
    if row is None:
        return None
    hashed = _room_hash(secrets, address)
    await conn.execute(rooms.delete().where(c.address_hash == hashed))
    await conn.execute(
        rooms.update()
        .where(c.id == row.id)
        .values(
            address=secrets.seal(address), address_hash=hashed, linked_at=now, word_hash=None, word_until=None
        )
    )
    return Room(id=row.id, group=row.group_id, address=address)


async def move_room(conn: AsyncConnection, secrets: Secrets, *, old: str, new: str) -> None:
    """Follow a linked chat to its new address: Telegram gives it another one when it grows."""
    c = rooms.c
    hashed = _room_hash(secrets, new)
    await conn.execute(rooms.delete().where(c.address_hash == hashed))
    moved = {"address": secrets.seal(new), "address_hash": hashed}
    await conn.execute(rooms.update().where(c.address_hash == _room_hash(secrets, old)).values(moved))


async def find_room(conn: AsyncConnection, secrets: Secrets, address: str) -> Room | None:
    """The linked chat with this address."""
    c = rooms.c
    found = sa.select(c.id, c.group_id).where(c.address_hash == _room_hash(secrets, address))
    row = (await conn.execute(found)).first()
    return Room(id=row.id, group=row.group_id, address=address) if row else None


def _word_hash(secrets: Secrets, word: str) -> bytes:
    return secrets.hash(word.strip().upper(), "room word")


def _room_hash(secrets: Secrets, address: str) -> bytes:
    return secrets.hash(address, "room")


_HOME = ("id", "code", "number", "name", "outside_name", "zone", "hours", "practice")
_LISTED = ("id", "name", "permission", "state", "language", "form", "practice", "joined_at", "heard_at")


async def _listed(conn: AsyncConnection, which: sa.ColumnElement[bool], secrets: Secrets) -> list[Listed]:
    m = members.c
    rows = (await conn.execute(sa.select(members).where(which).order_by(m.joined_at, m.id))).all()
    ways = await _ways(conn, [row.id for row in rows], secrets)
    return [
        Listed(
            group=row.group_id,
            number=row.number or "",
            ways=tuple(ways[row.id]),
            **{name: row._mapping[name] for name in _LISTED},
        )
        for row in rows
    ]


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


async def _free_number(conn: AsyncConnection) -> str:
    number = spare_number(set(await conn.scalars(sa.select(groups.c.number))))
    if not number:
        raise Complaint(
            "Every number of four digits is in use: another group needs an installation of its own."
        )
    return number


def _code(code: str) -> str:
    code = code.strip().upper()
    if not re.fullmatch(r"[A-Z0-9]{3,20}", code):
        raise Complaint("A group's code has 3 to 20 letters A to Z and digits, such as GARDEN.")
    if re.fullmatch(r"[0-9]{4}", code):
        raise Complaint("A code of four digits could be taken for a group's number: put a letter in it.")
    return code


def _name(name: str, what: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > NAME or not name.isprintable():
        raise Complaint(f"{what} has 1 to {NAME} characters, all of them visible.")
    return name


def _zone(zone: str) -> str:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as error:
        raise Complaint(
            f"There is no time zone {_quoted(zone)}: give one such as Europe/London or Europe/Paris."
        ) from error
    return zone


def _hours(hours: str) -> str:
    try:
        Hours.parse(hours)
    except ValueError as error:
        raise Complaint(str(error)) from error
    return hours


def _quoted(wanted: str) -> str:
    """What somebody typed, short enough for a sentence and harmless on a screen."""
    return "“" + "".join(c for c in wanted if c.isprintable())[:40] + "”"
