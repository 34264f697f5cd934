"""Hand-overs: a person helps a member by text. Opened by a turn, answered by staff, ended by either.

What is said goes to the helper's own line by the way they like best, and to the member as an answer.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows import effects as ef
from flows.events import Say
from flows.state import Handover
from flows.values import replace
from storage import locks
from storage.care.helped import KIND, WRITTEN, Listed, find, said
from storage.care.matters import done as take_off
from storage.lines.reaching import ways_to
from storage.members.groups import Complaint
from storage.sending import outbox, telling
from storage.sending.checks import HELPING
from storage.tables import (
    conversations,
    groups,
    handover_words,
    handovers,
    matters,
    media,
    members,
    reaches,
)
from storage.turning.stage import Stage
from storage.turning.states import unpacked
from storage.turning.views import changed
from storage.twice import TWICE

MARKS = 99  # after so many the numbers begin anew, so that an old one is nobody else's for long
LISTED = 3  # so many are named to a helper who wrote without a number
LASTS = timedelta(days=1)  # how long a helper's words may still go
_H, _W, _M = handovers.c, handover_words.c, members.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What writing to people needs."""

    ids: Callable[[], str]
    now: datetime


# What turns ask for ----------------------------------------------------------------------------------
async def look(conn: AsyncConnection, s: Stage, mark: str) -> Handover | None:
    """The latest hand-over of this group with this number, for staff who answer it."""
    found = await _seen(conn, s, _H.mark == int(mark))
    return found[0] if found else None


async def look_mine(conn: AsyncConnection, s: Stage, _: str) -> tuple[Handover, ...]:
    """Those open ones that this member of staff is told of, the latest first."""
    return tuple(await _seen(conn, s, sa.and_(_H.helper_id == s.me, _H.closed_at.is_(None))))


async def _seen(conn: AsyncConnection, s: Stage, which: sa.ColumnElement[bool]) -> list[Handover]:
    if s.group is None:
        return []
    found = (
        sa.select(_H.id, _H.mark, _M.name, _M.number, _H.closed_at)
        .join(members, _M.id == _H.member_id)
        .where(_M.group_id == s.group.id, which)
        .order_by(_H.opened_at.desc())
        .limit(LISTED)
    )
    return [
        Handover(
            id=row.id,
            mark=row.mark,
            name=row.name.partition(" ")[0],
            number=row.number or "",
            open=row.closed_at is None,
        )
        for row in await conn.execute(found)
    ]


def _open(s: Stage, effect: ef.HandOver) -> None:
    if s.person is None:
        return
    me, line = s.person.member, s.line.id if s.line else None
    s.person.member = replace(me, handover=effect.id)
    row = {
        "id": effect.id,
        "member_id": me.id,
        "line_id": line,
        "channel": s.channel,
        "opened_at": s.now,
        "heard_at": s.now,
        "due_at": effect.due_at,
    }
    group, tools = s.person.group, _tools(s)

    async def write(conn: AsyncConnection) -> None:
        await changed(conn, [group])  # keeps the group, so that no two get one number
        helper = await conn.scalar(sa.select(groups.c.helper_id).where(groups.c.id == group))
        mark = await next_mark(conn, group)
        await conn.execute(handovers.insert().values(**row, helper_id=helper, mark=mark))
        await conn.execute(sa.update(members).where(_M.id == me.id).values(handover=effect.id))
        await _tell_helper(conn, effect.id, effect.tells, tools)

    s.ledger.deeds.append(write)


def _hand(s: Stage, effect: ef.Handed) -> None:
    if s.person is None or not s.person.member.handover:
        return
    me, line, channel, tools = s.person.member, s.line.id if s.line else None, s.channel, _tools(s)

    async def write(conn: AsyncConnection) -> None:
        await _note(conn, me.handover, me.id, "member", effect.words, effect.media, tools)
        here = {"line_id": line, "channel": channel, "heard_at": tools.now}
        await conn.execute(sa.update(handovers).where(_H.id == me.handover).values(**here))
        await _tell_helper(conn, me.handover, effect.tells, tools)

    s.ledger.deeds.append(write)


def _answer(s: Stage, effect: ef.HelperSays) -> None:
    me, tools = s.me, _tools(s)

    async def write(conn: AsyncConnection) -> None:
        try:
            await answer(conn, effect.handover, effect.words, who=me, says=effect.says, tools=tools)
        except Complaint as error:  # they went since this turn looked: whoever wrote is told
            await _write_to(conn, me, str(error), about=me or "", tools=tools)

    s.ledger.deeds.append(write)


def _end(s: Stage, effect: ef.EndHandover) -> None:
    tools = _tools(s)
    mine = s.person is not None and s.person.member.handover == effect.id
    if mine and s.person:
        s.person.member = replace(s.person.member, handover="")

    async def write(conn: AsyncConnection) -> None:
        if effect.tells:
            await _tell_helper(conn, effect.id, effect.tells, tools)
        await close(conn, effect.id, says=effect.says, tools=tools, mistaken=effect.mistaken)

    s.ledger.deeds.append(write)


def _helped(s: Stage, effect: ef.Helped) -> None:
    if me := s.me:
        s.ledger.deeds.append(lambda conn: _seen_to(conn, me, s.now))
    elif effect.wish and (group := s.group):
        s.ledger.deeds.append(lambda conn: _done(conn, effect.wish, group.id, s.now))


async def _done(conn: AsyncConnection, wish: str, group: str, now: datetime) -> None:
    await take_off(conn, wish, group=group, now=now)


def _tell(s: Stage, effect: ef.TellHelper) -> None:
    if s.group is None or (s.person is None and s.practised):
        return
    me, group, tools = s.me, s.group.id, _tools(s)

    async def write(conn: AsyncConnection) -> None:
        helper = await conn.scalar(sa.select(groups.c.helper_id).where(groups.c.id == group))
        await _write_to(conn, helper, effect.text, about=me, tools=tools)

    s.ledger.deeds.append(write)


def _tools(s: Stage) -> Tools:
    return Tools(ids=s.ids, now=s.now)


# What commands and rounds ask for --------------------------------------------------------------------
async def begin(conn: AsyncConnection, member: str, *, who: str, tools: Tools) -> str:
    """Let `who`, of the staff, help a member whose wish for a person waits; its id. Raise Complaint.

    It is the one that is open already, where there is one.
    """
    await locks.for_member(conn, member)
    row = (await conn.execute(sa.select(_M.group_id, _M.handover).where(_M.id == member))).one()
    if row.handover:
        return str(row.handover)
    m = matters.c
    asked = sa.select(m.id).where(m.member_id == member, m.kind == "help", m.done_at.is_(None)).limit(1)
    if await conn.scalar(asked) is None:
        raise Complaint("They do not wait for a person any more.")
    await changed(conn, [row.group_id])  # keeps the group, so that no two get one number
    mark, at = await next_mark(conn, row.group_id), {"opened_at": tools.now, "heard_at": tools.now}
    made = {"id": tools.ids(), "member_id": member, "helper_id": who, "mark": mark}
    await conn.execute(handovers.insert().values(**made, **at))
    await conn.execute(sa.update(members).where(_M.id == member).values(handover=made["id"]))
    return str(made["id"])


async def answer(
    conn: AsyncConnection, id: str, words: str, *, who: str | None, says: str, tools: Tools
) -> None:
    """Send the words of `who`, of the staff, to the member as an answer, which hours do not hold.

    Raise Complaint.
    """
    await conn.execute(sa.select(_H.id).where(_H.id == id).with_for_update())
    over = await find(conn, id)
    if over.closed_at:
        raise Complaint("This hand-over is over: nothing more can be said in it.")
    if who and await _just_said(conn, id, who, words, tools.now):
        return
    line, channel = await _way(conn, over)
    said = await _note(conn, id, over.member, "helper", words, (), tools, who=who)
    row = _row(said, line, channel, over, Say(text=says), tools)
    await outbox.add(conn, [row], now=tools.now)
    taken = {"taken_at": over.taken_at or tools.now, "heard_at": tools.now}
    await conn.execute(sa.update(handovers).where(_H.id == id).values(**taken))
    await _seen_to(conn, over.member, tools.now)


async def close(
    conn: AsyncConnection,
    id: str,
    *,
    says: str,
    tools: Tools,
    mistaken: bool = False,
    klass: outbox.Class = "answer",
) -> Listed | None:
    """End it, and offer the member what they were doing; None where it was over already.

    What nobody answered stays on the list of what needs a person, with its words. `klass`: "notice"
    where no person ends it.
    """
    ended = sa.update(handovers).where(_H.id == id, _H.closed_at.is_(None)).values(closed_at=tools.now)
    if not (await conn.execute(ended)).rowcount:
        return None
    over = await find(conn, id)
    await conn.execute(sa.update(members).where(_M.handover == id).values(handover=None))
    await outbox.release(conn, [over.member], now=tools.now)
    if mistaken:
        await _seen_to(conn, over.member, tools.now)
    elif over.taken_at is None:
        await _leave_on_list(conn, over)
    if says:
        await _offer(conn, over, says, tools, klass)
    return over


# How -------------------------------------------------------------------------------------------------
async def next_mark(conn: AsyncConnection, group: str) -> int:
    """The next number in turn that nobody who is being helped has."""
    here = sa.select(_H.mark, _H.closed_at).join(members, _M.id == _H.member_id).where(_M.group_id == group)
    rows = (await conn.execute(here.order_by(_H.opened_at.desc(), _H.id.desc()).limit(MARKS))).all()
    taken = {mark for mark, closed in rows if closed is None}
    last = rows[0].mark if rows else 0
    numbers = ((last + n) % MARKS + 1 for n in range(MARKS))
    return next((one for one in numbers if one not in taken), last)


async def _just_said(conn: AsyncConnection, id: str, who: str, words: str, now: datetime) -> bool:
    """Whether they said the same a moment ago: then a button was pressed twice."""
    same = (_W.handover_id == id, _W.who_id == who, _W.text == words, _W.at > now - TWICE)
    return await conn.scalar(sa.select(_W.id).where(*same).limit(1)) is not None


async def _note(
    conn: AsyncConnection,
    id: str,
    member: str,
    by: str,
    words: str,
    media: Sequence[str],
    tools: Tools,
    *,
    who: str | None = None,
) -> str:
    row = {"id": tools.ids(), "handover_id": id, "member_id": member, "by": by, "text": words}
    await conn.execute(handover_words.insert().values(**row, who_id=who, media=list(media), at=tools.now))
    return row["id"]


async def _tell_helper(conn: AsyncConnection, id: str, text: str, tools: Tools) -> None:
    """Pass it on to the helper, with the number in front by which they answer."""
    over = sa.select(_H.mark, _H.helper_id, _H.member_id).where(_H.id == id)
    row = (await conn.execute(over)).first()
    if row:
        await _write_to(conn, row.helper_id, f"#{row.mark} {text}", about=row.member_id, tools=tools)


async def _write_to(
    conn: AsyncConnection, helper: str | None, text: str, *, about: str | None, tools: Tools
) -> None:
    """A notice to a helper about a member, whose erasing finds it; who practises troubles no real helper."""
    both = sa.select(_M.practice).where(_M.id.in_([about or helper, helper])).distinct()
    if helper is None or len((await conn.scalars(both)).all()) > 1:
        return
    await telling.tell(
        conn,
        [helper],
        Say(text=text),
        kind=HELPING,
        key=f"{KIND}:{tools.ids()}",
        ids=tools.ids,
        channels=WRITTEN,
        now=tools.now,
        subject=about,
        expires_at=tools.now + LASTS,
    )


async def _way(conn: AsyncConnection, over: Listed) -> tuple[str, str]:
    """The line on which the member wrote last, else the one they like best; raise Complaint."""
    await locks.for_member(conn, over.member)
    state = await conn.scalar(sa.select(_M.state).where(_M.id == over.member))
    if state == "stopped":
        raise Complaint("They asked us to stop, so nobody may write to them.")
    r = reaches.c
    theirs = sa.and_(r.line_id == _H.line_id, r.member_id == _H.member_id, r.retired_at.is_(None))
    last = sa.select(_H.line_id, _H.channel).join(reaches, theirs).where(_H.id == over.id).limit(1)
    ways = await ways_to(conn, [over.member], WRITTEN, KIND)
    row = (await conn.execute(last)).first() or next(iter(ways.get(over.member, ())), None)
    if row is None:
        raise Complaint("They have no line any more on which they could be answered.")
    return row.line_id, row.channel


def _row(key: str, line: str, channel: str, over: Listed, say: Say, tools: Tools) -> outbox.Row:
    return outbox.Row(
        id=tools.ids(),
        line=line,
        channel=channel,
        klass="answer",
        dedupe_key=f"{KIND}:{key}",
        say=say,
        member=over.member,
        group=over.group,
        kind=KIND,
        expires_at=tools.now + LASTS,
    )


async def _offer(conn: AsyncConnection, over: Listed, says: str, tools: Tools, klass: outbox.Class) -> None:
    """Say that it is over, with the question that waits for an answer, where there is one."""
    try:
        line, channel = await _way(conn, over)
    except Complaint:  # there is nobody to be told
        return
    owned = sa.select(conversations.c.state).where(conversations.c.owner == over.member)
    try:
        talk = unpacked(await conn.scalar(owned) or "")
    except ValueError:  # a turn begins it anew
        talk = unpacked("")
    question = talk.frame.asked if talk.frame else talk.asked
    text = f"{says}\n\n{question.text}" if question else says
    row = _row(f"{over.id}:end", line, channel, over, Say(text=text, question=question), tools)
    await outbox.add(conn, [replace(row, klass=klass)], now=tools.now)


async def _seen_to(conn: AsyncConnection, member: str, now: datetime) -> None:
    """Their wish for help needs nobody any more; what they recorded does until somebody has heard it.

    One from this very turn needs somebody too.
    """
    m, f = matters.c, media.c
    open_ = (m.member_id == member, m.kind == "help", m.done_at.is_(None), m.at < now)
    wishes = (await conn.execute(sa.select(m.id, m.media).where(*open_))).all()
    files = [file for wish in wishes for file in wish.media or ()]
    waits = sa.select(f.id).where(f.id.in_(files), f.heard_at.is_(None), f.state != "refused")
    unheard = set(await conn.scalars(waits)) if files else set()
    done = [wish.id for wish in wishes if unheard.isdisjoint(wish.media or ())]
    await conn.execute(sa.update(matters).where(m.id.in_(done)).values(done_at=now))


async def _leave_on_list(conn: AsyncConnection, over: Listed) -> None:
    """The wish for help that nobody answered, with what was written meanwhile."""
    words = await said(conn, over.id)
    text, files = "\n".join(one.text for one in words), [file for one in words for file in one.media]
    m = matters.c
    wish = (m.member_id == over.member, m.kind == "help", m.done_at.is_(None), m.at >= over.opened_at)
    await conn.execute(sa.update(matters).where(*wish).values(words=text, media=files))


DEEDS: Mapping[type, Callable[[Stage, Any], None]] = {
    ef.HandOver: _open,
    ef.Handed: _hand,
    ef.HelperSays: _answer,
    ef.EndHandover: _end,
    ef.Helped: _helped,
    ef.TellHelper: _tell,
}
