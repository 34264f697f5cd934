"""What a batch of turns writes: events first, so that repeats drop out; then each table once."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.events import Event
from flows.state import Conversation
from storage import bells, locks, ready
from storage.database import upsert, upsert_for
from storage.files.leftovers import discard
from storage.given.rewriting import drop_media
from storage.lines.persons import everyone
from storage.sending import outbox
from storage.tables import (
    ballots,
    call_steps,
    calls,
    consents,
    contribution_media,
    contributions,
    conversations,
    events,
    given,
    lines,
    matters,
    media,
    members,
    open_questions,
    reaches,
)
from storage.turning import views
from storage.turning.states import Recent

HOLD = timedelta(minutes=10)  # how long after somebody's last word a notice still waits for them
HOLD_MORE_TIME = timedelta(hours=1)

# What refers to another table comes after it.
INSERTED = (media, members, reaches, consents, matters)
KEPT_AGAIN = ("text", "answers", "audience", "poll_id")

Deed = Callable[[AsyncConnection], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """An event as it is stored: `event` holds no address; `guard` knows a repeat; `line` is a row's id."""

    id: str
    event: Event
    guard: bytes
    line: str | None


@dataclass(slots=True)
class Ledger:
    """Everything that a batch's turns ask to be written, gathered table by table."""

    states: Recent = field(default_factory=Recent)
    rows: dict[sa.Table, list[dict[str, Any]]] = field(default_factory=dict)
    talks: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    gifts: dict[str, dict[str, Any]] = field(default_factory=dict)
    givers: dict[str, str] = field(default_factory=dict)  # by contribution
    files: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)  # by contribution and media
    calls: dict[str, dict[str, Any]] = field(default_factory=dict)
    steps: list[dict[str, Any]] = field(default_factory=list)
    ballots: dict[tuple[str, str], dict[str, Any] | None] = field(default_factory=dict)
    answered: list[dict[str, str]] = field(default_factory=list)  # polls that members voted in
    whose: dict[str, str | None] = field(default_factory=dict)  # the member, by event
    became: dict[tuple[str, bytes], tuple[str, str]] = field(default_factory=dict)  # gift, answer: by event
    secret: list[str] = field(default_factory=list)  # events to be emptied at once
    heard: dict[tuple[str, str], datetime] = field(default_factory=dict)  # by member and reach
    deeds: list[Deed] = field(default_factory=list)
    says: list[outbox.Row] = field(default_factory=list)
    gone: list[str | None] = field(default_factory=list)  # hashes of files whose rows were deleted
    groups: set[str] = field(default_factory=set)  # to be read anew
    finished: set[str] = field(default_factory=set)  # members who are not in the middle of something any more
    fetch: bool = False  # there is something to fetch
    alarm: bool = False  # there is somebody to alert

    def add(self, table: sa.Table, **row: Any) -> None:
        self.rows.setdefault(table, []).append(row)

    def change(self, statement: sa.Update | sa.Delete) -> None:
        """Something to be changed once all that is new is there."""

        async def write(conn: AsyncConnection) -> None:
            await conn.execute(statement)

        self.deeds.append(write)

    def talk(
        self,
        owner: str,
        conversation: Conversation,
        *,
        before: Conversation,
        member: str | None,
        line: str | None,
        more_time: bool,
        now: datetime,
    ) -> None:
        """Save where somebody is, and until when notices are not to interrupt."""
        busy = now + (HOLD_MORE_TIME if more_time else HOLD) if conversation.busy else None
        self.talks[owner] = {
            "owner": owner,
            "member_id": member,
            "line_id": line,
            "state": self.states.packed(conversation),
            "busy_until": busy,
            "updated_at": now,
        }
        if member and before.busy and not conversation.busy:
            self.finished.add(member)

    async def write(self, conn: AsyncConnection, now: datetime) -> None:
        for table in INSERTED:
            await ready.write(conn, _inserting(table), self.rows.get(table, ()))
        await self._gifts(conn, now)
        await self._calls(conn)
        await self._talks(conn)
        await self._ballots(conn)
        await self._events(conn)
        await _touch(conn, self.heard)
        for deed in self.deeds:
            await deed(conn)
        await outbox.add(conn, self.says, now=now)
        await outbox.release(conn, self.finished, now=now)
        if self.fetch:
            await bells.ring(conn)
        await views.changed(conn, self.groups)
        await discard(conn, self.gone)

    async def _gifts(self, conn: AsyncConnection, now: datetime) -> None:
        """A contribution that was kept when a call broke off is kept again, whole, when it is finished."""
        if not self.gifts:
            return
        await _put(conn, contributions, list(self.gifts.values()), ("id",), KEPT_AGAIN)
        mine = [{"contribution_id": gift, "member_id": member} for gift, member in self.givers.items()]
        await _put(conn, given, mine)
        await _put(conn, contribution_media, list(self.files.values()))
        await self._let_go(conn, now)

    async def _let_go(self, conn: AsyncConnection, now: datetime) -> None:
        """Files that a contribution had and has no more: their giver replaced them or took them back."""
        had = await ready.read(conn, _files(), gifts=list(self.gifts))
        old = [(gift, file) for gift, file in had if (gift, file) not in self.files]
        if old:
            cm = contribution_media.c
            pair = sa.tuple_(cm.contribution_id, cm.media_id)
            await conn.execute(sa.delete(contribution_media).where(pair.in_(old)))
            self.gone += await drop_media(conn, [file for _, file in old], now)

    async def _calls(self, conn: AsyncConnection) -> None:
        await _put(conn, calls, list(self.calls.values()), ("id",), ("line_id", "member_id", "ended_at"))
        await _put(conn, call_steps, self.steps, ("call_id", "step"), ("answer", "at"))

    async def _talks(self, conn: AsyncConnection) -> None:
        saved = [row for row in self.talks.values() if row]
        gone = [owner for owner, row in self.talks.items() if row is None]
        await _put(conn, conversations, saved, ("owner",), ("state", "line_id", "busy_until", "updated_at"))
        if gone:
            await conn.execute(sa.delete(conversations).where(conversations.c.owner.in_(gone)))

    async def _ballots(self, conn: AsyncConnection) -> None:
        await locks.still_open(conn, {poll for poll, _ in self.ballots})
        cast = [row for row in self.ballots.values() if row]
        back = [key for key, row in self.ballots.items() if row is None]
        await _put(conn, ballots, cast, ("poll_id", "member_id"), ("choices", "channel", "at"))
        await ready.write(conn, _answering(), self.answered)
        for poll, member in back:
            await conn.execute(
                sa.delete(ballots).where(ballots.c.poll_id == poll, ballots.c.member_id.in_(everyone(member)))
            )

    async def _events(self, conn: AsyncConnection) -> None:
        """Note whose they were and what they became; a secret ballot leaves no words behind."""
        whose = [{"row": row, "member": member} for row, member in self.whose.items() if member]
        await ready.write(conn, _owning(), whose)
        became = [
            {"by": channel, "known": guard, "gift": gift, "named": answer}
            for (channel, guard), (gift, answer) in self.became.items()
        ]
        await ready.write(conn, _becoming(), became)
        if self.secret:
            await conn.execute(sa.update(events).where(events.c.id.in_(self.secret)).values(body=None))


async def add_lines(conn: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Note addresses that were never heard of before; another process may have been first."""
    if rows:
        await conn.execute(upsert(conn, lines).on_conflict_do_nothing(), list(rows))


async def name_line(conn: AsyncConnection, line: str, address: bytes) -> None:
    """Somebody is there again: from now on they can be answered."""
    await conn.execute(sa.update(lines).where(lines.c.id == line).values(address=address))


async def admit(conn: AsyncConnection, arrived: Sequence[Arrived]) -> set[str]:
    """Store the events; the ids of those that had not come before."""
    rows = [
        {
            "id": one.id,
            "channel": one.event.channel,
            "guard": one.guard,
            "line_id": one.line,
            "kind": one.event.kind,
            "body": packed_event(one.event),
            "at": one.event.at,
        }
        for one in sorted(arrived, key=lambda one: (one.event.channel, one.guard))
    ]
    ids = [one.id for one in arrived]
    if await _put(conn, events, rows) == len(rows):
        return set(ids)
    return {id_ for (id_,) in await ready.read(conn, _known_events(), ids=ids)}


async def stored(conn: AsyncConnection, channel: str, guard: bytes) -> str | None:
    """The id of an event that came before."""
    e = events.c
    return await conn.scalar(sa.select(e.id).where(e.channel == channel, e.guard == guard))


async def kept_answers(conn: AsyncConnection, guards: Iterable[bytes]) -> dict[bytes, tuple[str, str]]:
    """For earlier messages that are edited now: the contribution and the answer that they became."""
    wanted = set(guards)
    if not wanted:
        return {}
    e = events.c
    rows = await conn.execute(
        sa.select(e.guard, e.contribution_id, e.answer)
        .join(contributions, contributions.c.id == e.contribution_id)
        .where(e.guard.in_(wanted), e.answer.is_not(None), contributions.c.taken_back_at.is_(None))
    )
    return {guard: (gift, answer) for guard, gift, answer in rows}


async def stored_step(conn: AsyncConnection, call: str, step: int) -> str:
    """The answer that a step of a call got already; "" for none."""
    c = call_steps.c
    return await conn.scalar(sa.select(c.answer).where(c.call_id == call, c.step == step)) or ""


@cache
def _events() -> TypeAdapter[Event]:
    return TypeAdapter(Event)


def packed_event(event: Event) -> str:
    """An event as it is stored."""
    return _events().dump_json(event, exclude_defaults=True).decode()


def unpacked_event(stored: str) -> Event:
    """A stored event: it has no address, and is called by its mark."""
    return _events().validate_json(stored)


async def _put(
    conn: AsyncConnection,
    table: sa.Table,
    rows: Sequence[Mapping[str, Any]],
    key: tuple[str, ...] = (),
    new: tuple[str, ...] = (),
) -> int | None:
    """Insert rows; where one with this key is there already, change what may be new. See `ready.write`."""
    return await ready.write(conn, _putting(conn.dialect, table, key, new), rows)


@cache
def _putting(dialect: sa.Dialect, table: sa.Table, key: tuple[str, ...], new: tuple[str, ...]) -> sa.Insert:
    make = upsert_for(dialect, table)
    if not new:
        return make.on_conflict_do_nothing()
    changes = {name: make.excluded[name] for name in new}
    return make.on_conflict_do_update(index_elements=list(key), set_=changes)


@cache
def _inserting(table: sa.Table) -> sa.Insert:
    return sa.insert(table)


@cache
def _known_events() -> sa.Select[Any]:
    return sa.select(events.c.id).where(events.c.id.in_(ready.among("ids")))


@cache
def _files() -> sa.Select[Any]:
    cm = contribution_media.c
    theirs = cm.contribution_id.in_(ready.among("gifts"))
    return sa.select(cm.contribution_id, cm.media_id).where(theirs)


@cache
def _answering() -> sa.Update:
    o = open_questions.c
    asked = (o.member_id == sa.bindparam("member"), o.poll_id == sa.bindparam("poll"))
    return sa.update(open_questions).where(*asked).values(state="answered")


@cache
def _owning() -> sa.Update:
    mine = sa.update(events).where(events.c.id == sa.bindparam("row"))
    return mine.values(member_id=sa.bindparam("member"))


@cache
def _becoming() -> sa.Update:
    e = events.c
    one = sa.update(events).where(e.channel == sa.bindparam("by"), e.guard == sa.bindparam("known"))
    return one.values(contribution_id=sa.bindparam("gift"), answer=sa.bindparam("named"))


@cache
def _hearing(table: sa.Table) -> sa.Update:
    at = sa.bindparam("at_", type_=table.c.heard_at.type)
    heard = sa.update(table).where(table.c.id == sa.bindparam("row")).values(heard_at=at)
    return heard.values(failing_since=None) if table is reaches else heard


async def _touch(conn: AsyncConnection, heard: Mapping[tuple[str, str], datetime]) -> None:
    """Note when members were last heard, and where: a line that brings something does not fail."""
    ways = [{"row": reach, "at_": when} for (_, reach), when in sorted(heard.items())]
    await ready.write(conn, _hearing(reaches), ways)
    who = [{"row": member, "at_": when} for (member, _), when in sorted(heard.items())]
    await ready.write(conn, _hearing(members), who)
