"""What staff do with an alert: the list, its words, and who sent them. Every look is in the trail."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.care.alerts import find
from storage.care.safety import staff_member
from storage.erasure import auditing
from storage.given.reading import moment
from storage.members.groups import Complaint, quoted
from storage.members.people import Listed, find_member
from storage.secrets import Secrets
from storage.tables import alert_steps, alert_words, alerts, contributions, given, groups, lines, members

NO_ALERT = "There is no alert {}: `takepart safety list GROUP` shows them."
NO_REASON = "Say why you need to know who it was, with --why: it is noted beside your name."
NOBODY = "Nobody is known who could have sent it: what is left of it is its words."


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """An alert in a list. `nobody`: all were told and nobody has seen it."""

    id: str
    number: str
    state: str
    at: datetime
    seen_by: str
    seen_at: datetime | None
    nobody: bool
    practice: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Something that was sent. `at` is only a day where it stands without a name."""

    at: str
    words: str
    taken_back: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    at: datetime
    what: str
    channel: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An alert as a contact sees it. `name` is "" unless all of it is kept with its giver's name."""

    id: str
    number: str
    state: str
    name: str
    said: tuple[Said, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who sent it: a member with the ways to them, or the bare address of somebody unknown."""

    member: Listed | None
    address: str


async def list_alerts(conn: AsyncConnection, group: str) -> list[Raised]:
    """A group's alerts, those that nobody has seen first, then the latest."""
    a, by = alerts.c, members.alias()
    rows = await conn.execute(
        sa.select(alerts, by.c.name)
        .outerjoin(by, by.c.id == a.seen_by)
        .where(a.group_id == group)
        .order_by(sa.case((a.state == "open", 0), else_=1), a.at.desc())
    )
    return [
        Raised(
            id=row.id,
            number=row.number,
            state=row.state,
            at=row.at,
            seen_by=row.name or "",
            seen_at=row.seen_at,
            nobody=row.state == "open" and row.due_at is None,
            practice=row.practice,
        )
        for row in rows
    ]


async def by_staff(conn: AsyncConnection, wanted: str, by: str, secrets: Secrets) -> tuple[Any, Listed]:
    """The alert that is meant and the facilitator of its group who asks; raise Complaint."""
    found = await find(conn, wanted) if wanted else None
    if found is None:
        raise Complaint(NO_ALERT.format(quoted(wanted)))
    return found, await staff_member(conn, found.group_id, by, secrets)


async def show(
    conn: AsyncConnection, alert: Any, by: Listed, *, ids: Callable[[], str], now: datetime
) -> Shown:
    """The words of an alert and what was done about it. The look is noted."""
    trail = {"group": alert.group_id, "did": "alert shown", "subject": alert.id, "who": by.id}
    await auditing.record(conn, ids=ids, **trail, now=now)
    words = await _words(conn, alert.id)
    hidden = any(row.unnamed for row in words)
    named = bool(words) and all(row.kept and not row.unnamed for row in words)
    zone = ZoneInfo(await conn.scalar(sa.select(groups.c.zone).where(groups.c.id == alert.group_id)) or "UTC")
    return Shown(
        id=alert.id,
        number=alert.number,
        state=alert.state,
        name=await _name(conn, alert.member_id) if named else "",
        said=tuple(
            Said(
                at=_day(row.at, zone) if hidden else moment(row.at),
                words=row.words,
                taken_back=row.taken_back_at is not None,
            )
            for row in words
        ),
        steps=() if hidden else await _steps(conn, alert.id),
    )


async def sender(
    conn: AsyncConnection,
    alert: Any,
    by: Listed,
    secrets: Secrets,
    *,
    why: str,
    ids: Callable[[], str],
    now: datetime,
) -> Sender:
    """Who sent what an alert is about, for a reason that is noted; raise Complaint."""
    why = " ".join(why.split())
    if not why:
        raise Complaint(NO_REASON)
    gifts = [row.gift for row in await _words(conn, alert.id) if row.gift]
    giver = await conn.scalar(sa.select(given.c.member_id).where(given.c.contribution_id.in_(gifts)))
    member, line = giver or alert.member_id, alert.line_id
    if member is None and line is None:
        raise Complaint(NOBODY)
    trail = {"group": alert.group_id, "did": "alert's sender looked up", "subject": alert.id, "who": by.id}
    await auditing.record(conn, ids=ids, **trail, why=why, now=now)
    sealed = await conn.scalar(sa.select(lines.c.address).where(lines.c.id == line)) if line else None
    return Sender(
        member=await find_member(conn, member, secrets) if member else None,
        address=secrets.open(sealed) if sealed else "",
    )


async def _words(conn: AsyncConnection, alert: str) -> Sequence[Any]:
    """What was sent, each with whether it stands without a name: so it is too for who never gives theirs."""
    w, c, m = alert_words.c, contributions.c, members.c
    unnamed = sa.func.coalesce(c.unnamed, m.never_named, sa.false()).label("unnamed")
    rows = (
        sa.select(w.at, w.words, w.gift, c.id.label("kept"), c.taken_back_at, unnamed)
        .join(alerts, alerts.c.id == w.alert_id)
        .outerjoin(contributions, c.id == w.gift)
        .outerjoin(members, m.id == alerts.c.member_id)
        .where(w.alert_id == alert)
        .order_by(w.at, w.id)
    )
    return (await conn.execute(rows)).all()


async def _name(conn: AsyncConnection, member: str | None) -> str:
    return await conn.scalar(sa.select(members.c.name).where(members.c.id == member)) or ""


async def _steps(conn: AsyncConnection, alert: str) -> tuple[Step, ...]:
    s, m = alert_steps.c, members.c
    rows = await conn.execute(
        sa.select(s.at, s.what, s.channel, m.name)
        .outerjoin(members, m.id == s.contact_id)
        .where(s.alert_id == alert)
        .order_by(s.at, s.id)
    )
    return tuple(
        Step(at=row.at, what=row.what, channel=row.channel or "", name=row.name or "") for row in rows
    )


def _day(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).date().isoformat()
