"""What a reply was taken to mean."""

import datetime
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """`sure`: one meaning, safe to take. Otherwise it is a guess, or several could be meant: ask again."""

    sure: bool
    keys: tuple[str, ...] = ()  # the options chosen, in the order shown; when unsure, the candidates
    number: float | None = None
    date: datetime.date | None = None
    rest: str = ""  # words beyond the choice that are worth keeping as a comment
