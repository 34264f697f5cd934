"""Makes data from before abide by the register: who stopped stays so, what was erased is erased again."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.effects import Change
from flows.state import CHANNELS, PURPOSES
from storage.erasure.register import (
    WISHES,
    Register,
    Standing,
    of_choice,
    of_gift,
    of_line,
    of_member,
    of_way,
)
from storage.given import rewriting, unnaming
from storage.lines import reaching
from storage.members import leaving
from storage.tables import contributions, given, lines, members, reaches

CAUTIOUS = {"stopped", "no-calls", "not-first", "no-name"}
SLICE = 1000

Says = Mapping[str, bool]
Look = Callable[[str], Says]


@dataclass(slots=True)
class Abided:
    """How much had to be changed, by what was asked for; `files` are the hashes that went with it."""

    changed: dict[str, int] = field(default_factory=dict)
    files: list[str | None] = field(default_factory=list)

    def count(self, what: str) -> None:
        self.changed[what] = self.changed.get(what, 0) + 1


async def abide(conn: AsyncConnection, register: Register, standing: Standing, now: datetime) -> Abided:
    """Change whatever is not as the register says; before anything of it can be sent or shown."""
    done = Abided()

    def look(subject: str) -> Says:
        return standing.says.get(register.hash(subject), {})

    if standing.says:
        await _gifts(conn, look, done, now)
        await _members(conn, look, done, now)
        await _ways(conn, look, done, now)
        await _lines(conn, look, done, now)
    return done


async def _gifts(conn: AsyncConnection, look: Look, done: Abided, now: datetime) -> None:
    c, g = contributions.c, given.c
    kept = (c.id, c.audience, c.unnamed, c.taken_back_at, g.member_id)
    wanted = sa.select(*kept).join(given, g.contribution_id == c.id)
    async for gift in _each(conn, wanted, c.id):
        says = look(of_gift(gift.id))
        if says.get("taken-back") and gift.taken_back_at is None:
            done.count("taken back")
            done.files += await rewriting.take_back(conn, gift.id, gift.member_id, now)
            continue
        if says.get("narrowed") and gift.audience != "facilitators":
            done.count("narrowed")
            await rewriting.narrow(conn, gift.id, gift.member_id)
        if says.get("unnamed") and not gift.unnamed:
            done.count("without a name")
            await unnaming.unname(conn, gift.id, gift.member_id)


async def _members(conn: AsyncConnection, look: Look, done: Abided, now: datetime) -> None:
    m = members.c
    wanted = sa.select(m.id, m.state, *(m[column] for column in WISHES))
    same = await _same(conn)
    async for member in _each(conn, wanted, m.id):
        await _choices(conn, member.id, look, done)
        says = _of_person(look, member.id, same.get(member.id, ()))
        if not says:
            continue
        for column, (what, _) in WISHES.items():
            if says.get(what, getattr(member, column)) is not getattr(member, column):
                await _wish(conn, member.id, column, says[what])
                done.count("wishes")
        to, name = _state(member.state, says)
        if to:
            done.count(name)
            done.files += await leaving.change(conn, member.id, Change(to=to), now)


async def _same(conn: AsyncConnection) -> dict[str, list[str]]:
    """Who is the same person as somebody else here, by the one who is kept."""
    found: dict[str, list[str]] = {}
    joined = sa.select(members.c.joined_to, members.c.id).where(members.c.joined_to.is_not(None))
    for kept, other in await conn.execute(joined):
        found.setdefault(kept, []).append(other)
    return found


def _of_person(look: Look, member: str, same: Sequence[str]) -> Says:
    """What a member said, and what they forbade under another id: they may have been taken apart since."""
    forbidden = [what for one in same for what, so in look(of_member(one)).items() if so and what in CAUTIOUS]
    return {**look(of_member(member)), **dict.fromkeys(forbidden, True)}


async def _choices(conn: AsyncConnection, member: str, look: Look, done: Abided) -> None:
    """What they do not want by one way or another."""
    for channel in CHANNELS:
        for purpose in ("", *PURPOSES):
            says = look(of_choice(member, channel, purpose)).get("unwanted")
            if says is not None and await reaching.choose(conn, member, channel, purpose, wanted=not says):
                done.count("wishes")


def _state(state: str, says: Says) -> tuple[Any, str]:
    """What is to become of a member, and what that is called; "" where they are as they should be."""
    if says.get("erased"):
        return "erased", "erased"
    if says.get("left"):
        return ("left", "left") if state != "left" else ("", "")
    if says.get("stopped") and state in ("active", "paused"):
        return "stopped", "stopped"
    if says.get("stopped") is False and state == "stopped":
        return "active", "started"
    return "", ""


async def _wish(conn: AsyncConnection, member: str, column: str, so: bool) -> None:
    await conn.execute(sa.update(members).where(members.c.id == member).values({column: so}))
    if so and column != "never_named":
        await leaving.cancel_notices(conn, member, channel="voice" if column == "never_ring" else "")


async def _ways(conn: AsyncConnection, look: Look, done: Abided, now: datetime) -> None:
    """Lines that no longer lead to somebody: they may be somebody else's by now."""
    r, n = reaches.c, lines.c
    wanted = sa.select(r.id, r.member_id, n.address_hash).join(lines, n.id == r.line_id)
    async for way in _each(conn, wanted.where(r.retired_at.is_(None)), r.id):
        if look(of_way(way.member_id, way.address_hash)).get("retired"):
            done.count("ways")
            await conn.execute(sa.update(reaches).where(r.id == way.id).values(retired_at=now))


async def _lines(conn: AsyncConnection, look: Look, done: Abided, now: datetime) -> None:
    n = lines.c
    async for line in _each(conn, sa.select(n.id, n.address_hash, n.stopped_at), n.id):
        stopped = look(of_line(line.address_hash)).get("stopped")
        if stopped is not None and stopped is not (line.stopped_at is not None):
            done.count("lines")
            at = now if stopped else None
            await conn.execute(sa.update(lines).where(n.id == line.id).values(stopped_at=at))


async def _each(
    conn: AsyncConnection, wanted: sa.Select[Any], key: sa.ColumnElement[str]
) -> AsyncIterator[sa.Row[Any]]:
    """Every row, read some at a time, so that they may be changed on the way."""
    last = ""
    while True:
        found: Sequence[sa.Row[Any]] = (
            await conn.execute(wanted.where(key > last).order_by(key).limit(SLICE))
        ).all()
        for row in found:
            yield row
        if len(found) < SLICE:
            return
        last = found[-1].id
