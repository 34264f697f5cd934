"""A person lets people in who asked to join, or does not; and two people end a membership."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.effects import Change
from flows.events import Say
from storage.care import matters
from storage.care.matters import ASKS_IN, ENDING
from storage.erasure import auditing
from storage.files.leftovers import discard
from storage.lines.persons import NO_MEMBER
from storage.lines.reaching import ways_to
from storage.members import leaving
from storage.members.groups import Complaint
from storage.members.people import Listed
from storage.sending import outbox as box
from storage.sending.telling import tell
from storage.tables import audit, members
from storage.tables import matters as needing
from storage.turning.views import changed

WELCOME, REFUSED, ENDED = "welcome", "refused", "ended"  # kinds of what we tell them
PROPOSED, DONE = "proposed to end a membership", "ended a membership"
LAPSES = timedelta(days=30)  # after which a proposal that nobody confirmed counts no more


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What these deeds need: who does it, where messages may go, ids and the time."""

    by: str
    channels: Collection[str]
    ids: Callable[[], str]
    now: datetime


async def approve(conn: AsyncConnection, member: Listed, welcome: Say, tools: Tools) -> None:
    """Let somebody in who asked to join, and welcome them; raise Complaint."""
    await _waits(conn, member, tools)
    await conn.execute(
        sa.update(members).where(members.c.id == member.id).values(state="active", joined_at=tools.now)
    )
    await tell(
        conn,
        [member.id],
        welcome,
        kind=WELCOME,
        key=f"{WELCOME}:{member.id}",
        ids=tools.ids,
        channels=tools.channels,
        now=tools.now,
    )
    await _note(conn, member, "let somebody in", tools)


async def refuse(conn: AsyncConnection, member: Listed, words: Say, tools: Tools) -> bool:
    """Don't let somebody in: nothing of theirs is kept. Whether they will be told; raise Complaint."""
    await _waits(conn, member, tools)
    way = await _way_to(conn, member, REFUSED, tools)
    await discard(conn, await leaving.change(conn, member.id, Change(to="erased"), tools.now))
    await _note(conn, member, "refused to let somebody in", tools)
    return await _last_word(conn, way, words, REFUSED, member, tools)


async def propose_end(conn: AsyncConnection, member: Listed, why: str, tools: Tools) -> bool:
    """Propose to end a membership. True where a second person has proposed it before: it is to end now."""
    if member.state in NO_MEMBER:
        raise Complaint("They are not a member: there is nothing to end.")
    if member.id == tools.by:
        raise Complaint("Nobody ends their own membership by this: they can send LEAVE.")
    before = await _proposed(conn, member, tools)
    if before - {tools.by}:
        return True
    if before:
        return False  # they have said so already: it stands on the list once
    await _note(conn, member, PROPOSED, tools, why=why)
    row = {"id": tools.ids(), "group_id": member.group, "member_id": member.id, "kind": ENDING}
    await conn.execute(sa.insert(needing).values(**row, words=why, question="", at=tools.now))
    return False


async def end(conn: AsyncConnection, member: Listed, words: Say, why: str, tools: Tools) -> bool:
    """End a membership that two people want ended. What they gave stays theirs. Whether they will be told."""
    way = await _way_to(conn, member, ENDED, tools)
    await discard(conn, await leaving.change(conn, member.id, Change(to="left"), tools.now))
    await conn.execute(sa.update(members).where(members.c.id == member.id).values(ended_at=tools.now))
    await matters.settle(conn, member.id, ENDING, tools.now)
    await _note(conn, member, DONE, tools, why=why)
    return await _last_word(conn, way, words, ENDED, member, tools)


async def _proposed(conn: AsyncConnection, member: Listed, tools: Tools) -> set[str]:
    """Who has proposed it lately."""
    a = audit.c
    lately = (a.subject == member.id, a.did == PROPOSED, a.at > tools.now - LAPSES)
    return set(await conn.scalars(sa.select(a.who).where(*lately)))


async def _waits(conn: AsyncConnection, member: Listed, tools: Tools) -> None:
    if member.state != "waiting":
        raise Complaint("They do not wait to be let in: `takepart member list GROUP` shows who does.")
    await matters.settle(conn, member.id, ASKS_IN, tools.now)
    await changed(conn, [member.group])


async def _note(conn: AsyncConnection, member: Listed, did: str, tools: Tools, why: str = "") -> None:
    trace = {"group": member.group, "did": did, "subject": member.id, "who": tools.by, "why": why}
    await auditing.record(conn, ids=tools.ids, now=tools.now, **trace)
    await changed(conn, [member.group])


async def _way_to(conn: AsyncConnection, member: Listed, kind: str, tools: Tools) -> sa.Row[Any] | None:
    """The way to tell somebody who will be no member any more; none to who wants to hear nothing from us."""
    unwilling = sa.or_(members.c.state == "stopped", members.c.never_first)
    if await conn.scalar(sa.select(members.c.id).where(members.c.id == member.id, unwilling)):
        return None
    ways = await ways_to(conn, [member.id], tools.channels, kind)
    return next(iter(ways.get(member.id, ())), None)


async def _last_word(
    conn: AsyncConnection, way: sa.Row[Any] | None, words: Say, kind: str, member: Listed, tools: Tools
) -> bool:
    if way is None:
        return False
    row = box.Row(
        id=tools.ids(),
        line=way.line_id,
        channel=way.channel,
        klass="notice",
        dedupe_key=f"{kind}:{member.id}",
        say=words,
        group=member.group,
        kind=kind,
    )
    await box.add(conn, [row], now=tools.now)
    return True
