"""Erases a member: whatever they gave and are goes in the turn's own transaction, their lines soon after.

What stays says nothing of a person: counts, keyed hashes by which repeats are known, and that of a
stopped line.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from json import loads
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.door import sessions
from storage.erasure import removals
from storage.given.rewriting import drop_media
from storage.keeping import exports
from storage.lines.persons import everyone, person
from storage.sending.checks import HELPING
from storage.sending.heads import UNSENT
from storage.tables import (
    alert_words,
    alerts,
    call_steps,
    calls,
    contribution_media,
    contributions,
    conversations,
    events,
    given,
    handover_words,
    lines,
    matters,
    members,
    outbox,
    practice_posts,
    reaches,
    supporters,
)

LONGEST_CALL = timedelta(hours=4)  # of which we were never told that it ended


async def erase(conn: AsyncConnection, member: str, talk: str, now: datetime) -> list[str | None]:
    """Remove a member and everything that they gave; the hashes of files to remove.

    Results of closed polls are counts and stay. `talk` is where they are, if it is not stored any more.
    """
    who = await _one_person(conn, member)
    gifts = sa.select(given.c.contribution_id).where(given.c.member_id.in_(who))
    files = await _files_of(conn, who, gifts)
    for one in who:
        files += await held(conn, one, talk if one == member else "{}")
    await _leave_lines(conn, who, now)
    relayed = sa.and_(outbox.c.kind == HELPING, outbox.c.subject_id.in_(who))
    told = sa.and_(outbox.c.kind == "say", outbox.c.subject_id.in_(gifts))
    await _forget_said(conn, sa.or_(relayed, told), now)
    await exports.forget(conn, who)
    w, theirs = alert_words.c, sa.select(alerts.c.id).where(alerts.c.member_id.in_(who))
    await conn.execute(sa.delete(alert_words).where(sa.or_(w.alert_id.in_(theirs), w.gift.in_(gifts))))
    await conn.execute(sa.delete(contributions).where(contributions.c.id.in_(gifts)))
    await sessions.forget(conn, who)
    await conn.execute(sa.delete(members).where(members.c.id.in_(who)))  # takes the rest along
    return await drop_media(conn, files, now)


async def erase_gifts(conn: AsyncConnection, gifts: Sequence[str], now: datetime) -> list[str | None]:
    """Remove these contributions with all that they left elsewhere; the hashes of files to remove."""
    cm, e = contribution_media.c, events.c
    await exports.void(conn, gifts)
    files = (await conn.scalars(sa.select(cm.media_id).where(cm.contribution_id.in_(gifts)))).all()
    await conn.execute(sa.delete(alert_words).where(alert_words.c.gift.in_(gifts)))
    became = sa.update(events).where(e.contribution_id.in_(gifts))
    await conn.execute(became.values(body=None, answer=None, emptied_at=now))
    await conn.execute(sa.delete(contributions).where(contributions.c.id.in_(gifts)))
    return await drop_media(conn, files, now)


async def erase_passed_on(conn: AsyncConnection, ids: Sequence[str], now: datetime) -> list[str | None]:
    """Remove this from what was passed on to the facilitators; the hashes of files to remove."""
    m = matters.c
    found = await conn.scalars(sa.select(m.media).where(m.id.in_(ids)))
    files = [file for media in found for file in media or ()]
    await conn.execute(sa.delete(matters).where(m.id.in_(ids)))
    return await drop_media(conn, files, now)


async def erase_alert_words(conn: AsyncConnection, group: str, until: datetime) -> None:
    """Remove the words that gave an alert until then, where somebody has seen to it; the alert stays."""
    seen = sa.select(alerts.c.id).where(alerts.c.group_id == group, alerts.c.state != "open")
    w = alert_words.c
    await conn.execute(sa.delete(alert_words).where(w.alert_id.in_(seen), w.at <= until))


async def _one_person(conn: AsyncConnection, member: str) -> list[str]:
    """A member, and whoever was found to be the same person."""
    kept = await conn.scalar(sa.select(person()).where(members.c.id == member))
    return sorted(await conn.scalars(everyone(kept)))


async def _files_of(conn: AsyncConnection, who: list[str], gifts: sa.Select[tuple[str]]) -> list[str]:
    """The files that they gave, passed on or said their name in."""
    m, cm = members.c, contribution_media.c
    names = await conn.scalars(sa.select(m.name_media).where(m.id.in_(who), m.name_media.is_not(None)))
    used = await conn.scalars(sa.select(cm.media_id).where(cm.contribution_id.in_(gifts)))
    passed = [file for one in who for file in await passed_on(conn, one)]
    return [*names, *used, *passed]


async def _forget_said(conn: AsyncConnection, said: sa.ColumnElement[bool], now: datetime) -> None:
    """Empty what helpers and other members were sent of them, here and at the provider."""
    await removals.of_messages(conn, said, now)
    o, unsent = outbox.c, outbox.c.state == "waiting"
    # In one statement: by their state there are far too many to look through.
    state = sa.case((unsent, "dropped"), else_=o.state)
    why = sa.case((unsent, "The member was erased."), else_=o.sentence)
    await conn.execute(sa.update(outbox).where(said).values(body=None, state=state, sentence=why))


async def passed_on(conn: AsyncConnection, member: str) -> list[str]:
    """The files that came with what was passed on to the facilitators, or to whoever helped."""
    w = handover_words.c
    handed = await conn.scalars(sa.select(w.media).where(w.member_id == member))
    said = await conn.scalars(sa.select(matters.c.media).where(matters.c.member_id == member))
    return [file for found in (*handed, *said) for file in found or ()]


async def held(conn: AsyncConnection, member: str, talk: str) -> list[str]:
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


async def _leave_lines(conn: AsyncConnection, who: list[str], now: datetime) -> None:
    """Empty what came and went on lines that nobody else uses, before they joined too.

    On a line that others use, only what is known to be theirs goes.
    """
    o, c = outbox.c, calls.c
    theirs = await _lines(conn, members.c.id.in_(who))
    shared = await _lines(conn, members.c.id.not_in(who), theirs)
    own = [line for line in theirs if line not in shared]
    # By their lines: of those there is an index, and whoever is sent something has a line for it.
    gone = sa.and_(o.line_id.in_(theirs), sa.or_(o.member_id.in_(who), o.line_id.in_(own)))
    await removals.of_messages(conn, gone, now)
    await removals.of_calls(conn, sa.or_(c.member_id.in_(who), c.line_id.in_(own)), now)
    await removals.of_lines(conn, theirs, now)
    e, nobodys = events.c, {"member_id": None}
    line = sa.case((e.line_id.in_(own), None), else_=e.line_id)
    emptied = sa.update(events).where(sa.or_(e.member_id.in_(who), _nobodys_event(own)))
    await conn.execute(emptied.values(body=None, answer=None, emptied_at=now, line_id=line, **nobodys))
    await conn.execute(sa.update(calls).where(c.member_id.in_(who)).values(owner=None, **nobodys))
    await conn.execute(sa.delete(practice_posts).where(practice_posts.c.line_id.in_(theirs)))
    strangers = (conversations.c.line_id.in_(own), conversations.c.member_id.is_(None))
    await conn.execute(sa.delete(conversations).where(*strangers))
    await _empty(conn, own, now)


async def _lines(
    conn: AsyncConnection, who: sa.ColumnElement[bool], among: list[str] | None = None
) -> list[str]:
    """The lines of these members, and those that they named for their own people."""
    found: set[str] = set()
    for table in (reaches, supporters):
        wanted = sa.select(table.c.line_id).join(members, members.c.id == table.c.member_id).where(who)
        if among is not None:
            wanted = wanted.where(table.c.line_id.in_(among))
        found.update(line for line in await conn.scalars(wanted) if line)
    return sorted(found)


def _nobodys_event(own: Sequence[str]) -> sa.ColumnElement[bool]:
    return sa.and_(events.c.line_id.in_(own), events.c.member_id.is_(None))


async def _empty(conn: AsyncConnection, own: Sequence[str], now: datetime) -> None:
    """Nothing stays of what nobody who is here was sent on these lines, but what still has to go out."""
    o, c = outbox.c, calls.c
    gone = (o.line_id.in_(own), o.member_id.is_(None), o.state.not_in(UNSENT))
    await conn.execute(sa.delete(outbox).where(*gone))
    # A call that still goes on needs its last answer.
    over = sa.select(c.id).where(c.line_id.in_(own), c.member_id.is_(None), ~_goes_on(now))
    await conn.execute(sa.delete(call_steps).where(call_steps.c.call_id.in_(over)))
    await conn.execute(sa.delete(calls).where(c.id.in_(over)))


def _goes_on(now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(calls.c.ended_at.is_(None), calls.c.started_at > now - LONGEST_CALL)


async def forget_line(conn: AsyncConnection, line: str, now: datetime) -> bool:
    """Forget a line that was left behind, once the last answer to it has gone; whether that is so.

    A line that somebody uses, or from which somebody writes anew, stays, without what was nobody's. Of one
    that is stopped the keyed hash stays.
    """
    o, n, r = outbox.c, lines.c, reaches.c
    waits = sa.select(o.id).where(o.line_id == line, o.member_id.is_(None), o.state.in_(UNSENT)).limit(1)
    talking = sa.select(calls.c.id).where(calls.c.line_id == line, _goes_on(now)).limit(1)
    if await conn.scalar(waits) or await conn.scalar(talking):
        return False
    emptied = sa.update(events).where(_nobodys_event([line]))
    await conn.execute(emptied.values(body=None, emptied_at=now, line_id=None))
    await _empty(conn, [line], now)
    used = sa.or_(
        sa.exists().where(r.line_id == n.id),
        sa.exists().where(supporters.c.line_id == n.id),
        sa.exists().where(o.line_id == n.id),
        sa.exists().where(events.c.line_id == n.id),
        sa.exists().where(conversations.c.line_id == n.id),
    )
    await conn.execute(sa.delete(lines).where(n.id == line, ~used, n.stopped_at.is_(None)))
    stopped = sa.update(lines).where(n.id == line, ~used, n.stopped_at.is_not(None))
    await conn.execute(stopped.values(address=None, at_until=None))
    return True
