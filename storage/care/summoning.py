"""Who is told of an alert next, and by which way: by the clock, by what failed, until somebody says SEEN."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows import rules
from flows.events import Say
from storage.care.alerts import IN_VAIN, SERVICE, step
from storage.care.safety import Contact, Way, contacts
from storage.erasure import auditing
from storage.sending import outbox as box
from storage.sending.checks import ALERT
from storage.tables import alert_steps, alerts, groups, matters, outbox

FAILED = ("failed", "dead", "dropped")
SLOW = timedelta(minutes=2)  # what has not gone after so long is tried by another way too
# A lane takes what is due longest: an alert is not to wait behind a thousand briefs.
AHEAD = timedelta(hours=12)

Words = Callable[[str, str, str, str], Say]  # of an alert's id and number, its group's name and a channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A contact was told by this way; `failed` if it did not get there."""

    member: str
    way: Way
    failed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Whom to tell now by which way; who can't be reached; whether nobody is left to tell."""

    tell: tuple[tuple[Contact, Way], ...] = ()
    lost: tuple[str, ...] = ()
    nobody: bool = False


def plan(people: Sequence[Contact], told: Sequence[Told], lost: Collection[str], *, due: bool) -> Plan:
    """Each contact once by each way: the next way where one failed, the next contact when it is `due`.

    Pure. `lost` are those of whom it is known that no way gets there.
    """
    tell: list[tuple[Contact, Way]] = []
    gone = []
    for contact in people:
        theirs = [one for one in told if one.member == contact.member]
        if contact.member in lost or (theirs and not theirs[-1].failed):
            continue
        rest = _untried(contact, theirs)
        if theirs and rest:
            tell.append((contact, rest[0]))
        elif not rest:
            gone.append(contact.member)
    if due or gone:
        tell += _next(people, told)
    return Plan(tell=tuple(tell), lost=tuple(gone), nobody=due and not tell)


def _next(people: Sequence[Contact], told: Sequence[Told]) -> list[tuple[Contact, Way]]:
    """The next contact; where it is not their hour, the next besides who may be told now."""
    known = {one.member for one in told}
    fresh = [one for one in people if one.ways and one.member not in known]
    chosen = fresh[:1]
    if chosen and not chosen[0].awake:
        chosen += [one for one in fresh[1:] if one.awake][:1]
    if chosen:
        return [(one, one.ways[0]) for one in chosen]
    for contact in people:  # everybody was told once: whoever has another way is told by that
        theirs = [one for one in told if one.member == contact.member]
        rest = _untried(contact, theirs)
        if rest and not theirs[-1].failed:
            return [(contact, rest[0])]
    return []


def _untried(contact: Contact, told: Sequence[Told]) -> list[Way]:
    return [way for way in contact.ways if all(one.way != way for one in told)]


async def waiting(conn: AsyncConnection) -> list[str]:
    """The alerts that nobody has seen and of which somebody is still to be told."""
    a = alerts.c
    return list(await conn.scalars(sa.select(a.id).where(a.state == "open", a.due_at.is_not(None))))


async def advance(
    conn: AsyncConnection,
    alert: str,
    *,
    words: Words,
    channels: Collection[str],
    ids: Callable[[], str],
    now: datetime,
) -> Plan:
    """Take the next steps of one alert, if any are due, and note them."""
    row = await _lock(conn, alert)
    if row is None:
        return Plan()
    people = await contacts(conn, row.group_id, channels, now, practice=row.practice)
    told, lost = await _so_far(conn, alert, people, now)
    steps = plan(people, told, lost, due=row.due_at <= now)
    for member in steps.lost:
        await step(conn, alert, "not reached", contact=member, ids=ids, now=now)
    for contact, way in steps.tell:
        await _tell(conn, row, contact, way, words=words, ids=ids, now=now)
    if steps.tell:
        settled = rules.read(row.settings)
        await _set_due(conn, alert, _due(steps, timedelta(minutes=settled.alert_minutes), now))
    elif steps.nobody:
        await _nobody(conn, row, ids=ids, now=now)
    return replace(steps, nobody=steps.nobody and not row.practice)


def _due(steps: Plan, patience: timedelta, now: datetime) -> datetime:
    """When the next one is told: so long after the first of these could hear it."""
    return min(contact.wakes_at or now for contact, _ in steps.tell) + patience


async def _lock(conn: AsyncConnection, alert: str) -> Any | None:
    a, g = alerts.c, groups.c
    wanted = sa.select(alerts, g.name.label("group_name"), g.settings).join(groups, g.id == a.group_id)
    here = wanted.where(a.id == alert, a.state == "open", a.due_at.is_not(None))
    return (await conn.execute(here.with_for_update(of=alerts, skip_locked=True))).first()


async def _so_far(
    conn: AsyncConnection, alert: str, people: Sequence[Contact], now: datetime
) -> tuple[list[Told], set[str]]:
    """Who was told by which way and whether that got there; and who can't be reached."""
    s, o = alert_steps.c, outbox.c
    rows = await conn.execute(
        sa.select(s.what, s.contact_id, s.channel, s.line_id, s.at, o.state)
        .outerjoin(outbox, o.id == s.outbox_id)
        .where(s.alert_id == alert)
        .order_by(s.at, s.id)
    )
    awake = {one.member for one in people if one.awake}
    told, lost = [], set()
    for row in rows:
        if row.what == "not reached":
            lost.add(row.contact_id)
        elif row.what == "told":
            slow = row.state in ("waiting", "sending") and row.contact_id in awake and now - row.at >= SLOW
            way = Way(line=row.line_id or "", channel=row.channel or "")
            told.append(Told(member=row.contact_id, way=way, failed=slow or row.state in FAILED))
    return told, lost


async def _tell(
    conn: AsyncConnection,
    row: Any,
    contact: Contact,
    way: Way,
    *,
    words: Words,
    ids: Callable[[], str],
    now: datetime,
) -> None:
    message = box.Row(
        id=ids(),
        line=way.line,
        channel=way.channel,
        klass="notice",
        dedupe_key=f"alert:{row.id}:{contact.member}:{way.line}:{way.channel}",
        say=words(row.id, row.number, row.group_name, way.channel),
        member=contact.member,
        group=row.group_id,
        kind=ALERT,
        subject=row.id,
        not_before=now - AHEAD,
    )
    await box.add(conn, [message], now=now)
    where = {"contact": contact.member, "channel": way.channel, "line": way.line, "outbox": message.id}
    await step(conn, row.id, "told", **where, ids=ids, now=now)
    did = {"did": f"alert told by {way.channel}", "subject": row.id, "why": f"to {contact.member}"}
    await auditing.record(conn, ids=ids, group=row.group_id, who=SERVICE, **did, now=now)


async def _set_due(conn: AsyncConnection, alert: str, at: datetime | None) -> None:
    await conn.execute(sa.update(alerts).where(alerts.c.id == alert).values(due_at=at))


async def _nobody(conn: AsyncConnection, row: Any, *, ids: Callable[[], str], now: datetime) -> None:
    """Everybody was told by every way, and nobody has said SEEN: it stays open, for everybody to find."""
    await _set_due(conn, row.id, None)
    await step(conn, row.id, "nobody", ids=ids, now=now)
    if row.practice:
        return
    await auditing.record(
        conn, ids=ids, group=row.group_id, did="alert unseen", subject=row.id, who=SERVICE, now=now
    )
    said = IN_VAIN.format(row.number)
    await conn.execute(
        matters.insert().values(id=ids(), group_id=row.group_id, kind="alert", words=said, at=now)
    )
