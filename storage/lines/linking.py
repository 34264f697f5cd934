"""Codes that open another line to a member, and what comes of them. Numbers with PINs: `storage.lines.pins`.

A code is kept as a keyed hash, works once and for a short time. What it does is done as soon as it is looked
up for the last time, since the same turn goes on as the member's: `flows.turns.lines.linking` says when.
"""

import secrets as chance
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.effects import Linked, SetPin
from flows.lines import Opened, Person
from flows.state import Conversation
from flows.turns.lines.linking import ASKED_HERE
from flows.values import replace
from storage import locks
from storage.door import wanted
from storage.erasure import auditing
from storage.erasure.register import note_way
from storage.lines import guessing, joined, pins
from storage.lines.persons import GONE, person
from storage.members.groups import Complaint
from storage.secrets import Secrets
from storage.tables import lines, link_codes, matters, members, reaches
from storage.turning import load, views
from storage.turning.stage import Stage

# By what somebody has it: LINK on a line of theirs, a facilitator, or a right number and PIN just now.
Kind = Literal["link", "back", "pin"]
LASTS: Mapping[Kind, timedelta] = {
    "link": timedelta(minutes=15),
    "back": timedelta(hours=24),
    "pin": timedelta(minutes=15),
}
DIGITS: Mapping[Kind, int] = {"link": 6, "back": 7, "pin": 7}  # so that nobody has to say which kind it is
CODES_A_DAY = 20


async def new_code(
    conn: AsyncConnection,
    secrets: Secrets,
    member: str,
    *,
    kind: Kind,
    ids: Callable[[], str],
    now: datetime,
) -> str:
    """A new code for a member; those of its kind that they had are void. "" where they asked too often."""
    c = link_codes.c
    theirs = (c.member_id == member, c.kind == kind)
    lately = sa.select(sa.func.count()).select_from(link_codes)
    made = lately.where(*theirs, c.until > now - timedelta(days=1) + LASTS[kind])
    if (await conn.scalar(made) or 0) >= CODES_A_DAY:
        return ""
    await conn.execute(sa.update(link_codes).where(*theirs, c.used_at.is_(None)).values(used_at=now))
    first = 10 ** (DIGITS[kind] - 1)
    code = str(first + chance.randbelow(9 * first))
    row = {"id": ids(), "member_id": member, "kind": kind, "code_hash": _hash(secrets, code)}
    await conn.execute(sa.insert(link_codes).values(**row, until=now + LASTS[kind]))
    return code


async def link_line(
    conn: AsyncConnection, member: str, line: str, channel: str, *, ids: Callable[[], str], now: datetime
) -> None:
    """From now on this line leads to the member too, by this channel; a number that texts can be rung."""
    r = reaches.c
    rank = await conn.scalar(sa.select(sa.func.max(r.rank)).where(r.member_id == member))
    ways = [(channel, True)] + ([("voice", False)] if channel == "sms" else [])
    for place, (by, may_start) in enumerate(ways, start=-1 if rank is None else rank):
        here = (r.member_id == member, r.line_id == line, r.channel == by)
        proved = {"proved_at": now, "heard_at": now} if by == channel else {}
        anew = sa.case((r.retired_at.is_not(None), may_start), else_=r.may_start)
        had = sa.update(reaches).where(*here)
        again = had.values(may_start=anew, retired_at=None, failing_since=None, **proved)
        if not (await conn.execute(again)).rowcount:
            row = {"id": ids(), "member_id": member, "line_id": line, "channel": by}
            new = {"rank": place + 1, "may_start": may_start, **proved}
            await conn.execute(sa.insert(reaches).values(**row, **new))
    await note_way(conn, "used", member, line)


async def retire_others(conn: AsyncConnection, member: str, line: str, *, now: datetime) -> None:
    """The other lines of this line's kind lead to the member no more: they are lost, or others have them."""
    r, n = reaches.c, lines.c
    kind = sa.select(n.kind).where(n.id == line).scalar_subquery()
    others = sa.select(n.id).where(n.kind == kind, n.id != line)
    theirs = (r.member_id == member, r.retired_at.is_(None), r.line_id.in_(others))
    for one in set(await conn.scalars(sa.select(r.line_id).where(*theirs))):
        await note_way(conn, "retired", member, one)
    await conn.execute(sa.update(reaches).where(*theirs).values(retired_at=now))


# What turns look up ---------------------------------------------------------------------------------
async def _new(conn: AsyncConnection, s: Stage, _: str) -> str:
    if s.me is None:
        return ""
    return await new_code(conn, s.secrets, s.me, kind="link", ids=s.ids, now=s.now)


async def _code(conn: AsyncConnection, s: Stage, code: str) -> Opened:
    """What a code that was sent or keyed opens; a wrong one is counted at once."""
    if s.line is None:
        return Opened(result="withheld")
    by = s.line.id
    if await guessing.closed(conn, guessing.CODES, by, s.now):
        return Opened(result="closed")
    row = await _live(conn, s, code)
    if row is None:
        await guessing.count(conn, guessing.CODES, by, ids=s.ids, now=s.now)
        return Opened()
    if row.kind == "link" and row.person == s.me:
        return Opened(result="own")
    same = _one_of_the_group(s, row) and not await _both_run_it(conn, s, row)
    return Opened(result="right", kind=_opens(row), same=same, code=code)


async def _number(conn: AsyncConnection, s: Stage, asked: str) -> Opened:
    """What a member number and its PIN open, of the group that is named or else the one at hand."""
    s.secret = True  # neither may be read in what is stored of this event
    if s.line is None:
        return Opened(result="withheld")
    named, number, pin = asked.split("|")
    group = await _group(conn, s, named)
    found = await pins.check_number(
        conn,
        s.secrets,
        group=group,
        practice=s.practised,
        number=number,
        pin=pin,
        must_have_pin=True,
        by=s.line.id,
        ids=s.ids,
        now=s.now,
    )
    if found.closed:
        return Opened(result="closed today" if found.today else "closed")
    if not found.member:
        return Opened()
    if found.member == s.me:
        return Opened(result="own")
    code = await new_code(conn, s.secrets, found.member, kind="pin", ids=s.ids, now=s.now)
    return Opened(result="right" if code else "closed", kind="back", code=code)


async def _use(conn: AsyncConnection, s: Stage, asked: str) -> Opened:
    """Use a code up, and do what it is for; `asked` ends in "one" where both members are one person."""
    code, _, how = asked.partition("|")
    row = await _live(conn, s, code)
    if row is None or s.line is None or not await _used_up(conn, row.id, s.now):
        return Opened()
    kept, other = str(row.person), s.me if how == "one" else None
    if other and await _weight(conn, other) > await _weight(conn, kept):
        kept, other = other, kept  # who runs the group stays who they are, and so does who was let in
    await locks.for_member(conn, kept)
    try:
        if other:
            await joined.join_members(conn, kept, other, ids=s.ids, now=s.now)
    except Complaint:
        return Opened()
    await link_line(conn, kept, s.line.id, s.channel, ids=s.ids, now=s.now)
    if _opens(row) == "back":
        await retire_others(conn, kept, s.line.id, now=s.now)
    if row.kind == "pin":  # nobody who knows them saw them: a person looks whether it was them
        changed = {"id": s.ids(), "group_id": row.group_id, "member_id": kept, "kind": "number changed"}
        s.ledger.add(matters, **changed, words="", question="", at=s.now)
    did = "joined two members" if other else "came back" if _opens(row) == "back" else "linked a line"
    await auditing.record(conn, ids=s.ids, group=row.group_id, did=did, subject=kept, who=kept, now=s.now)
    return Opened(result="right", kind=_opens(row), person=await _as_they_are(conn, s, kept, other))


async def _joined(conn: AsyncConnection, s: Stage, _: str) -> bool:
    """Whether the member was made one with another lately, so that it can be undone."""
    return s.me is not None and await joined.latest(conn, s.me, s.now) is not None


async def _part(conn: AsyncConnection, s: Stage, _: str) -> Opened:
    """Make two people of one again; whoever's line this was goes on as themselves."""
    if s.me is None:
        return Opened()
    me, line = s.me, s.line.id if s.line else ""
    try:
        other = await joined.unjoin_members(conn, me, now=s.now)
    except Complaint:
        return Opened()
    r = reaches.c
    users = sa.select(r.member_id).where(r.line_id == line, r.retired_at.is_(None))
    here = other if other in set(await conn.scalars(users)) else me
    return Opened(result="right", person=await _as_they_are(conn, s, here, None))


LOOKS: Mapping[str, Callable[[AsyncConnection, Stage, str], Awaitable[Any]]] = {
    "new code": _new,
    "code": _code,
    "number": _number,
    "use code": _use,
    "joined": _joined,
    "part": _part,
}


# What a turn asks to be stored ----------------------------------------------------------------------
def _linked(s: Stage, effect: Linked) -> None:
    """The turn goes on as the member's; the talk of whoever was a stranger here is over."""
    found = s.known.people[effect.member]
    if s.person is None:
        s.ledger.talks[s.owner] = None
        s.known.talks.pop(s.owner, None)
    elif s.owner != effect.member:
        _settle(s)
    s.person, s.owner, s.group = found, effect.member, s.groups[found.group]
    s.conversation = s.known.talks.get(effect.member, Conversation())
    s.ledger.groups.add(found.group)


def _settle(s: Stage) -> None:
    """Whoever asked for this is not asked about it any more when they are next in touch."""
    talk = s.conversation
    if s.person is None or not talk.frames or talk.frames[-1].flow not in ASKED_HERE:
        return
    left = replace(talk, frames=talk.frames[:-1], away=len(talk.frames) > 1)
    s.known.talks[s.owner] = left
    s.ledger.talk(
        s.owner,
        left,
        before=talk,
        member=s.owner,
        line=s.line.id if s.line else None,
        more_time=s.person.more_time,
        now=s.now,
    )


def _set_pin(s: Stage, effect: SetPin) -> None:
    s.secret = True  # it may not be read in what is stored of this event
    if s.me:
        me = s.me
        s.ledger.deeds.append(lambda conn: pins.keep_pin(conn, s.secrets, me, effect.pin))


DEEDS: Mapping[type, Callable[[Stage, Any], None]] = {Linked: _linked, SetPin: _set_pin}


# Finding out ----------------------------------------------------------------------------------------
async def _live(conn: AsyncConnection, s: Stage, code: str) -> Any:
    """The code, if it works; a practice phone opens nobody's real place, nor a real one a practised."""
    c, m = link_codes.c, members.c
    works = (c.code_hash == _hash(s.secrets, code), c.used_at.is_(None), c.until > s.now)
    theirs = (m.state.not_in(GONE), m.practice == s.practised)
    found = await conn.execute(
        sa.select(c.id, c.kind, person().label("person"), m.group_id)
        .join(members, m.id == c.member_id)
        .where(*works, *theirs)
    )
    return found.first()


def _opens(row: Any) -> Literal["link", "back"]:
    return "link" if row.kind == "link" else "back"


async def _used_up(conn: AsyncConnection, id_: str, now: datetime) -> bool:
    """Whether it was ours to use: of two who send it at once, one does."""
    c = link_codes.c
    used = sa.update(link_codes).where(c.id == id_, c.used_at.is_(None)).values(used_at=now)
    return (await conn.execute(used)).rowcount == 1


def _one_of_the_group(s: Stage, row: Any) -> bool:
    """Whether whoever writes is known as another member of the same group."""
    return s.person is not None and s.person.group == row.group_id and s.me != row.person


async def _both_run_it(conn: AsyncConnection, s: Stage, row: Any) -> bool:
    """Two who run the group are named to people and on call: they share a phone, but never become one."""
    runs = [(await _weight(conn, one))[0] for one in (s.me, row.person) if one]
    return all(runs)


async def _weight(conn: AsyncConnection, member: str) -> tuple[bool, bool]:
    """Which of two members the other becomes: one who runs the group, and else one who has been let in."""
    m = members.c
    row = (await conn.execute(sa.select(m.permission, m.state).where(m.id == member))).one()
    return row.permission in views.STAFF, row.state != "waiting"


async def _group(conn: AsyncConnection, s: Stage, named: str) -> str:
    if not named:
        return s.group.id if s.group else ""
    found = (await wanted.find(conn, {named})).get(named.upper())
    return found.id if found else ""


async def _as_they_are(conn: AsyncConnection, s: Stage, member: str, gone: str | None) -> Person:
    """The member as they are now, for the rest of this turn and of its batch."""
    known = s.known
    known.people.pop(gone or "", None)
    for users in known.users.values():
        users[:] = [one for one in users if one not in (member, gone)]
    known.people |= await load.people(conn, [member], s.now)
    await load.ways_of(conn, known, member)
    if member not in known.talks:
        await load.talks(conn, known, [member])
    found = known.people[member]
    s.groups |= await s.views.load(conn, {found.group}, s.now)
    talk = known.talks.get(member, Conversation())
    way = found.by(s.line.id, s.channel) if s.line else None
    seen = found.member
    if s.line and way:
        shared, closed = len(known.at(s.line.id)) > 1, s.line.closed
        seen = replace(seen, way=way.seen(shared=shared, known=True, doubted=False, closed=closed))
    return Person(member=seen, group=s.groups[found.group], conversation=talk)


def _hash(secrets: Secrets, code: str) -> bytes:
    return secrets.hash(code, "link code")
