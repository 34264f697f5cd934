"""Notes what became of a message that a lane has tried to send, and gives its line back."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.columns import micros
from storage.keeping import holding
from storage.lines.failing import fails, works
from storage.sending.asking import unask
from storage.sending.checks import LISTED, UNCLEAR, Waiting
from storage.sending.claims import LEASE
from storage.sending.heads import UNSENT
from storage.sending.receipts import mark, mark_sent, stop
from storage.tables import lines, outbox, senders


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What is to be noted of one message. `tries` and `progress` are the new counts.

    `not_before`: when a waiting one is tried again. `wait_until`: until then its provider wants
    nothing for this line. `rested`: see `bot.sending.pace.Gap`. `spent`: segments or calls that it cost.
    `tried`: False where the service stopped before its turn came. `no_texts`: the line can't take any.
    `moved`: the line's new address, sealed, and its keyed hash.
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
    rested: datetime | None = None
    spent: int = 0
    tried: bool = True
    stopped: bool = False
    no_texts: bool = False
    moved: tuple[bytes, bytes] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """Whether a lane may send. `held`: why nothing may go at all, "" where it may.

    `paused_at`: since when a fault of ours pauses it, with a probe at `probe_at`. `wait_until`: until
    then its provider wants nothing.
    """

    held: str = ""
    paused_at: datetime | None = None
    probe_at: datetime | None = None
    wait_until: datetime | None = None

    def shut(self, now: datetime) -> bool:
        """Whether nothing may be claimed now."""
        return bool(self.held or _ahead(self.probe_at, now) or _ahead(self.wait_until, now))


def _ahead(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and now < moment


Noted = Sequence[tuple[Waiting, Fate]]


async def record(conn: AsyncConnection, noted: Noted, holder: str, now: datetime) -> None:
    """Note the fates of messages and let go of their lines. A receipt that was quicker is not undone.

    What Telegram took has arrived; of texts and calls a receipt says so.
    """
    if not noted:
        return
    n, ids = lines.c, {row.line for row, _ in noted}
    locked = await conn.execute(
        sa.select(n.id, n.failing_since).where(n.id.in_(ids)).order_by(n.id).with_for_update()
    )
    failing = {line for line, since in locked if since}
    for row, fate in noted:
        if fate.state in ("failed", "dead"):
            await _failed(conn, row, fate, now)
    put_back = [(row, fate) for row, fate in noted if fate.state == "waiting"]
    if put_back:
        await conn.execute(_changed(_SENDING), [_values(row, fate) for row, fate in put_back])
    sent = [(row, fate) for row, fate in noted if fate.state == "sent"]
    if sent:
        change = _changed(sa.or_(_SENDING, _UNCLEAR)).values(provider_id=sa.bindparam("named"), sent_at=now)
        names = [{"named": fate.provider_id or None} for _, fate in sent]
        rows = [_values(*one) | name for one, name in zip(sent, names, strict=True)]
        await conn.execute(change, rows)
        await mark_sent(conn, [row for row, _ in sent], now)
        arrived = {row.line for row, _ in sent if row.channel not in LISTED}
        if failing & arrived:
            await works(conn, failing & arrived, now)
    await _let_go(conn, noted, holder)


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


async def resume(conn: AsyncConnection, lane: str, now: datetime) -> None:
    """A paused lane works again. Its answers are no older for the time that it was paused."""
    o, s = outbox.c, senders.c
    since = await conn.scalar(sa.select(s.paused_at).where(s.name == lane).with_for_update())
    if since is None:
        return
    await conn.execute(
        sa.update(senders).where(s.name == lane).values(paused="", paused_at=None, probe_at=None)
    )
    created, until = (sa.type_coerce(one, sa.BigInteger) for one in (o.created_at, o.expires_at))
    began = sa.case((created > micros(since), created), else_=micros(since))
    theirs = (o.state == "waiting", o.lane == lane, o["class"] == "answer", until > began)
    later = sa.type_coerce(until + micros(now) - began, o.expires_at.type)
    await conn.execute(sa.update(outbox).where(*theirs).values(expires_at=later))


async def paused(conn: AsyncConnection) -> dict[str, tuple[str, datetime]]:
    """The lanes that are paused: the sentence that says why, and when the next probe is due."""
    s = senders.c
    found = await conn.execute(sa.select(s.name, s.paused, s.probe_at).where(s.probe_at.is_not(None)))
    return {name: (sentence, probe) for name, sentence, probe in found if probe}


async def stand(conn: AsyncConnection, lane: str) -> Stand:
    """How this lane stands."""
    s = senders.c
    found = await conn.execute(sa.select(s.paused_at, s.probe_at, s.wait_until).where(s.name == lane))
    row = found.first()
    why = await holding.held(conn)
    if row is None:
        return Stand(held=why)
    return Stand(held=why, paused_at=row.paused_at, probe_at=row.probe_at, wait_until=row.wait_until)


async def _failed(conn: AsyncConnection, row: Waiting, fate: Fate, now: datetime) -> None:
    if (await conn.execute(_changed(_SENDING), _values(row, fate))).rowcount == 0:
        return
    unreachable = fate.stopped or fate.outcome == "unreachable"
    await mark(conn, row, "not reachable" if fate.stopped else "failed", now)
    if row.kind == "poll" and row.member and row.subject:
        await unask(conn, row.member, row.subject)
    if fate.stopped:
        await stop(conn, row, now)
    if unreachable:
        await fails(conn, row.line, now, no_texts=fate.no_texts)


_SENDING = outbox.c.state == "sending"
# Taken for lost by another process meanwhile, and not sent again yet.
_UNCLEAR = sa.and_(outbox.c.state == "waiting", sa.or_(*(outbox.c.outcome == one for one in UNCLEAR)))
_FATE = ("state", "outcome", "tries", "progress", "code", "sentence", "not_before")


def _changed(which: sa.ColumnElement[bool]) -> sa.Update:
    values = {name: sa.bindparam(f"new_{name}", type_=outbox.c[name].type) for name in _FATE}
    return sa.update(outbox).where(outbox.c.id == sa.bindparam("row"), which).values(**values)


def _values(row: Waiting, fate: Fate) -> dict[str, object]:
    values = {name: getattr(fate, name) for name in _FATE}
    values |= {"code": fate.code or None, "not_before": fate.not_before or row.not_before}
    return {"row": row.id} | {f"new_{name}": value for name, value in values.items()}


async def _let_go(conn: AsyncConnection, noted: Noted, holder: str) -> None:
    """Give the lines back, each due again when the first of what still waits on it is."""
    n, o = lines.c, outbox.c
    unsent = sa.or_(*(o.state == one for one in UNSENT))  # a list is made anew for each statement
    due = sa.select(sa.func.min(o.not_before)).where(o.line_id == n.id, unsent)
    wait, rested = (sa.bindparam(name, type_=n.due_at.type) for name in ("wait", "rest"))
    change = (
        sa.update(lines)
        .where(n.id == sa.bindparam("line"), n.leased_by == holder)
        .values(
            leased_by=None, leased_until=None, due_at=due.scalar_subquery(), wait_until=wait, next_slot=rested
        )
    )
    await conn.execute(
        change, [{"line": row.line, "wait": fate.wait_until, "rest": fate.rested} for row, fate in noted]
    )
    for row, fate in noted:
        if fate.moved and await _free(conn, fate.moved[1]):
            address, address_hash = fate.moved
            moved = sa.update(lines).where(n.id == row.line)
            await conn.execute(moved.values(address=address, address_hash=address_hash))


async def _free(conn: AsyncConnection, address_hash: bytes) -> bool:
    taken = await conn.scalar(sa.select(lines.c.id).where(lines.c.address_hash == address_hash))
    return taken is None
