"""Groups, and what they have settled for themselves: what commands and pages ask and change."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows import rules
from flows.calendar import Hours, WhenError
from flows.rules import RuleError, Rules
from storage.tables import groups
from storage.turning.views import changed, spare_number

NAME = 100  # characters, for a name that is shown or spoken


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
    language: str = "en"


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
        code=code_of(code),
        number=await _free_number(conn),
        name=named(name, "The group's name"),
        outside_name=named(outside_name, "The outside name"),
        zone=zone_of(zone),
        hours=hours_of(hours),
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
        raise Complaint(f"There is no group {quoted(wanted)}: give its code, its number or its id.")
    return Home(**row._mapping)


async def list_groups(conn: AsyncConnection) -> list[Home]:
    """Every group, by code."""
    rows = await conn.execute(sa.select(*(groups.c[name] for name in _HOME)).order_by(groups.c.code))
    return [Home(**row._mapping) for row in rows]


async def rules_of(conn: AsyncConnection, group: str) -> Rules:
    """What a group has settled for itself."""
    return rules.read(await conn.scalar(sa.select(groups.c.settings).where(groups.c.id == group)))


async def languages_of(conn: AsyncConnection, home: Home) -> list[str]:
    """The languages of a group, its own first."""
    return list(dict.fromkeys([home.language, *(await rules_of(conn, home.id)).languages]))


async def change_group(
    conn: AsyncConnection,
    group: str,
    *,
    name: str,
    outside_name: str,
    zone: str,
    hours: str,
    language: str,
) -> None:
    """Call a group otherwise, or let it live in other hours; raise Complaint. Its code and number stay."""
    values = {
        "name": named(name, "The group's name"),
        "outside_name": named(outside_name, "The outside name"),
        "zone": zone_of(zone),
        "hours": hours_of(hours),
        "language": language_of(language),
    }
    await conn.execute(groups.update().where(groups.c.id == group).values(**values))
    await changed(conn, [group])


async def settle(conn: AsyncConnection, group: str, asked: Mapping[str, str]) -> Rules:
    """Change these rules of a group, and give all of them as they are now. Raise Complaint."""
    kept = await conn.scalar(sa.select(groups.c.settings).where(groups.c.id == group).with_for_update())
    try:
        settled = dict(kept or {}) | dict(rules.settle(name, value) for name, value in asked.items())
    except (RuleError, WhenError) as error:
        raise Complaint(str(error)) from error
    if asked:
        await conn.execute(groups.update().where(groups.c.id == group).values(settings=settled))
        await changed(conn, [group])
    return rules.read(settled)


_HOME = ("id", "code", "number", "name", "outside_name", "zone", "hours", "practice", "language")


async def _free_number(conn: AsyncConnection) -> str:
    number = spare_number(set(await conn.scalars(sa.select(groups.c.number))))
    if not number:
        raise Complaint(
            "Every number of four digits is in use: another group needs an installation of its own."
        )
    return number


def code_of(code: str) -> str:
    """A group's code as it is kept; raise Complaint."""
    code = code.strip().upper()
    if not re.fullmatch(r"[A-Z0-9]{3,20}", code):
        raise Complaint("A group's code has 3 to 20 letters A to Z and digits, such as GARDEN.")
    if re.fullmatch(r"[0-9]{4}", code):
        raise Complaint("A code of four digits could be taken for a group's number: put a letter in it.")
    return code


def named(name: str, what: str) -> str:
    """A name as it is kept; raise Complaint."""
    name = " ".join(name.split())
    if not name or len(name) > NAME or not name.isprintable():
        raise Complaint(f"{what} has 1 to {NAME} characters, all of them visible.")
    return name


def zone_of(zone: str) -> str:
    """A time zone that there is; raise Complaint."""
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as error:
        raise Complaint(
            f"There is no time zone {quoted(zone)}: give one such as Europe/London or Europe/Paris."
        ) from error
    return zone


def language_of(language: str) -> str:
    """A language as it is kept; raise Complaint."""
    if not re.fullmatch(r"[a-z]{2}", language):
        raise Complaint("A language is written with two letters, such as en or cy.")
    return language


def hours_of(hours: str) -> str:
    """Hours that can be kept to; raise Complaint."""
    try:
        Hours.parse(hours)
    except ValueError as error:
        raise Complaint(str(error)) from error
    return hours


def quoted(wanted: str) -> str:
    """What somebody typed, short enough for a sentence and harmless on a screen."""
    return "“" + "".join(c for c in wanted if c.isprintable())[:40] + "”"
