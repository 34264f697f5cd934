"""How members would like us to keep in touch: each wish by its name, and what it can be.

A flow and a command settle the same wishes by the same names. A value is stored as it is read here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flows.calendar import Hours, WhenError
from flows.understanding.tokens import DAYS

SHORT = tuple(day[:3] for day in DAYS)
USUAL = "usual"  # what the group has settled for everybody
CHANNELS = ("telegram", "sms", "voice")
OF_A_PHONE = frozenset({"greet", "leave_message", "write_anything"})  # said of one line, not of them all


class WishError(ValueError):
    """A wish that is not known, or that can't be so: one sentence for whoever noted it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    says: str
    read: Callable[[str], str]


def settle(name: str, value: str) -> tuple[str, str]:
    """A wish and its value as they are stored. Raise WishError where it can't be so."""
    wanted = name.strip().casefold().replace("-", "_").replace(" ", "_")
    wish = WISHES.get(wanted)
    if wish is None:
        known = ", ".join(shown(one) for one in WISHES)
        raise WishError(f"There is no wish '{name}'. The wishes are: {known}.")
    try:
        return wanted, wish.read(value.strip().casefold())
    except ValueError as error:
        raise WishError(f"'{shown(wanted)}' can't be that: {error}") from None


def shown(name: str) -> str:
    """A wish as it is written on the command line."""
    return name.replace("_", "-")


def days_of(stored: str) -> frozenset[str]:
    """The days of the week that a member chose, in full; none where they did not choose."""
    return frozenset(day for day, short in zip(DAYS, SHORT, strict=True) if short in stored.split())


def _among(*known: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        if value not in known:
            raise ValueError(f"it is one of {', '.join(known)}.")
        return value

    return read


def _hours(value: str) -> str:
    if value == USUAL:
        return ""
    try:
        Hours.parse(value)
    except WhenError as error:
        raise ValueError(str(error)) from None
    return value


def _days(value: str) -> str:
    """ "Monday, Tuesday" as "mon tue"; "all" as nothing."""
    if value in ("all", USUAL):
        return ""
    chosen = [part[:3] for part in value.replace(",", " ").split()]
    if not chosen or not set(chosen) <= set(SHORT):
        raise ValueError(f"write days such as {' '.join(SHORT)}, or all.")
    return " ".join(short for short in SHORT if short in chosen)


def _number(value: str) -> str:
    if value == USUAL:
        return ""
    if not value.isdecimal() or len(value) > 2:
        raise ValueError("it is a number, 0 for any, or usual.")
    return value


def _language(value: str) -> str:
    if len(value) != 2 or not value.isalpha():
        raise ValueError("a language is written with two letters, such as en or cy.")
    return value


_YES_NO = _among("yes", "no")
WISHES: Mapping[str, Wish] = {
    "hours": Wish(says="Between which hours we may write or ring, such as 10-16, or usual.", read=_hours),
    "days": Wish(says="On which days: mon tue wed thu fri sat sun, or all.", read=_days),
    "a_week": Wish(says="How many messages that we start in a week; 0 for any, or usual.", read=_number),
    "first": Wish(says="By which way first: telegram, sms or voice.", read=_among(*CHANNELS)),
    "language": Wish(says="Their language, with two letters.", read=_language),
    "form": Wish(says="plain, or easy for short words.", read=_among("plain", "easy")),
    "slower": Wish(says="Whether we speak slower on the phone.", read=_YES_NO),
    "lower": Wish(says="Whether a lower voice speaks on the phone.", read=_YES_NO),
    "more_time": Wish(says="Whether we wait longer for an answer.", read=_YES_NO),
    "pace": Wish(says="usual, or slow: fewer things at a time.", read=_among(USUAL, "slow")),
    "circle": Wish(says="any, or small: a smaller circle of people.", read=_among("any", "small")),
    "never_named": Wish(says="Whether nothing is ever shown with their name.", read=_YES_NO),
    "never_ring": Wish(says="Whether we never ring them.", read=_YES_NO),
    "never_first": Wish(says="Whether we never write or ring first.", read=_YES_NO),
    "greet": Wish(says="Whether we may say their name on this phone.", read=_YES_NO),
    "leave_message": Wish(says="Whether we may leave a message on this phone.", read=_YES_NO),
    "write_anything": Wish(says="Whether we may write about anything here.", read=_YES_NO),
    "if_quiet": Wish(
        says="If we don't hear from them: ring, ask (somebody whom they named) or leave them be.",
        read=_among("ring", "ask", "leave"),
    ),
}
