"""Carries out a wish about how we keep in touch: for a turn, and for a command that notes it for somebody."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import upsert
from storage.erasure.register import WISHES, note_member
from storage.members import leaving
from storage.tables import members, preferences, reaches


def _is_yes(value: str) -> bool:
    return value == "yes"


OF_THE_MEMBER: Mapping[str, Callable[[str], Any]] = {  # wishes that are columns of the member
    "slower": _is_yes,
    "lower": _is_yes,
    "more_time": _is_yes,
    "never_ring": _is_yes,
    "never_first": _is_yes,
    "never_named": _is_yes,
    "language": str,
    "form": str,
    "hours": lambda value: value or None,
    "days": str,
    "a_week": lambda value: int(value) if value else None,
}
OF_THE_LINE: Mapping[str, str] = {  # wishes that are columns of a reach
    "greet": "greet_by_name",
    "leave_message": "leave_message",
    "write_anything": "write_anything",
}


async def prefer(
    conn: AsyncConnection, member: str, name: str, value: str, *, now: datetime, line: str = ""
) -> None:
    """Note one wish of a member, as `flows.preferences` reads it. `line` is the phone or chat it is about."""
    if name in OF_THE_MEMBER:
        await _of_the_member(conn, member, name, OF_THE_MEMBER[name](value))
    elif name in OF_THE_LINE:
        r = reaches.c
        here = (r.member_id == member, r.line_id == line, r.retired_at.is_(None))
        await conn.execute(sa.update(reaches).where(*here).values({OF_THE_LINE[name]: _is_yes(value)}))
    elif name == "first":
        await _first(conn, member, value)
    else:
        row = {"member_id": member, "name": name, "value": value, "at": now}
        make = upsert(conn, preferences).values(row)
        new = {"value": value, "at": now}
        await conn.execute(make.on_conflict_do_update(index_elements=["member_id", "name"], set_=new))


async def _of_the_member(conn: AsyncConnection, member: str, name: str, value: Any) -> None:
    await conn.execute(sa.update(members).where(members.c.id == member).values({name: value}))
    if name in WISHES:
        await note_member(conn, WISHES[name][0 if value else 1], member)
    if name == "never_ring" and value:
        await leaving.cancel_notices(conn, member, channel="voice")
    if name == "never_first" and value:
        await leaving.cancel_notices(conn, member)


async def _first(conn: AsyncConnection, member: str, channel: str) -> None:
    """This channel before all others, which keep their order; to wish for it is to allow it."""
    r = reaches.c
    chosen = r.channel == channel
    await conn.execute(
        sa.update(reaches)
        .where(r.member_id == member, r.retired_at.is_(None))
        .values(
            rank=sa.case((chosen, 0), else_=r.rank + 1),
            may_start=sa.case((chosen, sa.true()), else_=r.may_start),
        )
    )


async def all_noted(conn: AsyncConnection, member: str) -> dict[str, str]:
    """Everything that a member wished for, by its name; what is as usual is left out."""
    row = (await conn.execute(sa.select(members).where(members.c.id == member))).one()._mapping
    own = {name: row[name] for name in OF_THE_MEMBER if row[name] not in (None, False, "", "plain")}
    shown = {name: "yes" if value is True else str(value) for name, value in own.items()}
    of_ways = await conn.execute(
        sa.select(
            *(sa.func.max(sa.case((reaches.c[name], 1), else_=0)) for name in OF_THE_LINE.values())
        ).where(reaches.c.member_id == member, reaches.c.retired_at.is_(None))
    )
    allowed = {name: "yes" for name, may in zip(OF_THE_LINE, of_ways.one(), strict=True) if may}
    return shown | allowed | await noted(conn, member)


async def noted(conn: AsyncConnection, member: str) -> dict[str, str]:
    """What a member wished for that is no column of their own, by its name."""
    p = preferences.c
    found = await conn.execute(sa.select(p.name, p.value).where(p.member_id == member))
    return {row.name: row.value for row in found}
