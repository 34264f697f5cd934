"""What a group has settled for itself: how people come in, how often we write, who is told what.

Each rule has a default that suits a small group, so that a new group needs to settle nothing.
"""

from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any

from flows.calendar import Hours
from flows.understanding.tokens import DAYS

YES, NO = frozenset({"yes", "true", "on"}), frozenset({"no", "false", "off"})
REACH_NOW = (
    "If somebody is in danger, ring 999. For medical advice, ring 111. "
    "To talk to somebody at any hour, ring Samaritans on 116 123."
)

TEXT_COST = "A text to us costs what your phone company takes for one. Ours cost you nothing."


class RuleError(ValueError):
    """A rule that is not known, or a value that it can't have: one sentence for whoever set it."""


def rule(default: Any, says: str, *, among: tuple[str, ...] = (), least: int = 0) -> Any:
    """One rule: its default, what it settles, and what it may be."""
    return field(default=default, metadata={"says": says, "among": among, "least": least})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """A group's rules. Numbers are whole; `*_hours` are spans of the clock such as "9-17"."""

    door: str = rule(
        "open",
        "How people come in: open, approval (a person lets them in) or invitation.",
        among=("open", "approval", "invitation"),
    )
    languages: tuple[str, ...] = rule(
        (), "Its languages, such as en cy. Whoever joins is asked which, if there are several."
    )
    text_cost: str = rule(TEXT_COST, "What a text costs, as people are told when they join.")
    objections_to: str = rule(
        "", "To whom people can object when their membership was ended; the helper if empty."
    )
    messages_a_week: int = rule(2, "How many messages that we start a member gets in a week; 0 for any.")
    check_in_weeks: int = rule(8, "After how many weeks members are asked how it goes; 0 for never.")
    quiet_weeks: int = rule(6, "After how many weeks without a word somebody has not been in touch.", least=1)
    helper_hours: str = rule("", "When the helper answers and takes calls; the group's own hours if empty.")
    helper_days: tuple[str, ...] = rule(DAYS, "On which days of the week the helper does.", among=DAYS)
    helper_waits: int = rule(60, "After how many minutes without the helper staff are told.", least=1)
    reach_now: str = rule(REACH_NOW, "Whom to reach at any hour, said while the helper is away.")

    alert_minutes: int = rule(
        30, "How many minutes a contact has to say SEEN before the next one is told.", least=1
    )
    safe_words_reply: str = rule(
        "", "What somebody is told who may be in danger, where only they read it; the usual words if empty."
    )
    listen_within_days: int = rule(
        1, "Within how many working days recordings are heard and photos seen.", least=1
    )

    keep_days: int = rule(
        0, "After how many days what was given is erased, with a week's notice; 0 to keep it for ever."
    )
    text_pence: int = rule(
        0, "About what one part of a text costs you, in pence, for forecasts; 0 if unknown."
    )
    minute_pence: int = rule(
        0, "About what a minute of a call costs you, in pence, for forecasts; 0 if unknown."
    )

    ring_back: bool = rule(True, "Whether we ring back whoever texts RING ME.")
    ring_back_missed: bool = rule(False, "Whether we also ring back whoever rings once and hangs up.")
    ring_backs_a_day: int = rule(3, "How often we ring one phone back in a day.")
    ring_backs_a_day_for_all: int = rule(30, "How often we ring back in a day, all members together.")


def described() -> Mapping[str, str]:
    """Every rule by its name on the command line, with what it settles."""
    return {_shown(one.name): str(one.metadata["says"]) for one in fields(Rules)}


def values(rules: Rules) -> Mapping[str, str]:
    """Every rule as it is written on the command line."""
    return {_shown(one.name): _written(getattr(rules, one.name)) for one in fields(Rules)}


def read(kept: Mapping[str, Any] | None) -> Rules:
    """The rules from what is stored: only what differs from the defaults."""
    known = {one.name for one in fields(Rules)}
    return Rules(**{name: _whole(value) for name, value in (kept or {}).items() if name in known})


def settle(name: str, value: str) -> tuple[str, Any]:
    """A rule and its value as they are stored. Raise RuleError where it can't be so."""
    wanted = name.strip().casefold().replace(" ", "_").replace("-", "_")
    one = next((found for found in fields(Rules) if found.name == wanted), None)
    if one is None:
        raise RuleError(f"There is no rule '{name}'. The rules are: {', '.join(described())}.")
    return one.name, _value(one, value.strip())


def _value(one: Field[Any], value: str) -> Any:
    among = one.metadata["among"]
    if isinstance(one.default, bool):
        if value.casefold() not in YES | NO:
            raise RuleError(f"'{_shown(one.name)}' is yes or no.")
        return value.casefold() in YES
    if isinstance(one.default, int):
        if not value.isdecimal() or int(value) < one.metadata["least"]:
            raise RuleError(f"'{_shown(one.name)}' is a number, at least {one.metadata['least']}.")
        return int(value)
    if isinstance(one.default, tuple):
        return _several(one, value.replace(",", " ").split())
    if among and value not in among:
        raise RuleError(f"'{_shown(one.name)}' is one of: {', '.join(among)}.")
    if one.name.endswith("_hours") and value:
        Hours.parse(value)
    return value


def _several(one: Field[Any], parts: list[str]) -> list[str]:
    """Several words; where only some are known, at least one of those."""
    among = one.metadata["among"]
    if not among:
        return parts
    known = [part.casefold() for part in parts if part.casefold() in among]
    if len(known) < max(len(parts), 1):
        raise RuleError(f"'{_shown(one.name)}' is some of: {', '.join(among)}.")
    return known


def _whole(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _shown(name: str) -> str:
    return name.replace("_", "-")


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " ".join(value) if isinstance(value, tuple) else str(value)
