"""Takes what is due out of the outbox for one lane: a lease on each line, and the message at its head.

The lock is the line, so that two processes never send one line's messages in the wrong order.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.events import Say
from flows.state import Conversation
from storage.asking import Fit, ask, dressed
from storage.checks import (
    DIED,
    UNCLEAR,
    UNCLEAR_TWICE,
    Facts,
    Verdict,
    Waiting,
    after_unclear,
    may_send,
    waits_its_turn,
)
from storage.facts import facts_for
from storage.outbox import PRACTICE, columns, unpacked
from storage.receipts import mark
from storage.tables import lines, outbox

LEASE = timedelta(seconds=30)
CLASSES = ("answer", "notice")
UNSENT = ("waiting", "sending")
UNREADABLE = "What is stored of it cannot be read."

_Seen = tuple[Waiting, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A message that is ours to send now. `address` is sealed."""

    row: Waiting
    say: Say
    address: bytes | None


@dataclass(slots=True, kw_only=True)
class _Plan:
    """What one claim decides, to be written at once. `room`: how many more of each class fit."""

    facts: Mapping[str, Facts]
    room: dict[str, int]
    take: list[Waiting] = field(default_factory=list)
    hold: list[dict[str, Any]] = field(default_factory=list)
    lapsed: list[dict[str, Any]] = field(default_factory=list)
    end: list[tuple[Waiting, Verdict]] = field(default_factory=list)
    due: dict[str, datetime | None] = field(default_factory=dict)


async def any_due(conn: AsyncConnection, lane: str, now: datetime) -> bool:
    """Whether a claim would find anything to look at; needs no lock."""
    return (await conn.execute(_due(lane, now).limit(1))).first() is not None


async def claim(
    conn: AsyncConnection,
    lane: str,
    *,
    now: datetime,
    holder: str,
    answers: int,
    notices: int,
    fit: Fit,
    carrier_stops: bool = True,
) -> list[Claimed]:
    """At most so many answers and notices to send now, one for a line; their lines are leased.

    What must wait or must not go any more is put off or ended here. A poll's question goes on the
    member's list in this same transaction, before the provider knows of it.
    """
    addresses = await _locked(conn, lane, answers=answers, notices=notices, now=now)
    if not addresses:
        return []
    seen = await _waiting(conn, addresses)
    mine = [row for row, serves in seen if serves == lane]
    facts = await facts_for(conn, mine, now, carrier_stops=carrier_stops)
    plan = _Plan(facts=facts, room={"answer": answers, "notice": notices})
    for line in addresses:
        _plan_line(plan, line, [row for row in mine if row.line == line], now)
        others = [row.not_before for row, serves in seen if serves != lane and row.line == line]
        if line in plan.due and others:
            plan.due[line] = min([*others, plan.due[line] or others[0]])
    await _write(conn, plan, holder, now)
    return await _dress(conn, plan, addresses, fit, now)


def _serves() -> sa.Case[str]:
    return sa.case((lines.c.kind == PRACTICE, PRACTICE), else_=outbox.c.channel)


async def _locked(
    conn: AsyncConnection, lane: str, *, answers: int, notices: int, now: datetime
) -> dict[str, bytes | None]:
    """Lines to look at, with their addresses: those with an answer first, then whoever waits longest.

    Two statements, each with an index to walk: one that asks for both would sort the whole outbox.
    """
    o = outbox.c
    unsent = sa.select(o.line_id).where(o["class"] == "answer", o.state.in_(UNSENT), o.not_before <= now)
    answering = _due(lane, now).where(lines.c.id.in_(unsent))
    found: dict[str, bytes | None] = {}
    for wanted, most in ((answering, answers), (_due(lane, now), notices)):
        if most:
            lock = wanted.limit(most).with_for_update(of=lines, skip_locked=True)
            found |= {row.id: row.address for row in await conn.execute(lock)}
    return found


def _due(lane: str, now: datetime) -> sa.Select[tuple[str, bytes | None]]:
    """Lines that are due and free and have something for this lane; whoever waits longest first."""
    o, n = outbox.c, lines.c
    practice = lane == PRACTICE
    serves = n.kind == PRACTICE if practice else sa.and_(n.kind != PRACTICE, o.channel == lane)
    return (
        sa.select(n.id, n.address)
        .where(
            n.due_at <= now,
            sa.or_(n.leased_until.is_(None), n.leased_until <= now),
            sa.or_(n.wait_until.is_(None), n.wait_until <= now),
            sa.exists().where(o.line_id == n.id, o.state.in_(UNSENT), serves),
        )
        .order_by(n.due_at, n.id)
    )


async def _waiting(conn: AsyncConnection, ids: Collection[str]) -> list[_Seen]:
    """Everything unsent of these lines in the order of sending, and the lane that serves each."""
    o = outbox.c
    found = await conn.execute(
        sa.select(*columns(), _serves().label("lane"))
        .join(lines, lines.c.id == o.line_id)
        .where(o.line_id.in_(ids), o.state.in_(UNSENT))
        .order_by(o.id)
    )
    seen: list[_Seen] = []
    for row in found.mappings():
        plain = dict(row)
        lane = plain.pop("lane")
        seen.append((Waiting(**plain), lane))
    return seen


def _plan_line(plan: _Plan, line: str, rows: Sequence[Waiting], now: datetime) -> None:
    """Take this line's head, or say when to look again. An answer comes before any notice."""
    waits: list[datetime] = []
    for klass in CLASSES:
        for row in rows:
            if row.klass != klass:
                continue
            wait = _plan_row(plan, row, now)
            if wait == now:
                return
            if wait is None:
                continue
            waits.append(wait)
            if waits_its_turn(row, now):
                break
    plan.due[line] = min(waits, default=None)


def _plan_row(plan: _Plan, row: Waiting, now: datetime) -> datetime | None:
    """When to come back to a row: `now` for the head, taken or left for want of room; None for never."""
    if row.state == "sending":
        return _plan_lapsed(plan, row, now)
    if row.not_before > now:
        return row.not_before
    verdict = may_send(row, plan.facts[row.id], now)
    if verdict.does == "send":
        if plan.room[row.klass]:
            plan.room[row.klass] -= 1
            plan.take.append(row)
        return now
    if verdict.does == "hold" and verdict.until:
        plan.hold.append({"row": row.id, "until": verdict.until, "busy": verdict.held})
        return verdict.until
    plan.end.append((row, verdict))
    return None


def _plan_lapsed(plan: _Plan, row: Waiting, now: datetime) -> datetime | None:
    """Whoever was sending this died before noting what became of it."""
    again = after_unclear(row, now)
    if again is None:
        plan.end.append((row, Verdict(does="dead", why=UNCLEAR_TWICE)))
        return None
    became, until = again
    plan.lapsed.append({"row": row.id, "until": until, "became": became, "tried": row.tries + 1})
    return until


async def _write(conn: AsyncConnection, plan: _Plan, holder: str, now: datetime) -> None:
    one, until = outbox.c.id == sa.bindparam("row"), sa.bindparam("until", type_=outbox.c.not_before.type)
    if plan.hold:
        held = sa.update(outbox).where(one).values(not_before=until, held=sa.bindparam("busy"))
        await conn.execute(held, plan.hold)
    if plan.lapsed:
        lost = {"state": "waiting", "outcome": sa.bindparam("became"), "sentence": DIED}
        lost["tries"] = sa.bindparam("tried")
        await conn.execute(sa.update(outbox).where(one).values(not_before=until, **lost), plan.lapsed)
    for row, verdict in plan.end:
        await end(conn, row, verdict, now)
    if plan.due:
        at = sa.bindparam("at", type_=lines.c.due_at.type)
        moved = sa.update(lines).where(lines.c.id == sa.bindparam("line")).values(due_at=at)
        await conn.execute(moved, [{"line": line, "at": when} for line, when in plan.due.items()])
    if plan.take:
        leased = sa.update(lines).where(lines.c.id.in_([row.line for row in plan.take]))
        await conn.execute(leased.values(leased_by=holder, leased_until=now + LEASE))
        taken = sa.update(outbox).where(outbox.c.id.in_([row.id for row in plan.take]))
        now_ = sa.literal(now, outbox.c.sent_at.type)
        # What may have gone is looked for in the provider's list from its first try on.
        tried = sa.case((outbox.c.outcome.in_(UNCLEAR), outbox.c.sent_at), else_=now_)
        await conn.execute(taken.values(state="sending", held=False, sent_at=tried))


async def end(conn: AsyncConnection, row: Waiting, verdict: Verdict, now: datetime) -> None:
    """A message that will not go: dead ones are for the operator to see, dropped ones are not needed."""
    dead = verdict.does == "dead"
    gone: dict[str, Any] = {} if dead else {"body": None}
    state = "dead" if dead else "dropped"
    await conn.execute(
        sa.update(outbox)
        .where(outbox.c.id == row.id)
        .values(state=state, sentence=verdict.why, held=False, **gone)
    )
    await mark(conn, row, verdict.reached, now)


async def _dress(
    conn: AsyncConnection, plan: _Plan, addresses: Mapping[str, bytes | None], fit: Fit, now: datetime
) -> list[Claimed]:
    """The words of what was taken, as they are to go now."""
    ids = [row.id for row in plan.take]
    found = await conn.execute(sa.select(outbox.c.id, outbox.c.body).where(outbox.c.id.in_(ids)))
    bodies: dict[str, str | None] = {row.id: row.body for row in found}
    talks: dict[str | None, Conversation | None] = {
        row.member: plan.facts[row.id].conversation
        for row in plan.take
        if row.klass == "notice" and row.member
    }
    claimed: list[Claimed] = []
    for row in plan.take:
        try:
            body = unpacked(bodies[row.id] or "")
        except ValueError:
            await end(conn, row, Verdict(does="dead", why=UNREADABLE), now)
            continue
        say = body.say
        if row.klass == "notice":
            say, talks[row.member] = dressed(row, body, talks.get(row.member), fit)
        claimed.append(Claimed(row=row, say=say, address=addresses[row.line]))
    await ask(conn, [one.row for one in claimed], talks, now)
    return claimed
