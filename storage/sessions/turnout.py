"""Who may vote in a poll, who has voted, and who has not yet; for the pages never what anybody chose."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.ballots import FEW
from storage.lines.persons import NO_MEMBER, everyone, person
from storage.sending import forecasting
from storage.sending.sendings import UNREACHED
from storage.sessions.briefing import NOT_THEN
from storage.sessions.drafting import DRAFT
from storage.tables import ballots, groups, members, outbox, polls, reached

PAGE = 50
MOST_NAMES = 200  # of those who have not voted

NAMELESS = "somebody without a name yet"

Row = sa.Row[*tuple[Any, ...]]
Rules = Sequence[sa.ColumnElement[bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A poll in the list of them. `state` is draft, open or closed."""

    id: str
    question: str
    state: str
    secret: bool
    opened_at: datetime
    closes_at: datetime | None
    closed_at: datetime | None
    voted: int
    eligible: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Turnout:
    """How many have voted, by which ways, and who has not.

    While a secret vote is of so few that ways and names would tell what they chose, these are `kept_back`.
    `waiting` could vote and have not; of a large group `names` are not all of them.
    """

    voted: int
    eligible: int
    by: tuple[tuple[str, int], ...] | None
    kept_back: bool
    waiting: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Became:
    """What became of telling many something: how many by state, and why it did not reach some, by name."""

    states: Mapping[str, int]
    missed: tuple[tuple[str, tuple[str, ...]], ...]


def electorate(row: Row, now: datetime, *, practice: bool) -> list[sa.ColumnElement[bool]]:
    """Who could vote: in the group at any time while the poll was open, staff only where they were asked."""
    m = members.c
    rules = [
        m.group_id == row.group_id,
        m.joined_to.is_(None),  # one person has one vote
        m.state != "waiting",  # to be let in
        sa.or_(m.joined_at.is_(None), m.joined_at <= (row.closed_at or now)),
        sa.or_(m.left_at.is_(None), m.left_at > row.opened_at),
    ]
    if not row.staff:
        rules.append(m.permission == "member")
    if not practice and not row.all_practice:
        rules.append(m.practice.is_(False))
    return rules


async def eligible(conn: AsyncConnection, rules: Rules) -> int:
    """How many could vote."""
    return await conn.scalar(sa.select(sa.func.count()).select_from(members).where(*rules)) or 0


async def choices(conn: AsyncConnection, poll: str, rules: Rules) -> list[tuple[str, ...]]:
    """What each person chose, the later of two ballots where they were two members once."""
    found = await conn.execute(_cast(poll, rules, members.c.id, ballots.c.choices).order_by(ballots.c.at))
    chosen = {who: tuple(keys) for who, keys in found if keys}
    return list(chosen.values())


async def cast(conn: AsyncConnection, poll: str, rules: Rules) -> int:
    """How many people have voted, while their ballots are there."""
    return await conn.scalar(_cast(poll, rules, sa.func.count(members.c.id.distinct()))) or 0


async def listed(
    conn: AsyncConnection, group: str, now: datetime, before: str = ""
) -> tuple[list[Listed], str]:
    """A page of a group's polls, the newest first, and where the next one begins: "" on the last."""
    p = polls.c
    wanted = _polls().where(p.group_id == group, p.id < before if before else sa.true())
    rows = (await conn.execute(wanted.order_by(p.id.desc()).limit(PAGE + 1))).all()
    found = [await _listed(conn, row, now) for row in rows[:PAGE]]
    return found, found[-1].id if len(rows) > PAGE else ""


async def open_polls(conn: AsyncConnection, group: str) -> list[tuple[str, str]]:
    """The polls of a group that are open, the newest first: id and question."""
    p = polls.c
    found = sa.select(p.id, p.question).where(p.group_id == group, p.state == "open")
    return [(row.id, row.question) for row in await conn.execute(found.order_by(p.id.desc()))]


async def turnout(conn: AsyncConnection, group: str, poll: str, now: datetime) -> Turnout | None:
    """The turnout of a group's poll; None where it has no such poll that was opened."""
    p = polls.c
    found = await conn.execute(_polls().where(p.id == poll, p.group_id == group, p.state != DRAFT))
    row = found.one_or_none()
    if row is None:
        return None
    have, could = await _counts(conn, row, now)
    rules = electorate(row, now, practice=False)
    kept_back = row.secret and have < FEW
    missing = [*rules, members.c.state.not_in(NO_MEMBER), ~_voted(poll)] if row.state == "open" else []
    return Turnout(
        voted=have,
        eligible=could,
        by=None if kept_back else await _by_channel(conn, poll, rules),
        kept_back=kept_back,
        waiting=await eligible(conn, missing) if missing else 0,
        names=() if kept_back or not missing else await _names(conn, missing),
    )


async def became(
    conn: AsyncConnection,
    kind: str,
    poll: str,
    channels: Collection[str],
    now: datetime,
    *,
    practice: bool = False,
) -> Became:
    """What became of asking people (`poll`), or of telling them the `result`.

    `practice`: in a group for practising, where those who practise count.
    """
    r, m = reached.c, members.c
    of_it = (r.kind == kind, r.subject_id == poll, sa.or_(m.practice.is_(False), sa.literal(practice)))
    counts = sa.select(r.state, sa.func.count().label("many")).join(members, m.id == r.member_id)
    rows = await conn.execute(counts.where(*of_it).group_by(r.state).order_by(r.state))
    missed = (
        sa.select(m.id, m.name, outbox.c.sentence)
        .join(members, m.id == r.member_id)
        .outerjoin(outbox, outbox.c.id == r.outbox_id)
        .where(*of_it, r.state.in_(UNREACHED))
        .order_by(m.name, m.id)
        .limit(MOST_NAMES)
    )
    people = (await conn.execute(missed)).all()
    wayless = [row.id for row in people if not row.sentence]
    why = await forecasting.reasons(conn, wayless, channels, kind, now)
    names: dict[str, list[str]] = {}
    for row in people:
        names.setdefault(row.sentence or why.get(row.id) or NOT_THEN, []).append(row.name or NAMELESS)
    return Became(
        states={row.state: row.many for row in rows},
        missed=tuple((why, tuple(theirs)) for why, theirs in names.items()),
    )


def _cast(poll: str, rules: Rules, *columns: Any) -> sa.Select[Any]:
    """Of the ballots of a poll, each with the person whose it is, as one member."""
    by, b = members.alias(), ballots.c
    return (
        sa.select(*columns)
        .select_from(ballots)
        .join(by, by.c.id == b.member_id)
        .join(members, members.c.id == person(by))
        .where(b.poll_id == poll, *rules)
    )


def _polls() -> sa.Select[Any]:
    practice = groups.c.practice.label("all_practice")
    return sa.select(polls, practice).join(groups, groups.c.id == polls.c.group_id)


async def _listed(conn: AsyncConnection, row: Row, now: datetime) -> Listed:
    have, could = await _counts(conn, row, now)
    return Listed(
        id=row.id,
        question=row.question,
        state=row.state,
        secret=row.secret,
        opened_at=row.opened_at,
        closes_at=row.closes_at,
        closed_at=row.closed_at,
        voted=have,
        eligible=could,
    )


async def _counts(conn: AsyncConnection, row: Row, now: datetime) -> tuple[int, int]:
    """How many have voted, and how many could."""
    if row.state != "open":
        result = row.result or {}
        return result.get("voted", 0), result.get("eligible", 0)
    rules = electorate(row, now, practice=False)
    return await cast(conn, row.id, rules), await eligible(conn, rules)


async def _by_channel(conn: AsyncConnection, poll: str, rules: Rules) -> tuple[tuple[str, int], ...]:
    way, many = ballots.c.channel, sa.func.count(members.c.id.distinct())
    rows = await conn.execute(_cast(poll, rules, way, many).group_by(way).order_by(many.desc(), way))
    return tuple((channel or "", number) for channel, number in rows)


def _voted(poll: str) -> sa.ColumnElement[bool]:
    b = ballots.c
    return sa.exists().where(b.poll_id == poll, b.member_id.in_(everyone(members.c.id)))


async def _names(conn: AsyncConnection, rules: Rules) -> tuple[str, ...]:
    m = members.c
    named = sa.select(m.name).where(*rules, m.name != "").order_by(m.name, m.id).limit(MOST_NAMES)
    return tuple(await conn.scalars(named))
