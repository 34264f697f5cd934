"""The group's meetings as a month on one page, and as files for other calendars."""

import calendar
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event
from starlette.responses import Response

from bot.web.console.answers import to_keep
from bot.web.console.desk import Desk, Page
from bot.web.console.meetings import found
from flows.understanding.tokens import DAYS, MONTHS
from storage.members.groups import Home
from storage.sessions import planner
from storage.sessions.planner import Entry

MAKER = "-//Takepart//Meetings//EN"
PAST = timedelta(days=365)  # how far back a file of all meetings goes
FAR = timedelta(days=366 * 10)
FIRST, LAST = 1970, 9990  # years that can be looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Square:
    """One day in the table of a month; `here` is whether it is in that month, and not before or after it."""

    day: date
    here: bool
    meetings: tuple[Entry, ...]


async def month(desk: Desk) -> Response:
    zone = ZoneInfo(desk.home.zone)
    first = _first(desk.query.get("month", ""), desk.now.astimezone(zone).date())
    weeks = calendar.Calendar().monthdatescalendar(first.year, first.month)
    start, end = (_midnight(day, zone) for day in (weeks[0][0], weeks[-1][-1] + timedelta(days=1)))
    async with desk.read() as conn:
        entries = await planner.between(conn, desk.home.id, start, end)
    on: dict[date, list[Entry]] = defaultdict(list)
    for entry in entries:
        on[entry.at.astimezone(zone).date()].append(entry)
    table = [
        [Square(day=day, here=day.month == first.month, meetings=tuple(on[day])) for day in week]
        for week in weeks
    ]
    return desk.page(
        "meetings/month.html",
        weeks=table,
        days=[day.capitalize() for day in DAYS],
        called=_called(first),
        today=desk.now.astimezone(zone).date(),
        around=[(_address(one), _called(one)) for one in (_step(first, -1), _step(first, 1))],
    )


async def whole(desk: Desk) -> Response:
    """All meetings as one file."""
    async with desk.read() as conn:
        entries = await planner.between(conn, desk.home.id, desk.now - PAST, desk.now + FAR)
    return _file(desk, entries, f"{desk.home.code.lower()}.ics")


async def single(desk: Desk) -> Response:
    """One meeting as a file."""
    async with desk.read() as conn:
        entry = await planner.entry(conn, await found(desk, conn))
    return _file(desk, [entry], "meeting.ics")


def _file(desk: Desk, entries: Iterable[Entry], name: str) -> Response:
    return to_keep(made_of(entries, desk.home, desk.now), name, "text/calendar; charset=utf-8")


def made_of(entries: Iterable[Entry], home: Home, now: datetime) -> bytes:
    """Meetings as RFC 5545 has them. A higher SEQUENCE tells a calendar to change what it has."""
    made = Calendar()
    made.add("prodid", MAKER)
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    made.add("x-wr-calname", home.name)
    for one in entries:
        cancelled = one.state == "cancelled"
        event = Event()
        event.add("uid", f"{one.id}@takepart")
        event.add("dtstamp", now)
        event.add("dtstart", one.at)
        event.add("summary", one.title)
        event.add("sequence", one.moves + cancelled)
        event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
        made.add_component(event)
    return bytes(made.to_ical())


def _first(wanted: str, today: date) -> date:
    """The first day of the month that was asked for, of this one where that is none."""
    try:
        asked = date.fromisoformat(f"{wanted}-01")
    except ValueError:
        asked = today
    return asked.replace(day=1) if FIRST < asked.year < LAST else today.replace(day=1)


def _step(first: date, months: int) -> date:
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return date(year, month + 1, 1)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


def _called(first: date) -> str:
    return f"{MONTHS[first.month - 1].capitalize()} {first.year}"


def _address(first: date) -> str:
    return f"{first:%Y-%m}"


PAGES = (
    Page("/meetings/month", show=month),
    Page("/meetings/calendar.ics", show=whole, part=True),
    Page("/meetings/{meeting}/meeting.ics", show=single, part=True),
)
