"""Messages waiting to go out: added in the turn's own transaction, sent afterwards by a lane."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Literal

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.events import Say
from flows.values import replace
from storage import bells, ready
from storage.database import upsert_for
from storage.tables import lines, outbox, reached, reaches

Class = Literal["answer", "notice"]

ANSWER_LASTS = timedelta(minutes=15)  # a later answer would puzzle more than it helps
GATHER = timedelta(seconds=2)  # how long a message that may be merged waits for more of its kind
GATHER_MOST = timedelta(seconds=10)
PRACTICE = "practice"  # the lane of all practice lines, whatever channel they stand for
TOGETHER = "together"  # several of those below that went as one
TRACKED = frozenset({"brief", "poll", "result", "reply"})  # for these `reached` says what became of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One message to send. Its `id` sorts by time: within a class of one line, ids are the order.

    `announce` is said in place of a poll's question to somebody who is in the middle of something.
    `not_before` is now and `expires_at` for answers 15 minutes ahead, where they are not given.
    `practice`: whether its line is a practice phone's; it is looked up where that is not known.
    """

    id: str
    line: str
    channel: str
    klass: Class
    dedupe_key: str
    say: Say
    announce: Say | None = None
    member: str | None = None
    group: str | None = None
    kind: str = "say"
    subject: str | None = None
    not_before: datetime | None = None
    expires_at: datetime | None = None
    event: str | None = None
    practice: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What stands in a row's `body`."""

    say: Say
    announce: Say | None = None


@cache
def _bodies() -> TypeAdapter[Body]:
    return TypeAdapter(Body)


def packed(body: Body) -> str:
    """A body as it is stored."""
    return _bodies().dump_json(body, exclude_defaults=True).decode()


def unpacked(stored: str) -> Body:
    """A stored body."""
    return _bodies().validate_json(stored)


async def add(conn: AsyncConnection, rows: Sequence[Row], *, now: datetime) -> int:
    """Put messages in the outbox and make their lines due; how many of them are new.

    A row whose `dedupe_key` is known already is left out. A row whose `say.merge` equals that of one
    still waiting on its line takes that one's place and waits a little, for more that may come.
    """
    fresh = await _merged(conn, [_timed(row, now) for row in rows])
    if not fresh:
        return 0
    made = await _insert(conn, fresh, now)
    new = [row for row in fresh if row.id in made]
    first: dict[str, datetime] = {}
    for row in new:
        start = row.not_before or now
        first[row.line] = min(first.get(row.line, start), start)
    await make_due(conn, first)
    await _expect(conn, new, now)
    return len(new)


def _timed(row: Row, now: datetime) -> Row:
    start = row.not_before or now
    until = row.expires_at or (now + ANSWER_LASTS if row.klass == "answer" else None)
    return replace(row, not_before=max(start, now + GATHER) if row.say.merge else start, expires_at=until)


async def _merged(conn: AsyncConnection, rows: Sequence[Row]) -> list[Row]:
    """The rows that are to be inserted, after those that replace another have done so."""
    waiting = await _waiting_to_merge(conn, rows)
    fresh: dict[str, Row] = {}
    places: dict[tuple[str, str], str] = {}
    for row in rows:
        mark = (row.line, row.say.merge)
        if row.say.merge and mark in places:
            earlier = fresh[places[mark]]
            fresh[earlier.id] = replace(earlier, say=row.say, not_before=row.not_before)
        elif mark in waiting:
            await _replace(conn, *waiting[mark], row)
        else:
            places[mark] = row.id
            fresh[row.id] = row
    return list(fresh.values())


async def _waiting_to_merge(
    conn: AsyncConnection, rows: Sequence[Row]
) -> dict[tuple[str, str], tuple[str, datetime]]:
    marks = {(row.line, row.say.merge) for row in rows if row.say.merge}
    if not marks:
        return {}
    found = await conn.execute(
        sa.select(outbox.c.line_id, outbox.c.merge, outbox.c.id, outbox.c.created_at).where(
            outbox.c.line_id.in_({line for line, _ in marks}),
            outbox.c.merge.in_({merge for _, merge in marks}),
            outbox.c.state == "waiting",
        )
    )
    return {(line, merge): (id_, created) for line, merge, id_, created in found}


async def _replace(conn: AsyncConnection, id_: str, created: datetime, row: Row) -> None:
    """New words in an old place; someone who never stops sending is answered all the same."""
    wait = min(row.not_before or created, created + GATHER_MOST)
    body = packed(Body(say=row.say, announce=row.announce))
    await conn.execute(sa.update(outbox).where(outbox.c.id == id_).values(body=body, not_before=wait))


async def _insert(conn: AsyncConnection, rows: Sequence[Row], now: datetime) -> set[str]:
    unknown = {row.line for row in rows if row.practice is None}
    practising = {line for (line,) in await ready.read(conn, _practising(), ids=list(unknown))}
    new = [
        _columns(row, body, now)
        | {"lane": PRACTICE if row.practice or row.line in practising else row.channel}
        for row, body in zip(rows, _bodies_of(rows), strict=True)
    ]
    ids = [row.id for row in rows]
    if await ready.write(conn, _inserting(conn.dialect), new) == len(new):
        return set(ids)
    return {id_ for (id_,) in await ready.read(conn, _made(), ids=ids)}


@cache
def _inserting(dialect: sa.Dialect) -> sa.Insert:
    return upsert_for(dialect, outbox).on_conflict_do_nothing(index_elements=["dedupe_key"])


@cache
def _practising() -> sa.Select[Any]:
    return sa.select(lines.c.id).where(lines.c.id.in_(ready.among("ids")), lines.c.kind == PRACTICE)


@cache
def _made() -> sa.Select[Any]:
    return sa.select(outbox.c.id).where(outbox.c.id.in_(ready.among("ids")))


def _bodies_of(rows: Sequence[Row]) -> Iterator[str]:
    """Each row's body. What goes to many is one value, and is packed once."""
    known: dict[tuple[int, int], str] = {}
    for row in rows:
        which = id(row.say), id(row.announce)
        if which not in known:
            known[which] = packed(Body(say=row.say, announce=row.announce))
        yield known[which]


def _columns(row: Row, body: str, now: datetime) -> dict[str, object]:
    return {
        "id": row.id,
        "line_id": row.line,
        "member_id": row.member,
        "group_id": row.group,
        "channel": row.channel,
        "class": row.klass,
        "dedupe_key": row.dedupe_key,
        "kind": row.kind,
        "subject_id": row.subject,
        "body": body,
        "merge": row.say.merge,
        "not_before": row.not_before,
        "expires_at": row.expires_at,
        "created_at": now,
        "event_id": row.event,
    }


async def make_due(conn: AsyncConnection, first: Mapping[str, datetime]) -> None:
    """See that each line is looked at by then. In id order, so that two writers can't lock crosswise."""
    await ready.write(conn, _sooner(), [{"line": line, "at": at} for line, at in sorted(first.items())])
    if first:
        await bells.ring(conn)


@cache
def _sooner() -> sa.Update:
    at = sa.bindparam("at", type_=lines.c.due_at.type)
    later = sa.or_(lines.c.due_at.is_(None), lines.c.due_at > at)
    return sa.update(lines).where(lines.c.id == sa.bindparam("line"), later).values(due_at=at)


async def _expect(conn: AsyncConnection, rows: Sequence[Row], now: datetime) -> None:
    """Note that these members are to be reached; one who was reached already stays so."""
    expected = [
        {
            "kind": row.kind,
            "subject_id": row.subject,
            "member_id": row.member,
            "channel": row.channel,
            "state": "waiting",
            "at": now,
            "outbox_id": row.id,
        }
        for row in rows
        if row.kind in TRACKED and row.member and row.subject
    ]
    await ready.write(conn, _expecting(conn.dialect), expected)


@cache
def _expecting(dialect: sa.Dialect) -> sa.Insert:
    make = upsert_for(dialect, reached)
    new = {name: make.excluded[name] for name in ("channel", "state", "at", "outbox_id")}
    key = ["kind", "subject_id", "member_id"]
    # Not IN (...): its list is made for each statement, which many rows at once don't allow.
    again = sa.or_(reached.c.state == "failed", reached.c.state == "not reachable")
    return make.on_conflict_do_update(index_elements=key, set_=new, where=again)


def columns() -> tuple[sa.Label[Any] | sa.Column[Any], ...]:
    """The columns of a row without its words, named as in `checks.Waiting`."""
    o = outbox.c
    return (
        *(o.id, o.channel, o.kind, o.state, o.not_before, o.created_at, o.expires_at, o.outcome),
        *(o.sent_at, o.progress, o.tries, o.held, o["class"].label("klass"), o.line_id.label("line")),
        *(o.member_id.label("member"), o.subject_id.label("subject"), o.group_id.label("group")),
    )


async def release(conn: AsyncConnection, members: Collection[str], *, now: datetime) -> None:
    """These members have finished what they were doing: what was held back for that may go now."""
    if not members:
        return
    freed = await ready.read(conn, _held(), members=list(members), now=now)
    await ready.write(conn, _releasing(), [{"row": id_, "now": now} for id_, _ in freed])
    await make_due(conn, {line: now for _, line in freed})


@cache
def _held() -> sa.Select[Any]:
    o = outbox.c
    now = sa.bindparam("now", type_=o.not_before.type)
    theirs = sa.select(reaches.c.line_id).where(reaches.c.member_id.in_(ready.among("members")))
    waiting = (o.line_id.in_(theirs), o.state == "waiting", o.held, o.not_before > now)
    return sa.select(o.id, o.line_id).where(*waiting, o.member_id.in_(ready.among("members")))


@cache
def _releasing() -> sa.Update:
    now = sa.bindparam("now", type_=outbox.c.not_before.type)
    return sa.update(outbox).where(outbox.c.id == sa.bindparam("row")).values(not_before=now)
