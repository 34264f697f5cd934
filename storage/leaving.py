"""Pausing, stopping, leaving and being erased."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from json import loads
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.effects import Change
from storage import locks
from storage.heads import UNSENT
from storage.register import Lifted, What, note, of_member
from storage.rewriting import drop_media
from storage.tables import (
    call_steps,
    calls,
    contribution_media,
    contributions,
    conversations,
    events,
    given,
    matters,
    members,
    outbox,
    practice_posts,
    reaches,
)

NOTED: Mapping[str, What | Lifted] = {  # what the register is told of each wish
    "active": "started",
    "stopped": "stopped",
    "left": "left",
    "erased": "erased",
}


async def change(
    conn: AsyncConnection, member: str, wish: Change, now: datetime, *, talk: str = "{}"
) -> list[str | None]:
    """Do what the member asks for, and drop what waits against it; the hashes of files to remove.

    `talk` is their conversation where it is stored no more, since this ends it.
    """
    await locks.for_member(conn, member)
    m = members.c
    values: dict[str, dict[str, Any]] = {
        "active": {"state": "active", "paused_until": None, "stopped_at": None},
        "paused": {"state": "paused", "paused_until": wish.until},
        "stopped": {"state": "stopped", "stopped_at": now},
        "left": {"state": "left", "left_at": now},
    }
    if noted := NOTED.get(wish.to):
        note(conn, noted, of_member(member))
    if wish.to == "erased":
        return await _erase(conn, member, talk)
    await conn.execute(sa.update(members).where(m.id == member).values(values[wish.to]))
    if wish.to in ("stopped", "left"):
        await cancel_notices(conn, member)
    if wish.to != "left":
        return []
    unfinished = set(await _held(conn, member, talk)) - set(await _passed_on(conn, member))
    await conn.execute(sa.update(reaches).where(reaches.c.member_id == member).values(retired_at=now))
    await conn.execute(sa.delete(conversations).where(conversations.c.owner == member))
    return await drop_media(conn, sorted(unfinished))


async def cancel_notices(conn: AsyncConnection, member: str, *, channel: str = "") -> None:
    """What we meant to start with this member and has not gone yet never goes."""
    o = outbox.c
    waiting = [o.member_id == member, o["class"] == "notice", o.state == "waiting"]
    if channel:
        waiting.append(o.channel == channel)
    await conn.execute(
        sa.update(outbox)
        .where(*waiting)
        .values(state="dropped", body=None, sentence="The member asked not to be contacted.")
    )


async def _erase(conn: AsyncConnection, member: str, talk: str) -> list[str | None]:
    """Remove a member and everything that they gave; the hashes of files to remove.

    Results of closed polls are counts and stay.
    """
    gifts = sa.select(given.c.contribution_id).where(given.c.member_id == member)
    own = sa.select(members.c.name_media).where(members.c.id == member, members.c.name_media.is_not(None))
    used = sa.select(contribution_media.c.media_id).where(contribution_media.c.contribution_id.in_(gifts))
    files = [*await _passed_on(conn, member), *await _held(conn, member, talk), *await conn.scalars(own)]
    files += await conn.scalars(used)
    await conn.execute(sa.update(events).where(events.c.member_id == member).values(body=None))
    await _forget_lines(conn, member)
    await conn.execute(sa.delete(contributions).where(contributions.c.id.in_(gifts)))
    await conn.execute(sa.delete(members).where(members.c.id == member))  # takes the rest along
    return await drop_media(conn, files)


async def _passed_on(conn: AsyncConnection, member: str) -> list[str]:
    """The files that came with what was passed on to the facilitators."""
    said = await conn.scalars(sa.select(matters.c.media).where(matters.c.member_id == member))
    return [file for found in said for file in found or ()]


async def _held(conn: AsyncConnection, member: str, talk: str) -> list[str]:
    """The files that a conversation holds which are no contribution yet."""
    c = conversations.c
    talks = await conn.scalars(sa.select(c.state).where(c.member_id == member))
    return [file for one in (talk, *talks) for file in _files(loads(one or "{}"))]


def _files(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        files = value.get("media")
        yield from files if isinstance(files, list) else ()
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _files(inner)


async def _forget_lines(conn: AsyncConnection, member: str) -> None:
    """Empty what came and went on lines that nobody else uses, before they joined too."""
    r, o = reaches.c, outbox.c
    others = sa.select(r.line_id).where(r.member_id != member)
    own = sa.select(r.line_id).where(r.member_id == member, r.line_id.not_in(others))
    theirs = sa.select(r.line_id).where(r.member_id == member)
    await conn.execute(sa.delete(practice_posts).where(practice_posts.c.line_id.in_(theirs)))
    await conn.execute(sa.update(events).where(events.c.line_id.in_(own)).values(body=None, line_id=None))
    await conn.execute(sa.delete(outbox).where(o.line_id.in_(own), o.state.not_in(UNSENT)))
    strangers = (conversations.c.line_id.in_(own), conversations.c.member_id.is_(None))
    await conn.execute(sa.delete(conversations).where(*strangers))
    # A call that still goes on needs its last answer; with its steps that is gone within the hour.
    over = sa.select(calls.c.id).where(calls.c.line_id.in_(own), calls.c.ended_at.is_not(None))
    await conn.execute(sa.delete(call_steps).where(call_steps.c.call_id.in_(over)))
