"""When things are due, around quiet hours and the clock changes of Europe/London."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.calendar import Hours, WhenError, allowed, before, day_name, due, local, next_allowed, next_open
from flows.rules import RuleError, settle

LONDON = "Europe/London"
DAY = Hours.parse("9-20")
ALWAYS = Hours.parse("0-24")
WORKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")


def utc(when: str) -> datetime:
    return datetime.fromisoformat(when).replace(tzinfo=UTC)


NOW = utc("2026-02-25 12:00")  # clocks go forward on 29 March and back on 25 October 2026


@pytest.mark.parametrize(
    ("when", "moment"),
    [
        ("2026-03-03 14:00", "2026-03-03 14:00"),
        ("2026-07-03T14:00", "2026-07-03 13:00"),  # summer time
        (" 2026-07-03 14:00 ", "2026-07-03 13:00"),
        ("2026-07-03T14:00Z", "2026-07-03 14:00"),
        ("2026-07-03T14:00:30+02:00", "2026-07-03 12:00:30"),
        ("2026-03-29 01:30", "2026-03-29 01:30"),  # does not exist: 2:30 by the clock
        ("2026-10-25 01:30", "2026-10-25 00:30"),  # comes twice: the first
        ("+90m", "2026-02-25 13:30"),
        ("+3h", "2026-02-25 15:00"),
        ("+2d", "2026-02-27 12:00"),
        ("+5w", "2026-04-01 11:00"),  # the same time by the clock
    ],
)
def test_times_as_people_write_them(when: str, moment: str) -> None:
    assert local(when, LONDON, NOW) == utc(moment)


@pytest.mark.parametrize(
    "when", ["", "tomorrow", "2026-02-30 10:00", "2026-03-03", "2d", "+2x", "+0d", "14:00", "+99999w", "９"]
)
def test_what_is_no_time_gets_a_sentence(when: str) -> None:
    with pytest.raises(WhenError, match="is written like"):
        local(when, LONDON, datetime(9000, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("when", ["9999-12-31 23:59", "2037-01-01 14:00", "+9999d"])
def test_a_time_far_off_is_a_slip(when: str) -> None:
    with pytest.raises(WhenError, match="ten years"):
        local(when, LONDON, NOW)


def test_an_unknown_zone_gets_a_sentence() -> None:
    for zone in ("Mars/Olympus", "", "../etc"):
        with pytest.raises(WhenError, match="not a time zone"):
            local("+2d", zone, NOW)


@pytest.mark.parametrize(
    ("meeting", "offset", "moment"),
    [
        ("2026-03-05 14:00", "3d", "2026-03-02 10:00"),
        ("2026-03-31 14:00", "3d", "2026-03-28 10:00"),  # before the clocks change
        ("2026-04-01 14:00", "3d", "2026-03-29 09:00"),  # after they did
        ("2026-10-26 14:00", "1w", "2026-10-19 09:00"),
        ("2026-03-29 08:00", "8h", "2026-03-29 00:00"),
        ("2026-03-05 14:00", "30m", "2026-03-05 13:30"),
    ],
)
def test_before_a_meeting(meeting: str, offset: str, moment: str) -> None:
    assert before(utc(meeting), offset, LONDON) == utc(moment)


@pytest.mark.parametrize("offset", ["", "3", "3 days", "-3d", "0d", "3y", "99999w"])
def test_before_needs_a_length(offset: str) -> None:
    with pytest.raises(WhenError):
        before(utc("0900-03-05 14:00"), offset, LONDON)


@pytest.mark.parametrize(
    ("hours", "start", "end"),
    [("9-20", 540, 1200), ("9:30-17", 570, 1020), ("0-24", 0, 1440), (" 08 - 21:15 ", 480, 1275)],
)
def test_hours(hours: str, start: int, end: int) -> None:
    assert Hours.parse(hours) == Hours(start=start, end=end)


@pytest.mark.parametrize("hours", ["", "9", "20-9", "9-9", "9-25", "9:60-10", "24-24", "9am-5pm", "0-24:01"])
def test_hours_that_are_none(hours: str) -> None:
    with pytest.raises(WhenError, match="9-20"):
        Hours.parse(hours)


@pytest.mark.parametrize(
    ("at", "hours", "then"),
    [
        ("2026-02-25 08:59", "9-20", "2026-02-25 09:00"),
        ("2026-02-25 09:00", "9-20", "2026-02-25 09:00"),
        ("2026-02-25 19:59", "9-20", "2026-02-25 19:59"),
        ("2026-02-25 20:00", "9-20", "2026-02-26 09:00"),
        ("2026-03-28 20:30", "9-20", "2026-03-29 08:00"),  # 9:00 summer time comes an hour earlier
        ("2026-10-24 20:30", "9-20", "2026-10-25 09:00"),  # 9:30pm in summer; 9:00 in winter
        ("2026-03-29 00:30", "1:30-9", "2026-03-29 01:30"),  # 1:30 does not exist: 2:30
        ("2026-10-25 00:10", "1:30-9", "2026-10-25 00:30"),  # the first 1:30
        ("2026-10-25 01:10", "1:30-9", "2026-10-25 01:30"),  # 1:10 again: the second
        ("2026-03-29 03:00", "1:10-1:20", "2026-03-30 00:10"),
    ],
)
def test_the_next_allowed_minute(at: str, hours: str, then: str) -> None:
    assert next_allowed(utc(at), Hours.parse(hours), LONDON) == utc(then)


@pytest.mark.parametrize(
    ("meeting", "offset", "hours", "now", "then"),
    [
        ("2026-03-05 14:00", "3d", "9-20", "2026-02-25 12:00", "2026-03-02 10:00"),
        ("2026-03-05 14:00", "6h", "9-20", "2026-02-25 12:00", "2026-03-05 09:00"),  # 8:00 is too early
        ("2026-03-05 14:00", "3d", "9-20", "2026-03-04 13:00", "2026-03-04 13:00"),  # past: now
        ("2026-03-05 14:00", "3d", "9-20", "2026-03-04 21:00", "2026-03-05 09:00"),  # past, and night
        ("2026-03-05 08:30", "30m", "9-20", "2026-03-04 12:00", "2026-03-04 19:59"),  # the evening before
        ("2026-03-05 21:00", "30m", "9-20", "2026-03-04 12:00", "2026-03-05 19:59"),
        ("2026-03-05 08:30", "30m", "9-20", "2026-03-05 06:00", None),  # no allowed minute is left
        ("2026-03-05 14:00", "3d", "9-20", "2026-03-05 14:00", None),
        ("2026-03-05 14:00", "3d", "9-20", "2026-04-05 14:00", None),
        ("2026-03-05 03:00", "30m", "0-24", "2026-03-01 14:00", "2026-03-05 02:30"),
        ("2026-03-29 09:00", "6h", "9-20", "2026-03-01 14:00", "2026-03-29 08:00"),  # 9:00 in summer
        ("2026-10-25 10:00", "1d", "9-20", "2026-10-01 14:00", "2026-10-24 09:00"),  # 10:00 in summer
    ],
)
def test_when_a_brief_goes(meeting: str, offset: str, hours: str, now: str, then: str | None) -> None:
    sent = due(utc(meeting), offset, LONDON, Hours.parse(hours), utc(now))
    assert sent == (utc(then) if then else None)


@pytest.mark.parametrize(
    ("at", "words"),
    [
        ("2026-03-03 14:00", "Tuesday 3 March at 2pm"),
        ("2026-03-03 09:05", "Tuesday 3 March at 9:05am"),
        ("2026-07-03 11:00", "Friday 3 July at noon"),
        ("2026-03-03 00:00", "Tuesday 3 March at midnight"),
        ("2026-03-03 00:30", "Tuesday 3 March at 12:30am"),
        ("2027-03-03 12:30", "Wednesday 3 March 2027 at 12:30pm"),
    ],
)
def test_a_moment_in_words(at: str, words: str) -> None:
    assert day_name(utc(at), LONDON, NOW) == words


def test_no_year_for_next_month() -> None:
    assert day_name(utc("2027-01-05 14:00"), LONDON, utc("2026-12-20 09:00")) == "Tuesday 5 January at 2pm"


moments = st.integers(0, 365 * 1440).map(lambda minutes: utc("2026-01-01") + timedelta(minutes=minutes))


@given(moments, st.integers(0, 1439), st.integers(1, 1440), st.sampled_from([LONDON, "Asia/Kathmandu"]))
def test_the_next_allowed_minute_is_allowed_and_near(
    at: datetime, start: int, length: int, zone: str
) -> None:
    hours = Hours(start=start, end=min(start + length, 1440))
    then = next_allowed(at, hours, zone)
    assert allowed(then, hours, zone)
    assert at <= then <= at + timedelta(days=2, hours=1)


@given(moments, moments, st.sampled_from(["3d", "6h", "30m", "2w"]))
def test_a_brief_never_goes_in_the_past_or_after_the_meeting(
    meeting: datetime, now: datetime, offset: str
) -> None:
    sent = due(meeting, offset, LONDON, DAY, now)
    assert sent is None or (now <= sent < meeting and allowed(sent, DAY, LONDON))
    assert due(meeting, offset, LONDON, ALWAYS, now) is not None or now >= meeting


# Those of whoever helps ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-03-06 10:00", "2026-03-06 10:00"),
        ("2026-03-06 17:00", "2026-03-09 09:00"),  # a Friday evening
        ("2026-03-28 10:00", "2026-03-30 09:00"),  # the clocks change on that Sunday
        ("2026-03-09 08:00", "2026-03-09 09:00"),
    ],
)
def test_the_helper_is_there_in_their_hours_on_their_days(now: str, opens: str) -> None:
    at, wanted = (local(one, LONDON, NOW) for one in (now, opens))
    assert next_open(at, Hours.parse("9-17"), WORKDAYS, LONDON) == wanted


def test_days_that_are_none_are_refused() -> None:
    assert settle("helper-days", "Monday, friday") == ("helper_days", ["monday", "friday"])
    for days in ("someday", ""):
        with pytest.raises(RuleError, match="monday"):
            settle("helper-days", days)
