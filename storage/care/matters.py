"""What needs a person: the list, and taking something off it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.members import needs
from storage.tables import groups, matters, members

ASKS_IN, ENDING = "asks in", "ending"  # somebody waits to be let in; a membership that one person would end


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """Something that waits for a person. `media` are ids of the files that came with it.

    Of what is `unnamed` nobody is told who it was, and `at` is only its day. `gift`: what it is about.
    """

    id: str
    at: datetime
    kind: str
    member: str | None
    name: str
    words: str
    question: str
    media: tuple[str, ...]
    unnamed: bool = False
    gift: str | None = None


async def list_open(conn: AsyncConnection, group: str) -> list[Open]:
    """What nobody has seen to yet, the oldest first."""
    m = matters.c

    def named(column: sa.Column[str]) -> sa.Case[str]:
        return sa.case((m.unnamed.is_(False), column))

    found = (
        sa.select(m.id, m.at, m.kind, named(m.member_id), named(members.c.name), m.words, m.question, m.media)
        .add_columns(m.unnamed, m.contribution_id)
        .outerjoin(members, members.c.id == m.member_id)
        .where(m.group_id == group, m.done_at.is_(None))
        .order_by(m.at, m.id)
    )
    return [
        Open(
            id=id_,
            at=at,
            kind=kind,
            member=member,
            name=name or "",
            words=words,
            question=question,
            media=tuple(media or ()),
            unnamed=unnamed,
            gift=gift,
        )
        for id_, at, kind, member, name, words, question, media, unnamed, gift in await conn.execute(found)
    ]


async def waiting(conn: AsyncConnection, group: str, now: datetime) -> list[Open]:
    """The same with what members need that is not met."""
    return sorted(
        [*await list_open(conn, group), *await _needs(conn, group, now)], key=lambda one: (one.at, one.id)
    )


async def _needs(conn: AsyncConnection, group: str, now: datetime) -> list[Open]:
    """What members need that is not met yet, or is to be looked at again."""
    return [
        Open(
            id=one.id,
            at=(one.review_on if one.met else None) or one.asked_on,
            kind="look at a need again" if one.met else "need",
            member=one.member,
            name=one.name,
            words=": ".join(part for part in (one.kind, one.words) if part),
            question=one.why,
            media=(),
        )
        for one in await needs.list_needs(conn, group)
        if one.waits(now)
    ]


async def done(conn: AsyncConnection, id: str, *, group: str, now: datetime) -> bool:
    """Take one off the list; False where it is not on it."""
    m = matters.c
    mine = (m.id == id, m.group_id == group, m.done_at.is_(None))
    ended = await conn.execute(sa.update(matters).where(*mine).values(done_at=now))
    if ended.rowcount == 0 and id in {one.id for one in await needs.list_needs(conn, group)}:
        return await needs.meet(conn, id, met=True, why="", review_on=None, now=now) is not None
    return ended.rowcount > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """Something that has come onto a group's list lately; `called` is the group's name."""

    id: str
    kind: str
    group: str
    called: str
    member: str | None


async def fresh(conn: AsyncConnection, kinds: Collection[str], *, since: datetime) -> list[Fresh]:
    """What of these kinds has come onto any list since, and waits."""
    m = matters.c
    found = (
        sa.select(m.id, m.kind, m.group_id, groups.c.name, m.member_id)
        .join(groups, groups.c.id == m.group_id)
        .where(m.kind.in_(kinds), m.at > since, m.done_at.is_(None))
    )
    return [
        Fresh(id=id_, kind=kind, group=group, called=called, member=member)
        for id_, kind, group, called, member in await conn.execute(found)
    ]


async def settle(conn: AsyncConnection, member: str, kind: str, now: datetime) -> None:
    """Take what there is of one kind about a member off the list."""
    m = matters.c
    theirs = (m.member_id == member, m.kind == kind, m.done_at.is_(None))
    await conn.execute(sa.update(matters).where(*theirs).values(done_at=now))
