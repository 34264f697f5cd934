"""Two members found to be one person. No row of what they gave is rewritten: reads take one for the other.

`members.joined_to` names the one who is kept; `joined_members` says when, and what was so before.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.effects import Change
from storage import locks
from storage.erasure.register import WISHES, note, note_way, of_member
from storage.lines import reaching
from storage.lines.persons import NO_MEMBER
from storage.members import leaving
from storage.members.groups import Complaint
from storage.tables import joined_members, members, outbox, reaches
from storage.turning.views import changed

UNDONE_WITHIN = timedelta(days=30)
TWICE = "They are one person now, and have this already."
MAY = ("may_start", "greet_by_name", "leave_message", "write_anything")

Row = sa.Row[*tuple[Any, ...]]


async def join_members(
    conn: AsyncConnection, kept: str, other: str, *, ids: Callable[[], str], now: datetime
) -> str:
    """From now on `other` is `kept`: one voice, one conversation, the lines of both; the id of the joining.

    The more cautious wish of the two holds. Raise Complaint where they can't be one person.
    """
    await locks.for_member(conn, min(kept, other))
    await locks.for_member(conn, max(kept, other))
    a, b = await _row(conn, kept), await _row(conn, other)
    if a is None or b is None or a.group_id != b.group_id or kept == other:
        raise Complaint("These are not two members of one group who are still in it.")
    with_them = list(await conn.scalars(sa.select(members.c.id).where(members.c.joined_to == other)))
    before = {
        "state": b.state,
        "with": with_them,
        "lines": await _move_lines(conn, other, kept, ids=ids, now=now),
    }
    await _one_copy(conn, kept, other)
    m = members.c
    await conn.execute(sa.update(members).where(m.id == other).values(state="joined"))
    await conn.execute(sa.update(members).where(m.id.in_([other, *with_them])).values(joined_to=kept))
    await _be_cautious(conn, a, b, now)
    id_ = ids()
    row = {"id": id_, "kept_id": kept, "other_id": other, "before": before, "at": now}
    await conn.execute(sa.insert(joined_members).values(row))
    await changed(conn, [a.group_id])
    return id_


async def unjoin_members(conn: AsyncConnection, member: str, *, now: datetime) -> str:
    """Two people again: what each gave is theirs, and each has the lines they had; the id of the other.

    What was given since stays with the one who was kept. Nobody who stopped meanwhile is woken.
    Raise Complaint where there is nothing to undo.
    """
    found = await latest(conn, member, now)
    if found is None:
        raise Complaint("This member was not joined with another in the last 30 days.")
    await locks.for_member(conn, found.kept_id)
    kept, other, before = await _row(conn, found.kept_id), str(found.other_id), found.before or {}
    if kept is None:
        raise Complaint("The member who was kept has left: there is nothing to take apart.")
    await _give_lines_back(conn, kept.id, other, before.get("lines", []), now)
    stopped = "stopped" in (kept.state, before.get("state"))
    state = "stopped" if stopped else before.get("state", "active")
    m = members.c
    back: dict[str, Any] = {"state": state, "joined_to": None}
    if stopped:
        back["stopped_at"] = now
        note(conn, "stopped", of_member(other))
    await conn.execute(sa.update(members).where(m.id == other).values(back))
    await conn.execute(sa.update(members).where(m.id.in_(before.get("with", []))).values(joined_to=other))
    await _wish_alike(conn, kept, await _row(conn, other))
    j = joined_members.c
    await conn.execute(sa.update(joined_members).where(j.id == found.id).values(undone_at=now))
    await changed(conn, [kept.group_id])
    return other


async def latest(conn: AsyncConnection, member: str, now: datetime) -> Row | None:
    """The last joining of this member that can still be undone."""
    j = joined_members.c
    theirs = sa.or_(j.kept_id == member, j.other_id == member)
    undoable = (j.undone_at.is_(None), j.at > now - UNDONE_WITHIN)
    found = await conn.execute(
        sa.select(joined_members).where(theirs, *undoable).order_by(j.at.desc(), j.id.desc()).limit(1)
    )
    return found.one_or_none()


async def _row(conn: AsyncConnection, member: str) -> Row | None:
    m = members.c
    here = (m.id == member, m.state.not_in(NO_MEMBER))
    return (await conn.execute(sa.select(members).where(*here))).one_or_none()


async def _move_lines(
    conn: AsyncConnection, from_: str, to: str, *, ids: Callable[[], str], now: datetime
) -> list[list[str]]:
    """The same lines lead to the other member now; what was moved, as lines and channels."""
    r = reaches.c
    theirs = (r.member_id == from_, r.retired_at.is_(None))
    rows = (await conn.execute(sa.select(reaches).where(*theirs).order_by(r.rank, r.id))).all()
    had = await conn.scalar(sa.select(sa.func.max(r.rank)).where(r.member_id == to)) or 0
    for place, row in enumerate(rows, start=1):
        await _lead(conn, row, to, id=ids(), rank=had + place)
        await note_way(conn, "used", to, row.line_id)
    await conn.execute(sa.update(reaches).where(*theirs).values(retired_at=now))
    return [[row.line_id, row.channel] for row in rows]


async def _lead(conn: AsyncConnection, way: Row, to: str, *, id: str, rank: int) -> None:
    """One way leads to this member; where it did before, only what both ways allowed is allowed."""
    r = reaches.c
    new = {**way._mapping, "id": id, "member_id": to, "rank": rank}
    here = (r.member_id == to, r.line_id == way.line_id, r.channel == way.channel)
    had = (await conn.execute(sa.select(reaches).where(*here))).one_or_none()
    if had is None:
        await conn.execute(sa.insert(reaches).values(new))
        return
    both = {name: had._mapping[name] and way._mapping[name] for name in MAY}
    values = both if had.retired_at is None else {name: way._mapping[name] for name in MAY}
    await conn.execute(sa.update(reaches).where(*here).values(**values, retired_at=None))


async def _give_lines_back(
    conn: AsyncConnection, kept: str, other: str, moved: Sequence[Sequence[str]], now: datetime
) -> None:
    """The lines that came with the other lead to them again, unless they led nowhere any more."""
    r = reaches.c
    for line, channel in moved:
        here = (r.line_id == line, r.channel == channel)
        gone = await conn.execute(
            sa.update(reaches)
            .where(*here, r.member_id == kept, r.retired_at.is_(None))
            .values(retired_at=now)
        )
        if gone.rowcount:
            await note_way(conn, "retired", kept, line)
            await conn.execute(sa.update(reaches).where(*here, r.member_id == other).values(retired_at=None))


async def _be_cautious(conn: AsyncConnection, kept: Row, other: Row, now: datetime) -> None:
    """Of two wishes about how we may reach them, the one that allows less."""
    if "stopped" in (kept.state, other.state):
        await leaving.change(conn, kept.id, Change(to="stopped"), now)
    elif other.state == "paused" and kept.state in ("active", "paused"):
        until = max(kept.paused_until, other.paused_until) if _both(kept, other) else other.paused_until
        pause = sa.update(members).where(members.c.id == kept.id)
        await conn.execute(pause.values(state="paused", paused_until=until))
    await _wish_alike(conn, other, kept)


def _both(kept: Row, other: Row) -> bool:
    return kept.state == "paused" and None not in (kept.paused_until, other.paused_until)


async def _wish_alike(conn: AsyncConnection, from_: Row, to: Row | None) -> None:
    """What one member does not want, the other does not want either."""
    if to is None:
        return
    for column, (what, _) in WISHES.items():
        if from_._mapping[column] and not to._mapping[column]:
            await conn.execute(sa.update(members).where(members.c.id == to.id).values({column: True}))
            note(conn, what, of_member(to.id))
            await leaving.cancel_notices(conn, to.id, channel="voice" if column == "never_ring" else "")
    for _, channel, purpose in await reaching.choices(conn, [from_.id]):
        await reaching.choose(conn, to.id, channel, purpose, wanted=False)


async def _one_copy(conn: AsyncConnection, kept: str, other: str) -> None:
    """What waits for the other goes to the one person, unless the same is on its way to them anyway."""
    o, has = outbox.c, outbox.alias()
    waiting = (o.member_id == other, o.state == "waiting", o["class"] == "notice")
    same = (has.c.member_id == kept, has.c.kind == o.kind, has.c.subject_id == o.subject_id)
    twice = sa.exists().where(*same, has.c.state.in_(("waiting", "sending", "sent", "delivered")))
    drop = sa.update(outbox).where(*waiting, o.subject_id.is_not(None), twice)
    await conn.execute(drop.values(state="dropped", body=None, sentence=TWICE))
    await conn.execute(sa.update(outbox).where(*waiting).values(member_id=kept))
