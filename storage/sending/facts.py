"""Reads what is known about messages that are about to go: one SELECT for each table."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows import rules
from flows.state import Conversation
from flows.values import replace
from storage.lines import reaching, sharing
from storage.lines.persons import any_of, person
from storage.sending import spending, weeks
from storage.sending.checks import ALERT, BETWEEN_CALLS, RINGING, WEEKLY, Facts, Waiting
from storage.tables import (
    ballots,
    calls,
    conversations,
    groups,
    lines,
    members,
    outbox,
    polls,
    reached,
    reaches,
    receipts,
    safe_contacts,
)
from storage.turning.states import unpacked

LONGEST_CALL = timedelta(hours=2)  # after that we missed its end

VOTED = "They have voted already."
READ = "They have read it already."
NOBODY = sharing.Use()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What `may_send` wants to know, by the id of each row; how many notices each group may still send."""

    facts: dict[str, Facts]
    left: dict[str, int]


@dataclass(slots=True)
class _Known:
    """What was read, by the keys that a message names."""

    people: dict[str, Facts] = field(default_factory=dict)
    homes: dict[str, Facts] = field(default_factory=dict)  # groups, for who is no member any more
    ways: dict[tuple[str, str, str], bool] = field(default_factory=dict)
    choices: set[reaching.Choice] = field(default_factory=set)
    any_hour: set[tuple[str, str]] = field(default_factory=set)  # groups and their contacts
    ringing: dict[str, datetime] = field(default_factory=dict)
    rung: dict[str, datetime] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    done: dict[tuple[str, str, str], str] = field(default_factory=dict)
    spent: dict[str, datetime] = field(default_factory=dict)
    uses: Mapping[str, sharing.Use] = field(default_factory=dict)  # by line


async def facts_for(
    conn: AsyncConnection,
    lane: str,
    rows: Sequence[Waiting],
    now: datetime,
    *,
    carrier_stops: bool,
    paused_at: datetime | None,
) -> Found:
    """What is known of these messages of one lane."""
    stopped = await _stopped(conn, {row.line for row in rows})
    notices = [row for row in rows if row.klass == "notice"]
    who = {row.member for row in notices if row.member}
    known = _Known()
    if who:
        counted = {row.member for row in notices if row.member and row.kind in WEEKLY}
        known.people = await _people(conn, who, await weeks.had(conn, counted, now) if counted else {})
        known.ways = await _ways(conn, who)
        known.choices = await reaching.choices(conn, who)
        known.any_hour = await _any_hour(conn, notices)
        known.done = await _done(conn, who, notices)
        known.uses = await sharing.uses(conn, {row.line for row in notices if row.member}, now)
    if nobody := {row.group for row in notices if row.group and not row.member}:
        known.homes = await _homes(conn, nobody)
    ringable = {row.line for row in notices if row.channel == "voice"}
    known.ringing = await _ringing(conn, ringable, now)
    known.rung = await _rung(conn, ringable, now)
    known.closed = await _closed(
        conn, {row.subject for row in notices if row.kind == "poll" and row.subject}, now
    )
    allowed = await spending.allowed(conn, lane, {row.group for row in notices if row.group}, now)
    known.spent = {group: one.until for group, one in allowed.items() if one.left <= 0}
    usual = Facts(carrier_stops=carrier_stops, paused_at=paused_at)
    facts = {row.id: replace(_of(row, known, usual), stopped=row.line in stopped) for row in rows}
    return Found(facts=facts, left={group: one.left for group, one in allowed.items()})


def _of(row: Waiting, known: _Known, usual: Facts) -> Facts:
    if row.klass == "answer":
        return usual
    member, subject = row.member or "", row.subject or ""
    home = known.homes.get(row.group or "", Facts())
    person = known.people.get(member, replace(home, state="left" if member else ""))
    use = known.uses.get(row.line, NOBODY)
    return replace(
        person,
        busy_until=max(filter(None, (person.busy_until, use.busy_until)), default=None),
        doubted=member in use.doubted,
        first_name=use.names.get(member, ""),
        shared=len(use.names) > 1,
        may_start=known.ways.get((member, row.line, row.channel), not member),
        unwanted=not reaching.wanted(known.choices, member, row.channel, row.kind),
        any_hour=(row.group or "", member) in known.any_hour,
        ringing_until=known.ringing.get(row.line),
        rung_at=known.rung.get(row.line),
        # Of a closed poll the question is not asked any more; its result is what is to go.
        closed=row.kind == "poll" and subject in known.closed,
        settled=known.done.get((member, row.kind, subject), ""),
        spent_until=known.spent.get(row.group or ""),
    )


async def _stopped(conn: AsyncConnection, ids: Collection[str]) -> set[str]:
    found = await conn.scalars(
        sa.select(lines.c.id).where(lines.c.id.in_(ids), lines.c.stopped_at.is_not(None))
    )
    return set(found)


async def _homes(conn: AsyncConnection, ids: Collection[str]) -> dict[str, Facts]:
    """The hours of groups: nobody hears from one outside them who is no member, or not any more."""
    g = groups.c
    found = await conn.execute(sa.select(g.id, g.hours, g.zone).where(g.id.in_(ids)))
    return {row.id: Facts(hours=row.hours, zone=row.zone) for row in found}


async def _people(
    conn: AsyncConnection, ids: Collection[str], had: Mapping[str, list[datetime]]
) -> dict[str, Facts]:
    """`had`: when they got what counts in this week."""
    m, g, c = members.c, groups.c, conversations.c
    own = (m.id, m.state, m.paused_until, m.never_first, m.never_ring, m.hours, m.days, m.a_week)
    found = await conn.execute(
        sa.select(*own, m.practice, m.group_id, m.handover, m.language, m.form)
        .add_columns(g.hours.label("group_hours"), g.settings, g.zone)
        .add_columns(c.busy_until, c.state.label("talk"))
        .join(groups, g.id == m.group_id)
        .outerjoin(conversations, c.owner == m.id)
        .where(m.id.in_(ids))
    )
    people = found.all()
    kept = {row.group_id: row.settings for row in people}
    settled = {group: rules.read(one) for group, one in kept.items()}
    return {row.id: _person(row, settled[row.group_id], had.get(row.id, [])) for row in people}


def _person(row: sa.Row[*tuple[Any, ...]], settled: rules.Rules, had: list[datetime]) -> Facts:
    week = weeks.week(had, _a_week(row, settled))
    return Facts(
        state=row.state,
        paused_until=row.paused_until,
        never_first=row.never_first,
        never_ring=row.never_ring,
        hours=row.hours or row.group_hours,
        days=row.days,
        helper_hours=settled.helper_hours,
        zone=row.zone,
        week_left=week.left,
        week_until=week.until,
        busy_until=row.busy_until,
        helped=row.handover is not None,
        conversation=_talk(row.talk),
        language=row.language,
        form=row.form,
    )


def _a_week(row: sa.Row[*tuple[Any, ...]], settled: rules.Rules) -> int:
    """How many messages a week are right for this member: their own wish, or else the group's rule."""
    if row.practice:  # whoever practises wants to see what comes
        return 0
    return int(row.a_week if row.a_week is not None else settled.messages_a_week)


def _talk(stored: str | None) -> Conversation | None:
    try:
        return unpacked(stored) if stored else None
    except ValueError:  # a turn begins it anew; a notice needs nothing of it
        return None


async def _ways(conn: AsyncConnection, ids: Collection[str]) -> dict[tuple[str, str, str], bool]:
    r = reaches.c
    found = await conn.execute(
        sa.select(r.member_id, r.line_id, r.channel, r.may_start).where(
            r.member_id.in_(ids), r.retired_at.is_(None)
        )
    )
    return {(member, line, channel): may for member, line, channel, may in found}


async def _any_hour(conn: AsyncConnection, rows: Sequence[Waiting]) -> set[tuple[str, str]]:
    """Who agreed to hear of alerts at any hour, by group; read only where an alert waits."""
    ids = {row.group for row in rows if row.kind == ALERT and row.group}
    if not ids:
        return set()
    c = safe_contacts.c
    found = await conn.execute(sa.select(c.group_id, c.member_id).where(c.group_id.in_(ids), c.any_hour))
    return {(group, member) for group, member in found}


async def _done(
    conn: AsyncConnection, ids: Collection[str], rows: Sequence[Waiting]
) -> dict[tuple[str, str, str], str]:
    """Who has voted, and who has read a brief: by member, kind and subject."""
    subjects: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        subjects[row.kind].add(row.subject or "")
    done: dict[tuple[str, str, str], str] = {}
    if "poll" in subjects:
        b = ballots.c
        voters = sa.select(person(), b.poll_id).join(ballots, b.member_id == members.c.id)
        voters = voters.where(any_of(ids), b.poll_id.in_(subjects["poll"]))
        done.update({(member, "poll", poll): VOTED for member, poll in await conn.execute(voters)})
    if "brief" in subjects:
        r = reached.c
        readers = sa.select(person(), r.subject_id).join(reached, r.member_id == members.c.id)
        readers = readers.where(
            r.kind == "brief",
            any_of(ids),
            r.subject_id.in_(subjects["brief"]),
            r.state == "acknowledged",
        )
        done.update({(member, "brief", brief): READ for member, brief in await conn.execute(readers)})
    return done


async def _ringing(conn: AsyncConnection, ids: Collection[str], now: datetime) -> dict[str, datetime]:
    """Lines that are on a call or being rung, and until when to leave them alone."""
    if not ids:
        return {}
    c, o = calls.c, outbox.c
    on_call = sa.select(c.line_id).where(
        c.line_id.in_(ids), c.ended_at.is_(None), c.started_at > now - LONGEST_CALL
    )
    ended = sa.select(calls.c.id).where(calls.c.outbox_id == o.id, calls.c.ended_at.is_not(None)).exists()
    missed = sa.select(receipts.c.id).where(receipts.c.outbox_id == o.id, receipts.c.at >= o.sent_at).exists()
    placed = sa.select(o.line_id, o.sent_at).where(
        o.line_id.in_(ids),
        o.channel == "voice",
        o.state == "sent",
        o.sent_at > now - RINGING,
        ~ended,
        ~missed,
    )
    until: dict[str, datetime] = {line: sent + RINGING for line, sent in await conn.execute(placed) if sent}
    return until | {line: now + RINGING for line in await conn.scalars(on_call) if line}


async def _rung(conn: AsyncConnection, ids: Collection[str], now: datetime) -> dict[str, datetime]:
    """When we rang these lines, where that was not long ago."""
    if not ids:
        return {}
    o = outbox.c
    told = sa.select(receipts.c.id).where(receipts.c.outbox_id == o.id, receipts.c.at >= o.sent_at).exists()
    placed = sa.select(o.line_id, sa.func.max(o.sent_at)).where(
        o.line_id.in_(ids),
        o.channel == "voice",
        o.sent_at > now - BETWEEN_CALLS,
        sa.or_(o.state == "sent", o.state == "delivered", told),
    )
    found = await conn.execute(placed.group_by(o.line_id))
    return {line: at for line, at in found if at}


async def _closed(conn: AsyncConnection, ids: Collection[str], now: datetime) -> set[str]:
    """Those of these polls that take no more votes."""
    if not ids:
        return set()
    p = polls.c
    over = sa.or_(p.state != "open", p.closes_at <= now)
    return set(await conn.scalars(sa.select(p.id).where(p.id.in_(ids), over)))
