"""Meetings: those ahead and those that have been, planning one, moving it, cancelling it."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response

from bot.sending import notices
from bot.sending.forecast import Forecast, forecast, of
from bot.web.console.desk import Desk, Page
from bot.web.console.forms import Clock, Day, Form, Line, moment
from flows.calendar import WhenError, day_name
from flows.events import Say
from storage.members import needs
from storage.members.groups import Complaint
from storage.members.needs import Needed
from storage.sending.sendings import Recipient
from storage.sessions import meetings, planner
from storage.sessions.meetings import Meeting


class Planning(Form):
    title = Line("What is it about?", "Write what members will call it.", most=meetings.TITLE)
    day = Day("Day", "Choose the day.")
    at = Clock("Time", "Choose the time.")


class Moving(Form):
    day = Day("New day", "Choose the new day.")
    at = Clock("New time", "Choose the new time.")


async def listed(desk: Desk) -> Response:
    """What is ahead, and after that what has been."""
    before, after = desk.query.get("before", ""), desk.query.get("after", "")
    async with desk.read() as conn:
        here, now = desk.home.id, desk.now
        ahead = [] if before else await planner.ahead(conn, here, now, after=after)
        past = [] if after else await planner.past(conn, here, now, after=before)
    return desk.page(
        "meetings/list.html",
        ahead=ahead,
        past=past,
        later=ahead[-1].id if len(ahead) == planner.PAGE else "",
        older=past[-1].id if len(past) == planner.PAGE else "",
        first=not (before or after),
    )


async def new(desk: Desk) -> Response:
    return desk.page("meetings/new.html", form=desk.form(Planning))


async def create(desk: Desk) -> Response:
    form = desk.form(Planning)
    at = _when(desk, form)
    if at is None:
        return desk.page("meetings/new.html", form=form)
    try:
        async with desk.write() as conn:
            title, ids = form.title.data, desk.app.ids
            made = await meetings.add_meeting(conn, desk.home, title, at, ids=ids, now=desk.now)
            await desk.trace(conn, "planned a meeting", subject=made)
    except Complaint as complaint:
        form.complain("title", complaint)
        return desk.page("meetings/new.html", form=form)
    return desk.go(f"/meetings/{made}", said=f"It is planned for {_named(desk, at)}.")


async def one(desk: Desk) -> Response:
    async with desk.read() as conn:
        meeting = await found(desk, conn)
        entry = await planner.entry(conn, meeting)
        needed = await needs.list_needs(conn, desk.home.id)
    return desk.page(
        "meetings/one.html",
        meeting=meeting,
        entry=entry,
        needed=_by_person(needed),
        ahead=meeting.state == "planned" and meeting.at > desk.now,
    )


async def moving(desk: Desk) -> Response:
    return await _moving(desk)


async def _moving(desk: Desk, form: Moving | None = None) -> Response:
    """What moving it does: who hears of it, and what is written anew."""
    async with desk.read() as conn:
        meeting = await found(desk, conn)
        entry = await planner.entry(conn, meeting)
        waiting = await planner.on_their_way(conn, meeting)
        news = await _news(desk, conn, meeting, "moved")
    here = meeting.at.astimezone(ZoneInfo(meeting.zone))
    values: dict[str, Any] = {"meeting": meeting, "entry": entry, "waiting": waiting, "news": news}
    form = form or desk.form(Moving, day=here.date(), at=here.time())
    return desk.page("meetings/move.html", form=form, **values)


async def move(desk: Desk) -> Response:
    form = desk.form(Moving)
    at = _when(desk, form)
    if at is None:
        return await _moving(desk, form)
    try:
        async with desk.write() as conn:
            meeting = await found(desk, conn)
            await meetings.move_meeting(conn, meeting, at, ids=desk.app.ids, now=desk.now)
            await desk.trace(conn, "moved a meeting", subject=meeting.id)
    except Complaint as complaint:
        form.complain("day", complaint)
        return await _moving(desk, form)
    return desk.go(f"/meetings/{meeting.id}", said=f"It is moved to {_named(desk, at)}.")


async def cancelling(desk: Desk) -> Response:
    async with desk.read() as conn:
        meeting = await found(desk, conn)
        entry = await planner.entry(conn, meeting)
        waiting = await planner.on_their_way(conn, meeting)
        news = await _news(desk, conn, meeting, "cancelled")
    return desk.page("meetings/cancel.html", meeting=meeting, entry=entry, waiting=waiting, news=news)


async def cancel(desk: Desk) -> Response:
    async with desk.write() as conn:
        meeting = await found(desk, conn)
        await meetings.cancel_meeting(conn, meeting, ids=desk.app.ids, now=desk.now)
        await desk.trace(conn, "cancelled a meeting", subject=meeting.id)
    return desk.go(f"/meetings/{meeting.id}", said="It is cancelled. Those who were told of it will hear.")


async def found(desk: Desk, conn: AsyncConnection) -> Meeting:
    """The meeting that the address names, in this group."""
    meeting = await planner.meeting_of(conn, desk.home.id, desk.path["meeting"])
    return meeting or desk.missing()


async def _news(desk: Desk, conn: AsyncConnection, meeting: Meeting, kind: str) -> Forecast:
    """Who would hear of it now, and by which ways."""
    write = notices.moved if kind == "moved" else notices.cancelled

    def said(one: Recipient) -> Say:
        return write(desk.sentences.to(one.language, one.form), meeting, desk.now)

    until = max(meeting.at, desk.now)
    return await forecast(
        desk.app, conn, of(desk.home.id, kind, at=desk.now, until=until, subject=meeting.id), said
    )


def _when(desk: Desk, form: Planning | Moving) -> datetime | None:
    """The moment that was typed; None where there is a mistake, which is noted."""
    if not form.validate():
        return None
    try:
        return moment(desk.home, form.day.data, form.at.data, desk.now)
    except WhenError as error:
        form.complain("day", error)
        return None


def _named(desk: Desk, at: datetime) -> str:
    return day_name(at, desk.home.zone, desk.now)


def _by_person(needed: list[Needed]) -> list[tuple[str, str, list[Needed]]]:
    """Members with all that each of them needs, by name."""
    people: dict[tuple[str, str], list[Needed]] = {}
    for one in needed:
        people.setdefault((one.name, one.member), []).append(one)
    return [(name, member, theirs) for (name, member), theirs in sorted(people.items())]


PAGES = (
    Page("/meetings", show=listed),
    Page("/meetings/new", show=new, do=create),
    Page("/meetings/{meeting}", show=one),
    Page("/meetings/{meeting}/move", show=moving, do=move),
    Page("/meetings/{meeting}/cancel", show=cancelling, do=cancel),
)
