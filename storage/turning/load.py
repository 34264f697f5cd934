"""What a batch of turns needs to know of people: read with one SELECT for each table."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.state import Conversation, Member, Notice, Way
from storage import ready
from storage.lines.failing import FAILS
from storage.sending.outbox import unpacked as unpacked_body
from storage.tables import ballots, calls, conversations, lines, members, outbox, polls, reached, reaches
from storage.turning.states import Recent

# What a turn knows of a member just as it is stored.
AS_STORED = (
    *("name", "permission", "language", "form", "slower", "lower", "more_time", "never_named", "read_back"),
)
UNHEARD = timedelta(days=90)  # after that a number may be somebody else's: that is asked first of all
REMEMBERED = timedelta(days=14)  # how long a closed poll still gets a kind answer


@dataclass(slots=True, kw_only=True)
class Reach:
    id: str
    line: str
    channel: str
    heard_at: datetime | None = None
    proved: bool = False
    greet: bool = False
    leave_message: bool = False
    write_anything: bool = False
    failing: bool = False

    def seen(self, *, shared: bool, known: bool, doubted: bool, closed: bool) -> Way:
        """The same as a turn sees it."""
        return Way(
            closed=closed,
            known=known,
            doubted=doubted,
            id=self.id,
            shared=shared,
            proved=self.proved,
            greet=self.greet,
            leave_message=self.leave_message,
            write_anything=self.write_anything,
            failing=self.failing,
            heard_at=self.heard_at,
        )


@dataclass(slots=True, kw_only=True)
class Person:
    """A member as a turn sees them, and what only storing the turn needs."""

    member: Member
    group: str
    practice: bool = False
    more_time: bool = False
    reaches: list[Reach] = field(default_factory=list)

    def by(self, line: str, channel: str) -> Reach | None:
        """Their reach on this line and channel, if they have one."""
        for reach in self.reaches:
            if reach.line == line and reach.channel == channel:
                return reach
        return None

    def greeted(self, line: str) -> bool:
        """Whether their name may be said on this line to whoever is there."""
        return all(reach.greet for reach in self.reaches if reach.line == line)

    def doubted(self, line: "Line", now: datetime) -> bool:
        """Whether somebody else may have this line now: nothing has come or gone on it for long."""
        heard = self.heard_on(line.id)
        failing = line.fails_long(now) or any(one.failing for one in self.reaches if one.line == line.id)
        return failing or bool(heard and now.timestamp() - heard > UNHEARD.total_seconds())

    def heard_on(self, line: str) -> float:
        """When this line last brought something of theirs, for finding who wrote last."""
        times = [
            reach.heard_at.timestamp() for reach in self.reaches if reach.line == line and reach.heard_at
        ]
        return max(times, default=0.0)


@dataclass(slots=True, kw_only=True)
class Line:
    id: str
    kind: str
    at_member: str | None = None
    at_until: datetime | None = None
    nameless: bool = False  # its address was forgotten with whoever was erased; only the stop was kept
    failing_since: datetime | None = None
    closed: bool = False  # the carrier or the app lets nothing of ours through
    no_texts: bool = False  # the carrier has said that it can't take any

    def fails_long(self, now: datetime) -> bool:
        """Whether nothing has come through for so long that the line may be another's by now."""
        return self.failing_since is not None and now - self.failing_since > FAILS


@dataclass(slots=True, kw_only=True)
class Call:
    """A phone call: who is on it is settled once, at its start or when they join."""

    id: str
    member: str = ""
    outbox: str = ""
    notice: Notice | None = None
    ended: datetime | None = None


@dataclass(slots=True, kw_only=True)
class Known:
    """What the turns of a batch have read, kept up to date in memory while they are stepped."""

    lines: dict[str, Line] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    talks: dict[str, Conversation] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)  # owners whose stored conversation can't be read
    calls: dict[str, Call] = field(default_factory=dict)
    users: dict[str, list[str]] = field(default_factory=dict)  # member ids, by the line that they use
    states: Recent = field(default_factory=Recent)

    def at(self, line: str) -> list[Person]:
        """The members who use a line, the one last heard on it first."""
        found = [self.people[one] for one in self.users.get(line, ()) if one in self.people]
        return found if len(found) < 2 else sorted(found, key=lambda one: one.heard_on(line), reverse=True)

    def uses(self, person: Person, *ways: Reach) -> None:
        """A member has these ways more to be reached."""
        for way in ways:
            person.reaches.append(way)
            users = self.users.setdefault(way.line, [])
            if person.member.id not in users:
                users.append(person.member.id)


async def load(
    conn: AsyncConnection,
    *,
    lines_: Iterable[Line],
    sessions: Collection[str],
    now: datetime,
    states: Recent | None = None,
) -> Known:
    """Everybody who uses these lines or is on these calls, and where they are."""
    known = Known(lines={line.id: line for line in lines_}, states=states or Recent())
    known.calls = await _calls(conn, sessions)
    used = await _reaches(conn, known.lines.keys())
    on_call = {call.member for call in known.calls.values() if call.member}
    known.people = await people(conn, used.keys() | on_call, now)
    for member, found in used.items():
        if member in known.people:
            known.uses(known.people[member], *found)
    owners = {f"line:{line}" for line in known.lines} | {f"call:{call}" for call in sessions}
    await talks(conn, known, owners | known.people.keys())
    return known


async def ways_of(conn: AsyncConnection, known: Known, member: str) -> None:
    """Read anew how a member uses the lines at hand."""
    used = await _reaches(conn, known.lines.keys())
    known.uses(known.people[member], *used.get(member, ()))


async def find_lines(conn: AsyncConnection, hashes: Collection[bytes]) -> dict[bytes, Line]:
    """The lines with these keyed hashes."""
    return {
        row.address_hash: Line(
            id=row.id,
            kind=row.kind,
            at_member=row.at_member,
            at_until=row.at_until,
            failing_since=row.failing_since,
            closed=row.closed,
            nameless=row.nameless,
            no_texts=row.no_texts,
        )
        for row in await ready.read(conn, _lines(), hashes=list(hashes))
    }


async def people(conn: AsyncConnection, ids: Collection[str], now: datetime) -> dict[str, Person]:
    """These members, those who left excepted."""
    if not ids:
        return {}
    rows = await ready.read(conn, _members(), ids=list(ids))
    same = {row.id: row.joined_to or row.id for row in rows}  # what they did under another id is theirs
    votes = await _votes(conn, same, now)
    read, unread = await _briefs(conn, same)
    found = {}
    for row in rows:
        if row.joined_to:
            continue
        over = row.state == "paused" and row.paused_until and row.paused_until <= now
        member = Member(
            id=row.id,
            number=row.number or "",
            state="active" if over else row.state,  # a break that is over needs nobody to end it
            paused_until=row.paused_until,
            agreed=row.agreed or {},
            handover=row.handover or "",
            votes=votes.get(row.id, {}),
            acknowledged=frozenset(read.get(row.id, ())),
            unread=tuple(one for one in unread.get(row.id, ()) if one not in read.get(row.id, ())),
            **{name: getattr(row, name) for name in AS_STORED},
        )
        person = Person(member=member, group=row.group_id, practice=row.practice, more_time=member.more_time)
        found[row.id] = person
    return found


async def _reaches(conn: AsyncConnection, line_ids: Collection[str]) -> dict[str, list[Reach]]:
    found: dict[str, list[Reach]] = {}
    for row in await ready.read(conn, _ways(), ids=list(line_ids)):
        way = Reach(
            id=row.id,
            line=row.line_id,
            channel=row.channel,
            heard_at=row.heard_at,
            proved=row.proved_at is not None,
            greet=row.greet_by_name,
            leave_message=row.leave_message,
            write_anything=row.write_anything,
            failing=row.failing_since is not None,
        )
        found.setdefault(row.member_id, []).append(way)
    return found


async def _votes(
    conn: AsyncConnection, same: Mapping[str, str], now: datetime
) -> dict[str, dict[str, tuple[str, ...]]]:
    """The latest ballot in each poll counts."""
    rows = await ready.read(conn, _ballots(), ids=list(same), since=now - REMEMBERED)
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for row in rows:
        found.setdefault(same[row.member_id], {})[row.poll_id] = tuple(row.choices or ())
    return found


async def _briefs(
    conn: AsyncConnection, same: Mapping[str, str]
) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """The briefs that each of these people has acknowledged, and those only got; the latest first."""
    read: dict[str, list[str]] = {}
    unread: dict[str, list[str]] = {}
    for row in await ready.read(conn, _got(), ids=list(same)):
        which = read if row.state == "acknowledged" else unread
        which.setdefault(same[row.member_id], []).append(row.subject_id)
    return read, unread


async def talks(conn: AsyncConnection, known: Known, owners: Collection[str]) -> None:
    """Read where these owners are."""
    for row in await ready.read(conn, _talks(), owners=list(owners)):
        try:
            known.talks[row.owner] = known.states.unpacked(row.state)
        except ValueError:  # begin anew rather than never answer this person again
            known.broken.add(row.owner)


async def _calls(conn: AsyncConnection, sessions: Collection[str]) -> dict[str, Call]:
    if not sessions:
        return {}
    c, o = calls.c, outbox.c
    rows = await conn.execute(
        sa.select(c.id, c.ended_at, c.member_id, c.outbox_id, o.kind, o.subject_id, o.body, _by_name())
        .outerjoin(outbox, o.id == c.outbox_id)
        .where(c.id.in_(sessions))
    )
    return {
        id_: Call(
            id=id_,
            ended=ended,
            member=member or "",
            outbox=sent or "",
            notice=_notice(sent, kind, subject, body, greet) if sent else None,
        )
        for id_, ended, member, sent, kind, subject, body, greet in rows
    }


async def rung(conn: AsyncConnection, outbox_ids: Collection[str]) -> dict[str, tuple[str, Notice]]:
    """For messages of ours that ring somebody: the member, and what the call is for."""
    if not outbox_ids:
        return {}
    o = outbox.c
    rows = await conn.execute(
        sa.select(o.id, o.member_id, o.kind, o.subject_id, o.body, _by_name()).where(
            o.id.in_(outbox_ids), o.member_id.is_not(None)
        )
    )
    return {
        id_: (member, _notice(id_, kind, subject, body, greet))
        for id_, member, kind, subject, body, greet in rows
    }


def _by_name() -> sa.ColumnElement[bool]:
    """Whether the first name may be said to whoever lifts the phone: it is their own, or all on it agreed."""
    r, o = reaches.alias(), outbox.c
    here = (r.c.line_id == o.line_id, r.c.retired_at.is_(None))
    shared = sa.exists().where(*here, r.c.member_id != o.member_id)
    unwilling = sa.exists().where(*here, ~r.c.greet_by_name)
    return ~sa.and_(shared, unwilling)


def _notice(id_: str, kind: str, subject: str | None, body: str | None, greet: bool) -> Notice:
    say = unpacked_body(body).say if body else None
    words = (say.spoken or say.text) if say else ""
    language = say.language if say else ""
    return Notice(id=id_, kind=kind, subject=subject or "", text=words, greet=greet, language=language)


@cache
def _lines() -> sa.Select[Any]:
    n = lines.c
    kept = (n.address_hash, n.id, n.kind, n.at_member, n.at_until, n.failing_since)
    told = (
        n.stopped_at.is_not(None).label("closed"),
        n.address.is_(None).label("nameless"),
        n.takes_texts.is_(False).label("no_texts"),
    )
    return sa.select(*kept, *told).where(n.address_hash.in_(ready.among("hashes")))


@cache
def _members() -> sa.Select[Any]:
    m = members.c
    kept = (
        m.id,
        m.joined_to,
        m.group_id,
        m.practice,
        m.number,
        m.state,
        m.paused_until,
        m.agreed,
        m.handover,
    )
    seen = [m[name] for name in AS_STORED]
    theirs = sa.or_(m.id.in_(ready.among("ids")), m.joined_to.in_(ready.among("ids")))
    here = (theirs, m.state != "left", m.state != "erased")
    return sa.select(*kept, *seen).where(*here)


@cache
def _ways() -> sa.Select[Any]:
    r = reaches.c
    used = (r.line_id.in_(ready.among("ids")), r.retired_at.is_(None))
    told = (r.heard_at, r.proved_at, r.failing_since, r.greet_by_name, r.leave_message, r.write_anything)
    return sa.select(r.member_id, r.id, r.line_id, r.channel, *told).where(*used)


@cache
def _ballots() -> sa.Select[Any]:
    b = ballots.c
    since = sa.bindparam("since", type_=polls.c.closed_at.type)
    recent = sa.or_(polls.c.closed_at.is_(None), polls.c.closed_at > since)
    cast = sa.select(b.member_id, b.poll_id, b.choices).join(polls, polls.c.id == b.poll_id)
    return cast.where(b.member_id.in_(ready.among("ids")), recent).order_by(b.at)


@cache
def _got() -> sa.Select[Any]:
    r = reached.c
    arrived = sa.or_(*(r.state == state for state in ("acknowledged", "sent", "delivered")))
    theirs = (r.member_id.in_(ready.among("ids")), r.kind == "brief", arrived)
    return sa.select(r.member_id, r.subject_id, r.state).where(*theirs).order_by(r.at.desc())


@cache
def _talks() -> sa.Select[Any]:
    c = conversations.c
    return sa.select(c.owner, c.state).where(c.owner.in_(ready.among("owners")))
