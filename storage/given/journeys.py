"""Journeys as they were told: moments in their order, each with its words and how it felt."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.given.browsing import Contribution, File

FLOW = "journey"
NOT_TYPED = "A recording that is not typed up yet."


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One moment. `felt` is None where they would rather not say.

    `more` is what else they were asked, by the name of the question, and what they said.
    """

    words: str
    felt: int | None
    more: tuple[tuple[str, str], ...] = ()
    files: tuple[File, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """One journey. Without a name `name` is "", and `at` no more than the day."""

    id: str
    at: datetime
    name: str
    unnamed: bool
    practice: bool
    hidden: str
    moments: tuple[Moment, ...]


def journey(one: Contribution) -> Journey:
    """What was told step by step; told in one piece, it has one moment without a feeling."""
    files = {file.id: file for file in one.files}
    moments = tuple(_moment(round_, files) for round_ in _rounds(one.answers))
    if not moments and (one.text or one.files):
        moments = (Moment(words=one.text or _spoken(one.files), felt=None, files=one.files),)
    return Journey(
        id=one.id,
        at=one.at,
        name=one.name,
        unnamed=one.unnamed,
        practice=one.practice,
        hidden=one.hidden,
        moments=moments,
    )


def _rounds(answers: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """What was asked again and again, whatever a group's own flow calls it."""
    return next((one for one in answers.values() if isinstance(one, list)), [])


def _moment(round_: Mapping[str, Any], known: Mapping[str, File]) -> Moment:
    felt = None
    said: list[tuple[str, str]] = []
    files: list[File] = []
    for name, answer in round_.items():
        here = [known[id_] for id_ in answer.get("media", ()) if id_ in known]
        files += here
        step = _step(answer)
        if step is not None:
            felt = step
        elif not answer.get("keys"):
            said.append((name, answer.get("text") or _spoken(here)))
    (_, words), *more = said or [("", "")]
    return Moment(words=words, felt=felt, more=tuple(one for one in more if one[1]), files=tuple(files))


def _step(answer: Mapping[str, Any]) -> int | None:
    """The step of a scale that was chosen."""
    keys = answer.get("keys") or [""]
    return int(keys[0]) if keys[0].isascii() and keys[0].isdecimal() else None


def _spoken(files: Sequence[File]) -> str:
    """What is said in recordings, as far as it is typed up."""
    return " ".join(_words(files))


def _words(files: Sequence[File]) -> Iterator[str]:
    for file in files:
        if file.kind == "voice":
            yield file.typed or NOT_TYPED
