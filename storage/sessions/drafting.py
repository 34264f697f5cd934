"""Polls as somebody writes them: checked for what people could not answer, kept until they are opened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.polls import Worded
from flows.understand import unfit_words
from storage.ids import Ids
from storage.members.groups import Complaint
from storage.sessions import versions
from storage.tables import options, polls

LASTS = timedelta(days=7)
MOST_OPTIONS = 20
LONGEST_OPTION = 200  # characters
LONGEST_QUESTION = 1000
LONGEST_REASON = 300  # of what it will change, and of who decides
DRAFT = "draft"
OPEN_ALREADY = "That vote is open already, so it can't be changed any more."


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPoll:
    """A poll as a facilitator asks for it; it closes after a week where nothing is said.

    `versions`: the same in other languages and forms, with as many options in the same order.
    """

    group: str
    question: str
    options: Sequence[str]
    several: bool = False
    secret: bool = False
    staff: bool = False
    closes_at: datetime | None = None
    changes: str = ""
    decides: str = ""
    versions: Mapping[tuple[str, str], Worded] = field(default_factory=dict)


def fit_question(question: str) -> str:
    """The question, tidied; raise Complaint where it can't be asked."""
    question = question.strip()
    if not question:
        raise Complaint("A poll needs a question.")
    if len(question) > LONGEST_QUESTION:
        raise Complaint(f"The question is longer than {LONGEST_QUESTION} characters.")
    return question


def fit_options(wanted: Sequence[str]) -> list[str]:
    """The options, tidied; raise Complaint where people could not answer them."""
    labels = [" ".join(label.split()) for label in wanted]
    for wrong, complaint in (
        (len(labels) < 2, "A poll needs at least two options."),
        (len(labels) > MOST_OPTIONS, f"A poll can have {MOST_OPTIONS} options at most."),
        (not all(labels), "An option has no words."),
        (
            any(len(label) > LONGEST_OPTION for label in labels),
            f"An option is longer than {LONGEST_OPTION} characters.",
        ),
    ):
        if wrong:
            raise Complaint(complaint)
    seen: dict[str, str] = {}
    for label in labels:
        if word := unfit_words(label):
            raise Complaint(
                f'"{label}" cannot be an option, because a text message with only the word {word.upper()} '
                f'stops or starts messages: use more words, such as "{label}, I agree".'
            )
        like = label.casefold().strip(" .!?")
        if like in seen:
            raise Complaint(f'Two options are alike, "{seen[like]}" and "{label}": change one of them.')
        seen[like] = label
    return labels


def fit_closing(closes_at: datetime | None, now: datetime) -> None:
    """Raise Complaint where nobody would have time to vote."""
    if closes_at is not None and closes_at <= now:
        raise Complaint("The poll would close in the past: choose a later time.")


def fit_reason(words: str) -> str:
    """What it will change, or who decides, as part of a sentence; raise Complaint where it is too long."""
    words = " ".join(words.split()).rstrip(".")
    if len(words) > LONGEST_REASON:
        raise Complaint(f"Say it in at most {LONGEST_REASON} characters.")
    return words


async def keep(conn: AsyncConnection, new: NewPoll, *, ids: Ids, now: datetime, poll: str = "") -> str:
    """Keep a poll as a draft, in the place of `poll` where that is given; its id. Raise Complaint."""
    words = _fit(
        Worded(question=new.question, options=tuple(new.options), changes=new.changes, decides=new.decides)
    )
    others = {where: _fit(one, like=words) for where, one in new.versions.items()}
    fit_closing(new.closes_at, now)
    if poll:
        await _clear(conn, new.group, poll)
    poll = poll or ids()
    row = {
        "id": poll,
        "group_id": new.group,
        "question": words.question,
        "several": new.several,
        "secret": new.secret,
        "staff": new.staff,
        "changes": words.changes,
        "decides": words.decides,
        "state": DRAFT,
        "opened_at": now,
        "closes_at": new.closes_at,
    }
    await conn.execute(sa.insert(polls).values(row))
    choices = enumerate(words.options, start=1)
    labels = [{"poll_id": poll, "key": str(n), "position": n, "label": label} for n, label in choices]
    await conn.execute(sa.insert(options), labels)
    await versions.keep(conn, poll, others, now)
    return poll


async def find(conn: AsyncConnection, group: str, poll: str) -> NewPoll | None:
    """A group's draft; None where there is none, or it is open by now."""
    p = polls.c
    found = sa.select(polls).where(p.id == poll, p.group_id == group, p.state == DRAFT)
    row = (await conn.execute(found)).one_or_none()
    if row is None:
        return None
    o = options.c
    listed = sa.select(o.key, o.label).where(o.poll_id == poll).order_by(o.position)
    labels = {row.key: row.label for row in await conn.execute(listed)}
    others = await versions.of(conn, {poll: list(labels)})
    return NewPoll(
        group=group,
        question=row.question,
        options=tuple(labels.values()),
        several=row.several,
        secret=row.secret,
        staff=row.staff,
        closes_at=row.closes_at,
        changes=row.changes,
        decides=row.decides,
        versions=others.get(poll, {}),
    )


async def drop(conn: AsyncConnection, group: str, poll: str) -> None:
    """Throw a draft away; raise Complaint where it is open by now."""
    await _clear(conn, group, poll)


def _fit(words: Worded, like: Worded | None = None) -> Worded:
    """A version, tidied; it has as many options as the one that it is `like`. Raise Complaint."""
    labels = fit_options(words.options)
    if like and len(labels) != len(like.options):
        raise Complaint(f"Each version needs the same {len(like.options)} options, in the same order.")
    return Worded(
        question=fit_question(words.question),
        options=tuple(labels),
        changes=fit_reason(words.changes),
        decides=fit_reason(words.decides),
    )


async def _clear(conn: AsyncConnection, group: str, poll: str) -> None:
    p, o = polls.c, options.c
    keys = list(await conn.scalars(sa.select(o.key).where(o.poll_id == poll)))
    gone = sa.delete(polls).where(p.id == poll, p.group_id == group, p.state == DRAFT)
    if (await conn.execute(gone)).rowcount == 0:
        raise Complaint(OPEN_ALREADY)
    await versions.drop(conn, poll, keys)
