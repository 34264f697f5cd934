"""Things that go to many: claimed when due, then turned into outbox rows slice by slice.

Each slice is its own short transaction with its cursor, and each row has a unique key: whatever dies,
every member gets a thing once.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import upsert
from storage.lines.persons import NO_MEMBER, any_of, everyone, person
from storage.lines.reaching import ways_to
from storage.sending import outbox as box
from storage.sending.checks import UNCLEAR
from storage.sending.heads import UNSENT
from storage.tables import ballots, briefs, members, outbox, reached, sendings

LEASE = timedelta(seconds=60)
SLICE = 200  # members: a turn that waits for one slice to be written waits some hundredths of a second
TOLD = ("sent", "delivered", "acknowledged")  # they know when the meeting is
UNREACHED = ("failed", "not reachable")
# What `before` begins with of what goes once more: a brief to whom it has not reached, as usual or by phone,
# a vote to who has not voted.
AGAIN, RING = "again", "ring"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    id: str
    group: str
    kind: str
    subject: str
    before: str
    due_at: datetime
    expires_at: datetime | None
    cursor: str

    @property
    def rings(self) -> bool:
        """Whether it goes by phone alone."""
        return self.before.startswith(RING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One member, and the way chosen for them; `line` is "" where there is none."""

    member: str
    language: str
    form: str
    line: str = ""
    channel: str = ""
    again: bool = False  # an earlier sending of the same thing reached them


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    people: tuple[Recipient, ...]
    cursor: str
    last: bool


async def any_due(conn: AsyncConnection, now: datetime) -> bool:
    """Whether a claim would find anything; needs no lock."""
    return await conn.scalar(_due(now).limit(1)) is not None


def _due(now: datetime) -> sa.Select[tuple[str]]:
    s = sendings.c
    free = sa.or_(s.leased_until.is_(None), s.leased_until <= now)
    return sa.select(s.id).where(s.state == "waiting", s.due_at <= now, free)


async def claim(conn: AsyncConnection, *, holder: str, now: datetime) -> Sending | None:
    """The sending that has been due longest, ours for a minute; None where nothing is due."""
    s = sendings.c
    first = _due(now).order_by(s.due_at, s.id).limit(1).with_for_update(skip_locked=True)
    found = await conn.execute(
        sa.update(sendings)
        .where(s.id == first.scalar_subquery())
        .values(leased_by=holder, leased_until=now + LEASE)
        .returning(s.id, s.group_id, s.kind, s.subject_id, s.before, s.due_at, s.expires_at, s.cursor)
    )
    row = found.one_or_none()
    if row is None:
        return None
    return Sending(
        id=row.id,
        group=row.group_id,
        kind=row.kind,
        subject=row.subject_id,
        before=row.before,
        due_at=row.due_at,
        expires_at=row.expires_at,
        cursor=row.cursor,
    )


async def release(conn: AsyncConnection, sending: Sending, *, holder: str, until: datetime) -> None:
    """Give a sending back that failed, for somebody to try again then."""
    s = sendings.c
    await conn.execute(
        sa.update(sendings).where(s.id == sending.id, s.leased_by == holder).values(leased_until=until)
    )


async def finish(conn: AsyncConnection, sending: Sending, *, holder: str, state: str, now: datetime) -> None:
    """Nothing of it is left to send: it is done, or was cancelled or out of date."""
    s = sendings.c
    await conn.execute(
        sa.update(sendings)
        .where(s.id == sending.id, s.leased_by == holder, s.state == "waiting")
        .values(state=state, done_at=now, leased_by=None, leased_until=None)
    )


async def next_slice(
    conn: AsyncConnection,
    sending: Sending,
    *,
    channels: Collection[str],
    staff: bool,
    now: datetime,
    most: int = SLICE,
) -> Slice:
    """The members after the cursor whom it is for, each with their way. `channels` are those that are on."""
    m = members.c
    found = await conn.execute(
        sa.select(
            m.id, m.language, m.form, m.state, m.paused_until, m.never_first, m.never_ring, m.permission
        )
        .where(m.group_id == sending.group, m.id > sending.cursor, m.state.not_in(NO_MEMBER))
        .where(*_wanted(sending, staff=staff))
        .order_by(m.id)
        .limit(most)
    )
    rows = found.all()
    ways = await ways_to(conn, [row.id for row in rows], channels, sending.kind)
    if sending.rings:
        ways = {id_: [way for way in theirs if way.channel == "voice"] for id_, theirs in ways.items()}
    again = await _reached_before(conn, sending, [row.id for row in rows])
    people = [_recipient(row, ways.get(row.id, []), row.id in again, now) for row in rows]
    # Somebody who runs the group and has never used it is not one whom we failed to reach.
    kept = tuple(
        one for one, row in zip(people, rows, strict=True) if row.permission == "member" or row.id in ways
    )
    return Slice(people=kept, cursor=rows[-1].id if rows else sending.cursor, last=len(rows) < most)


async def store_slice(
    conn: AsyncConnection,
    sending: Sending,
    part: Slice,
    rows: Sequence[box.Row],
    *,
    holder: str,
    now: datetime,
) -> bool:
    """Put a slice's messages in the outbox; False where the sending is no longer ours or was called off."""
    s = sendings.c
    ours = await conn.execute(
        sa.update(sendings)
        .where(s.id == sending.id, s.leased_by == holder, s.state == "waiting", s.cursor == sending.cursor)
        .values(cursor=part.cursor, leased_until=now + LEASE)
    )
    if ours.rowcount == 0:
        return False
    if rows:
        await box.add(conn, rows, now=now)
    nobody = [one.member for one in part.people if not one.line]
    if nobody and sending.kind in box.TRACKED:
        note = upsert(conn, reached).on_conflict_do_nothing()
        mark = {"kind": sending.kind, "subject_id": sending.subject, "state": "not reachable", "at": now}
        await conn.execute(note, [{"member_id": member, **mark} for member in nobody])
    return True


async def drop_waiting(conn: AsyncConnection, kind: str, subjects: Collection[str], now: datetime) -> None:
    """Call off what has not gone out yet: the sendings, and what they have put in the outbox."""
    s = sendings.c
    await conn.execute(
        sa.update(sendings)
        .where(s.kind == kind, s.subject_id.in_(subjects), s.state.in_(("waiting", "skipped")))
        .values(state="cancelled", done_at=now)
    )
    await _take_back(conn, kind, subjects)


async def reopen(conn: AsyncConnection, brief_ids: Sequence[str]) -> None:
    """Take briefs back that are in the outbox and not sent, so that they are written anew."""
    s = sendings.c
    for subject, before in await _take_back(conn, "brief", brief_ids):
        await conn.execute(
            sa.update(sendings)
            .where(
                s.kind == "brief",
                s.subject_id == subject,
                s.before == before,
                s.state.in_(("waiting", "done")),
            )
            .values(state="waiting", cursor="", leased_by=None, leased_until=None, done_at=None)
        )


async def _take_back(conn: AsyncConnection, kind: str, subjects: Collection[str]) -> set[tuple[str, str]]:
    """Delete what waits in the outbox and cannot have arrived; the (subject, before) it was of."""
    o = outbox.c
    unsent = sa.select(o.id, o.dedupe_key).where(
        o.kind == kind, o.subject_id.in_(subjects), *_surely_unsent()
    )
    gone = (await conn.execute(unsent.with_for_update())).all()
    for start in range(0, len(gone), SLICE):
        ids = [id_ for id_, _ in gone[start : start + SLICE]]
        await conn.execute(
            sa.delete(reached).where(reached.c.outbox_id.in_(ids), reached.c.state == "waiting")
        )
        await conn.execute(sa.delete(outbox).where(o.id.in_(ids)))
    found = {(subject, before) for _, key in gone for _, subject, before, _ in [key.split(":")]}
    return found


def _surely_unsent() -> tuple[sa.ColumnElement[bool], ...]:
    o = outbox.c
    return (
        o.state == "waiting",
        o.progress == 0,
        sa.or_(o.outcome.is_(None), o.outcome.not_in(UNCLEAR)),
    )


def after(sending: Sending, part: Slice) -> Sending:
    """The sending as it stands once this slice is stored."""
    return replace(sending, cursor=part.cursor)


def dedupe_key(sending: Sending, member: str) -> str:
    """What makes one thing for one member unique: kind, subject, which sending of it, member."""
    return f"{sending.kind}:{sending.subject}:{sending.before}:{member}"


def _wanted(sending: Sending, *, staff: bool) -> list[sa.ColumnElement[bool]]:
    m, r = members.c, reached.c
    mine = sa.select(r.member_id).where(r.member_id.in_(everyone(m.id)))
    match sending.kind:
        case "brief" if once_more(sending.before):
            got = mine.where(*_of(sending), r.state.not_in(UNREACHED))
            return [~got.exists()]
        case "brief":
            read = mine.where(*_of(sending), r.state == "acknowledged")
            return [~read.exists(), ~_coming(sending)]
        case "poll":
            asked = [] if staff else [m.permission == "member"]
            return [*asked, ~_voted(sending), ~_coming(sending)] if sending.before == AGAIN else asked
        case "moved" | "cancelled":
            return [_told(sending)]
    return []


def _voted(sending: Sending) -> sa.ColumnElement[bool]:
    b = ballots.c
    return sa.exists().where(b.poll_id == sending.subject, b.member_id.in_(everyone(members.c.id)))


def _coming(sending: Sending) -> sa.ColumnElement[bool]:
    """Those to whom the one before is still on its way: they get that one, and not two together."""
    r, o = reached.c, outbox.c
    of_it = sa.select(r.member_id).join(outbox, o.id == r.outbox_id).where(*_of(sending))
    return of_it.where(r.member_id.in_(everyone(members.c.id)), o.state.in_(UNSENT)).exists()


def _of(sending: Sending) -> tuple[sa.ColumnElement[bool], ...]:
    return reached.c.kind == sending.kind, reached.c.subject_id == sending.subject


def once_more(before: str) -> bool:
    """Whether a sending of a brief is one of those that are for whom it has not reached."""
    return before.startswith((AGAIN, RING))


def _told(sending: Sending) -> sa.ColumnElement[bool]:
    """Those to whom a brief of this meeting has gone, or was on its way when the change was made.

    What surely had not left is no news: it is taken back, and comes with the new time or not at all.
    """
    m, r, o = members.c, reached.c, outbox.c
    of_meeting = sa.select(briefs.c.id).where(briefs.c.meeting_id == sending.subject)
    got = sa.select(r.member_id).where(
        r.member_id.in_(everyone(m.id)),
        r.kind == "brief",
        r.subject_id.in_(of_meeting),
        r.state.in_(TOLD),
    )
    going = sa.select(o.id).where(
        o.member_id.in_(everyone(m.id)),
        o.kind == "brief",
        o.subject_id.in_(of_meeting),
        o.created_at < sending.due_at,
        o.state.in_(("waiting", "sending", "sent", "delivered")),
        ~sa.and_(*_surely_unsent()),
    )
    return sa.or_(got.exists(), going.exists())


async def _reached_before(conn: AsyncConnection, sending: Sending, ids: Sequence[str]) -> set[str]:
    r = reached.c
    got = sa.select(person()).join(reached, r.member_id == members.c.id)
    return set(await conn.scalars(got.where(any_of(ids), *_of(sending), r.state.not_in(UNREACHED))))


def _recipient(
    row: sa.Row[*tuple[Any, ...]], ways: Sequence[sa.Row[*tuple[Any, ...]]], again: bool, now: datetime
) -> Recipient:
    paused = row.state == "paused" and (row.paused_until is None or row.paused_until > now)
    silent = paused or row.state == "stopped" or row.never_first
    open_to = [] if silent else [way for way in ways if not (row.never_ring and way.channel == "voice")]
    return Recipient(
        member=row.id,
        language=row.language,
        form=row.form,
        line=open_to[0].line_id if open_to else "",
        channel=open_to[0].channel if open_to else "",
        again=again,
    )
