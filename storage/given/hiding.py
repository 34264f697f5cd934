"""What members gave is never changed or removed for them; it may be hidden from the others, with a reason.

The giver is told, and can have a second person look at it. Whoever runs the group sees it as before, marked.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows import effects as ef
from flows.values import scattered
from storage.door.sessions import OWNER
from storage.erasure import auditing
from storage.given.unnaming import day_of
from storage.keeping import exports
from storage.lines.persons import person
from storage.members.groups import Complaint
from storage.members.people import Listed
from storage.sending import telling
from storage.tables import contributions, given, hidings, matters, members
from storage.turning.stage import Stage
from storage.turning.views import changed

REASONS = ("names somebody", "dangerous", "given twice", "not ours to show")
REVIEW = "review"  # the kind of matter

TO_LOOK = "Its giver asks for a second look at what was hidden: takepart review {}"
HIDDEN_ALREADY = "It is hidden already."
NOT_HIDDEN = "It is not hidden."
NOBODY = "There is nothing with that id that a member gave."
NOT_STAFF = "Only those who run this member's group can do that."
THE_SAME = "Whoever hid it can't be the second person: somebody else has to look."


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    """One hiding. `giver` is whom to tell; none where they have left."""

    id: str
    contribution: str
    group: str
    giver: str | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hiding:
    """What was done last: who hid it and why, whether its giver asked for a second person, and who that was.

    `outcome` is "" while nobody has looked, else kept or shown. Who are ids, none where they are erased.
    """

    by: str | None
    why: str
    at: datetime
    asked_at: datetime | None
    second: str | None
    outcome: str


async def last(conn: AsyncConnection, gift: str) -> Hiding | None:
    """How this was hidden the last time, if ever."""
    h = hidings.c
    found = await conn.execute(
        sa.select(
            *(h.by_id.label("by"), h.why, h.at, h.asked_at, h.second_id.label("second")),
            sa.func.coalesce(h.outcome, "").label("outcome"),
        )
        .where(h.contribution_id == gift)
        .order_by(h.at.desc())
        .limit(1)
    )
    row = found.mappings().one_or_none()
    return Hiding(**row) if row else None


async def hide(
    conn: AsyncConnection, id_: str, *, why: str, by: Listed, ids: Callable[[], str], now: datetime
) -> Hidden:
    """Hide it from the others. Raise Complaint."""
    if why not in REASONS:
        raise Complaint(f"The reason is one of: {', '.join(REASONS)}.")
    row = await _row(conn, id_, by)
    if row.hidden_at:
        raise Complaint(HIDDEN_ALREADY)
    hiding = ids()
    values = {"id": hiding, "contribution_id": row.id, "by_id": by.id, "why": why, "at": now}
    await conn.execute(hidings.insert().values(**values))
    await _set(conn, row.id, hidden_reason=why, hidden_at=now)
    await exports.void(conn, [row.id])
    return await _noted(conn, row, hiding, why, by, did="hid", ids=ids, now=now)


async def review(
    conn: AsyncConnection, id_: str, *, show: bool, by: Listed, ids: Callable[[], str], now: datetime
) -> Hidden:
    """A second person has looked: it is shown again, or stays hidden. Raise Complaint."""
    row = await _row(conn, id_, by)
    h = hidings.c
    last = sa.select(hidings).where(h.contribution_id == row.id).order_by(h.at.desc()).limit(1)
    hiding = (await conn.execute(last)).one_or_none()
    if hiding is None or not row.hidden_at:
        raise Complaint(NOT_HIDDEN)
    if hiding.by_id == by.id:
        raise Complaint(THE_SAME)
    seen = {"second_id": by.id, "outcome": "shown" if show else "kept", "reviewed_at": now}
    await conn.execute(sa.update(hidings).where(h.id == hiding.id).values(**seen))
    if show:
        await _set(conn, row.id, hidden_reason=None, hidden_at=None)
    m = matters.c
    done = sa.update(matters).where(m.contribution_id == row.id, m.kind == REVIEW, m.done_at.is_(None))
    await conn.execute(done.values(done_at=now, done_by=by.id))
    did = "showed again" if show else "kept hidden"
    return await _noted(conn, row, hiding.id, hiding.why, by, did=did, ids=ids, now=now)


async def tell(
    conn: AsyncConnection,
    hidden: Hidden,
    say: telling.Write,
    *,
    key: str,
    ids: Callable[[], str],
    channels: Collection[str],
    now: datetime,
) -> bool:
    """Tell the giver by their way; False where there is none."""
    if hidden.giver is None:
        return False
    told = await telling.tell(
        conn,
        [hidden.giver],
        say,
        kind="hidden",
        key=f"{key}:{hidden.id}",
        ids=ids,
        channels=channels,
        now=now,
    )
    return bool(told)


async def group_of(conn: AsyncConnection, id_: str) -> str:
    """The group in which it was given. Raise Complaint."""
    found = await conn.scalar(sa.select(contributions.c.group_id).where(contributions.c.id == id_))
    if found is None:
        raise Complaint(NOBODY)
    return str(found)


async def _row(conn: AsyncConnection, id_: str, by: Listed) -> sa.Row[*tuple[Any, ...]]:
    c = contributions.c
    found = sa.select(c.id, c.group_id, c.hidden_at).where(c.id == id_, c.taken_back_at.is_(None))
    row = (await conn.execute(found.with_for_update())).one_or_none()
    if row is None:
        raise Complaint(NOBODY)
    theirs = by.group == row.group_id or by.permission == OWNER
    if not theirs or by.permission == "member":
        raise Complaint(NOT_STAFF)
    return row


async def _set(conn: AsyncConnection, id_: str, **values: Any) -> None:
    await conn.execute(sa.update(contributions).where(contributions.c.id == id_).values(**values))


async def _noted(
    conn: AsyncConnection,
    row: sa.Row[*tuple[Any, ...]],
    hiding: str,
    why: str,
    by: Listed,
    *,
    did: str,
    ids: Callable[[], str],
    now: datetime,
) -> Hidden:
    await changed(conn, [row.group_id])
    await auditing.record(
        conn, ids=ids, group=row.group_id, did=did, subject=row.id, who=by.id, why=why, now=now
    )
    giver = await conn.scalar(
        sa.select(person())
        .join(given, given.c.member_id == members.c.id)
        .where(given.c.contribution_id == row.id)
    )
    return Hidden(id=hiding, contribution=row.id, group=row.group_id, giver=giver, why=why)


def _ask_again(s: Stage, effect: ef.AskAgain) -> None:
    """Their giver wants a second person: it goes on the list of what needs somebody.

    The moment, even in an id, would tell whose it is where it has no name, beside when somebody was in touch.
    """
    if s.group is None or s.me is None:
        return
    group, zone, now, id_ = s.group.id, s.group.zone, s.now, scattered(s.ids())

    async def write(conn: AsyncConnection) -> None:
        h = hidings.c
        waits = (h.contribution_id == effect.id, h.asked_at.is_(None), h.reviewed_at.is_(None))
        asked = await conn.execute(sa.update(hidings).where(*waits).values(asked_at=now))
        if asked.rowcount:
            its = {"contribution_id": effect.id, "words": TO_LOOK.format(effect.id)}
            unnamed = await conn.scalar(
                sa.select(contributions.c.unnamed).where(contributions.c.id == effect.id)
            )
            at = day_of(now, zone) if unnamed else now
            row = {"id": id_, "group_id": group, "kind": REVIEW, "unnamed": bool(unnamed), "at": at, **its}
            await conn.execute(matters.insert().values(**row))

    s.ledger.deeds.append(write)


DEEDS: Mapping[type, Callable[[Stage, Any], None]] = {ef.AskAgain: _ask_again}
