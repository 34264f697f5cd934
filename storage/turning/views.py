"""A group as a turn sees it: its polls, briefs and what was shared; kept until its version changes."""

import secrets as chance
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows import rules
from flows.calendar import day_name
from flows.events import Option
from flows.polls import Poll
from flows.safety import NOTHING, SafeWords
from flows.state import Group
from storage import ready
from storage.care import watches
from storage.door import standing, wanted, wordings
from storage.lines.persons import NO_MEMBER
from storage.secrets import Secrets
from storage.sessions import versions as other_words
from storage.tables import (
    groups,
    lines,
    members,
    options,
    polls,
    reaches,
)
from storage.turning.load import REMEMBERED
from storage.turning.shown import briefs_ahead, shared

FRESH = timedelta(minutes=1)  # a day's name and a poll's closing change without a new version
FIRST, NUMBERS = 1000, 9000  # member numbers
TRIES = 20
DRAWN = 200  # numbers looked at for those who join; a batch of turns is far fewer
KEPT = 1000  # groups; more are read anew when they are needed
STAFF = ("facilitator", "owner")


@dataclass(slots=True, kw_only=True)
class House:
    """What is the same for every group here: how it is rung, what its bot is called."""

    phone: str = ""
    chat: str = ""
    replies_to_optout: bool = False
    safe_words: SafeWords = NOTHING


@dataclass(frozen=True, slots=True)
class _Kept:
    version: int
    until: datetime
    group: Group
    spare: list[str]  # member numbers that nobody has


class Views:
    """Gives groups by id. `parts` cuts a brief's text into pieces short enough to hear."""

    def __init__(self, house: House, parts: Callable[[str], Sequence[str]], secrets: Secrets) -> None:
        self._house = house
        self._parts = parts
        self._secrets = secrets
        self._kept: dict[str, _Kept] = {}

    async def load(self, conn: AsyncConnection, ids: Collection[str], now: datetime) -> dict[str, Group]:
        """The groups with these ids as they are now."""
        if not ids:
            return {}
        found = {}
        for id_, version in await ready.read(conn, _versions(), ids=list(ids)):
            kept = self._kept.get(id_)
            if kept is None or kept.version != version or kept.until <= now:
                kept = await self._read(conn, id_, now)
                self._keep(id_, kept)
            found[id_] = kept.group
        return found

    def forget(self) -> None:
        """Something about the house has changed: read every group anew."""
        self._kept.clear()

    def joined(self, group: Group, number: str) -> Group:
        """A loaded group with one member more, who has this number, and a spare number for the next."""
        kept = self._kept.get(group.id)
        spare = [one for one in kept.spare if one != number] if kept else []
        if kept:
            kept.spare[:] = spare
        return replace(group, members=group.members + 1, spare_number=spare[0] if spare else "")

    def _keep(self, id_: str, kept: _Kept) -> None:
        """The group that was read first makes room for one more than there is room for."""
        self._kept.pop(id_, None)
        self._kept[id_] = kept
        if len(self._kept) > KEPT:
            del self._kept[next(iter(self._kept))]

    async def _read(self, conn: AsyncConnection, id_: str, now: datetime) -> _Kept:
        row = (await conn.execute(sa.select(groups).where(groups.c.id == id_))).one()
        polls_, first_closing = await _polls(conn, row, now)
        group = Group(
            id=id_,
            code=row.code,
            number=row.number,
            name=row.name,
            outside_name=row.outside_name,
            zone=row.zone,
            hours=row.hours,
            language=row.language,
            helper_phone=self._secrets.open(row.helper_phone) if row.helper_phone else "",
            rules=rules.read(row.settings),
            phone=self._house.phone,
            chat=self._house.chat,
            replies_to_optout=self._house.replies_to_optout,
            wordings=await wordings.agreements(conn, row.wordings),
            watch=await watches.watch(conn, id_, self._house.safe_words),
            safe_contact=await watches.first_contact(conn, id_),
            polls=polls_,
            briefs=await briefs_ahead(conn, id_, row.zone, now, self._parts),
            shared=await shared(conn, id_, practice=row.practice),
            alone=await _alone(conn, practice=row.practice),
        )
        group, spare = await _with_people(conn, group, row.helper_id)
        until = min(now + FRESH, first_closing or now + FRESH)
        return _Kept(version=row.version, until=until, group=group, spare=spare)


@cache
def _versions() -> sa.Select[Any]:
    asked = groups.c.id.in_(ready.among("ids"))
    return sa.select(groups.c.id, groups.c.version).where(asked)


async def changed(conn: AsyncConnection, ids: Collection[str]) -> None:
    """Let every process read these groups anew."""
    if ids:
        await conn.execute(
            sa.update(groups).where(groups.c.id.in_(sorted(ids))).values(version=groups.c.version + 1)
        )


def spare_number(taken: Collection[str]) -> str:
    """Four digits that no member of the group has; never 0 first, which callers key for a person."""
    for _ in range(TRIES):
        number = str(FIRST + chance.randbelow(NUMBERS))
        if number not in taken:
            return number
    free = [number for n in range(FIRST, FIRST + NUMBERS) if (number := str(n)) not in taken]
    return chance.choice(free) if free else ""


async def _alone(conn: AsyncConnection, *, practice: bool) -> bool:
    return await wanted.only(conn, practice=practice) is not None


async def _with_people(conn: AsyncConnection, group: Group, helper: str | None) -> tuple[Group, list[str]]:
    """The group with what its people are to it, and member numbers for those who join."""
    m = members.c
    here = (m.group_id == group.id, m.state.not_in(NO_MEMBER))
    leading = sa.or_(m.id == helper, m.permission.in_(STAFF))
    rows = (
        await conn.execute(sa.select(m.id, m.name, m.permission).where(*here, leading).order_by(m.id))
    ).all()
    many = await conn.scalar(sa.select(sa.func.count()).where(*here, m.permission == "member"))
    leads = [row for row in rows if row.permission in STAFF and row.name]
    readers = tuple(row.name for row in leads)
    named = next((row.name for row in rows if row.id == helper), "")
    spare = await _spare_numbers(conn, group.id)
    peopled = replace(
        group,
        readers=readers,
        standings=await standing.standing_of(conn, [row.id for row in leads]),
        helper=named or (readers[0] if readers else ""),
        helper_id=helper if helper and await _reads(conn, helper) else "",
        members=many or 0,
        spare_number=spare[0] if spare else "",
    )
    return peopled, spare


async def _reads(conn: AsyncConnection, helper: str) -> bool:
    """Whether a helper has a line on which they may be written to, and that nobody else here uses."""
    r, n, m = reaches.c, lines.c, members.c
    other, who = reaches.alias().c, members.alias().c
    same = (other.line_id == r.line_id, other.member_id != helper, other.retired_at.is_(None))
    here = (who.id == other.member_id, who.group_id == m.group_id)
    way = (
        sa.select(r.id)
        .join(lines, n.id == r.line_id)
        .join(members, m.id == r.member_id)
        .where(r.member_id == helper, r.may_start, r.retired_at.is_(None), r.channel.in_(("telegram", "sms")))
        .where(n.stopped_at.is_(None), m.state.in_(("active", "paused")), ~sa.exists().where(*same, *here))
    )
    return bool(await conn.scalar(way.limit(1)))


async def _spare_numbers(conn: AsyncConnection, group: str) -> list[str]:
    """More numbers than can be needed before the group is read anew; all that are left where few are."""
    m = members.c
    taken = sa.select(m.number).where(m.group_id == group, m.number.is_not(None))
    drawn = {str(FIRST + chance.randbelow(NUMBERS)) for _ in range(DRAWN)}
    free = drawn.difference(await conn.scalars(taken.where(m.number.in_(drawn))))
    if len(free) < DRAWN // 2:
        free = {str(FIRST + n) for n in range(NUMBERS)}.difference(await conn.scalars(taken))
    found = list(free)
    chance.SystemRandom().shuffle(found)
    return found


async def _polls(
    conn: AsyncConnection, home: sa.Row[*tuple[Any, ...]], now: datetime
) -> tuple[tuple[Poll, ...], datetime | None]:
    p, zone = polls.c, home.zone
    recent = sa.or_(p.state == "open", p.closed_at > now - REMEMBERED)
    rows = (
        await conn.execute(sa.select(polls).where(p.group_id == home.id, recent).order_by(p.opened_at, p.id))
    ).all()
    choices = await _options(conn, [row.id for row in rows])
    versions = await other_words.of(
        conn, {poll: [option.key for option in theirs] for poll, theirs in choices.items()}
    )
    closings = [
        row.closes_at for row in rows if row.state == "open" and row.closes_at and row.closes_at > now
    ]
    found = tuple(
        Poll(
            id=row.id,
            question=row.question,
            options=choices.get(row.id, ()),
            several=row.several,
            most=row.most,
            secret=row.secret,
            staff=row.staff,
            closes=day_name(row.closes_at, zone, now) if row.closes_at else "",
            closed=row.state != "open" or bool(row.closes_at and row.closes_at <= now),
            outcome=(row.result or {}).get("sentence", ""),
            changes=row.changes,
            decides=row.decides,
            language=home.language,
            versions=versions.get(row.id, {}),
        )
        for row in rows
    )
    return found, min(closings, default=None)


async def _options(conn: AsyncConnection, poll_ids: Sequence[str]) -> dict[str, tuple[Option, ...]]:
    if not poll_ids:
        return {}
    o = options.c
    rows = await conn.execute(
        sa.select(o.poll_id, o.key, o.label).where(o.poll_id.in_(poll_ids)).order_by(o.poll_id, o.position)
    )
    found: dict[str, tuple[Option, ...]] = {}
    for poll, key, label in rows:
        found[poll] = (*found.get(poll, ()), Option(key=key, label=label))
    return found
