"""What somebody enters for a member who said it or wrote it on paper.

It is the member's as if they had sent it, it says that help was given, and it is read back to the member
themselves, at their own next contact: never only to whoever entered it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows import effects as ef
from flows.state import Entry
from flows.values import scattered
from storage import locks
from storage.database import upsert
from storage.erasure import auditing
from storage.given.unnaming import unname
from storage.lines.persons import everyone
from storage.members.groups import Complaint, quoted
from storage.members.people import Listed, facilitators
from storage.secrets import Secrets
from storage.tables import (
    ballots,
    contribution_media,
    contributions,
    entries,
    given,
    members,
    open_questions,
    options,
    polls,
    supporters,
)
from storage.turning.stage import Stage
from storage.turning.views import changed
from storage.twice import TWICE

CHANNEL = "paper"  # by which it came in: somebody wrote it down
FLOWS = ("thought", "diary", "idea", "photo", "journey")
LONGEST = 20_000  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class By:
    """Who enters it: one of those who run the group, or the member's own supporter."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What is entered: words, and ids of stored files. `unnamed`: they want no name beside it."""

    flow: str
    text: str
    audience: str = "facilitators"
    files: Sequence[str] = ()
    unnamed: bool = False


class Whose(Protocol):
    """The member for whom it is."""

    @property
    def id(self) -> str: ...
    @property
    def group(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def permission(self) -> str: ...
    @property
    def practice(self) -> bool: ...


async def who_enters(
    conn: AsyncConnection, member: Listed, by: str, secrets: Secrets, *, purpose: str, now: datetime
) -> By:
    """Whoever is called so, if they may enter this for the member. Raise Complaint."""
    if member.state in ("left", "erased"):
        raise Complaint("They are not a member any more, so nothing can be entered for them.")
    staff = await facilitators(conn, member.group, secrets)
    s = supporters.c
    own = await conn.execute(
        sa.select(s.id, s.name, s.purposes).where(
            s.member_id == member.id, s.ended_at.is_(None), sa.or_(s.until.is_(None), s.until > now)
        )
    )
    found = [By(id=one.id, name=one.name) for one in staff if _called(by, one.id, one.number, one.name)]
    found += [
        By(id=row.id, name=row.name)
        for row in own
        if _called(by, row.id, row.name) and purpose in (row.purposes or ())
    ]
    if len(found) != 1:
        raise Complaint(
            f"{quoted(by)} is neither one of the group's facilitators nor somebody whom this member named "
            "for it: give the name or id with --by."
        )
    return found[0]


def _called(by: str, *names: str) -> bool:
    return by.casefold() in {name.casefold() for name in names if name}


async def contribute(
    conn: AsyncConnection,
    member: Whose,
    words: Words,
    by: By,
    *,
    ids: Callable[[], str],
    now: datetime,
    id: str = "",
) -> str:
    """Keep what a member said or wrote; its id. Raise Complaint."""
    if words.flow not in FLOWS:
        raise Complaint(f"A contribution is one of: {', '.join(FLOWS)}.")
    if not words.text.strip() and not words.files:
        raise Complaint("There is nothing in it: give the words, or a file.")
    if len(words.text) > LONGEST:
        raise Complaint(f"It is longer than {LONGEST} letters: enter it in several parts.")
    if found := await _just_entered(conn, member, words, by, now):
        return found
    id_ = id or scattered(ids())
    row = {
        "id": id_,
        "group_id": member.group,
        "flow": words.flow,
        "channel": CHANNEL,
        "at": now,
        "text": words.text.strip(),
        "answers": {},
        "audience": words.audience,
        "shown_name": member.name,
        "practice": member.practice,
        "helped": True,
    }
    await conn.execute(contributions.insert().values(**row))
    await conn.execute(given.insert().values(contribution_id=id_, member_id=member.id))
    if words.files:
        files = [
            {"contribution_id": id_, "media_id": one, "position": n} for n, one in enumerate(words.files)
        ]
        await conn.execute(contribution_media.insert(), files)
    never = sa.select(members.c.never_named).where(members.c.id == member.id)
    if words.unnamed or await conn.scalar(never):
        await unname(conn, id_, member.id)
    await _entered(conn, member, by, ids, now, contribution_id=id_)
    await changed(conn, [member.group])
    return id_


async def _just_entered(
    conn: AsyncConnection, member: Whose, words: Words, by: By, now: datetime
) -> str | None:
    """The same words by the same person a moment ago; of files nobody knows whether they are the same."""
    await locks.for_member(conn, member.id)
    if words.files:
        return None
    c, e = contributions.c, entries.c
    theirs = (e.member_id == member.id, e.by == by.name, e.at > now - TWICE)
    same = (c.flow == words.flow, c.text == words.text.strip())
    entered = sa.select(c.id).join(entries, e.contribution_id == c.id)
    found: str | None = await conn.scalar(entered.where(*theirs, *same).limit(1))
    return found


async def vote(
    conn: AsyncConnection,
    member: Whose,
    poll: str,
    chosen: Sequence[str],
    by: By,
    *,
    ids: Callable[[], str],
    now: datetime,
) -> tuple[str, ...]:
    """Count a member's ballot, in the place of one they had; the options it is for. Raise Complaint."""
    await locks.for_member(conn, member.id)
    row = (await conn.execute(sa.select(polls).where(polls.c.id == poll))).one_or_none()
    if row is None or row.group_id != member.group:
        raise Complaint("There is no poll with that id in this member's group.")
    if row.state != "open" or (row.closes_at and row.closes_at <= now):
        raise Complaint("That vote has closed: it takes no more ballots.")
    if member.permission != "member" and not row.staff:
        raise Complaint("Facilitators have no vote in this poll.")
    keys, labels = await _options(conn, row, chosen)
    await locks.still_open(conn, [poll])
    ballot = {"poll_id": poll, "member_id": member.id, "choices": keys, "channel": CHANNEL, "at": now}
    new = {name: ballot[name] for name in ("choices", "channel", "at")}
    make = upsert(conn, ballots).values(ballot)
    await conn.execute(make.on_conflict_do_update(index_elements=["poll_id", "member_id"], set_=new))
    o = open_questions.c
    asked = sa.update(open_questions).where(o.poll_id == poll, o.member_id == member.id)
    await conn.execute(asked.values(state="answered"))
    await _entered(conn, member, by, ids, now, poll_id=poll)
    return labels


async def _options(
    conn: AsyncConnection, poll: sa.Row[*tuple[Any, ...]], chosen: Sequence[str]
) -> tuple[list[str], tuple[str, ...]]:
    """The keys and labels of what was chosen, by number or by name."""
    o = options.c
    found = await conn.execute(sa.select(o.key, o.label).where(o.poll_id == poll.id).order_by(o.position))
    labels: dict[str, str] = {row.key: row.label for row in found}
    keys: dict[str, None] = {}
    for one in chosen:
        key = one.strip() if one.strip() in labels else _by_name(labels, one)
        if key is None:
            known = ", ".join(labels.values())
            raise Complaint(f"{quoted(one)} is no option here. The options are: {known}.")
        keys[key] = None
    most = (poll.most or len(labels)) if poll.several else 1
    if not 0 < len(keys) <= most:
        raise Complaint(f"Choose {'one option' if most == 1 else f'at most {most} options'} with -o.")
    return list(keys), tuple(labels[key] for key in keys)


def _by_name(labels: dict[str, str], said: str) -> str | None:
    alike = [key for key, label in labels.items() if label.casefold() == said.strip().casefold()]
    return alike[0] if len(alike) == 1 else None


async def _entered(
    conn: AsyncConnection,
    member: Whose,
    by: By,
    ids: Callable[[], str],
    now: datetime,
    **what: str,
) -> None:
    """Have it read back to the member, and note who did it."""
    if poll := what.get("poll_id"):  # of several ballots the last is what counts
        e = entries.c
        before = (e.member_id == member.id, e.poll_id == poll, e.read_at.is_(None))
        await conn.execute(sa.delete(entries).where(*before))
    await _to_be_read(conn, member, by, ids, now, **what)
    did = "ballot entered" if "poll_id" in what else "contribution entered"
    await auditing.record(conn, ids=ids, group=member.group, did=did, subject=member.id, who=by.id, now=now)


async def _to_be_read(
    conn: AsyncConnection, member: Whose, by: By, ids: Callable[[], str], now: datetime, **what: str
) -> None:
    row = {"id": ids(), "member_id": member.id, "by": by.name, "at": now, **what}
    await conn.execute(entries.insert().values(row))
    await conn.execute(sa.update(members).where(members.c.id == member.id).values(read_back=True))


async def look(conn: AsyncConnection, stage: Stage, _: str) -> tuple[Entry, ...]:
    """What was entered for the member and has not been read back to them yet, the oldest first."""
    e, c, p = entries.c, contributions.c, polls.c
    late = sa.or_(e.at >= p.closes_at, e.at > p.closed_at)
    rows = await conn.execute(
        sa.select(e.id, e.by, e.contribution_id, e.poll_id, c.text, c.flow, p.question, late)
        .select_from(entries)
        .outerjoin(contributions, c.id == e.contribution_id)
        .outerjoin(polls, p.id == e.poll_id)
        .where(e.member_id.in_(everyone(stage.me)), e.read_at.is_(None), c.taken_back_at.is_(None))
        .order_by(e.at, e.id)
    )
    return tuple(
        Entry(
            id=id_,
            by=by,
            gift=gift or "",
            flow=flow or "",
            words=text or "",
            poll=poll or "",
            question=question or "",
            late=bool(late),
        )
        for id_, by, gift, poll, text, flow, question, late in rows
    )


def _enter(s: Stage, effect: ef.Enter) -> None:
    """A supporter hands something in: theirs is the phone, the member's is what they hand in."""
    s.secret = True
    if effect.poll:
        s.poll = effect.poll

    async def write(conn: AsyncConnection) -> None:
        whose = await _whose(conn, effect.supporter)
        by = By(id=effect.supporter, name=whose.by)
        if not effect.poll:
            words = Words(flow="thought", text=effect.text, files=effect.media)
            await contribute(conn, whose, words, by, ids=s.ids, now=s.now, id=effect.id)
        elif not effect.keys:
            await _to_be_read(conn, whose, by, s.ids, s.now, poll_id=effect.poll)
        else:  # one that another process has just closed: the turn is begun anew, as for any ballot
            await locks.still_open(conn, [effect.poll])
            await vote(conn, whose, effect.poll, effect.keys, by, ids=s.ids, now=s.now)

    s.ledger.deeds.append(write)


async def _whose(conn: AsyncConnection, supporter: str) -> sa.Row[*tuple[Any, ...]]:
    """The member for whom this supporter enters things, and what the supporter is called."""
    m, p = members.c, supporters.c
    wanted = (m.id, m.group_id.label("group"), m.name, m.practice, m.permission, p.name.label("by"))
    found = sa.select(*wanted).join(supporters, p.member_id == m.id)
    return (await conn.execute(found.where(p.id == supporter, p.ended_at.is_(None)))).one()


def _read_back(s: Stage, effect: ef.ReadBack) -> None:
    """They have heard what was entered for them."""
    heard = sa.update(entries).where(entries.c.member_id.in_(everyone(s.me)), entries.c.id.in_(effect.ids))
    s.ledger.change(heard.values(read_at=s.now))
    s.ledger.change(sa.update(members).where(members.c.id == s.me).values(read_back=False))


DEEDS: Mapping[type, Callable[[Stage, Any], None]] = {ef.Enter: _enter, ef.ReadBack: _read_back}
