"""When things are due: times as people write them, days ahead of a meeting, and quiet hours.

Wall-clock times that don't exist in a zone move forward; those that come twice are the first.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flows.understanding.tokens import DAYS, MONTHS

MORNING = time(10)  # when something goes that is due "three days before"
EVENING = time(18)  # by when what came a working day ago has been heard
_SATURDAY = 5
_DAY = timedelta(days=1)
_STEP = re.compile(r"([1-9][0-9]{0,4})([mhdw])")
_CLOCK_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}")
_HOURS = re.compile(r"([0-9]{1,2})(?::([0-5][0-9]))?\s*-\s*([0-9]{1,2})(?::([0-5][0-9]))?")
_FAR = timedelta(days=3653)  # a slip of the finger; and the last years have no next day to tell
_LOOK = 8  # days in which an allowed moment is found, even around a clock change
_CLEAR_WITHOUT_YEAR = timedelta(days=180)


class WhenError(ValueError):
    """A time that cannot be read. Its words are a sentence for whoever wrote it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """The hours of a day in which we may write or ring: minutes after midnight, `end` not included."""

    start: int
    end: int

    @classmethod
    def parse(cls, hours: str) -> "Hours":
        """Read "9-20" or "9:30-17"; "0-24" means always. Raise WhenError for anything else."""
        found = _HOURS.fullmatch(hours.strip())
        if found:
            start, end = (60 * int(found[at]) + int(found[at + 1] or 0) for at in (1, 3))
            if start < end <= 24 * 60:
                return cls(start=start, end=end)
        raise WhenError(f"Hours are written like 9-20 or 9:30-17, the earlier one first, not {hours!r}.")


def local(when: str, zone: str, now: datetime) -> datetime:
    """The moment, in UTC, that somebody in this zone means. Raise WhenError for what is no time."""
    place = _zone(zone)
    words = when.strip()
    try:
        step = _STEP.fullmatch(words.removeprefix("+")) if words.startswith("+") else None
        moment = _ahead(now, int(step[1]), step[2], place) if step else _written(words, place)
    except (ValueError, OverflowError):
        raise WhenError(
            f"A time is written like 2026-03-03 14:00, 2026-03-03T14:00+00:00, +2d or +90m, not {when!r}."
        ) from None
    if moment - now > _FAR:
        raise WhenError("That time is more than ten years ahead. Choose one that is nearer.")
    return moment


def before(at: datetime, offset: str, zone: str) -> datetime:
    """So long before a moment: "6h" and "30m" exactly, "3d" and "1w" calendar days earlier at 10:00."""
    place = _zone(zone)
    step = _STEP.fullmatch(offset.strip())
    if not step:
        raise WhenError(f"How long before is written like 3d, 1w, 6h or 30m, not {offset!r}.")
    number, unit = int(step[1]), step[2]
    try:
        if unit in "mh":
            return at.astimezone(UTC) - _exact(number, unit)
        day = at.astimezone(place).date() - number * (7 * _DAY if unit == "w" else _DAY)
        return datetime.combine(day, MORNING, place).astimezone(UTC)
    except OverflowError:
        raise WhenError(f"{offset!r} before is too long ago.") from None


def allowed(at: datetime, hours: Hours, zone: str) -> bool:
    """Whether we may write or ring at this moment."""
    here = at.astimezone(_zone(zone))
    return hours.start <= 60 * here.hour + here.minute < hours.end


def next_allowed(at: datetime, hours: Hours, zone: str) -> datetime:
    """This moment if it is allowed, else when the hours next begin."""
    if allowed(at, hours, zone):
        return at
    first = at.astimezone(_zone(zone)).date()
    opening = (
        moment
        for ahead in range(_LOOK)
        for moment in _at_minute(first + ahead * _DAY, hours.start, zone)
        if moment > at and allowed(moment, hours, zone)
    )
    return next(opening)


def next_open(at: datetime, hours: Hours, days: Collection[str], zone: str) -> datetime:
    """This moment if it is in these hours of one of these days, else when they next begin."""
    for _ in range(_LOOK):
        at = next_allowed(at, hours, zone)
        here = at.astimezone(_zone(zone))
        if not days or DAYS[here.weekday()] in days:
            break
        at = next(_at_minute(here.date() + _DAY, 0, zone))
    return at


def listened_by(at: datetime, days: int, zone: str) -> datetime:
    """The evening by which somebody listens to what came at this moment: days later, without weekends."""
    place = _zone(zone)
    day = at.astimezone(place).date()
    for _ in range(days):
        day += _DAY
        while day.weekday() >= _SATURDAY:
            day += _DAY
    return datetime.combine(day, EVENING, place).astimezone(UTC)


def day_of(at: datetime, zone: str) -> str:
    """The day of the week of a moment: "Tuesday"."""
    return DAYS[at.astimezone(_zone(zone)).weekday()].capitalize()


def due(at_meeting: datetime, offset: str, zone: str, hours: Hours, now: datetime) -> datetime | None:
    """When to send what goes so long before a meeting; None where it cannot go before it any more.

    What should have gone already goes at the next allowed minute. Where the hours leave no moment
    between the wanted time and the meeting, it goes at the last allowed minute before.
    """
    wanted = next_allowed(max(before(at_meeting, offset, zone), now), hours, zone)
    if wanted < at_meeting:
        return wanted
    last = _last_allowed(at_meeting, hours, zone)
    return last if last >= now else None


def day_name(at: datetime, zone: str, now: datetime) -> str:
    """A moment in plain words: "Tuesday 3 March at 2pm"; with the year only where it is far off."""
    here, today = at.astimezone(_zone(zone)), now.astimezone(_zone(zone))
    far = here.year != today.year and abs(at - now) > _CLEAR_WITHOUT_YEAR
    year = f" {here.year}" if far else ""
    day, month = DAYS[here.weekday()].capitalize(), MONTHS[here.month - 1].capitalize()
    return f"{day} {here.day} {month}{year} at {_clock(here)}"


def _clock(here: datetime) -> str:
    if here.minute == 0 and here.hour % 12 == 0:
        return "noon" if here.hour else "midnight"
    minutes = f":{here.minute:02}" if here.minute else ""
    return f"{here.hour % 12 or 12}{minutes}{'am' if here.hour < 12 else 'pm'}"


def _zone(zone: str) -> ZoneInfo:
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise WhenError(f"{zone!r} is not a time zone: write one like Europe/London.") from None


def _exact(number: int, unit: str) -> timedelta:
    return timedelta(hours=number) if unit == "h" else timedelta(minutes=number)


def _written(words: str, place: ZoneInfo) -> datetime:
    """A day and a time by the clock there, unless the words say how far from UTC."""
    if not _CLOCK_TIME.match(words):
        raise ValueError
    moment = datetime.fromisoformat(words)
    return (moment if moment.tzinfo else moment.replace(tzinfo=place)).astimezone(UTC)


def _ahead(now: datetime, number: int, unit: str, place: ZoneInfo) -> datetime:
    """Minutes and hours exactly; days and weeks at the same time by the clock on the wall."""
    if unit in "mh":
        return now.astimezone(UTC) + _exact(number, unit)
    here = now.astimezone(place)
    days = number * (7 if unit == "w" else 1)
    return (here + days * _DAY).replace(fold=0).astimezone(UTC)


def _at_minute(day: date, minute: int, zone: str) -> Iterator[datetime]:
    """The moments when clocks there show this minute: two where a clock change brings it twice."""
    for fold in (0, 1):
        shown = datetime.combine(day, time(minute // 60, minute % 60, fold=fold), _zone(zone))
        yield shown.astimezone(UTC)


def _last_allowed(end: datetime, hours: Hours, zone: str) -> datetime:
    """The last minute of the hours before `end`, which is itself outside them or their first minute."""
    day = end.astimezone(_zone(zone)).date()
    closing = (
        moment
        for back in range(_LOOK)
        for moment in sorted(_at_minute(day - back * _DAY, hours.end - 1, zone), reverse=True)
        if moment < end and allowed(moment, hours, zone)
    )
    return next(closing)
