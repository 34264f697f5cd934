"""Events whose turn failed: the list of them, and what may still be done with each.

The operator is shown where it failed. What somebody wrote goes to their facilitators alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.events import Event
from storage import locks
from storage.door import wanted
from storage.files import fetches
from storage.members.groups import Complaint
from storage.secrets import Secrets
from storage.tables import conversations, events, lines, matters, media, members, polls, problems, reaches
from storage.turning.load import Line
from storage.turning.turns import Arrived, unpacked_event

MATTER = "not answered"  # what it is called where it waits for a person
A_CHOICE = 12  # words; what is longer does not answer a vote

NONE = "There is no problem with that id on the list: `takepart problems` shows them."
EMPTIED = (
    "What came in is no longer kept: that is so after 7 days, and where its giver took it back. "
    "`takepart problems done ID` takes it off the list."
)
LATER = (
    "They have been answered since, so it would come out of its order. "
    "`takepart problems pass ID` hands their words to the facilitators instead."
)
NO_WORDS = (
    "It holds no words: it was a button, a key or part of a call. Ask the member, then take it off the "
    "list with `takepart problems done ID`."
)
MAY_BE_A_VOTE = (
    "It may be somebody's choice in a secret vote, so nobody may read it. Ask the member to vote again, "
    "then take it off the list with `takepart problems done ID`."
)
WHICH_GROUP = "Nobody knows which group it was meant for: name one with --group."


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One event whose turn failed, without its words. `error` says type and place.

    `why` is a sentence where it can't be replayed, else "".
    """

    id: str
    at: datetime
    channel: str
    kind: str
    group: str | None
    member: str | None
    error: str
    replay: bool
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A problem that is still open, with its event and the line that it came on."""

    at: datetime
    arrived: Arrived
    line: Line | None
    member: str | None
    group: str | None


async def add(conn: AsyncConnection, *, id: str, event: str, error: str, now: datetime) -> None:
    """Keep an event whose turn failed for the operator. `error` says type and place, never words."""
    await conn.execute(sa.insert(problems).values(id=id, event_id=event, error=error, at=now))


async def count(conn: AsyncConnection) -> int:
    """How many nobody has seen to yet."""
    return await conn.scalar(sa.select(sa.func.count()).select_from(problems).where(_open())) or 0


async def list_open(conn: AsyncConnection, group: str | None = None) -> list[Problem]:
    """What nobody has seen to yet, the oldest first; of this group's members alone, where one is named."""
    here = members.c.group_id == group if group else sa.true()
    found = (await conn.execute(_rows().where(_open(), here).order_by(problems.c.id))).all()
    return [_problem(row, await _why(conn, row)) for row in found]


async def claim(conn: AsyncConnection, id: str, *, now: datetime) -> Kept:
    """Take a problem to be replayed in this transaction; raise Complaint where that can't be.

    Whose it is belongs to this transaction from now on, so that nothing of theirs runs meanwhile.
    """
    await _end(conn, id, replayed_at=now)
    row = await _row(conn, id)
    line = await _line(conn, row.line_id)
    await locks.for_turns(conn, {line.id: line} if line else {}, _sessions(row))
    why = await _why(conn, row)
    if why:
        raise Complaint(why)
    return _kept(row, line)


async def failed_again(conn: AsyncConnection, id: str, error: str) -> None:
    """A replay failed too: keep what it failed with now."""
    await conn.execute(sa.update(problems).where(problems.c.id == id).values(error=error))


async def done(conn: AsyncConnection, id: str, *, now: datetime) -> None:
    """Take a problem off the list; raise Complaint where it is not on it."""
    await _end(conn, id, done_at=now)


async def pass_on(
    conn: AsyncConnection,
    id: str,
    *,
    group: str | None,
    secrets: Secrets,
    ids: Callable[[], str],
    now: datetime,
) -> str:
    """Hand the words and files of a problem to the facilitators: the id of what they will find.

    Raise Complaint where there is nothing to hand over, or nobody to hand it to.
    """
    await _end(conn, id, done_at=now)
    row = await _row(conn, id)
    if row.body is None:
        raise Complaint(EMPTIED)
    kept = _kept(row, await _line(conn, row.line_id))
    event, home = kept.arrived.event, kept.group or group or await wanted.only(conn, practice=False)
    if not said(event) and not event.attachments:
        raise Complaint(NO_WORDS)
    if home is None:
        raise Complaint(WHICH_GROUP)
    if may_choose(event) and await _secret_vote(conn, home, event.at):
        raise Complaint(MAY_BE_A_VOTE)
    files = await _ask_for_files(conn, kept, secrets, ids, now)
    matter = ids()
    row = {"id": matter, "group_id": home, "member_id": kept.member, "kind": MATTER}
    await conn.execute(sa.insert(matters).values(**row, words=said(event), media=files, at=kept.at))
    return matter


async def forget_choices(conn: AsyncConnection, group: str, *, since: datetime, now: datetime) -> None:
    """A secret vote of this group closes: empty what failed since it opened and may be a choice in it."""
    e = events.c
    theirs = sa.select(members.c.id).where(members.c.group_id == group)
    found = await conn.execute(
        sa.select(e.id, e.body)
        .join(problems, problems.c.event_id == e.id)
        .where(e.at >= since, e.body.is_not(None), sa.or_(e.member_id.is_(None), e.member_id.in_(theirs)))
    )
    choices = [id_ for id_, body in found if may_choose(unpacked_event(body or ""))]
    await conn.execute(sa.update(events).where(e.id.in_(choices)).values(body=None, emptied_at=now))


def said(event: Event) -> str:
    """What somebody said in words, or where they are; a button says nothing of their own."""
    return {"place": event.value, "press": ""}.get(event.kind, event.text)


def may_choose(event: Event) -> bool:
    """Whether it may be somebody's choice in a vote."""
    return not event.attachments and len(said(event).split()) <= A_CHOICE


def _open() -> sa.ColumnElement[bool]:
    return sa.and_(problems.c.replayed_at.is_(None), problems.c.done_at.is_(None))


def _rows() -> sa.Select[Any]:
    e, p = events.c, problems.c
    return (
        sa.select(p.id, p.at, p.error, e.id.label("event"), e.channel, e.guard, e.kind, e.body)
        .add_columns(e.line_id, e.member_id, members.c.group_id)
        .join_from(problems, events, e.id == p.event_id)
        .outerjoin(members, members.c.id == e.member_id)
    )


async def _row(conn: AsyncConnection, id: str) -> Any:
    return (await conn.execute(_rows().where(problems.c.id == id))).one()


async def _end(conn: AsyncConnection, id: str, **when: datetime) -> None:
    """Take it off the list, in this transaction for us alone."""
    ended = await conn.execute(sa.update(problems).where(problems.c.id == id, _open()).values(**when))
    if not ended.rowcount:
        raise Complaint(NONE)


async def _why(conn: AsyncConnection, row: Any) -> str:
    """Why a problem can't be replayed; "" where it can."""
    if row.body is None:
        return EMPTIED
    return LATER if await _answered_since(conn, row) else ""


async def _answered_since(conn: AsyncConnection, row: Any) -> bool:
    """Whether a turn of the same member has run since; of the same line where it was nobody's yet."""
    c, r = conversations.c, reaches.c
    stranger = f"line:{row.line_id}" if row.line_id else f"call:{unpacked_event(row.body).session}"
    moved = sa.exists().where(c.owner == (row.member_id or stranger), c.updated_at > row.at)
    joined = sa.exists().where(r.line_id == row.line_id, r.heard_at > row.at)
    since = moved if row.member_id else sa.or_(moved, joined)
    return bool(await conn.scalar(sa.select(since)))


def _sessions(row: Any) -> set[str]:
    event = unpacked_event(row.body) if row.body else None
    return {event.session} if event and event.can.call and event.session else set()


async def _secret_vote(conn: AsyncConnection, group: str, at: datetime) -> bool:
    """Whether a secret vote of this group was open then."""
    p = polls.c
    still = sa.or_(p.closed_at.is_(None), p.closed_at >= at)
    asked = sa.exists().where(p.group_id == group, p.secret, p.opened_at <= at, still)
    return bool(await conn.scalar(sa.select(asked)))


async def _ask_for_files(
    conn: AsyncConnection, kept: Kept, secrets: Secrets, ids: Callable[[], str], now: datetime
) -> Sequence[str]:
    """Have what came along fetched from the provider; the ids of the files."""
    line = kept.line
    rows = [
        fetches.asked(
            secrets,
            id=ids(),
            channel=kept.arrived.event.channel,
            attachment=one,
            line=line.id if line else None,
            practice=bool(line and line.kind == "practice"),
            now=now,
        )
        for one in kept.arrived.event.attachments
    ]
    if rows:
        await conn.execute(sa.insert(media), rows)
    return [str(row["id"]) for row in rows]


async def _line(conn: AsyncConnection, id: str | None) -> Line | None:
    c = lines.c
    found = await conn.execute(
        sa.select(
            *(c.id, c.kind, c.at_member, c.at_until, c.failing_since),
            c.stopped_at.is_not(None).label("closed"),
        ).where(c.id == id)
    )
    row = found.first()
    return Line(**row._mapping) if row else None


def _kept(row: Any, line: Line | None) -> Kept:
    arrived = Arrived(id=row.event, event=unpacked_event(row.body), guard=row.guard, line=row.line_id)
    return Kept(at=row.at, arrived=arrived, line=line, member=row.member_id, group=row.group_id)


def _problem(row: Any, why: str) -> Problem:
    return Problem(
        id=row.id,
        at=row.at,
        channel=row.channel,
        kind=row.kind,
        group=row.group_id,
        member=row.member_id,
        error=row.error,
        replay=not why,
        why=why,
    )
