"""What would go if a hold ended now; then what is out of date is dropped, and the rest let go."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database
from storage.keeping.holding import Doubt, in_doubt, let_go
from storage.sending.checks import TOO_LATE, Verdict, Waiting, may_send
from storage.sending.claims import end
from storage.sending.facts import facts_for
from storage.sending.heads import UNSENT
from storage.sending.outbox import columns
from storage.tables import groups, outbox, sendings

SLICE = 500
MAYBE_GONE = "It may have gone already, before the data was restored."

Fate = Literal["goes", "may have gone", "out of date"]


@dataclass(slots=True, kw_only=True)
class Pile:
    """Messages of one kind that go one way, and what would become of them."""

    kind: str
    klass: str
    channel: str
    fate: Fate
    messages: int = 0
    people: set[str] = field(default_factory=set)
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Something for a whole group that is due, and is not written to its members yet."""

    id: str
    group: str
    kind: str
    due_at: datetime
    fate: Fate


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    piles: tuple[Pile, ...]
    due: tuple[Due, ...]
    doubt: Doubt | None

    def messages(self, fate: Fate) -> int:
        """How many messages would have this fate."""
        return sum(pile.messages for pile in self.piles if pile.fate == fate)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """By what messages are judged. `carrier_stops`: see `storage.sending.checks.Facts`."""

    now: datetime
    carrier_stops: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    row: Waiting
    fate: Fate
    verdict: Verdict


async def plan(conn: AsyncConnection, terms: Terms) -> Plan:
    """What would go, as it is now."""
    doubt = await in_doubt(conn)
    piles: dict[tuple[str, ...], Pile] = {}
    async for one in _judged(conn, terms, doubt):
        row = one.row
        name = (row.klass, row.kind, row.channel, one.fate)
        new = Pile(kind=row.kind, klass=row.klass, channel=row.channel, fate=one.fate)
        pile = piles.setdefault(name, new)
        pile.messages += 1
        pile.people.add(row.member or row.line)
        pile.oldest = min(pile.oldest or row.created_at, row.created_at)
    due = tuple(await _due(conn, terms.now, doubt))
    return Plan(piles=tuple(piles[name] for name in sorted(piles)), due=due, doubt=doubt)


async def resume(db: Database, terms: Terms, *, drop_doubtful: bool) -> int:
    """Drop what is out of date, and what may have gone if so wished, then end the hold; how many dropped."""
    unwelcome = ("out of date", "may have gone") if drop_doubtful else ("out of date",)
    async with db.read() as conn:
        doubt = await in_doubt(conn)
        unwanted = [one async for one in _judged(conn, terms, doubt) if one.fate in unwelcome]
        gone = [one.id for one in await _due(conn, terms.now, doubt) if one.fate == "may have gone"]
    for start in range(0, len(unwanted), SLICE):
        async with db.write() as conn:
            for one in unwanted[start : start + SLICE]:
                await end(conn, one.row, one.verdict, terms.now)
    async with db.write() as conn:
        if drop_doubtful:
            off = sa.update(sendings).where(sendings.c.id.in_(gone), sendings.c.state == "waiting")
            await conn.execute(off.values(state="cancelled", done_at=terms.now))
        await let_go(conn)
    return len(unwanted)


async def _judged(conn: AsyncConnection, terms: Terms, doubt: Doubt | None) -> AsyncIterator[_Judged]:
    """Everything that waits, with what its lane would do with it now."""
    doubtful = await _doubtful(conn, doubt)
    o = outbox.c
    for lane in (await conn.scalars(sa.select(o.lane).where(o.state.in_(UNSENT)).distinct())).all():
        wanted = sa.select(*columns()).where(o.state.in_(UNSENT), o.lane == lane).order_by(o.id).limit(SLICE)
        last = ""
        while rows := [Waiting(**row) for row in (await conn.execute(wanted.where(o.id > last))).mappings()]:
            keys = await _sendings_of(conn, rows)
            found = await facts_for(
                conn, lane, rows, terms.now, carrier_stops=terms.carrier_stops, paused_at=None
            )
            for row in rows:
                verdict = may_send(row, found.facts[row.id], terms.now)
                yield _judge(row, verdict, doubt, keys[row.id] in doubtful)
            last = rows[-1].id


def _judge(row: Waiting, verdict: Verdict, doubt: Doubt | None, doubtful: bool) -> _Judged:
    """An answer that comes too late is dropped here: nobody waits for it any more."""
    if verdict.does in ("drop", "dead"):
        why = verdict.why if verdict.does == "drop" else TOO_LATE
        late = Verdict(does="drop", why=why, reached=verdict.reached)
        return _Judged(row=row, fate="out of date", verdict=late)
    was_due = doubt is not None and row.created_at <= doubt.since and row.not_before <= doubt.until
    if was_due or doubtful:
        return _Judged(row=row, fate="may have gone", verdict=Verdict(does="drop", why=MAYBE_GONE))
    return _Judged(row=row, fate="goes", verdict=verdict)


async def _sendings_of(conn: AsyncConnection, rows: list[Waiting]) -> dict[str, str]:
    """By message, what it is one of many of, if it is: the beginning of its key, which names its sending."""
    o = outbox.c
    found = await conn.execute(sa.select(o.id, o.dedupe_key).where(o.id.in_([row.id for row in rows])))
    return {id_: key.rpartition(":")[0] for id_, key in found}


async def _doubtful(conn: AsyncConnection, doubt: Doubt | None) -> set[str]:
    """The beginnings of the keys of what became due in the time that is in doubt."""
    if doubt is None:
        return set()
    s = sendings.c
    then = sa.select(s.kind, s.subject_id, s.before).where(s.due_at > doubt.since, s.due_at <= doubt.until)
    return {":".join(row) for row in await conn.execute(then)}


async def _due(conn: AsyncConnection, now: datetime, doubt: Doubt | None) -> list[Due]:
    s = sendings.c
    found = await conn.execute(
        sa.select(s.id, groups.c.code, s.kind, s.due_at, s.expires_at)
        .join(groups, groups.c.id == s.group_id)
        .where(s.state == "waiting", s.due_at <= now)
        .order_by(s.due_at, s.id)
    )
    return [
        Due(id=row.id, group=row.code, kind=row.kind, due_at=row.due_at, fate=_fate(row, now, doubt))
        for row in found
    ]


def _fate(sending: sa.Row[*tuple[object, ...]], now: datetime, doubt: Doubt | None) -> Fate:
    if sending.expires_at and sending.expires_at <= now:
        return "out of date"
    return "may have gone" if doubt and doubt.since < sending.due_at <= doubt.until else "goes"
