"""When a brief goes, in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from flows.calendar import Hours, due
from storage.sessions.briefing import Brief, Goes

UNITS = {"m": "minute", "h": "hour", "d": "day", "w": "week"}
STATES = {
    "waiting": "It is to go out.",
    "done": "It has gone out.",
    "skipped": "It does not go out: there was no time left, or another goes at the same moment.",
    "late": "It was too late for it.",
    "cancelled": "It was called off.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Time:
    """One sending. `at` is None where it can't go out before the meeting any more."""

    called: str
    at: datetime | None
    became: str = ""


def planned(brief: Brief, now: datetime) -> list[Time]:
    """When a draft would go, the first time first."""
    meeting = brief.meeting
    hours = Hours.parse(meeting.hours)
    times = [
        Time(called=called(one.before), at=due(meeting.at, one.before, meeting.zone, hours, now))
        for one in brief.goes
    ]
    return sorted(times, key=lambda time: time.at or meeting.at)


def first(times: Iterable[Time]) -> datetime | None:
    """When it goes first; None where it can't go any more."""
    return min((time.at for time in times if time.at), default=None)


def went(brief: Brief) -> list[Time]:
    """What has become of each sending."""
    return [Time(called=_what(one), at=one.at, became=STATES.get(one.state, "")) for one in brief.goes]


def _what(one: Goes) -> str:
    if one.before:
        return called(one.before)
    return "By phone, to those it had not reached" if one.rings else "Again, to those it had not reached"


def called(before: str) -> str:
    """ "3d" as "3 days before"."""
    number, unit = int(before[:-1]), UNITS[before[-1]]
    return f"{number} {unit if number == 1 else unit + 's'} before"
