"""What the provider says became of a message, and what we can therefore say of each member: only forward."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import locks
from storage.erasure.register import note_line, note_member
from storage.lines.failing import fails, works
from storage.sending import slots
from storage.sending.asking import unask
from storage.sending.checks import (
    ALERT,
    BACKOFF,
    BLOCKED,
    CALLBACK,
    UNCLEAR,
    USUAL_HOURS,
    Waiting,
    next_moment,
)
from storage.sending.outbox import TOGETHER, TRACKED, columns, make_due
from storage.tables import groups, lines, members, outbox, reached, receipts

MOST_CALLS = 2  # on two days
MISSED = ("no_answer", "busy", "failed", "unheard")
NOT_REACHED = "They could not be reached by phone on two days."
UNHEARD = "Nobody pressed 1 to hear it."

# How far a message is; what is said of a member never goes back.
STEPS = ("waiting", "not reachable", "failed", "sent", "delivered", "acknowledged")
ENDS = ("failed", "not reachable")


class Receipt(Protocol):
    """A status callback, as a channel reads it."""

    @property
    def outbox(self) -> str: ...
    @property
    def provider_id(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def code(self) -> str: ...
    @property
    def sentence(self) -> str: ...
    @property
    def no_texts(self) -> bool: ...


async def receive(conn: AsyncConnection, receipt: Receipt, *, now: datetime, ids: Callable[[], str]) -> bool:
    """Note what a provider says of a message; False where we know of no such message.

    A message that was unclear is settled by it. A call that nobody took is tried once more, the next day.
    """
    await locks.for_message(conn, receipt.outbox)
    row = await _row(conn, receipt.outbox)
    if row is None:
        return False
    note = {"state": receipt.state, "code": receipt.code or None, "at": now}
    await conn.execute(receipts.insert().values(id=ids(), outbox_id=row.id, **note))
    gone = row.state in ("sending", "sent") or (row.state == "waiting" and row.outcome in UNCLEAR)
    if not gone or await _of_earlier_try(conn, row, receipt):  # a repeat, or too late
        return True
    named = {"provider_id": receipt.provider_id} if receipt.provider_id else {}
    if receipt.state == "sent":
        await _arrive(conn, row, "sent", now, named)
    elif receipt.state == "delivered":
        words = {} if row.channel == "voice" else {"body": None}  # a call still needs its words
        await _arrive(conn, row, "delivered", now, named | words)
        await works(conn, [row.line], now)
    elif receipt.state == "stopped":
        await _fail(conn, row, receipt.code, receipt.sentence, now)
        await stop(conn, row, now)
    elif receipt.state in ("later", "ours"):
        await _put_back(conn, row, receipt, now)
    elif row.channel == "voice":
        await _missed(conn, row, receipt.code, receipt.sentence, now)
    else:
        await _fail(conn, row, receipt.code, receipt.sentence, now)
        if receipt.state == "unreachable":
            await fails(conn, row.line, now, no_texts=receipt.no_texts)
    return True


async def unheard(conn: AsyncConnection, outbox_id: str, *, now: datetime, ids: Callable[[], str]) -> None:
    """A call of ours has ended. Where nobody pressed 1 it counts as one that nobody took."""
    await locks.for_message(conn, outbox_id)
    row = await _row(conn, outbox_id)
    if row is None or row.channel != "voice" or row.state not in ("sending", "sent"):
        return
    await conn.execute(receipts.insert().values(id=ids(), outbox_id=row.id, state="unheard", at=now))
    await _missed(conn, row, "", UNHEARD, now)


async def mark(conn: AsyncConnection, row: Waiting, state: str, now: datetime) -> None:
    """Say in `reached` how far a brief, poll, result or answer to a gift came.

    A reminder that fails takes nothing away from the message before it.
    """
    if row.kind not in TRACKED and row.kind != TOGETHER:
        return
    r = reached.c
    if state in ENDS:
        may = sa.and_(r.state.in_(("waiting", "sent")), r.outbox_id == row.id)
    else:
        may = r.state.in_(STEPS[: STEPS.index(state)])
    await conn.execute(
        sa.update(reached).where(*_about(row), may).values(state=state, at=now, channel=row.channel)
    )


def _about(row: Waiting) -> tuple[sa.ColumnElement[bool], ...]:
    """What `reached` says of a message; of several that went as one it is found by that one."""
    r = reached.c
    if row.kind == TOGETHER:
        return (r.outbox_id == row.id,)
    return r.kind == row.kind, r.subject_id == row.subject, r.member_id == row.member


async def mark_sent(conn: AsyncConnection, rows: Sequence[Waiting], now: datetime) -> None:
    """Say so of many at once: a statement for each would be what sending takes longest for."""
    for row in rows:
        if row.kind == TOGETHER:
            await mark(conn, row, "sent", now)
    tracked = [row for row in rows if row.kind in TRACKED]
    if not tracked:
        return
    r = reached.c
    key = (
        r.kind == sa.bindparam("of"),
        r.subject_id == sa.bindparam("what"),
        r.member_id == sa.bindparam("who"),
    )
    earlier = sa.or_(*(r.state == step for step in STEPS[: STEPS.index("sent")]))
    change = sa.update(reached).where(*key, earlier).values(state="sent", at=now, channel=sa.bindparam("by"))
    keys = [{"of": row.kind, "what": row.subject, "who": row.member, "by": row.channel} for row in tracked]
    await conn.execute(change, keys)


async def stop(conn: AsyncConnection, row: Waiting, now: datetime) -> None:
    """The carrier says that their phone sent a stop word, or the app that they block us.

    A stop word ends every way; to block us in an app ends that way alone.
    """
    await note_line(conn, "stopped", row.line)
    first = lines.c.stopped_at.is_(None)
    await conn.execute(sa.update(lines).where(lines.c.id == row.line, first).values(stopped_at=now))
    if row.member is None or row.channel in BLOCKED:
        return
    await note_member(conn, "stopped", row.member)
    active = members.c.state.in_(("active", "paused"))
    await conn.execute(
        sa.update(members).where(members.c.id == row.member, active).values(state="stopped", stopped_at=now)
    )


async def _row(conn: AsyncConnection, id_: str) -> Waiting | None:
    found = await conn.execute(sa.select(*columns()).where(outbox.c.id == id_).with_for_update())
    row = found.mappings().first()
    return Waiting(**row) if row else None


async def _arrive(
    conn: AsyncConnection, row: Waiting, state: str, now: datetime, more: Mapping[str, Any]
) -> None:
    values = {"state": state, "outcome": "sent", "sentence": "", **more}
    # Of what was unclear the first try is all that was known, and this may be a later one's.
    o = outbox.c
    sent = sa.case((o.state == "sent", o.sent_at), else_=sa.literal(now, o.sent_at.type))
    await conn.execute(sa.update(outbox).where(o.id == row.id).values(sent_at=sent, **values))
    await mark(conn, row, state, now)


async def _fail(
    conn: AsyncConnection, row: Waiting, code: str, sentence: str, now: datetime, reached: str = "failed"
) -> None:
    values = {"state": "failed", "code": code or None, "sentence": sentence}
    await conn.execute(sa.update(outbox).where(outbox.c.id == row.id).values(**values))
    await mark(conn, row, reached, now)
    if row.kind == "poll" and row.member and row.subject:
        await unask(conn, row.member, row.subject)


async def _of_earlier_try(conn: AsyncConnection, row: Waiting, receipt: Receipt) -> bool:
    """Whether a receipt is late, and the message has been sent once more since."""
    known = await conn.scalar(sa.select(outbox.c.provider_id).where(outbox.c.id == row.id))
    return bool(known and receipt.provider_id and known != receipt.provider_id)


async def _put_back(conn: AsyncConnection, row: Waiting, receipt: Receipt, now: datetime) -> None:
    """The provider took it and could not send it. Is the fault ours, the lane pauses and no try counts."""
    ours, tries = receipt.state == "ours", row.tries + (row.state == "sending")
    if not ours and tries > len(BACKOFF):
        await _fail(conn, row, receipt.code, receipt.sentence, now)
        return
    again = now if ours else now + max(timedelta(seconds=BACKOFF[tries - 1]), CALLBACK)
    anew = {"state": "waiting", "progress": 0, "outcome": "ours" if ours else "retry", "provider_id": None}
    told = {"code": receipt.code or None, "sentence": receipt.sentence, "not_before": again}
    change = sa.update(outbox).where(outbox.c.id == row.id)
    await conn.execute(change.values(tries=tries - ours, **told, **anew))
    await make_due(conn, {row.line: again})
    if ours:
        await slots.pause(conn, row.channel, receipt.sentence, now)


async def _missed(conn: AsyncConnection, row: Waiting, code: str, sentence: str, now: datetime) -> None:
    made = await conn.scalar(
        sa.select(sa.func.count()).where(receipts.c.outbox_id == row.id, receipts.c.state.in_(MISSED))
    )
    again = await _tomorrow(conn, row, now)
    late = row.kind == ALERT  # then somebody else is to be told, not the same person tomorrow
    if late or (made or 0) >= MOST_CALLS or (row.expires_at and row.expires_at <= again):
        why = NOT_REACHED if (made or 0) >= MOST_CALLS else sentence
        await _fail(conn, row, code, why, now, "not reachable")
        return
    anew = {"state": "waiting", "tries": 0, "progress": 0, "outcome": "missed", "provider_id": None}
    change = sa.update(outbox).where(outbox.c.id == row.id)
    await conn.execute(change.values(not_before=again, code=code or None, sentence=sentence, **anew))
    await make_due(conn, {row.line: again})


async def _tomorrow(conn: AsyncConnection, row: Waiting, now: datetime) -> datetime:
    """The first minute of the next day at which this member may be rung."""
    found = await conn.execute(
        sa.select(members.c.hours, groups.c.hours, members.c.days, groups.c.zone)
        .join(groups, groups.c.id == members.c.group_id)
        .where(members.c.id == row.member)
    )
    own, usual, days, zone = found.first() or (None, USUAL_HOURS, "", "Europe/London")
    today = now.astimezone(ZoneInfo(zone)).date()
    midnight = datetime.combine(today + timedelta(days=1), time(), ZoneInfo(zone)).astimezone(UTC)
    return next_moment(midnight, own or usual, days, zone)
