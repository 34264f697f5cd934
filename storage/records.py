"""Notes what became of a message that a lane has tried to send, and gives its line back."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.asking import unask
from storage.checks import Waiting
from storage.claims import LEASE, UNSENT
from storage.database import upsert
from storage.receipts import mark, stop
from storage.tables import lines, outbox, senders

PROBE = timedelta(minutes=1)  # how long a paused lane waits before it tries one message again


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What is to be noted of one message. `tries` and `progress` are the new counts.

    `not_before`: when a waiting one is tried again. `wait_until`: until then its provider wants
    nothing for this line. `moved`: the line's new address, sealed, and its keyed hash.
    """

    state: Literal["waiting", "sent", "failed", "dead"]
    outcome: str | None
    tries: int
    progress: int
    code: str = ""
    sentence: str = ""
    provider_id: str = ""
    not_before: datetime | None = None
    wait_until: datetime | None = None
    stopped: bool = False
    moved: tuple[bytes, bytes] | None = None


async def record(conn: AsyncConnection, row: Waiting, fate: Fate, now: datetime) -> None:
    """Note the fate of one message and let go of its line. A receipt that was quicker is not undone."""
    await conn.execute(sa.select(lines.c.id).where(lines.c.id == row.line).with_for_update())
    values = {
        "state": fate.state,
        "outcome": fate.outcome,
        "tries": fate.tries,
        "progress": fate.progress,
        "code": fate.code or None,
        "sentence": fate.sentence,
        "not_before": fate.not_before or row.not_before,
    }
    mine = sa.update(outbox).where(outbox.c.id == row.id, outbox.c.state == "sending")
    ours = (await conn.execute(mine.values(**values))).rowcount == 1
    if fate.state == "sent":
        named = {"provider_id": fate.provider_id or None, "sent_at": now}
        await conn.execute(sa.update(outbox).where(outbox.c.id == row.id).values(**named))
        await mark(conn, row, "sent", now)
    elif ours and fate.state != "waiting":
        await _failed(conn, row, fate, now)
    await _line(conn, row, fate)


async def others_ids(conn: AsyncConnection, row: Waiting, since: datetime) -> frozenset[str]:
    """The provider's ids that belong to this line's other messages."""
    o = outbox.c
    theirs = sa.select(o.provider_id).where(
        o.line_id == row.line, o.id != row.id, o.sent_at >= since, o.provider_id.is_not(None)
    )
    return frozenset(id_ for id_ in await conn.scalars(theirs) if id_)


async def progressed(conn: AsyncConnection, id_: str, parcels: int) -> None:
    """So many parcels of a message have gone: a second try begins after them."""
    await conn.execute(sa.update(outbox).where(outbox.c.id == id_).values(progress=parcels))


async def renew(conn: AsyncConnection, line_ids: Collection[str], holder: str, now: datetime) -> None:
    """Keep the leases of lines that are still being sent to."""
    held = sa.update(lines).where(lines.c.id.in_(line_ids), lines.c.leased_by == holder)
    await conn.execute(held.values(leased_until=now + LEASE))


async def pause(conn: AsyncConnection, lane: str, sentence: str, now: datetime) -> None:
    """Stop a lane for a fault of ours, and say when it tries again."""
    row = {"name": lane, "paused": sentence, "paused_at": now, "probe_at": now + PROBE}
    make = upsert(conn, senders).values(row)
    change = {
        "paused": sentence,
        "paused_at": sa.func.coalesce(senders.c.paused_at, make.excluded.paused_at),
        "probe_at": now + PROBE,
    }
    await conn.execute(make.on_conflict_do_update(index_elements=["name"], set_=change))


async def resume(conn: AsyncConnection, lane: str) -> None:
    """A paused lane works again."""
    change = sa.update(senders).where(senders.c.name == lane)
    await conn.execute(change.values(paused="", paused_at=None, probe_at=None))


async def paused(conn: AsyncConnection) -> dict[str, tuple[str, datetime]]:
    """The lanes that are paused: the sentence that says why, and when the next probe is due."""
    s = senders.c
    found = await conn.execute(sa.select(s.name, s.paused, s.probe_at).where(s.probe_at.is_not(None)))
    return {name: (sentence, probe) for name, sentence, probe in found if probe}


async def _failed(conn: AsyncConnection, row: Waiting, fate: Fate, now: datetime) -> None:
    unreachable = fate.stopped or fate.outcome == "unreachable"
    await mark(conn, row, "not reachable" if fate.stopped else "failed", now)
    if row.kind == "poll" and row.member and row.subject:
        await unask(conn, row.member, row.subject)
    if fate.stopped:
        await stop(conn, row.line, row.member, now)
    if unreachable:
        first = lines.c.failing_since.is_(None)
        await conn.execute(sa.update(lines).where(lines.c.id == row.line, first).values(failing_since=now))


async def _line(conn: AsyncConnection, row: Waiting, fate: Fate) -> None:
    """Give the line back, due again when the first of what still waits is."""
    o = outbox.c
    due = sa.select(sa.func.min(o.not_before)).where(o.line_id == row.line, o.state.in_(UNSENT))
    values: dict[str, object] = {
        "leased_by": None,
        "leased_until": None,
        "due_at": due.scalar_subquery(),
        "wait_until": fate.wait_until,
    }
    if fate.state == "sent":
        values["failing_since"] = None
    if fate.moved and await _free(conn, fate.moved[1]):
        values |= {"address": fate.moved[0], "address_hash": fate.moved[1]}
    await conn.execute(sa.update(lines).where(lines.c.id == row.line).values(**values))


async def _free(conn: AsyncConnection, address_hash: bytes) -> bool:
    taken = await conn.scalar(sa.select(lines.c.id).where(lines.c.address_hash == address_hash))
    return taken is None
