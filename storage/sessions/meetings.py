"""Meetings and their briefs: planned, moved, cancelled; and what became of a brief for each member."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.calendar import Hours, due
from flows.events import Shown
from storage.ids import Ids
from storage.lines.persons import NO_MEMBER
from storage.members.groups import Complaint, Home
from storage.sending.sendings import TOLD, drop_waiting, once_more, reopen
from storage.tables import attachments, briefs, groups, media, meetings, members, reached, sendings, texts
from storage.turning.views import changed

TITLE = 200  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    id: str
    group: str
    zone: str
    hours: str
    language: str  # the group's
    title: str
    at: datetime
    state: str
    moves: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBrief:
    """`texts` are Markdown by language and form; `files` are media with the names they are shown by."""

    meeting: Meeting
    title: str
    texts: Mapping[tuple[str, str], str]
    befores: Sequence[str]
    files: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A brief as it is sent: its Markdown by language and form, and its files."""

    id: str
    title: str
    meeting: str
    at: datetime
    zone: str
    language: str  # the group's, in which there always is a plain version
    versions: Mapping[tuple[str, str], str]
    files: tuple[Shown, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """When one sending of a brief is due; None where it can't go out before the meeting."""

    before: str
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What became of a brief for one member. `briefing.became` says why it has not reached some."""

    member: str
    name: str
    channel: str | None
    state: str
    at: datetime | None
    why: str = ""
    practice: bool = False


async def add_meeting(
    conn: AsyncConnection, home: Home, title: str, at: datetime, *, ids: Ids, now: datetime
) -> str:
    """Plan a meeting; its id. Raises Complaint."""
    title = " ".join(title.split())
    if not title or len(title) > TITLE:
        raise Complaint(f"A meeting's title has 1 to {TITLE} characters.")
    _ahead(at, now)
    meeting = ids()
    row = {"id": meeting, "group_id": home.id, "title": title, "at": at, "created_at": now}
    await conn.execute(sa.insert(meetings).values(row))
    await changed(conn, [home.id])
    return meeting


async def find_meeting(conn: AsyncConnection, wanted: str) -> Meeting:
    """The meeting with this id; raise Complaint."""
    m, g = meetings.c, groups.c
    found = await conn.execute(
        sa.select(m.id, m.group_id, g.zone, g.hours, g.language, m.title, m.at, m.state, m.moves)
        .join(groups, g.id == m.group_id)
        .where(m.id == wanted)
    )
    row = found.one_or_none()
    if row is None:
        raise Complaint("There is no meeting with that id: `takepart meeting add` prints it.")
    return Meeting(
        id=row.id,
        group=row.group_id,
        zone=row.zone,
        hours=row.hours,
        language=row.language,
        title=row.title,
        at=row.at,
        state=row.state,
        moves=row.moves,
    )


async def move_meeting(
    conn: AsyncConnection, meeting: Meeting, at: datetime, *, ids: Ids, now: datetime
) -> list[Planned]:
    """Move it, its briefs with it, and tell those who were told; when each brief goes out now."""
    planned(meeting, now)
    _ahead(at, now)
    if at == meeting.at:
        raise Complaint("The meeting is at that time already.")
    await _change(conn, meeting, at=at, moves=meeting.moves + 1)
    found = await _briefs(conn, meeting.id)
    # What waits to go out names the old time: it is taken back and written anew.
    await drop_waiting(conn, "moved", [meeting.id], now)
    await reopen(conn, found)
    plans = [one for brief in found for one in await plan(conn, brief, meeting, at, now)]
    await _tell(conn, meeting, "moved", f"{meeting.moves + 1}", max(at, meeting.at), ids=ids, now=now)
    await changed(conn, [meeting.group])
    return plans


async def cancel_meeting(conn: AsyncConnection, meeting: Meeting, *, ids: Ids, now: datetime) -> None:
    """Cancel it and its briefs, and tell those who were told."""
    planned(meeting, now)
    await _change(conn, meeting, state="cancelled")
    found = await _briefs(conn, meeting.id)
    await conn.execute(sa.update(briefs).where(briefs.c.id.in_(found)).values(state="cancelled"))
    await drop_waiting(conn, "moved", [meeting.id], now)
    await drop_waiting(conn, "brief", found, now)
    await _tell(conn, meeting, "cancelled", "", meeting.at, ids=ids, now=now)
    await changed(conn, [meeting.group])


async def _change(conn: AsyncConnection, meeting: Meeting, **values: Any) -> None:
    """Change it as long as it is as it was read: of two who do so at once, one tells everybody."""
    m = meetings.c
    as_read = (m.id == meeting.id, m.state == meeting.state, m.moves == meeting.moves)
    if not (await conn.execute(sa.update(meetings).where(*as_read).values(**values))).rowcount:
        raise Complaint("Somebody else has just moved or cancelled it. Look at it again.")


async def add_brief(
    conn: AsyncConnection, new: NewBrief, *, ids: Ids, now: datetime
) -> tuple[str, list[Planned]]:
    """Store a brief and plan its sendings; its id and when each is due. Raises Complaint."""
    planned(new.meeting, now)
    brief = ids()
    row = {"id": brief, "meeting_id": new.meeting.id, "title": new.title[:TITLE], "created_at": now}
    await conn.execute(sa.insert(briefs).values(row))
    await write_brief(conn, brief, new, state="waiting", ids=ids, now=now)
    found = await plan(conn, brief, new.meeting, new.meeting.at, now)
    await changed(conn, [new.meeting.group])
    return brief, found


async def write_brief(
    conn: AsyncConnection, brief: str, new: NewBrief, *, state: str, ids: Ids, now: datetime
) -> None:
    """Store what a brief says and shows, and its sendings in this state; raise Complaint."""
    if len(set(new.befores)) < len(new.befores):
        raise Complaint("The same --before is given twice: each sending needs its own.")
    written = {"owner": f"brief:{brief}", "at": now}
    await conn.execute(
        sa.insert(texts),
        [
            {"language": language, "form": form, "body": body, **written}
            for (language, form), body in new.texts.items()
        ],
    )
    if new.files:
        await conn.execute(
            sa.insert(attachments),
            [
                {"brief_id": brief, "media_id": media, "position": place, "name": name}
                for place, (media, name) in enumerate(new.files)
            ],
        )
    of = {"group_id": new.meeting.group, "kind": "brief", "subject_id": brief, "state": state}
    ends = {"due_at": new.meeting.at, "expires_at": new.meeting.at}
    await conn.execute(
        sa.insert(sendings), [{"id": ids(), "before": before, **of, **ends} for before in new.befores]
    )


async def brief_content(conn: AsyncConnection, brief: str) -> Content | None:
    """What is sent of a brief; None where it was cancelled."""
    b, m, g, t = briefs.c, meetings.c, groups.c, texts.c
    found = await conn.execute(
        sa.select(b.id, b.title, m.title.label("meeting"), m.at, g.zone, g.language)
        .join(meetings, m.id == b.meeting_id)
        .join(groups, g.id == m.group_id)
        .where(b.id == brief, b.state != "cancelled", m.state != "cancelled")
    )
    row = found.one_or_none()
    if row is None:
        return None
    written = await conn.execute(sa.select(t.language, t.form, t.body).where(t.owner == f"brief:{brief}"))
    return Content(
        id=row.id,
        title=row.title,
        meeting=row.meeting,
        at=row.at,
        zone=row.zone,
        language=row.language,
        versions={(language, form): body for language, form, body in written},
        files=await _files(conn, brief),
    )


async def _files(conn: AsyncConnection, brief: str) -> tuple[Shown, ...]:
    a, f = attachments.c, media.c
    found = await conn.execute(
        sa.select(f.id, f.kind, f.type, f.sha256, f.words, a.name)
        .join(media, f.id == a.media_id)
        .where(a.brief_id == brief, f.state == "stored")
        .order_by(a.position)
    )
    return tuple(
        Shown(kind=kind, media=id_, type=type_, sha256=sha256, words=words, name=name)
        for id_, kind, type_, sha256, words, name in found
    )


async def needed_versions(conn: AsyncConnection, group: str) -> dict[tuple[str, str], int]:
    """How many members read in each language and form."""
    m = members.c
    found = await conn.execute(
        sa.select(m.language, m.form, sa.func.count())
        .where(m.group_id == group, m.state.not_in(NO_MEMBER))
        .group_by(m.language, m.form)
    )
    return {(language, form): number for language, form, number in found}


async def brief_status(conn: AsyncConnection, brief: str) -> list[Status]:
    """One row for each member, whatever became of it; raise Complaint."""
    b, m, r = briefs.c, members.c, reached.c
    found = await conn.execute(
        sa.select(meetings.c.group_id, b.state)
        .join(briefs, b.meeting_id == meetings.c.id)
        .where(b.id == brief)
    )
    here = found.one_or_none()
    if here is None:
        raise Complaint("There is no brief with that id: `takepart brief add` prints it.")
    ahead = "cancelled" if here.state == "cancelled" else "waiting"
    same = members.alias()  # whoever is the same person got it too
    mine = sa.and_(r.member_id == same.c.id, r.kind == "brief", r.subject_id == brief)
    rows = await conn.execute(
        sa.select(m.id, m.name, m.permission, m.practice, r.channel, r.state, r.at)
        .join(same, sa.or_(same.c.id == m.id, same.c.joined_to == m.id))
        .outerjoin(reached, mine)
        .where(m.group_id == here.group_id, m.state.not_in(NO_MEMBER))
        .order_by(m.id)
    )
    farthest: dict[str, sa.Row[*tuple[Any, ...]]] = {}  # of what went to one person under two ids
    for row in sorted(rows, key=lambda row: (row.state is not None, row.state in TOLD)):
        farthest[row.id] = row
    listed = [row for _, row in sorted(farthest.items())]
    return [
        Status(
            member=row.id,
            name=row.name,
            channel=row.channel,
            state=row.state or ahead,
            at=row.at,
            practice=row.practice,
        )
        for row in listed
        if row.permission == "member" or row.state
    ]


def _ahead(at: datetime, now: datetime) -> None:
    if at <= now:
        raise Complaint("That time has passed: give a time that is still ahead.")


def planned(meeting: Meeting, now: datetime) -> None:
    """Raise Complaint where a meeting is not ahead any more."""
    if meeting.state == "cancelled":
        raise Complaint("That meeting was cancelled: add a new one.")
    if meeting.at <= now:
        raise Complaint("That meeting has been: add a new one.")


async def _briefs(conn: AsyncConnection, meeting: str) -> list[str]:
    b = briefs.c
    found = await conn.scalars(
        sa.select(b.id).where(b.meeting_id == meeting, b.state != "cancelled").order_by(b.id)
    )
    return list(found)


async def plan(
    conn: AsyncConnection, brief: str, meeting: Meeting, at: datetime, now: datetime
) -> list[Planned]:
    """Work out anew when the undone sendings of a brief are due.

    Of several that would go at one moment only one does, so that nobody gets the same twice.
    """
    s = sendings.c
    undone = s.state.in_(("waiting", "skipped"))
    rows = (
        await conn.execute(
            sa.select(s.id, s.before).where(s.kind == "brief", s.subject_id == brief, undone).order_by(s.id)
        )
    ).all()
    hours = Hours.parse(meeting.hours)
    plans = {
        id_: Planned(
            before=before, at=now if once_more(before) else due(at, before, meeting.zone, hours, now)
        )
        for id_, before in rows
    }
    taken: set[datetime] = set()
    for id_, one in plans.items():
        goes = one.at is not None and one.at not in taken
        if one.at is not None:
            taken.add(one.at)
        values = {"state": "waiting" if goes else "skipped", "due_at": one.at or at, "expires_at": at}
        await conn.execute(sa.update(sendings).where(s.id == id_).values(values))
    return list(plans.values())


async def _tell(
    conn: AsyncConnection, meeting: Meeting, kind: str, mark: str, until: datetime, *, ids: Ids, now: datetime
) -> None:
    row = {
        "id": ids(),
        "group_id": meeting.group,
        "kind": kind,
        "subject_id": meeting.id,
        "before": mark,
        "due_at": now,
        "expires_at": until,
    }
    await conn.execute(sa.insert(sendings).values(row))
