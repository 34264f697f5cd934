"""What waits because of a member's week goes together: with the last they want, or what can't wait.

It becomes one text or one chat message under a heading. Calls are not joined: nobody listens for so long.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.events import Say
from storage.sending.checks import OVER_WEEK, Facts, Waiting, may_send
from storage.sending.facts import facts_for
from storage.sending.outbox import TOGETHER, Body, columns, packed, unpacked
from storage.tables import outbox, reached

BY = frozenset({"sms", "telegram"})
JOINED = ("poll", "result", "brief")  # what is short first, before MORE is needed
HEADING = "{count} things from us:"
HOW = {"ballot": "Text VOTE to take part.", "acknowledge": "Text READ when you have read it."}
WENT = "It went together with another message."


async def gather(
    conn: AsyncConnection, lane: str, taken: Sequence[Waiting], facts: dict[str, Facts], now: datetime
) -> list[Waiting]:
    """The messages that were taken, those that take others along changed for it."""
    leads = {(row.line, row.member): row for row in taken if _leads(row, facts[row.id])}
    if not leads:
        return list(taken)
    changed = {}
    others = await _waiting(conn, lane, leads, facts, now)
    for key, lead in leads.items():
        theirs = [row for row in others if (row.line, row.member) == key]
        if theirs:
            changed[lead.id] = await _join(conn, lead, theirs)
    return [changed.get(row.id, row) for row in taken]


def _leads(row: Waiting, facts: Facts) -> bool:
    """Whether this is the last that they want this week, or beyond it, and has not been tried yet."""
    last = facts.week_left is not None and facts.week_left <= 1
    fresh = row.outcome is None and row.progress == 0
    return last and fresh and row.klass == "notice" and row.kind in JOINED and row.channel in BY


async def _waiting(
    conn: AsyncConnection,
    lane: str,
    leads: dict[tuple[str, str | None], Waiting],
    facts: dict[str, Facts],
    now: datetime,
) -> list[Waiting]:
    """What else waits for these members by the same way and may go, but for the week."""
    o = outbox.c
    due = sa.or_(o.not_before <= now, o.sentence == OVER_WEEK)
    untried = (o.state == "waiting", o.outcome.is_(None), o.progress == 0, o["class"] == "notice")
    found = await conn.execute(
        sa.select(*columns())
        .where(o.line_id.in_([line for line, _ in leads]), o.kind.in_(JOINED))
        .where(*untried, due, o.id.not_in([row.id for row in leads.values()]))
        .order_by(o.id)
        .with_for_update()
    )
    rows = [Waiting(**row) for row in found.mappings()]
    rows = [one for one in rows if _same_way(one, leads.get((one.line, one.member)))]
    usual = next(iter(facts.values()))
    ask = partial(facts_for, carrier_stops=usual.carrier_stops, paused_at=usual.paused_at)
    known = (await ask(conn, lane, rows, now)).facts if rows else {}
    free = {id_: replace(one, week_left=None, week_until=None) for id_, one in known.items()}
    return [one for one in rows if may_send(one, free[one.id], now).does == "send"]


def _same_way(row: Waiting, lead: Waiting | None) -> bool:
    return lead is not None and row.channel == lead.channel


async def _join(conn: AsyncConnection, lead: Waiting, others: Sequence[Waiting]) -> Waiting:
    """Make one message of these; what is known of each of them is known by this one from now on."""
    o, rows = outbox.c, [lead, *others]
    ids = [row.id for row in others]
    stored = await conn.execute(sa.select(o.id, o.body).where(o.id.in_([row.id for row in rows])))
    bodies = {id_: unpacked(body or "") for id_, body in stored}
    rows.sort(key=lambda row: JOINED.index(row.kind))
    say = joined([bodies[row.id].say for row in rows])
    ends = [row.expires_at for row in rows]
    until = max((end for end in ends if end), default=None) if all(ends) else None
    made = replace(lead, kind=TOGETHER, subject=None, expires_at=until)
    one = {"kind": TOGETHER, "subject_id": None, "expires_at": until, "body": packed(Body(say=say))}
    await conn.execute(sa.update(outbox).where(o.id == lead.id).values(**one))
    gone = {"state": "dropped", "body": None, "sentence": WENT, "held": False}
    await conn.execute(sa.update(outbox).where(o.id.in_(ids)).values(**gone))
    await conn.execute(sa.update(reached).where(reached.c.outbox_id.in_(ids)).values(outbox_id=lead.id))
    return made


def joined(says: Sequence[Say]) -> Say:
    """Several messages as one: each with the word that answers it, since one message has one question."""
    parts = [HEADING.format(count=len(says))]
    for say in says:
        how = HOW.get(say.question.name, "") if say.question else ""
        parts.append("\n".join(part for part in (say.text, how if how not in say.text else "") if part))
    shown = tuple(one for say in says for one in say.shown)
    return Say(text="\n\n".join(parts), shown=shown, language=says[0].language)
