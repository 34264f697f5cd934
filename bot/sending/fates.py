"""What becomes of a message once the channel has told the result of a try: a pure decision."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from channels.base import Result
from storage.sending.checks import BACKOFF, CALLBACK, UNCLEAR_TWICE, Waiting, after_unclear
from storage.sending.records import Fate

UNTOLD = 30.0  # seconds to wait when we are throttled and nobody says how long
NOT_LISTED = "It may have gone, though the provider does not list it; it is asked once more."
SPREAD = 0.25  # at most so much longer, so that those who failed together don't come back together


def judge(row: Waiting, result: Result, *, progress: int, now: datetime, chance: Callable[[], float]) -> Fate:
    """What to note of a message. `progress` parcels of it have gone; `chance` gives 0 to 1.

    A fault of ours and a request to wait count as no try.
    """
    fate = Fate(
        state="waiting",
        outcome=result.outcome,
        tries=row.tries,
        progress=progress,
        code=result.code,
        sentence=result.sentence,
        provider_id=result.id,
        no_texts=result.no_texts,
    )
    if result.outcome == "ours":
        return fate
    if result.outcome == "throttled":
        until = _after(now, result.wait or UNTOLD, chance)
        return replace(fate, not_before=until, wait_until=until)
    fate = replace(fate, tries=row.tries + 1)
    if result.outcome == "sent":
        return replace(fate, state="sent")
    if result.outcome == "unclear":
        return _unclear(row, fate, now)
    if result.outcome == "retry" or result.moved_to:
        return _again(row, fate, now, chance)
    return replace(fate, state="failed", stopped=result.outcome == "stopped")


def _unclear(row: Waiting, fate: Fate, now: datetime) -> Fate:
    again = after_unclear(row, now)
    if again is None:
        return replace(fate, state="dead", sentence=UNCLEAR_TWICE)
    became, when = again
    return replace(fate, outcome=became, not_before=when)


def not_listed(row: Waiting, now: datetime) -> Fate | None:
    """What to note of an unclear message that the provider does not list; None if it is to be sent again.

    It is asked twice, since a list may lag behind.
    """
    if row.outcome == "asked":
        return None
    fate = Fate(state="waiting", outcome=row.outcome, tries=row.tries, progress=row.progress)
    if row.outcome == "unclear":
        return replace(fate, outcome="asked", sentence=NOT_LISTED, not_before=now + CALLBACK)
    return replace(fate, state="dead", sentence=UNCLEAR_TWICE)


def not_asked(row: Waiting, result: Result, now: datetime, chance: Callable[[], float]) -> Fate:
    """What to note of an unclear message where the provider could not be asked: no more is known."""
    fate = Fate(
        state="waiting",
        outcome=row.outcome,
        tries=row.tries + 1,
        progress=row.progress,
        code=result.code,
        sentence=result.sentence,
    )
    return _again(row, fate, now, chance)


def _again(row: Waiting, fate: Fate, now: datetime, chance: Callable[[], float]) -> Fate:
    if row.tries >= len(BACKOFF):
        return replace(fate, state="dead")
    return replace(fate, not_before=_after(now, BACKOFF[row.tries], chance))


def _after(now: datetime, seconds: float, chance: Callable[[], float]) -> datetime:
    return now + timedelta(seconds=seconds * (1 + SPREAD * chance()))
