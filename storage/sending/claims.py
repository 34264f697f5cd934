"""Takes what is due out of the outbox for one lane: a lease on each line, and the message at its head."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.events import Question, Say
from flows.library import Flows
from flows.sentences import Sentences
from flows.state import Conversation
from flows.turns.lines.introducing import still_theirs
from storage.sending import heads
from storage.sending.asking import Fit, ask, dressed, put_doubts
from storage.sending.checks import (
    DIED,
    DIED_OFTEN,
    STILL,
    UNCLEAR,
    UNLIMITED,
    Facts,
    Verdict,
    Waiting,
    after_death,
    may_send,
    waits_its_turn,
)
from storage.sending.facts import facts_for
from storage.sending.heads import ANSWER, MOST, NOTICE, Free
from storage.sending.outbox import unpacked
from storage.sending.receipts import mark
from storage.sending.together import gather
from storage.tables import lines, outbox

LEASE = timedelta(seconds=30)
MOST_LAPSED = 64  # lines of a dead process that are seen to at a time
UNREADABLE = "What is stored of it cannot be read."


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A message that is ours to send now. `address` is sealed; `rested` is the chat's: see `Gap`."""

    row: Waiting
    say: Say
    address: bytes | None
    rested: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How a lane claims. `fit` cuts a message for its channel; `carrier_stops`: see `checks.Facts`."""

    holder: str
    ids: Callable[[], str]
    fit: Fit
    flows: Flows
    carrier_stops: bool = True


@dataclass(slots=True, kw_only=True)
class _Plan:
    """What one claim decides, to be written at once. `room`: how many more of each class fit."""

    facts: Mapping[str, Facts]
    room: dict[str, int]
    left: dict[str, int]  # of each group, how many notices its daily limit still allows
    take: list[Waiting] = field(default_factory=list)
    hold: list[dict[str, Any]] = field(default_factory=list)
    lapsed: list[dict[str, Any]] = field(default_factory=list)
    doubt: list[Waiting] = field(default_factory=list)  # for these it is asked if the line is still theirs
    end: list[tuple[Waiting, Verdict]] = field(default_factory=list)
    due: dict[str, datetime | None] = field(default_factory=dict)


async def claim(
    conn: AsyncConnection,
    lane: str,
    room: Mapping[str, int],
    terms: Terms,
    *,
    now: datetime,
    paused_at: datetime | None = None,
) -> list[Claimed]:
    """At most so many answers and notices to send now, one for a line; their lines are leased.

    `room` says how many lines to look at for each of what `heads.any_due` names.
    What must wait or must not go any more is put off or ended here. A poll's question goes on the
    member's list in this same transaction, before the provider knows of it.
    """
    free = await heads.lock(conn, lane, room, now)
    if not free:
        return []
    seen = await heads.waiting(conn, lane, free, now)
    rows = [row for theirs in seen.values() for row in theirs]
    known = await facts_for(conn, lane, rows, now, carrier_stops=terms.carrier_stops, paused_at=paused_at)
    plan = _Plan(facts=known.facts, left=known.left, room={ANSWER: 0, NOTICE: 0, **room})
    for line, theirs in seen.items():
        _plan_line(plan, line, theirs, now)
    plan.take = await gather(conn, lane, plan.take, known.facts, now)
    await _write(conn, plan, terms.holder, now)
    await _put_off(conn, lane, plan.due, now)
    doubts = {row: _still(row, known.facts[row.id], terms.flows) for row in plan.doubt}
    await put_doubts(conn, doubts, terms.ids, now)
    return await _dress(conn, plan, free, terms, now)


def _still(row: Waiting, facts: Facts, flows: Flows) -> Question:
    """Whether this row's line is still its member's, as they are asked."""
    return still_theirs(flows, row.member or STILL, facts.first_name, (facts.language, facts.form))


def _plan_line(plan: _Plan, line: str, rows: Sequence[Waiting], now: datetime) -> None:
    """Take this line's head, or say when to look again. An answer comes before any notice."""
    waits: list[datetime] = []
    for klass in (ANSWER, NOTICE):
        theirs = [row for row in rows if row.klass == klass]
        for row in theirs:
            wait = _plan_row(plan, row, now)
            if wait == now:
                return
            if wait is None:
                continue
            waits.append(wait)
            if waits_its_turn(row, now):
                break
        else:
            if len(theirs) == MOST:  # there may be more behind them
                return
    plan.due[line] = min(waits, default=None)


def _plan_row(plan: _Plan, row: Waiting, now: datetime) -> datetime | None:
    """When to come back to a row: `now` for the head, taken or left for want of room; None for never."""
    if row.state == "sending":
        return _plan_lapsed(plan, row, now)
    if row.not_before > now:
        return row.not_before
    verdict = may_send(row, plan.facts[row.id], now)
    if verdict.does == "send":
        _take(plan, row)
        return now
    if verdict.does == "hold" and verdict.until:
        held = {"row": row.id, "until": verdict.until, "busy": verdict.held, "why": verdict.why}
        plan.hold.append(held)
        if verdict.asks:
            plan.doubt.append(row)
        return verdict.until
    plan.end.append((row, verdict))
    return None


def _take(plan: _Plan, row: Waiting) -> None:
    counts = row.klass == NOTICE and row.kind not in UNLIMITED
    limited = plan.left if counts and row.group in plan.left else {}
    if plan.room[row.klass] and limited.get(row.group or "", 1) > 0:
        plan.room[row.klass] -= 1
        plan.take.append(row)
        if limited:
            plan.left[row.group or ""] -= 1


def _plan_lapsed(plan: _Plan, row: Waiting, now: datetime) -> datetime | None:
    """Whoever was sending this died before noting what became of it."""
    again = after_death(row, now)
    if again is None:
        plan.end.append((row, Verdict(does="dead", why=DIED_OFTEN)))
        return None
    became, until = again
    plan.lapsed.append({"row": row.id, "until": until, "became": became, "tried": row.tries + 1})
    return until


async def _write(conn: AsyncConnection, plan: _Plan, holder: str, now: datetime) -> None:
    o, one = outbox.c, outbox.c.id == sa.bindparam("row")
    until, why = sa.bindparam("until", type_=o.not_before.type), sa.bindparam("why", type_=sa.Text())
    if plan.hold:
        said = sa.case((why == "", o.sentence), else_=why)
        held = sa.update(outbox).where(one).values(not_before=until, held=sa.bindparam("busy"), sentence=said)
        await conn.execute(held, plan.hold)
    if plan.lapsed:
        lost = {"state": "waiting", "outcome": sa.bindparam("became"), "sentence": DIED}
        lost["tries"] = sa.bindparam("tried")
        await conn.execute(sa.update(outbox).where(one).values(not_before=until, **lost), plan.lapsed)
    for row, verdict in plan.end:
        await end(conn, row, verdict, now)
    if plan.take:
        leased = sa.update(lines).where(lines.c.id.in_([row.line for row in plan.take]))
        await conn.execute(leased.values(leased_by=holder, leased_until=now + LEASE))
        taken = sa.update(outbox).where(o.id.in_([row.id for row in plan.take]))
        # What may have gone is looked for in the provider's list from its first try on.
        tried = sa.case((o.outcome.in_(UNCLEAR), o.sent_at), else_=sa.literal(now, o.sent_at.type))
        await conn.execute(taken.values(state="sending", held=False, sent_at=tried))


async def _put_off(
    conn: AsyncConnection, lane: str, due: Mapping[str, datetime | None], now: datetime
) -> None:
    """Say when lines are to be looked at again that have nothing for this lane now."""
    if not due:
        return
    others = await heads.others_due(conn, lane, due, now)
    at = sa.bindparam("at", type_=lines.c.due_at.type)
    change = sa.update(lines).where(lines.c.id == sa.bindparam("line"))
    again = {"leased_by": None, "leased_until": None, "due_at": at}
    rows = [
        {"line": line, "at": min(_known(when, others.get(line)), default=None)} for line, when in due.items()
    ]
    await conn.execute(change.values(**again), rows)


def _known(*moments: datetime | None) -> list[datetime]:
    return [moment for moment in moments if moment]


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
    conn: AsyncConnection, plan: _Plan, free: Mapping[str, Free], terms: Terms, now: datetime
) -> list[Claimed]:
    """The words of what was taken, as they are to go now."""
    ids = [row.id for row in plan.take]
    if not ids:
        return []
    found = await conn.execute(sa.select(outbox.c.id, outbox.c.body).where(outbox.c.id.in_(ids)))
    bodies: dict[str, str | None] = {row.id: row.body for row in found}
    talks: dict[str | None, Conversation | None] = {
        row.member: plan.facts[row.id].conversation for row in plan.take if row.klass == NOTICE and row.member
    }
    claimed: list[Claimed] = []
    words = Sentences(terms.flows.phrases)
    for row in plan.take:
        try:
            body = unpacked(bodies[row.id] or "")
        except ValueError:
            await end(conn, row, Verdict(does="dead", why=UNREADABLE), now)
            continue
        say = body.say
        if row.klass == NOTICE:
            facts = plan.facts[row.id]
            called = facts.first_name if facts.shared else ""
            say, talks[row.member] = dressed(row, body, talks.get(row.member), terms.fit, words, called)
        line = free[row.line]
        claimed.append(Claimed(row=row, say=say, address=line.address, rested=line.rested))
    await ask(conn, {one.row: one.say for one in claimed}, talks, now)
    return claimed
