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
from storage import outbox, views
from storage.database import upsert
from storage.rewriting import drop_media
from storage.states import packed
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
    problems,
    reaches,
)

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

    rows: dict[sa.Table, list[dict[str, Any]]] = field(default_factory=dict)
    talks: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    gifts: dict[str, dict[str, Any]] = field(default_factory=dict)
    givers: dict[str, str] = field(default_factory=dict)  # by contribution
    files: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)  # by contribution and media
    calls: dict[str, dict[str, Any]] = field(default_factory=dict)
    steps: list[dict[str, Any]] = field(default_factory=list)
    ballots: dict[tuple[str, str], dict[str, Any] | None] = field(default_factory=dict)
    whose: dict[str, str | None] = field(default_factory=dict)  # the member, by event
    became: dict[tuple[str, bytes], tuple[str, str]] = field(default_factory=dict)  # gift, answer: by event
    secret: list[str] = field(default_factory=list)  # events to be emptied at once
    heard: dict[tuple[str, str], datetime] = field(default_factory=dict)  # by member and reach
    deeds: list[Deed] = field(default_factory=list)
    says: list[outbox.Row] = field(default_factory=list)
    gone: list[str | None] = field(default_factory=list)  # hashes of files whose rows were deleted
    groups: set[str] = field(default_factory=set)  # to be read anew
    fetch: bool = False  # there is something to fetch

    def add(self, table: sa.Table, **row: Any) -> None:
        self.rows.setdefault(table, []).append(row)

    def talk(
        self,
        owner: str,
        conversation: Conversation,
        *,
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
            "state": packed(conversation),
            "busy_until": busy,
            "updated_at": now,
        }

    async def write(self, conn: AsyncConnection, now: datetime) -> None:
        for table in INSERTED:
            if rows := self.rows.get(table):
                await conn.execute(sa.insert(table), rows)
        await self._gifts(conn)
        await self._calls(conn)
        await self._talks(conn)
        await self._ballots(conn)
        await self._events(conn)
        await _touch(conn, self.heard)
        for deed in self.deeds:
            await deed(conn)
        await outbox.add(conn, self.says, now=now)
        await outbox.release(conn, self._finished(), now=now)
        await views.changed(conn, self.groups)

    def _finished(self) -> list[str]:
        """Members who are not, or no longer, in the middle of something."""
        return [
            row["member_id"]
            for row in self.talks.values()
            if row and row["member_id"] and not row["busy_until"]
        ]

    async def _gifts(self, conn: AsyncConnection) -> None:
        """A contribution that was kept when a call broke off is kept again, whole, when it is finished."""
        if not self.gifts:
            return
        await _put(
            conn,
            contributions,
            list(self.gifts.values()),
            ("id",),
            KEPT_AGAIN,
        )
        mine = [{"contribution_id": gift, "member_id": member} for gift, member in self.givers.items()]
        for table, rows in ((given, mine), (contribution_media, list(self.files.values()))):
            if rows:
                await conn.execute(upsert(conn, table).on_conflict_do_nothing(), rows)
        await self._let_go(conn)

    async def _let_go(self, conn: AsyncConnection) -> None:
        """Files that a contribution had and has no more: their giver replaced them or took them back."""
        cm = contribution_media.c
        had = await conn.execute(
            sa.select(cm.contribution_id, cm.media_id).where(cm.contribution_id.in_(list(self.gifts)))
        )
        old = [(gift, file) for gift, file in had if (gift, file) not in self.files]
        if old:
            pair = sa.tuple_(cm.contribution_id, cm.media_id)
            await conn.execute(sa.delete(contribution_media).where(pair.in_(old)))
            self.gone += await drop_media(conn, [file for _, file in old])

    async def _calls(self, conn: AsyncConnection) -> None:
        if self.calls:
            await _put(conn, calls, list(self.calls.values()), ("id",), ("line_id", "member_id", "ended_at"))
        if self.steps:
            await _put(conn, call_steps, self.steps, ("call_id", "step"), ("answer", "at"))

    async def _talks(self, conn: AsyncConnection) -> None:
        saved = [row for row in self.talks.values() if row]
        gone = [owner for owner, row in self.talks.items() if row is None]
        if saved:
            await _put(
                conn, conversations, saved, ("owner",), ("state", "line_id", "busy_until", "updated_at")
            )
        if gone:
            await conn.execute(sa.delete(conversations).where(conversations.c.owner.in_(gone)))

    async def _ballots(self, conn: AsyncConnection) -> None:
        cast = [row for row in self.ballots.values() if row]
        back = [key for key, row in self.ballots.items() if row is None]
        if cast:
            await _put(conn, ballots, cast, ("poll_id", "member_id"), ("choices", "channel", "at"))
        for poll, member in back:
            await conn.execute(
                sa.delete(ballots).where(ballots.c.poll_id == poll, ballots.c.member_id == member)
            )

    async def _events(self, conn: AsyncConnection) -> None:
        """Note whose they were and what they became; a secret ballot leaves no words behind."""
        e = events.c
        whose = [{"row": row, "member": member} for row, member in self.whose.items() if member]
        if whose:
            mine = (
                sa.update(events).where(e.id == sa.bindparam("row")).values(member_id=sa.bindparam("member"))
            )
            await conn.execute(mine, whose)
        if self.became:
            one = e.channel == sa.bindparam("by"), e.guard == sa.bindparam("known")
            now_are: dict[str, Any] = {
                "contribution_id": sa.bindparam("gift"),
                "answer": sa.bindparam("named"),
            }
            await conn.execute(
                sa.update(events).where(*one).values(now_are),
                [
                    {"by": channel, "known": guard, "gift": gift, "named": answer}
                    for (channel, guard), (gift, answer) in self.became.items()
                ],
            )
        if self.secret:
            await conn.execute(sa.update(events).where(e.id.in_(self.secret)).values(body=None))


async def add_lines(conn: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Note addresses that were never heard of before; another process may have been first."""
    if rows:
        await conn.execute(upsert(conn, lines).on_conflict_do_nothing(), list(rows))


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
        for one in arrived
    ]
    await conn.execute(upsert(conn, events).on_conflict_do_nothing(), rows)
    made = await conn.scalars(sa.select(events.c.id).where(events.c.id.in_([one.id for one in arrived])))
    return set(made)


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


async def add_problem(conn: AsyncConnection, *, id: str, event: str, error: str, now: datetime) -> None:
    """Keep an event whose turn failed for the operator. `error` says type and place, never words."""
    await conn.execute(sa.insert(problems).values(id=id, event_id=event, error=error, at=now))


@cache
def _events() -> TypeAdapter[Event]:
    return TypeAdapter(Event)


def packed_event(event: Event) -> str:
    return _events().dump_json(event, exclude_defaults=True).decode()


async def _put(
    conn: AsyncConnection, table: sa.Table, rows: list[dict[str, Any]], key: Sequence[str], new: Sequence[str]
) -> None:
    make = upsert(conn, table)
    changes = {name: make.excluded[name] for name in new}
    await conn.execute(make.on_conflict_do_update(index_elements=list(key), set_=changes), rows)


async def _touch(conn: AsyncConnection, heard: Mapping[tuple[str, str], datetime]) -> None:
    """Note when members were last heard, and where: a line that brings something does not fail."""
    if not heard:
        return
    at = sa.bindparam("at_", type_=reaches.c.heard_at.type)
    own = (
        sa.update(reaches).where(reaches.c.id == sa.bindparam("row")).values(heard_at=at, failing_since=None)
    )
    await conn.execute(own, [{"row": reach, "at_": when} for (_, reach), when in sorted(heard.items())])
    who = sa.update(members).where(members.c.id == sa.bindparam("row")).values(heard_at=at)
    await conn.execute(who, [{"row": member, "at_": when} for (member, _), when in sorted(heard.items())])
