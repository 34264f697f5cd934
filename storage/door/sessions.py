"""Who is signed in to the pages. A session is known by the keyed hash of a random value in the browser.

It ends after 12 hours, whatever happens, and sooner for whoever may do nothing there any more: each
request asks anew. An ended one stays for a month without its hash, for "since your last visit".
"""

import secrets as chance
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.lines.persons import NO_MEMBER
from storage.members.groups import Home, list_groups
from storage.secrets import Secrets
from storage.tables import groups, members, session_members, sessions, sign_ins
from storage.turning.views import STAFF

LASTS = timedelta(hours=12)
NOTED = timedelta(minutes=1)  # how often it is written down that somebody is here
AWAY = timedelta(hours=1)  # without a page: then the next page begins another visit
REMEMBERED = timedelta(days=30)  # after its end
BYTES = 32  # of chance in a cookie
OWNER = "owner"


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """One membership by which somebody runs a group."""

    member: str
    group: str
    code: str  # the group's
    name: str
    permission: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """One of the browsers in which somebody is signed in."""

    id: str
    begun_at: datetime
    seen_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One person signed in by one browser. `before` is when they were last here before this visit."""

    id: str
    members: tuple[Staff, ...]
    begun_at: datetime
    seen_at: datetime
    before: datetime | None

    @property
    def owner(self) -> Staff | None:
        """The membership by which they see every group."""
        return next((one for one in self.members if one.permission == OWNER), None)

    def acting_in(self, group: str) -> Staff | None:
        """As whom they act in this group; None where it is none of their business."""
        return next((one for one in self.members if one.group == group), self.owner)


async def begin(
    conn: AsyncConnection,
    secrets: Secrets,
    who: Collection[str],
    *,
    ids: Callable[[], str],
    now: datetime,
) -> str:
    """Sign these members in, who are one person; the new value for their cookie."""
    id_, cookie = ids(), chance.token_urlsafe(BYTES)
    row = {"id": id_, "cookie_hash": _hash(secrets, cookie), "begun_at": now, "seen_at": now}
    before = await _last_seen(conn, who)
    await conn.execute(sa.insert(sessions).values(**row, ends_at=now + LASTS, before=before))
    theirs = [{"session_id": id_, "member_id": one} for one in sorted(set(who))]
    await conn.execute(sa.insert(session_members), theirs)
    return cookie


async def find(conn: AsyncConnection, secrets: Secrets, cookie: str, *, now: datetime) -> Session | None:
    """The session that this cookie is the key to, with what its person may do now; None where it is over."""
    s = sessions.c
    live = (s.cookie_hash == _hash(secrets, cookie), s.ends_at > now)
    rows = (await conn.execute(_running(s.id, s.begun_at, s.seen_at, s.before).where(*live))).all()
    if not rows:
        return None
    id_, begun_at, seen_at, before, *_ = rows[0]
    staff = tuple(Staff(**{name: row._mapping[name] for name in _STAFF}) for row in rows)
    return Session(id=id_, members=staff, begun_at=begun_at, seen_at=seen_at, before=before)


def to_note(session: Session, now: datetime) -> bool:
    """Whether it is time to write down that somebody is here."""
    return now - session.seen_at >= NOTED


async def seen(conn: AsyncConnection, session: Session, *, now: datetime) -> None:
    """Write down that somebody is here; after an hour away this is another visit."""
    s = sessions.c
    again = {"before": session.seen_at} if now - session.seen_at >= AWAY else {}
    await conn.execute(sa.update(sessions).where(s.id == session.id).values(seen_at=now, **again))


async def groups_of(conn: AsyncConnection, session: Session) -> list[Home]:
    """The groups whose pages they may see, by code."""
    everywhere, theirs = session.owner is not None, {one.group for one in session.members}
    return [home for home in await list_groups(conn) if everywhere or home.id in theirs]


async def all_of(conn: AsyncConnection, who: Collection[str], *, now: datetime) -> list[Begun]:
    """Where these members are signed in, the latest first."""
    s = sessions.c
    live = sa.select(s.id, s.begun_at, s.seen_at, s.ends_at).where(s.id.in_(_of(who)), s.ends_at > now)
    return [
        Begun(**row._mapping) for row in await conn.execute(live.order_by(s.begun_at.desc(), s.id.desc()))
    ]


async def end(conn: AsyncConnection, session: Session, *, now: datetime) -> None:
    """Sign out here."""
    await _end(conn, sessions.c.id == session.id, now)


async def end_all_of(conn: AsyncConnection, who: Collection[str], *, now: datetime) -> None:
    """Sign these members out everywhere."""
    await _end(conn, sessions.c.id.in_(_of(who)), now)


async def forget(conn: AsyncConnection, who: Collection[str]) -> None:
    """Keep nothing of where these members were signed in."""
    await conn.execute(sa.delete(sessions).where(sessions.c.id.in_(_of(who))))


async def forget_all(conn: AsyncConnection) -> None:
    """Let nobody in by what stood in other data: no session, link or code comes back to life."""
    await conn.execute(sa.delete(sessions))
    await conn.execute(sa.delete(sign_ins))


async def _end(conn: AsyncConnection, which: sa.ColumnElement[bool], now: datetime) -> None:
    over = sa.update(sessions).where(which, sessions.c.ends_at > now)
    await conn.execute(over.values(ends_at=now, cookie_hash=None))


def _of(who: Collection[str]) -> sa.Select[str]:
    theirs = session_members.c.member_id.in_(who)
    return sa.select(session_members.c.session_id).where(theirs)


async def _last_seen(conn: AsyncConnection, who: Collection[str]) -> datetime | None:
    latest = sa.select(sa.func.max(sessions.c.seen_at)).join(session_members)
    found: datetime | None = await conn.scalar(latest.where(session_members.c.member_id.in_(who)))
    return found


_STAFF = ("member", "group", "code", "name", "permission")


def _running(*columns: sa.Column[Any]) -> sa.Select[Any]:
    """Those in a session who may run their group now."""
    m, g = members.c, groups.c
    who = (m.id.label("member"), m.group_id.label("group"), g.code, m.name, m.permission)
    return (
        sa.select(*columns, *who)
        .select_from(sessions)
        .join(session_members, session_members.c.session_id == sessions.c.id)
        .join(members, m.id == session_members.c.member_id)
        .join(groups, g.id == m.group_id)
        .where(m.permission.in_(STAFF), m.state.not_in(NO_MEMBER))
        .order_by(g.code, m.id)
    )


def _hash(secrets: Secrets, cookie: str) -> bytes:
    return secrets.hash(cookie, "session")
