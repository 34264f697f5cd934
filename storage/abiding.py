"""Makes data from before abide by the register: who stopped stays so, what was erased is erased again."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.effects import Change
from flows.state import CHANNELS, PURPOSES
from storage import leaving, reaching, rewriting
from storage.register import WISHES, Register, Standing, of_choice, of_gift, of_line, of_member
from storage.tables import contributions, given, lines, members

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
        await _lines(conn, look, done, now)
    return done


async def _gifts(conn: AsyncConnection, look: Look, done: Abided, now: datetime) -> None:
    c, g = contributions.c, given.c
    wanted = sa.select(c.id, c.audience, c.taken_back_at, g.member_id).join(given, g.contribution_id == c.id)
    async for gift in _each(conn, wanted, c.id):
        says = look(of_gift(gift.id))
        if says.get("taken-back") and gift.taken_back_at is None:
            done.count("taken back")
            done.files += await rewriting.take_back(conn, gift.id, gift.member_id, now)
        elif says.get("narrowed") and gift.audience != "facilitators":
            done.count("narrowed")
            await rewriting.narrow(conn, gift.id, gift.member_id)


async def _members(conn: AsyncConnection, look: Look, done: Abided, now: datetime) -> None:
    m = members.c
    wanted = sa.select(m.id, m.state, *(m[column] for column in WISHES))
    async for member in _each(conn, wanted, m.id):
        await _choices(conn, member.id, look, done)
        says = look(of_member(member.id))
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
    if so:
        await leaving.cancel_notices(conn, member, channel="voice" if column == "never_ring" else "")


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
