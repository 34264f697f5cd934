"""What a group was given, for the pages: the newest first, a page at a time, found by what is asked for.

What came without a name has no person, no channel and only its day; `given` is not even read for it. Of one
day it stands after what has a name, in the order of ids that tell nothing.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.columns import EPOCH, micros
from storage.given.reading import says
from storage.lines.persons import person
from storage.sessions.secrecy import without_ballot
from storage.tables import contribution_media, contributions, given, media, meetings, members, polls

PAGE = 50
LOOKED_AT, MOST_LOOKED_AT = 200, 2000  # rows read at a time, where not every row may be shown
MEETINGS = 100  # to choose from
LONGEST = 18  # digits of a moment

Row = sa.Row[*tuple[Any, ...]]
Place = tuple[datetime, str]  # of the last one on a page: its moment and its id


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is looked for; what is not said is not asked. `until` is the first moment that is too late.

    `people` are ids of members. `unheard`: with a recording or photo that nobody has heard or seen.
    """

    flow: str = ""
    meeting: str = ""
    poll: str = ""
    channel: str = ""
    people: Collection[str] | None = None
    since: datetime | None = None
    until: datetime | None = None
    words: str = ""
    unheard: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A photo or recording. `here` once it is stored; `typed` is what staff wrote down of it."""

    id: str
    kind: str
    type: str
    here: bool
    typed: str
    heard: bool
    seconds: int
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """One thing given. Without a name it has no person and no channel, and `at` is no more than its day."""

    id: str
    flow: str
    at: datetime
    text: str
    answers: Mapping[str, Any]
    audience: str
    unnamed: bool
    practice: bool
    helped: bool
    hidden: str  # why the other members don't see it
    channel: str | None
    meeting: str | None  # its title
    poll: str | None
    person: str | None = None
    name: str = ""
    files: tuple[File, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """One page of a list; `older` leads to the next, and is "" on the last."""

    found: tuple[Contribution, ...]
    older: str = ""


async def browse(conn: AsyncConnection, group: str, wanted: Wanted, after: str = "") -> Shelf:
    """The next page of what was given, after the place that a page before has named."""
    found: list[Contribution] = []
    place = _place(after)
    size = LOOKED_AT if wanted.words else PAGE + 1
    while len(found) <= PAGE:
        rows = (await conn.execute(_asked(group, wanted, place).limit(size))).all()
        found += [one for one in await _read(conn, rows) if _says(one) and _has(one, wanted.words)]
        if len(rows) < size:
            break
        place = rows[-1].at, rows[-1].id
        size = min(2 * size, MOST_LOOKED_AT)
    here = found[:PAGE]
    older = f"{micros(here[-1].at)}-{here[-1].id}" if len(found) > PAGE else ""
    return Shelf(found=await _named(conn, here), older=older)


async def find(conn: AsyncConnection, group: str, id_: str) -> Contribution | None:
    """One thing that this group was given; None where there is none, or it was taken back."""
    rows = (await conn.execute(_asked(group, Wanted(), None).where(contributions.c.id == id_))).all()
    found = await _named(conn, await _read(conn, rows))
    return found[0] if found else None


async def meetings_of(conn: AsyncConnection, group: str) -> list[tuple[str, str, datetime]]:
    """The latest meetings of a group: id, title and time."""
    m = meetings.c
    found = sa.select(m.id, m.title, m.at).where(m.group_id == group).order_by(m.at.desc()).limit(MEETINGS)
    return [(row.id, row.title, row.at) for row in await conn.execute(found)]


async def names(conn: AsyncConnection, ids: Iterable[str | None]) -> dict[str, str]:
    """What these people are called, by id; those who are erased are left out."""
    m = members.c
    wanted = sa.select(m.id, m.name).where(m.id.in_({one for one in ids if one}))
    return {row.id: row.name for row in await conn.execute(wanted)}


async def people_called(conn: AsyncConnection, group: str, wanted: str) -> list[str]:
    """Who in this group has this id or number, or is called so: ids, none where it is nobody."""
    m = members.c
    here = sa.select(m.id).where(m.group_id == group, m.joined_to.is_(None))
    if found := list(await conn.scalars(here.where(sa.or_(m.id == wanted, m.number == wanted)))):
        return found
    names = await conn.execute(sa.select(m.id, m.name).where(m.group_id == group, m.joined_to.is_(None)))
    return [id_ for id_, name in names if wanted.casefold() in name.casefold()]


def _asked(group: str, wanted: Wanted, place: Place | None) -> sa.Select[Any]:
    c = contributions.c
    return (
        sa.select(contributions, meetings.c.title.label("meeting"), polls.c.secret)
        .outerjoin(meetings, meetings.c.id == c.meeting_id)
        .outerjoin(polls, polls.c.id == c.poll_id)
        .where(c.group_id == group, c.taken_back_at.is_(None), *_filters(wanted), *_beyond(place))
        .order_by(c.at.desc(), c.id.desc())
    )


def _beyond(place: Place | None) -> Iterator[sa.ColumnElement[bool]]:
    if place:
        c, (at, id_) = contributions.c, place
        yield c.at <= at  # what an index can be asked
        yield sa.or_(c.at < at, c.id < id_)


def _filters(wanted: Wanted) -> Iterator[sa.ColumnElement[bool]]:
    c = contributions.c
    plain = ("flow", wanted.flow), ("meeting_id", wanted.meeting), ("poll_id", wanted.poll)
    yield from (c[name] == value for name, value in (*plain, ("channel", wanted.channel)) if value)
    if wanted.people is not None:
        theirs = sa.select(given.c.contribution_id).where(given.c.member_id.in_(_everyone(wanted.people)))
        yield sa.and_(c.unnamed.is_(False), c.id.in_(theirs))
    if wanted.since:
        yield c.at >= wanted.since
    if wanted.until:
        yield c.at < wanted.until
    if wanted.unheard:
        yield _with_file(media.c.heard_at.is_(None))
    if wanted.words:
        yield _may_say(wanted.words)


def _everyone(people: Collection[str]) -> sa.Select[str]:
    m = members.c
    return sa.select(m.id).where(sa.or_(m.id.in_(people), m.joined_to.in_(people)))


def _with_file(such: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    cm, m = contribution_media.c, media.c
    mine = sa.select(m.id).join(contribution_media, cm.media_id == m.id)
    return mine.where(cm.contribution_id == contributions.c.id, m.state != "refused", such).exists()


def _may_say(words: str) -> sa.ColumnElement[bool]:
    """Whether these words may stand in it: what else stands in the text of its answers is found too.

    SQLite knows the two cases of ASCII letters alone, so others are looked for as people write them.
    """
    c = contributions.c
    forms = {words} if words.isascii() else {words, words.lower(), words.upper(), words.capitalize()}
    places = []
    for one in sorted(forms):
        in_json = json.dumps(one)[1:-1]
        places += [
            c.text.icontains(one, autoescape=True),
            sa.cast(c.answers, sa.Text).icontains(in_json, autoescape=True),
            _with_file(media.c.typed.icontains(one, autoescape=True)),
        ]
    return sa.or_(*places)


def _has(one: Contribution, words: str) -> bool:
    """Whether it does say these words."""
    said = (one.text, *(file.typed for file in one.files), *texts(one.answers))
    return not words or any(words.casefold() in each.casefold() for each in said)


def texts(answers: Any) -> Iterator[str]:
    """The words in stored answers, wherever they stand."""
    if isinstance(answers, Mapping):
        for name, inner in answers.items():
            if name == "text" and isinstance(inner, str):
                yield inner
            elif name not in ("media", "keys"):
                yield from texts(inner)
    elif isinstance(answers, list):
        for inner in answers:
            yield from texts(inner)


def _says(one: Contribution) -> bool:
    return bool(one.text or one.files or says(one.answers))


async def _read(conn: AsyncConnection, rows: Sequence[Row]) -> list[Contribution]:
    files = await _files(conn, [row.id for row in rows])
    return [_contribution(row, files.get(row.id, ())) for row in rows]


def _contribution(row: Row, files: tuple[File, ...]) -> Contribution:
    answers = row.answers or {}
    return Contribution(
        id=row.id,
        flow=row.flow,
        at=row.at,
        text=row.text,
        # A comment on a secret vote is read while the vote is open; the choice beside it never is.
        answers=without_ballot(answers) if row.secret else answers,
        audience=row.audience,
        unnamed=row.unnamed,
        practice=row.practice,
        helped=row.helped,
        hidden=row.hidden_reason or "",
        channel=None if row.unnamed else row.channel,
        meeting=row.meeting,
        poll=row.poll_id,
        files=files,
    )


async def _files(conn: AsyncConnection, ids: Sequence[str]) -> dict[str, tuple[File, ...]]:
    cm, m = contribution_media.c, media.c
    columns = (m.id, m.kind, m.type, m.typed, m.seconds, m.width, m.height, m.state, m.heard_at)
    rows = await conn.execute(
        sa.select(cm.contribution_id.label("of"), *columns)
        .join(media, m.id == cm.media_id)
        .where(cm.contribution_id.in_(ids), m.state != "refused")
        .order_by(cm.contribution_id, cm.position)
    )
    found: dict[str, tuple[File, ...]] = {}
    for row in rows:
        file = File(
            id=row.id,
            kind=row.kind,
            type=row.type,
            here=row.state == "stored",
            typed=row.typed,
            heard=row.heard_at is not None,
            seconds=row.seconds,
            width=row.width,
            height=row.height,
        )
        found[row.of] = (*found.get(row.of, ()), file)
    return found


async def _named(conn: AsyncConnection, found: Sequence[Contribution]) -> tuple[Contribution, ...]:
    """The same with who gave it, of what has a name."""
    named = [one.id for one in found if not one.unnamed]
    m, one = members.c, members.alias()
    rows = await conn.execute(
        sa.select(given.c.contribution_id, one.c.id, one.c.name, one.c.number)
        .join(members, m.id == given.c.member_id)
        .join(one, one.c.id == person())
        .where(given.c.contribution_id.in_(named))
    )
    givers = {gift: (id_, name or f"member {number}") for gift, id_, name, number in rows}
    return tuple(
        replace(one, person=givers[one.id][0], name=givers[one.id][1]) if one.id in givers else one
        for one in found
    )


def _place(after: str) -> Place | None:
    """Where a page before has ended; the beginning for what names no place."""
    at, _, id_ = after.partition("-")
    if not (at.isascii() and at.isdecimal() and len(at) < LONGEST):
        return None
    return EPOCH + timedelta(microseconds=int(at)), id_
