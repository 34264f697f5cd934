"""Briefs as somebody writes them in the pages: kept as drafts, planned, sent once more, called off."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.files.leftovers import discard
from storage.ids import Ids
from storage.members.groups import Complaint
from storage.sending import forecasting
from storage.sending.sendings import AGAIN, RING, UNREACHED, drop_waiting, once_more
from storage.sessions.meetings import (
    TITLE,
    Meeting,
    NewBrief,
    Planned,
    Status,
    brief_status,
    find_meeting,
    plan,
    planned,
    write_brief,
)
from storage.tables import attachments, briefs, media, meetings, outbox, reached, sendings, texts
from storage.turning.views import changed

DRAFT, PLANNED, CANCELLED = "draft", "planned", "cancelled"
NO_DRAFT = "That brief is not a draft any more, so it can't be changed."
TOO_LATE = (
    "It cannot go out before the meeting any more: move the meeting, or choose a shorter time before it."
)
NOT_THEN = "There was no way to them then. There is one now."
ALL_REACHED = "It has reached everybody, or is on its way to them."


@dataclass(frozen=True, slots=True, kw_only=True)
class Goes:
    """One sending of a brief: how long before the meeting it was planned for, and what became of it.

    `before` is "" for one that went once more to whom it had not reached; `rings` where it went by phone.
    """

    before: str
    at: datetime
    state: str
    rings: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """Something that goes along."""

    media: str
    kind: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """A brief with its meeting, when it goes, and what goes along."""

    id: str
    title: str
    state: str
    meeting: Meeting
    goes: tuple[Goes, ...]
    files: tuple[File, ...]


async def find_brief(conn: AsyncConnection, group: str, wanted: str) -> Brief | None:
    """A brief of this group; None where it has none with that id."""
    b = briefs.c
    found = await conn.execute(
        sa.select(b.id, b.title, b.state, b.meeting_id)
        .join(meetings, meetings.c.id == b.meeting_id)
        .where(b.id == wanted, meetings.c.group_id == group)
    )
    row = found.one_or_none()
    if row is None:
        return None
    return Brief(
        id=row.id,
        title=row.title,
        state=row.state,
        meeting=await find_meeting(conn, row.meeting_id),
        goes=await _goes(conn, wanted),
        files=await _files(conn, wanted),
    )


async def _goes(conn: AsyncConnection, brief: str) -> tuple[Goes, ...]:
    s = sendings.c
    found = await conn.execute(
        sa.select(s.before, s.due_at, s.state)
        .where(s.kind == "brief", s.subject_id == brief)
        .order_by(s.due_at, s.id)
    )
    return tuple(
        Goes(
            before="" if once_more(row.before) else row.before,
            at=row.due_at,
            state=row.state,
            rings=row.before.startswith(RING),
        )
        for row in found
    )


async def _files(conn: AsyncConnection, brief: str) -> tuple[File, ...]:
    a, f = attachments.c, media.c
    found = await conn.execute(
        sa.select(f.id, f.kind, a.name)
        .join(media, f.id == a.media_id)
        .where(a.brief_id == brief)
        .order_by(a.position)
    )
    return tuple(File(media=id_, kind=kind, name=name) for id_, kind, name in found)


async def keep_draft(
    conn: AsyncConnection, new: NewBrief, *, ids: Ids, now: datetime, brief: str = ""
) -> str:
    """Keep a brief as a draft, in the place of `brief` where that is given; its id. Raise Complaint.

    `new.files` are all that are to go along: of those that went along before the rest is thrown away.
    """
    planned(new.meeting, now)
    row = {"meeting_id": new.meeting.id, "title": new.title[:TITLE], "state": DRAFT, "created_at": now}
    if brief:
        await _clear(conn, brief, keep=[media for media, _ in new.files])
        await conn.execute(sa.update(briefs).where(briefs.c.id == brief).values(row))
    else:
        brief = ids()
        await conn.execute(sa.insert(briefs).values(id=brief, **row))
    await write_brief(conn, brief, new, state=DRAFT, ids=ids, now=now)
    return brief


async def drop_draft(conn: AsyncConnection, brief: str) -> None:
    """Throw a draft away with all that belongs to it; raise Complaint where it is none."""
    await _clear(conn, brief)
    await conn.execute(sa.delete(briefs).where(briefs.c.id == brief))


async def _clear(conn: AsyncConnection, brief: str, keep: Collection[str] = ()) -> None:
    b, a, s = briefs.c, attachments.c, sendings.c
    draft = sa.select(b.id).where(b.id == brief, b.state == DRAFT).with_for_update()
    if await conn.scalar(draft) is None:
        raise Complaint(NO_DRAFT)
    unwanted = list(
        await conn.scalars(sa.select(a.media_id).where(a.brief_id == brief, a.media_id.not_in(keep)))
    )
    await conn.execute(sa.delete(attachments).where(a.brief_id == brief))
    await _throw_away(conn, unwanted)
    await conn.execute(sa.delete(texts).where(texts.c.owner == f"brief:{brief}"))
    await conn.execute(sa.delete(sendings).where(s.kind == "brief", s.subject_id == brief))


async def _throw_away(conn: AsyncConnection, files: Sequence[str]) -> None:
    """Let go of files that no brief shows any more."""
    m = media.c
    gone = sa.delete(media).where(m.id.in_(files)).returning(m.sha256, m.thumb_sha256)
    rows = (await conn.execute(gone)).all() if files else []
    await discard(conn, [one for row in rows for one in row])


async def schedule(conn: AsyncConnection, brief: Brief, now: datetime) -> list[Planned]:
    """Let a draft go when it is to go; when each of its sendings does. Raise Complaint."""
    planned(brief.meeting, now)
    b, s = briefs.c, sendings.c
    draft = sa.update(briefs).where(b.id == brief.id, b.state == DRAFT).values(state=PLANNED)
    if (await conn.execute(draft)).rowcount == 0:
        raise Complaint(NO_DRAFT)
    mine = (s.kind == "brief", s.subject_id == brief.id, s.state == DRAFT)
    await conn.execute(sa.update(sendings).where(*mine).values(state="waiting"))
    plans = await plan(conn, brief.id, brief.meeting, brief.meeting.at, now)
    if not any(one.at for one in plans):
        raise Complaint(TOO_LATE)
    await changed(conn, [brief.meeting.group])
    return plans


async def send_again(conn: AsyncConnection, brief: Brief, *, ring: bool, ids: Ids, now: datetime) -> int:
    """Send it once more to those whom it has not reached; how many those are. Raise Complaint.

    `ring`: by phone alone. Who may be written to or rung is decided as for any sending.
    """
    planned(brief.meeting, now)
    if brief.state != PLANNED or not any(one.state == "done" for one in brief.goes):
        raise Complaint("It has not gone out yet.")
    missed = sum(map(is_missed, await brief_status(conn, brief.id)))
    if not missed:
        raise Complaint(ALL_REACHED)
    mark = RING if ring else AGAIN
    row = {
        "id": ids(),
        "group_id": brief.meeting.group,
        "kind": "brief",
        "subject_id": brief.id,
        "before": f"{mark}{sum(not one.before for one in brief.goes) + 1}",
        "due_at": now,
        "expires_at": brief.meeting.at,
    }
    await conn.execute(sa.insert(sendings).values(row))
    return missed


async def became(conn: AsyncConnection, brief: str, channels: Collection[str], now: datetime) -> list[Status]:
    """What became of a brief for each member, and in a sentence why not of some. Raise Complaint."""
    listed = await brief_status(conn, brief)
    r, o = reached.c, outbox.c
    told = sa.select(r.member_id, o.sentence).join(outbox, o.id == r.outbox_id)
    told = told.where(r.kind == "brief", r.subject_id == brief, r.state.in_(UNREACHED), o.sentence != "")
    said = {row.member_id: row.sentence for row in await conn.execute(told)}
    wayless = [one.member for one in listed if one.state in UNREACHED and one.member not in said]
    why = said | await forecasting.reasons(conn, wayless, channels, "brief", now)
    missed = (one.member for one in listed if one.state in UNREACHED)
    whys = {member: why.get(member) or NOT_THEN for member in missed}
    return [replace(one, why=whys.get(one.member, "")) for one in listed]


def is_missed(one: Status) -> bool:
    """Whether a brief has not reached somebody and is not on its way to them."""
    return one.state in UNREACHED or (one.state == "waiting" and one.at is None)


async def cancel_brief(conn: AsyncConnection, brief: Brief, now: datetime) -> None:
    """Call off what of a brief has not gone out; those who have it keep it. Raise Complaint."""
    b = briefs.c
    off = sa.update(briefs).where(b.id == brief.id, b.state == PLANNED).values(state=CANCELLED)
    if (await conn.execute(off)).rowcount == 0:
        raise Complaint("It is a draft." if brief.state == DRAFT else "That brief was cancelled already.")
    await drop_waiting(conn, "brief", [brief.id], now)
    await changed(conn, [brief.meeting.group])
