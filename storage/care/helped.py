"""Hand-overs as staff, the rounds and the doctor see them: who waits, what was said, what is late."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.files.leftovers import discard
from storage.given.rewriting import drop_media
from storage.lines.reaching import ways_to
from storage.members.groups import Complaint
from storage.tables import groups, handover_words, handovers, members

KIND = "handover"
WRITTEN = ("telegram", "sms")  # a helper is not rung for each word
IDLE = timedelta(days=1)  # after so long without a word it is over
KEPT = timedelta(days=90)  # how long what was said stays after that
BIT = 50  # of them in one write
_H, _W, _M = handovers.c, handover_words.c, members.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One thing said in a hand-over, `by` the member or a helper; `name` is that of the helper."""

    by: str
    name: str
    text: str
    media: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A hand-over as staff see it. `state`: waiting, answered or over."""

    id: str
    mark: int
    member: str
    name: str
    helper: str
    group: str
    opened_at: datetime
    due_at: datetime | None
    taken_at: datetime | None
    heard_at: datetime | None
    closed_at: datetime | None

    @property
    def state(self) -> str:
        return "over" if self.closed_at else "answered" if self.taken_at else "waiting"


async def find(conn: AsyncConnection, id: str) -> Listed:
    """The hand-over with this id; raise Complaint."""
    found = await _listed(conn, _H.id == id)
    if not found:
        raise Complaint(f"There is no hand-over '{id}': `takepart handover list GROUP` shows their ids.")
    return found[0]


async def list_open(conn: AsyncConnection, group: str) -> list[Listed]:
    """Those of a group that are not over, the oldest first."""
    return await _listed(conn, sa.and_(_M.group_id == group, _H.closed_at.is_(None)))


async def late(conn: AsyncConnection, now: datetime) -> list[Listed]:
    """Those that nobody has taken up in time, and those in which nothing was said for long."""
    untaken = sa.and_(_H.taken_at.is_(None), _H.due_at <= now)
    idle = sa.and_(_H.taken_at.is_not(None), _H.heard_at <= now - IDLE)
    return await _listed(conn, sa.and_(_H.closed_at.is_(None), sa.or_(untaken, idle)))


async def said(conn: AsyncConnection, id: str) -> list[Said]:
    """What was said in it so far."""
    found = (
        sa.select(_W.by, _M.name, _W.text, _W.media, _W.at)
        .outerjoin(members, _M.id == _W.who_id)
        .where(_W.handover_id == id)
        .order_by(_W.at, _W.id)
    )
    return [
        Said(by=by, name=name or "", text=text, media=tuple(media or ()), at=at)
        for by, name, text, media, at in await conn.execute(found)
    ]


async def unread_helpers(conn: AsyncConnection) -> list[tuple[str, bool]]:
    """The codes of groups whose helper cannot be written to, and whether a helper is named at all."""
    g = groups.c
    rows = (await conn.execute(sa.select(g.code, g.helper_id).where(~g.practice).order_by(g.code))).all()
    ways = await ways_to(conn, [row.helper_id for row in rows if row.helper_id], WRITTEN, KIND)
    return [(code, bool(helper)) for code, helper in rows if helper not in ways]


async def forget_old(conn: AsyncConnection, now: datetime) -> bool:
    """Drop some of those that have been over for long, with what was said; whether there were any."""
    over = sa.select(_H.id).where(_H.closed_at < now - KEPT).order_by(_H.id).limit(BIT)
    old = (await conn.scalars(over)).all()
    if not old:
        return False
    sent = await conn.scalars(sa.select(_W.media).where(_W.handover_id.in_(old)))
    files = [file for found in sent for file in found or ()]
    await conn.execute(sa.delete(handovers).where(_H.id.in_(old)))
    await discard(conn, await drop_media(conn, files, now))
    return True


async def _listed(conn: AsyncConnection, which: sa.ColumnElement[bool]) -> list[Listed]:
    by = members.alias("by")
    kept = (_H.id, _H.mark, _H.opened_at, _H.due_at, _H.taken_at, _H.heard_at, _H.closed_at)
    found = (
        sa.select(*kept, _H.member_id, _M.name, _M.group_id, by.c.name.label("helper"))
        .join(members, _M.id == _H.member_id)
        .outerjoin(by, by.c.id == _H.helper_id)
        .where(which)
        .order_by(_H.opened_at, _H.id)
    )
    return [
        Listed(
            member=row.member_id,
            group=row.group_id,
            name=row.name,
            helper=row.helper or "",
            **{column.name: row._mapping[column.name] for column in kept},
        )
        for row in await conn.execute(found)
    ]
