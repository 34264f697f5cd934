"""What is written out of a group: asked for, written bit by bit, fetched within a day, and gone then.

Its pieces hold what members gave. So whoever takes something back, or is forgotten, takes them along.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import locks
from storage.files.leftovers import arrived, discard
from storage.tables import contributions, export_parts, exports, members

LASTS = timedelta(hours=24)
LEASE = timedelta(minutes=2)  # renewed while it is written
Reach = Literal["inside", "outside"]
VOID = "Something in the group was taken back or hidden since, so it was removed. Ask for a new one."


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """One of them. `state`: waiting, writing, ready or failed; `sentence` says why it failed.

    `written` of `total` contributions are done; `bytes` are those of the whole.
    """

    id: str
    group: str
    by: str
    purpose: str
    reach: Reach
    practice: bool
    state: str
    written: int
    total: int
    bytes: int
    counts: Mapping[str, Any]
    sentence: str
    asked_at: datetime
    done_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One piece: the hash by which it is kept, and its size."""

    sha256: str
    bytes: int


async def ask(
    conn: AsyncConnection,
    group: str,
    *,
    by: str,
    purpose: str,
    reach: Reach,
    practice: bool,
    ids: Callable[[], str],
    now: datetime,
) -> str:
    """Have a group written out; the id of what will come of it. One that is on its way is not begun twice."""
    wanted = {"group_id": group, "by_id": by, "purpose": purpose, "reach": reach, "practice": practice}
    await locks.for_member(conn, by)
    e = exports.c
    same = [e[name] == value for name, value in wanted.items()]
    begun: str | None = await conn.scalar(sa.select(e.id).where(*same, e.state.in_(("waiting", "writing"))))
    if begun:
        return begun
    id_ = ids()
    await conn.execute(sa.insert(exports).values(id=id_, asked_at=now, **wanted))
    return id_


async def list_of(conn: AsyncConnection, group: str) -> list[Export]:
    """A group's, the latest first."""
    return await _read(conn, exports.c.group_id == group)


async def find(conn: AsyncConnection, group: str, id_: str) -> Export | None:
    """One of this group's; None where there is none."""
    found = await _read(conn, sa.and_(exports.c.id == id_, exports.c.group_id == group))
    return found[0] if found else None


async def parts(conn: AsyncConnection, id_: str) -> list[Part]:
    """The pieces in their order."""
    p = export_parts.c
    rows = await conn.execute(sa.select(p.sha256, p.bytes).where(p.export_id == id_).order_by(p.position))
    return [Part(sha256=row.sha256, bytes=row.bytes) for row in rows]


async def waits(conn: AsyncConnection, now: datetime) -> str:
    """One that is to be written; "" where there is none."""
    return await conn.scalar(sa.select(exports.c.id).where(_free(now)).limit(1)) or ""


async def claim(conn: AsyncConnection, id_: str, now: datetime) -> Export | None:
    """Take it to be written; None where another process was first."""
    taken = sa.update(exports).where(exports.c.id == id_, _free(now))
    held = await conn.execute(taken.values(state="writing", written=0, leased_until=now + LEASE))
    return (await _read(conn, exports.c.id == id_))[0] if held.rowcount else None


async def go_on(conn: AsyncConnection, id_: str, *, written: int, total: int, now: datetime) -> bool:
    """So much of it is written. False where it is wanted no more."""
    mine = sa.update(exports).where(exports.c.id == id_, exports.c.state == "writing")
    kept = await conn.execute(mine.values(written=written, total=total, leased_until=now + LEASE))
    return kept.rowcount > 0


async def finish(
    conn: AsyncConnection, id_: str, pieces: Sequence[Part], counts: Mapping[str, Any], now: datetime
) -> bool:
    """It is ready to be fetched. False where it is wanted no more."""
    size = sum(one.bytes for one in pieces)
    done = {"state": "ready", "counts": dict(counts), "bytes": size, "done_at": now, "leased_until": None}
    mine = sa.update(exports).where(exports.c.id == id_, exports.c.state == "writing")
    if not (await conn.execute(mine.values(**done))).rowcount:
        return False
    await arrived(conn, [one.sha256 for one in pieces])
    rows = [
        {"export_id": id_, "position": n, "sha256": one.sha256, "bytes": one.bytes}
        for n, one in enumerate(pieces)
    ]
    await conn.execute(sa.insert(export_parts), rows)
    return True


async def fail(conn: AsyncConnection, id_: str, sentence: str, now: datetime) -> None:
    """It could not be written."""
    failed = {"state": "failed", "sentence": sentence, "done_at": now, "leased_until": None}
    await conn.execute(sa.update(exports).where(exports.c.id == id_).values(**failed))


async def unused(conn: AsyncConnection, pieces: Sequence[Part]) -> None:
    """Pieces that were kept for an export that is wanted no more."""
    await discard(conn, [one.sha256 for one in pieces])


async def void(conn: AsyncConnection, gifts: Collection[str]) -> None:
    """Some of this was taken back, or is meant for fewer: no older copy of it may lie about."""
    c = contributions.c
    here = exports.c.group_id.in_(sa.select(c.group_id).where(c.id.in_(gifts)))
    found = list(await conn.scalars(sa.select(exports.c.id).where(here, exports.c.state != "failed")))
    if found:
        await _drop_parts(conn, found)
        over = {"state": "failed", "sentence": VOID, "leased_until": None}
        await conn.execute(sa.update(exports).where(exports.c.id.in_(found)).values(**over))


async def forget(conn: AsyncConnection, who: Collection[str]) -> None:
    """These members are forgotten: so is whatever was written out of their groups, and what it was for."""
    here = exports.c.group_id.in_(sa.select(members.c.group_id).where(members.c.id.in_(who)))
    found = list(await conn.scalars(sa.select(exports.c.id).where(here)))
    if found:
        await _drop(conn, found)


async def due(conn: AsyncConnection, now: datetime) -> bool:
    """Whether one has had its day."""
    old = sa.select(exports.c.id).where(exports.c.asked_at < now - LASTS)
    return await conn.scalar(old.limit(1)) is not None


async def clear(conn: AsyncConnection, now: datetime) -> int:
    """Forget those that have had their day; how many."""
    old = list(await conn.scalars(sa.select(exports.c.id).where(exports.c.asked_at < now - LASTS)))
    if old:
        await _drop(conn, old)
    return len(old)


async def forget_all(conn: AsyncConnection) -> None:
    """In other data than they were written out of, none of them is of use."""
    await conn.execute(sa.delete(export_parts))
    await conn.execute(sa.delete(exports))


async def _drop(conn: AsyncConnection, ids: Sequence[str]) -> None:
    await _drop_parts(conn, ids)
    await conn.execute(sa.delete(exports).where(exports.c.id.in_(ids)))


async def _drop_parts(conn: AsyncConnection, ids: Sequence[str]) -> None:
    gone = sa.delete(export_parts).where(export_parts.c.export_id.in_(ids))
    await discard(conn, list(await conn.scalars(gone.returning(export_parts.c.sha256))))


def _free(now: datetime) -> sa.ColumnElement[bool]:
    e = exports.c
    died = sa.and_(e.state == "writing", e.leased_until <= now)
    return sa.or_(e.state == "waiting", died)


async def _read(conn: AsyncConnection, which: sa.ColumnElement[bool]) -> list[Export]:
    e = exports.c
    rows = await conn.execute(
        sa.select(exports, members.c.name)
        .outerjoin(members, members.c.id == e.by_id)
        .where(which)
        .order_by(e.asked_at.desc(), e.id.desc())
    )
    return [
        Export(
            id=row.id,
            group=row.group_id,
            by=row.name or "",
            purpose=row.purpose,
            reach=row.reach,
            practice=row.practice,
            state=row.state,
            written=row.written,
            total=row.total,
            bytes=row.bytes,
            counts=row.counts or {},
            sentence=row.sentence,
            asked_at=row.asked_at,
            done_at=row.done_at,
        )
        for row in rows
    ]
