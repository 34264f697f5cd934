"""A break: for so many weeks, or until a day; and coming back from it."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta

from flows.calendar import day_name, local
from flows.effects import Change
from flows.state import Answer
from flows.turns.turning import Turn
from flows.values import replace

LONGEST = timedelta(days=366)


def pause(t: Turn, what: str) -> None:
    """A break of so many weeks, or until what was answered; `paused` says whether it began."""
    found = t.answer(what)
    if found is None:
        _pause(t, t.now + timedelta(weeks=int(what) if what.isdecimal() else 2))
    elif found.keys == ("open",):
        _pause(t, None)
    elif found.keys:
        _pause(t, t.now + timedelta(weeks=int(found.keys[0].split()[0])))
    else:
        _until(t, date.fromisoformat(found.text))


def _until(t: Turn, day: date) -> None:
    """Until a day begins where the group is; a day that is no use is asked for again."""
    until = local(f"{day.isoformat()} 00:00", _zone(t), t.now)
    if until <= t.now:
        t.tell("pause.past")
    elif until > t.now + LONGEST:
        t.tell("pause.far")
    else:
        _pause(t, until)


def _pause(t: Turn, until: datetime | None) -> None:
    t.do(Change(to="paused", until=until))
    if t.member:
        t.member = replace(t.member, state="paused", paused_until=until)
    if t.frames:
        answers = {**t.frames[-1].answers, "paused": Answer(keys=("yes",))}
        t.put_frame(replace(t.frames[-1], answers=answers))


def come_back(t: Turn, _: str) -> None:
    t.do(Change(to="active"))
    if t.member:
        t.member = replace(t.member, state="active", paused_until=None)
    t.tell("unpaused")


def back(t: Turn) -> str:
    """When the break is over, in words."""
    until = t.member.paused_until if t.member else None
    return day_name(until, _zone(t), t.now).rpartition(" at ")[0] if until else t.phrase("pause.open")


def _zone(t: Turn) -> str:
    return t.group.zone if t.group else "Europe/London"


DEEDS: Mapping[str, Callable[[Turn, str], None]] = {"pause": pause, "come back": come_back}
