"""A reply to a question about a day. Days come before months, as people write them in Britain."""

import re
from datetime import date, timedelta

from rapidfuzz.distance import OSA

from flows.understanding.reading import Reading
from flows.understanding.talk import CHATTER
from flows.understanding.tokens import DAYS, MONTHS, fold, listed, tokens

_MOST_LETTERS = 200
_AROUND = CHATTER | listed("since about around day date")
_NEAR = {"today": 0, "tonight": 0, "tomorrow": 1, "tmrw": 1, "tomo": 1, "yesterday": -1}
_SPELT = (*DAYS, *MONTHS, "tomorrow", "yesterday")

_ISO = re.compile(r"(?<!\d)(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})(?!\d)")
_FIGURES = re.compile(
    r"(?<![\d/.-])(?P<day>\d{1,2})(?P<mark>[-/.])(?P<month>\d{1,2})(?:(?P=mark)(?P<year>\d{4}|\d\d))?(?![\d/-])"
)
_MONTH, _DAY = "|".join(MONTHS), "|".join(DAYS)
_IN_WORDS = re.compile(
    rf"\b(?P<day>\d+)(?:th)? (?:of )?(?P<month>{_MONTH})\b(?: (?P<year>\d{{4}})\b)?"
    rf"|\b(?P<month2>{_MONTH}) (?:the )?(?P<day2>\d{{1,2}})(?:th)?\b(?: (?P<year2>\d{{4}})\b)?"
)
_FROM_TODAY = re.compile(
    r"\b(?P<in>in )?(?P<count>\d+|an?|(?:a )?couple of) (?P<unit>day|week|fortnight|month)s?"
    r"(?: (?P<after>time|from now|from today|today|ago))?\b"
)
_BESIDE = re.compile(r"\b(?:the )?day (?P<which>after tomorrow|before yesterday)\b")
_WEEKDAY = re.compile(
    rf"\b(?:(?P<which>this coming|this|coming|next|last|week on) )?(?P<day>{_DAY})\b(?P<week> week\b)?"
)
_OF_MONTH = re.compile(r"\b(?P<day>\d+)th\b")

_Found = tuple[date, bool, str]  # the day, whether no other can be meant, and the words left over


def read_date(words: str, today: date) -> Reading | None:
    """The one day that a reply names; unsure where it may be another, or where more was said."""
    if len(words) > _MOST_LETTERS:
        return None
    said = " ".join(_spelt(token.text) for token in tokens(words) if not token.mark)
    try:
        found = (
            _in_figures(fold(words)[0], today)
            or _in_words(said, today)
            or _from_today(said, today)
            or _on_weekday(said, today)
            or _of_month(said, today)
        )
    except (ValueError, OverflowError):  # a 31st of February, a year 0, a million weeks
        return None
    if not found:
        return None
    day, sure, rest = found
    left = [token.text for token in tokens(rest) if not (token.mark or token.symbol)]
    around = _AROUND | {DAYS[day.weekday()]}
    return Reading(sure=sure and around.issuperset(left), date=day)


def _spelt(word: str) -> str:
    """Days and months as they are spelt, from a near miss ("wensday")."""
    if word in _SPELT or len(word) < 5:
        return word
    near = [
        known
        for known in _SPELT
        if known[0] == word[0] and OSA.distance(word, known) <= (1 if len(known) < 7 else 2)
    ]
    return near[0] if len(near) == 1 else word


def _in_figures(said: str, today: date) -> _Found | None:
    found = _ISO.search(said) or _FIGURES.search(said)
    if not found:
        return None
    day, month, year = int(found["day"]), int(found["month"]), found["year"]
    if year and month > 12 >= day:
        day, month = month, day  # only the American order is possible
    on, sure = _dated(day, month, year, today)
    return on, sure, _without(said, found)


def _in_words(said: str, today: date) -> _Found | None:
    found = _IN_WORDS.search(said)
    if not found:
        return None
    month = MONTHS.index(found["month"] or found["month2"]) + 1
    on, sure = _dated(int(found["day"] or found["day2"]), month, found["year"] or found["year2"], today)
    return on, sure, _without(said, found)


def _dated(day: int, month: int, year: str | None, today: date) -> tuple[date, bool]:
    """Without a year it is the coming one; sure unless the one just gone is nearer."""
    if year:
        return date(int(year) + (2000 if len(year) == 2 else 0), month, day), True
    date(2024, month, day)  # a leap year, so that every real day passes
    days = [on for at in range(today.year - 8, today.year + 9) if (on := _real(at, month, day))]
    coming = min(on for on in days if on >= today)
    return coming, all(coming - today <= today - on for on in days if on < today)


def _real(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _from_today(said: str, today: date) -> _Found | None:
    """ "Tomorrow", "in two weeks", "three days ago"."""
    beside = _BESIDE.search(said)
    if beside:
        days = 2 if beside["which"] == "after tomorrow" else -2
        return today + timedelta(days=days), True, _without(said, beside)
    found = _FROM_TODAY.search(said)
    for word in said.split():
        if word in _NEAR and not (found and found["after"]):  # "a week today" is not today
            return today + timedelta(days=_NEAR[word]), True, said.replace(word, " ", 1)
    if not found or re.match(rf" (?:on )?(?:{_DAY})", said[found.end() :]):  # "a week on Friday"
        return None
    words = {"a": 1, "an": 1, "couple of": 2, "a couple of": 2}
    count = words.get(found["count"]) or int(found["count"])
    back = -1 if found["after"] == "ago" else 1
    sure = bool(found["in"] or found["after"])
    return _after(today, back * count, found["unit"]), sure, _without(said, found)


def _after(today: date, count: int, unit: str) -> date:
    if unit != "month":
        return today + timedelta(days=count * {"day": 1, "week": 7, "fortnight": 14}[unit])
    year, month = divmod(today.year * 12 + today.month - 1 + count, 12)
    return next(on for day in range(today.day, 0, -1) if (on := _real(year, month + 1, day)))


def _on_weekday(said: str, today: date) -> _Found | None:
    """The coming one, never a past one unless "last" is said. "Next Friday" may be either of two."""
    found = _WEEKDAY.search(said)
    if not found:
        return None
    ahead = (DAYS.index(found["day"]) - today.weekday()) % 7
    this_week = today.weekday() + ahead < 7
    on, sure = today + timedelta(days=ahead), ahead > 0
    if found["which"] == "last":
        on, sure = on - timedelta(days=7), True
    elif found["which"] == "next":
        on, sure = on + timedelta(days=7 if this_week else 0), ahead == 0 or not this_week
    elif found["which"] == "week on" or found["week"]:
        on += timedelta(days=7)
    return on, sure, _without(said, found)


def _of_month(said: str, today: date) -> _Found | None:
    found = _OF_MONTH.search(said)
    if not found or not 1 <= int(found["day"]) <= 31:
        return None
    months = [(today.year + (today.month - 1 + at) // 12, (today.month - 1 + at) % 12 + 1) for at in range(3)]
    days = [on for year, month in months if (on := _real(year, month, int(found["day"])))]
    return next(on for on in days if on >= today), True, _without(said, found)


def _without(said: str, found: re.Match[str]) -> str:
    return f"{said[: found.start()]} {said[found.end() :]}"
