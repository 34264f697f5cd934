"""Clears away what has had its time: words that were kept for a repeat or a replay, lines of nobody, leases.

Bit by bit, so that no turn waits long for it: what is to go is looked for by a reader, and each bit is
a write of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database
from storage.door.sessions import REMEMBERED
from storage.lines.guessing import KEPT
from storage.sending.heads import UNSENT
from storage.tables import (
    call_steps,
    calls,
    events,
    guesses,
    invitations,
    leases,
    lines,
    link_codes,
    outbox,
    practice_posts,
    reaches,
    sessions,
    sign_ins,
    supporters,
)

STEPS_LAST = timedelta(minutes=10)
POSTS_LAST = timedelta(days=1)
BODIES_LAST = timedelta(days=7)
GUARDS_LAST = timedelta(days=30)
GREETED_LAST = timedelta(days=1)  # an unknown sender is answered once a day
WORDS_LAST = timedelta(days=4)  # of a message, however long its last receipt takes, or one that never went
LEASES_LAST = timedelta(days=1)  # beyond their end: whoever held them is dead
BIT = 200  # rows

Condition = sa.ColumnElement[bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """Rows whose time is over, found by this column, and what becomes of them."""

    key: sa.Column[str]
    which: Condition
    does: Callable[[Condition], sa.Update | sa.Delete]


async def clear(db: Database, now: datetime) -> None:
    """Empty what was only kept for a repeat or a replay, and drop lines that nobody uses any more."""
    old = (
        *_steps_and_posts(now),
        *_events(now),
        *_messages(now),
        *_codes(now),
        *_staff(now),
        _lines(now),
        _leases(now),
    )
    for over in old:
        await _bit_by_bit(db, over)


async def clear_heard(db: Database) -> None:
    """Let go of what was said on calls: others may have heard there what somebody gave who is erased.

    Only the last answer on a call that goes on stays: the provider may still ask for it again.
    """
    s, c, next_ = call_steps.c, calls.c, call_steps.alias().c
    ended = sa.exists().where(c.id == s.call_id, c.ended_at.is_not(None))
    answered = sa.exists().where(next_.call_id == s.call_id, next_.step > s.step)
    over = Over(key=s.call_id, which=sa.or_(ended, answered), does=sa.delete(call_steps).where)
    await _bit_by_bit(db, over)


async def _bit_by_bit(db: Database, over: Over) -> None:
    last, ids = "", [""]
    while ids:
        wanted = sa.select(over.key).distinct().where(over.key > last, over.which)
        async with db.read() as conn:
            ids = list(await conn.scalars(wanted.order_by(over.key).limit(BIT)))
        if ids:
            last = ids[-1]
            await db.transact(lambda conn: _clear(conn, over, ids))  # noqa: B023  # awaited in this round


async def _clear(conn: AsyncConnection, over: Over, ids: list[str]) -> None:
    """What has changed meanwhile stays. Lines are kept first: somebody may be joining from one just now."""
    if over.key.table is lines:
        taken = sa.select(over.key).where(over.key.in_(ids)).with_for_update(skip_locked=True)
        ids = list(await conn.scalars(taken))
    await conn.execute(over.does(sa.and_(over.key.in_(ids), over.which)))


def _steps_and_posts(now: datetime) -> tuple[Over, ...]:
    s, c, p = call_steps.c, calls.c, practice_posts.c
    return (
        Over(key=s.call_id, which=s.at < now - STEPS_LAST, does=sa.delete(call_steps).where),
        Over(key=c.id, which=c.started_at < now - GUARDS_LAST, does=sa.delete(calls).where),
        Over(key=p.id, which=p.at < now - POSTS_LAST, does=sa.delete(practice_posts).where),
    )


def _events(now: datetime) -> tuple[Over, ...]:
    e = events.c
    emptied = sa.update(events).values(body=None, emptied_at=now)
    full = sa.and_(e.at < now - BODIES_LAST, e.emptied_at.is_(None))
    old = sa.and_(e.at < now - GUARDS_LAST, e.contribution_id.is_(None))
    return (
        Over(key=e.id, which=full, does=emptied.where),
        Over(key=e.id, which=old, does=sa.delete(events).where),
    )


def _messages(now: datetime) -> tuple[Over, ...]:
    o = outbox.c
    done = o.state.not_in(UNSENT)
    spent = sa.and_(done, o.created_at < now - WORDS_LAST, o.body.is_not(None))
    nobodys = sa.and_(o.member_id.is_(None), o.created_at < now - WORDS_LAST)
    old = sa.and_(done, sa.or_(nobodys, o.created_at < now - GUARDS_LAST))
    return (
        Over(key=o.id, which=spent, does=sa.update(outbox).values(body=None).where),
        Over(key=o.id, which=old, does=sa.delete(outbox).where),
    )


def _codes(now: datetime) -> tuple[Over, ...]:
    """Codes and invitations that work no more, and guesses that no limit looks back to."""
    c, g, i = link_codes.c, guesses.c, invitations.c
    return (
        Over(key=i.id, which=i.until < now - KEPT, does=sa.delete(invitations).where),
        Over(key=c.id, which=c.until < now - KEPT, does=sa.delete(link_codes).where),
        Over(key=g.id, which=g.at < now - KEPT, does=sa.delete(guesses).where),
    )


def _staff(now: datetime) -> tuple[Over, ...]:
    """Links and codes for the pages that work no more, and who was signed in there long ago."""
    s, n = sessions.c, sign_ins.c
    return (
        Over(key=n.id, which=n.until < now - KEPT, does=sa.delete(sign_ins).where),
        Over(key=s.id, which=s.ends_at < now - REMEMBERED, does=sa.delete(sessions).where),
    )


def _lines(now: datetime) -> Over:
    """Lines that nobody uses or stopped, that did not write lately, and that are not to be answered."""
    n = lines.c
    unused = sa.and_(
        n.created_at < now - GREETED_LAST,
        n.stopped_at.is_(None),
        ~sa.exists().where(reaches.c.line_id == n.id),
        ~sa.exists().where(supporters.c.line_id == n.id),
        ~sa.exists().where(events.c.line_id == n.id),
        ~sa.exists().where(outbox.c.line_id == n.id),
    )
    return Over(key=n.id, which=unused, does=sa.delete(lines).where)


def _leases(now: datetime) -> Over:
    n = leases.c
    return Over(key=n.name, which=n.until < now - LEASES_LAST, does=sa.delete(leases).where)
