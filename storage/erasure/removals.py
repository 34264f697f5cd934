"""What a provider still holds of us and is to remove: rows that survive a kill, each tried until it is gone.

A file goes once it is stored here; messages and calls go when their member is erased. A `line` row asks
for whatever else the provider lists for that line, and has it forgotten once the last answer has gone.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import upsert
from storage.secrets import Secrets
from storage.tables import calls, events, lines, media, outbox, removals

LEASE = timedelta(minutes=5)  # longer than any removal may take
SETTLES = timedelta(minutes=20)  # until then an answer to who was erased may still go, and be listed
LISTED = ("sms", "voice")  # the channels whose provider keeps what was sent, and removes it when asked
OFTEN = 5  # tries after which the operator is told

_R = removals.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """One thing to remove, ours to try now. `what`: a file's address, an id at the provider, or a number."""

    id: str
    kind: str
    what: str
    line: str
    tries: int
    at: datetime

    @property
    def until(self) -> datetime:
        """What the line had until then is to go."""
        return self.at + SETTLES


@dataclass(frozen=True, slots=True, kw_only=True)
class Stuck:
    """What could not be removed yet, for the operator."""

    id: str
    kind: str
    tries: int
    sentence: str
    at: datetime


async def of_files(conn: AsyncConnection, ids: Sequence[str], now: datetime) -> None:
    """These files are not needed at their provider any more: they are stored here, or not wanted."""
    m = media.c
    found = sa.select(*_new("file", m.id, now), m.ref, sa.null(), sa.null())
    await _add(conn, found.where(m.id.in_(ids), m.ref.is_not(None), m.channel.in_(LISTED)))


async def of_messages(conn: AsyncConnection, which: sa.ColumnElement[bool], now: datetime) -> None:
    """These messages of ours are to go from their provider too."""
    o = outbox.c
    found = sa.select(*_new("message", o.id, now), sa.null(), o.provider_id, sa.null())
    await _add(conn, found.where(which, o.lane == "sms", o.provider_id.is_not(None)))


async def of_calls(conn: AsyncConnection, which: sa.ColumnElement[bool], now: datetime) -> None:
    """The same of calls, with what was recorded in them. Those of practice phones were none."""
    practice = sa.exists().where(lines.c.id == calls.c.line_id, lines.c.kind == "practice")
    found = sa.select(*_new("call", calls.c.id, now), sa.null(), calls.c.id, sa.null())
    await _add(conn, found.where(which, ~practice))


async def of_lines(conn: AsyncConnection, ids: Sequence[str], now: datetime) -> None:
    """These lines are left behind: what was said on them is to be forgotten, here and at the provider."""
    n = lines.c
    found = sa.select(*_new("line", n.id, now), sa.case((n.kind == "phone", n.address)), sa.null(), n.id)
    await _add(conn, found.where(n.id.in_(ids)))


async def due(conn: AsyncConnection, now: datetime, kinds: Collection[str]) -> bool:
    """Whether there is anything of these kinds to remove now."""
    return await conn.scalar(sa.select(_R.id).where(_due(now, kinds)).limit(1)) is not None


async def claim(
    conn: AsyncConnection, secrets: Secrets, kinds: Collection[str], *, now: datetime, most: int
) -> list[Removal]:
    """Take what is due of these kinds, so that no other process tries it meanwhile."""
    first = sa.select(_R.id).where(_due(now, kinds)).order_by(_R.due_at, _R.id).limit(most)
    ids = (await conn.scalars(first.with_for_update(skip_locked=True))).all()
    await conn.execute(removals.update().where(_R.id.in_(ids)).values(leased_until=now + LEASE))
    rows = await conn.execute(sa.select(removals).where(_R.id.in_(ids)).order_by(_R.due_at, _R.id))
    return [
        Removal(
            id=row.id,
            kind=row.kind,
            what=secrets.open(row.ref) if row.ref else row.sid or "",
            line=row.line_id or "",
            tries=row.tries,
            at=row.at,
        )
        for row in rows
    ]


async def done(conn: AsyncConnection, id: str) -> None:
    """It is gone."""
    await conn.execute(removals.delete().where(_R.id == id))


async def again(conn: AsyncConnection, id: str, *, due_at: datetime, tries: int, sentence: str = "") -> None:
    """It is to be looked at again then; `sentence` says what was in the way, if anything was."""
    values = {"due_at": due_at, "tries": tries, "sentence": sentence, "leased_until": None}
    await conn.execute(removals.update().where(_R.id == id).values(**values))


async def stuck(conn: AsyncConnection) -> list[Stuck]:
    """What could not be removed in several tries; it is tried on."""
    found = sa.select(_R.id, _R.kind, _R.tries, _R.sentence, _R.at).where(_R.tries >= OFTEN)
    return [Stuck(**row) for row in (await conn.execute(found.order_by(_R.at, _R.id))).mappings()]


async def waiting(conn: AsyncConnection) -> int:
    """How much providers are still to remove."""
    theirs = sa.select(sa.func.count()).where(sa.or_(_R.ref.is_not(None), _R.sid.is_not(None)))
    return await conn.scalar(theirs.select_from(removals)) or 0


async def left_lines(conn: AsyncConnection) -> Sequence[str]:
    """The lines that wait to be forgotten."""
    return (await conn.scalars(sa.select(_R.line_id).where(_R.kind == "line"))).all()


async def of_others(conn: AsyncConnection, sids: Sequence[str], guards: Sequence[bytes]) -> set[str | bytes]:
    """Which of these messages, calls and events belong to somebody who is here: those are to stay."""
    o, c, e = outbox.c, calls.c, events.c
    here: set[str | bytes] = set()
    for wanted in (
        sa.select(o.provider_id).where(o.provider_id.in_(sids), o.member_id.is_not(None)),
        sa.select(c.id).where(c.id.in_(sids), c.member_id.is_not(None)),
        sa.select(e.guard).where(e.channel == "sms", e.guard.in_(guards), e.member_id.is_not(None)),
    ):
        here.update(await conn.scalars(wanted))
    return here


def _due(now: datetime, kinds: Collection[str]) -> sa.ColumnElement[bool]:
    free = sa.or_(_R.leased_until.is_(None), _R.leased_until <= now)
    return sa.and_(_R.due_at <= now, free, _R.kind.in_(kinds))


def _new(kind: str, id: sa.Column[str], now: datetime) -> tuple[sa.Label[Any], ...]:
    at = sa.literal(now, _R.at.type)
    return (
        (sa.literal(f"{kind}:") + id).label("id"),
        sa.literal(kind).label("kind"),
        sa.literal(0).label("tries"),
        sa.literal("").label("sentence"),
        at.label("at"),
        at.label("due_at"),
    )


async def _add(conn: AsyncConnection, found: sa.Select[*tuple[Any, ...]]) -> None:
    names = ["id", "kind", "tries", "sentence", "at", "due_at", "ref", "sid", "line_id"]
    await conn.execute(upsert(conn, removals).from_select(names, found).on_conflict_do_nothing())
