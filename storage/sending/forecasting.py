"""What would become of something for many, member by member, if it went out at a given moment.

Nothing is written. The ways are those that the sending would take; what holds it is asked as lanes ask.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.values import replace
from storage.lines import reaching
from storage.sending import sendings
from storage.sending.checks import LEFT, STOPPED, TOO_LATE, Facts, Verdict, Waiting, may_send
from storage.sending.facts import facts_for
from storage.sending.outbox import PRACTICE
from storage.sending.sendings import Recipient, Sending
from storage.tables import lines, members, reaches

SLICE = 1000  # members looked at together
MOST_WAITS = 5  # things that hold a message one after another
LATE = "It would come too late for them."
PAUSED = "They are taking a break."
NEVER_FIRST = "They asked us never to write or ring first."
NO_LINE = "We have no phone number or chat for them."
REFUSED = "Their phone or app refuses what we send."
SWITCHED_OFF = "The way that they use is switched off here."
UNWANTED = "They do not want this by any way that they have."
NO_WAY = "They have no way that we may use first."
NO_PHONE = "They have no phone that we may ring first."


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """What would become of it for one member. `until`: when it would go, where it has to wait."""

    recipient: Recipient
    name: str
    practice: bool
    does: Literal["goes", "waits", "not needed", "not reached"]
    why: str = ""
    until: datetime | None = None


async def prospects(
    conn: AsyncConnection,
    sending: Sending,
    *,
    channels: Collection[str],
    staff: bool,
    carrier_stops: bool = True,
) -> list[Prospect]:
    """One for each member whom it is for, as things stand now; `sending.due_at` is when it would go."""
    found: list[Prospect] = []
    async for people in _slices(conn, sending, channels, staff=staff):
        ids = [one.member for one in people]
        named = await _named(conn, ids)
        nowhere = [one.member for one in people if not one.line]
        whys = await reasons(conn, nowhere, channels, sending.kind, sending.due_at)
        verdicts = await _verdicts(conn, sending, people, named, carrier_stops=carrier_stops)
        otherwise = NO_PHONE if sending.rings else NO_WAY
        found += [
            _prospect(one, named[one.member], verdicts.get(one.member), whys.get(one.member) or otherwise)
            for one in people
        ]
    return found


async def _slices(
    conn: AsyncConnection, sending: Sending, channels: Collection[str], *, staff: bool
) -> AsyncIterator[Sequence[Recipient]]:
    last = False
    while not last:
        part = await sendings.next_slice(
            conn, sending, channels=channels, staff=staff, now=sending.due_at, most=SLICE
        )
        yield part.people
        sending, last = sendings.after(sending, part), part.last


def _prospect(one: Recipient, named: sa.Row[str, str, bool], verdict: Verdict | None, why: str) -> Prospect:
    common: dict[str, Any] = {"recipient": one, "name": named.name, "practice": named.practice}
    if verdict is None:
        return Prospect(**common, does="not reached", why=why)
    if verdict.does == "send":
        return Prospect(**common, does="goes")
    if verdict.does == "hold":
        return Prospect(**common, does="waits", why=verdict.why, until=verdict.until)
    needless = verdict.reached == "acknowledged"
    why = LATE if verdict.why == TOO_LATE else verdict.why
    return Prospect(**common, does="not needed" if needless else "not reached", why=why)


async def _named(conn: AsyncConnection, ids: Collection[str]) -> dict[str, sa.Row[str, str, bool]]:
    m = members.c
    found = await conn.execute(sa.select(m.id, m.name, m.practice).where(m.id.in_(ids)))
    return {row.id: row for row in found}


async def _verdicts(
    conn: AsyncConnection,
    sending: Sending,
    people: Sequence[Recipient],
    named: Mapping[str, sa.Row[str, str, bool]],
    *,
    carrier_stops: bool,
) -> dict[str, Verdict]:
    """What each lane would say of a message to each of these who have a way."""
    lanes: dict[str, list[Waiting]] = defaultdict(list)
    for one in people:
        if one.line:
            lane = PRACTICE if named[one.member].practice else one.channel
            lanes[lane].append(_message(sending, one))
    verdicts: dict[str, Verdict] = {}
    for lane, rows in lanes.items():
        known = await facts_for(conn, lane, rows, sending.due_at, carrier_stops=carrier_stops, paused_at=None)
        for row in rows:
            verdicts[row.id] = _in_the_end(row, _lasting(known.facts[row.id]), sending.due_at)
    return verdicts


def _in_the_end(row: Waiting, facts: Facts, at: datetime) -> Verdict:
    """What comes of it when one thing that holds it is over and the next one begins, until none is left."""
    verdict = may_send(row, facts, at)
    for _ in range(MOST_WAITS):
        if verdict.does != "hold" or verdict.asks or verdict.until is None:
            break
        then = may_send(row, facts, verdict.until)
        if then.does == "send":
            break
        verdict = then
    return verdict


async def outlook(
    conn: AsyncConnection, member: str, *, line: str, channel: str, group: str, kind: str, at: datetime
) -> Verdict:
    """What would become of one message to one member by this way."""
    sending = Sending(
        id="", group=group, kind=kind, subject="", before="", due_at=at, expires_at=None, cursor=""
    )
    one = Recipient(member=member, language="", form="", line=line, channel=channel)
    named = await _named(conn, [member])
    return (await _verdicts(conn, sending, [one], named, carrier_stops=True))[member]


def _message(sending: Sending, one: Recipient) -> Waiting:
    at = sending.due_at
    return Waiting(
        id=one.member,
        line=one.line,
        channel=one.channel,
        klass="notice",
        kind=sending.kind,
        state="waiting",
        not_before=at,
        created_at=at,
        member=one.member,
        subject=sending.subject,
        group=sending.group,
        expires_at=sending.expires_at,
    )


def _lasting(facts: Facts) -> Facts:
    """The same without what is over in some minutes, which nobody can foretell."""
    return replace(facts, busy_until=None, helped=False, ringing_until=None, rung_at=None)


async def reasons(
    conn: AsyncConnection, ids: Sequence[str], channels: Collection[str], kind: str, at: datetime
) -> dict[str, str]:
    """Why there is no way to each of these members for something of this kind, "" where there is one."""
    if not ids:
        return {}
    m = members.c
    people = await conn.execute(
        sa.select(m.id, m.state, m.paused_until, m.never_first, m.never_ring).where(m.id.in_(ids))
    )
    ways = await _ways(conn, ids)
    against = await reaching.choices(conn, ids)
    return {
        one.id: _of_themselves(one, at) or _of_ways(one, ways[one.id], against, channels, kind)
        for one in people.all()
    }


async def _ways(conn: AsyncConnection, ids: Sequence[str]) -> Mapping[str, list[sa.Row[*tuple[Any, ...]]]]:
    r, n = reaches.c, lines.c
    found = await conn.execute(
        sa.select(r.member_id, r.channel, r.may_start, n.stopped_at, n.kind)
        .join(lines, n.id == r.line_id)
        .where(r.member_id.in_(ids), r.retired_at.is_(None))
    )
    ways: dict[str, list[sa.Row[*tuple[Any, ...]]]] = defaultdict(list)
    for row in found:
        ways[row.member_id].append(row)
    return ways


def _of_themselves(one: sa.Row[*tuple[Any, ...]], at: datetime) -> str:
    if one.state == "stopped":
        return STOPPED
    if one.state in ("left", "erased"):
        return LEFT
    if one.state == "paused" and (one.paused_until is None or one.paused_until > at):
        return PAUSED
    return NEVER_FIRST if one.never_first else ""


def _of_ways(
    one: sa.Row[*tuple[Any, ...]],
    ways: Sequence[sa.Row[*tuple[Any, ...]]],
    against: Collection[reaching.Choice],
    channels: Collection[str],
    kind: str,
) -> str:
    """The first thing that rules out all the ways that were left."""
    if not ways:
        return NO_LINE
    ways = [way for way in ways if way.stopped_at is None]
    if not ways:
        return REFUSED
    ways = [way for way in ways if way.kind == PRACTICE or way.channel in channels]
    if not ways:
        return SWITCHED_OFF
    wanted = [way for way in ways if reaching.wanted(against, one.id, way.channel, kind)]
    ringable = [way for way in wanted if not (one.never_ring and way.channel == "voice")]
    if not ringable:
        return UNWANTED
    return "" if any(way.may_start for way in ringable) else NO_WAY
