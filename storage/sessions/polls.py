"""Polls: opened, counted and closed; who may vote; and how a closed secret poll forgets who chose what."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.ballots import count, lines, sentence
from flows.events import Option, Shown
from flows.polls import Poll
from storage import locks
from storage.database import upsert
from storage.ids import Ids
from storage.members.groups import Complaint
from storage.running import problems
from storage.sending.sendings import AGAIN
from storage.sessions import drafting, turnout, versions
from storage.sessions.drafting import DRAFT, LASTS, OPEN_ALREADY, NewPoll
from storage.sessions.secrecy import forget_choices
from storage.tables import groups, media, open_questions, options, polls, sendings
from storage.turning.views import changed

PICTURE = "The same result, drawn as bars."
NEWS_FOR = timedelta(days=3)  # a result that could not be sent by then is news no more


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How a poll stands. `counts` by option key: None while it is open, or where too few voted in secret."""

    id: str
    group: str
    group_name: str
    zone: str
    question: str
    several: bool
    most: int
    secret: bool
    staff: bool
    closes_at: datetime | None
    closed_at: datetime | None
    state: str
    options: tuple[tuple[str, str], ...]  # key and label, in order
    counts: dict[str, int] | None
    voted: int
    eligible: int
    sentence: str
    lines: tuple[str, ...]
    asked: Poll  # as it is put to members


async def open_poll(conn: AsyncConnection, new: NewPoll, *, ids: Ids, now: datetime) -> str:
    """Store a poll and send it out; its id. Raises Complaint."""
    poll = await drafting.keep(conn, new, ids=ids, now=now)
    await open_draft(conn, new.group, poll, ids=ids, now=now)
    return poll


async def open_draft(conn: AsyncConnection, group: str, poll: str, *, ids: Ids, now: datetime) -> None:
    """Open a vote that waited as a draft, and send it out. Raises Complaint."""
    draft = await drafting.find(conn, group, poll)
    if draft is None:
        raise Complaint(OPEN_ALREADY)
    drafting.fit_closing(draft.closes_at, now)
    closes = draft.closes_at or now + LASTS
    p = polls.c
    opening = sa.update(polls).where(p.id == poll, p.state == DRAFT)
    opened = await conn.execute(opening.values(state="open", opened_at=now, closes_at=closes))
    if opened.rowcount == 0:
        raise Complaint(OPEN_ALREADY)
    await _send(conn, poll, group, "poll", now, closes, ids)
    await changed(conn, [group])


async def remind(conn: AsyncConnection, group: str, poll: str, *, ids: Ids, now: datetime) -> None:
    """Ask those once more who have not voted, once. Raises Complaint."""
    p, s = polls.c, sendings.c
    mine = sa.select(p.closes_at).where(p.id == poll, p.group_id == group, p.state == "open")
    row = (await conn.execute(mine.with_for_update())).one_or_none()
    if row is None or row.closes_at <= now:
        raise Complaint("That vote has closed, so nobody is reminded of it.")
    if await reminded(conn, poll):
        raise Complaint("Those who had not voted were reminded already. Once is enough.")
    first = sa.select(s.id).where(
        s.kind == "poll", s.subject_id == poll, s.before == "", s.state == "waiting"
    )
    if await conn.scalar(first):
        raise Complaint("The vote is still going out. Remind people once they have had time for it.")
    await _send(conn, poll, group, "poll", now, row.closes_at, ids, before=AGAIN)


async def reminded(conn: AsyncConnection, poll: str) -> bool:
    """Whether those who had not voted were asked once more."""
    s = sendings.c
    again = sa.select(s.id).where(s.kind == "poll", s.subject_id == poll, s.before == AGAIN)
    return await conn.scalar(again.limit(1)) is not None


async def due_to_close(conn: AsyncConnection, now: datetime, most: int = 20) -> list[str]:
    """The polls whose time is over."""
    p = polls.c
    found = await conn.scalars(
        sa.select(p.id).where(p.state == "open", p.closes_at <= now).order_by(p.closes_at).limit(most)
    )
    return list(found)


async def close_poll(conn: AsyncConnection, poll: str, *, ids: Ids, now: datetime) -> bool:
    """Close, count, and send the result; False where it was closed already."""
    await locks.for_closing(conn, poll)
    p = polls.c
    closing = sa.update(polls).where(p.id == poll, p.state == "open").values(state="closed", closed_at=now)
    if (await conn.execute(closing)).rowcount == 0:
        return False
    row = await _row(conn, poll)
    assert row is not None  # noqa: S101  # it was just updated
    counted = await _counted(conn, row, now)
    await conn.execute(sa.update(polls).where(p.id == poll).values(result=counted))
    if row.secret:
        await forget_choices(conn, poll, since=row.opened_at, now=now)
        await problems.forget_choices(conn, row.group_id, since=row.opened_at, now=now)
    asked = sa.update(open_questions).where(open_questions.c.poll_id == poll)
    await conn.execute(asked.values(state="closed"))
    await _send(conn, poll, row.group_id, "result", now, now + NEWS_FOR, ids)
    await changed(conn, [row.group_id])
    return True


async def tally(
    conn: AsyncConnection, poll: str, *, now: datetime, practice: bool = False, draft: bool = False
) -> Tally | None:
    """How a poll stands; None where there is no such poll. `practice` counts practice members too.

    `draft`: one that is not open yet is meant too.
    """
    row = await _row(conn, poll)
    if row is None or (row.state == DRAFT and not draft):
        return None
    labels = await _options(conn, poll)
    if row.state == "open":
        found = await _turnout(conn, row, now, practice=practice)
    else:
        found = (row.result or {}).get("practice" if practice else "", row.result) or {}
    return Tally(
        id=poll,
        group=row.group_id,
        group_name=row.group_name,
        zone=row.zone,
        question=row.question,
        several=row.several,
        most=row.most,
        secret=row.secret,
        staff=row.staff,
        closes_at=row.closes_at,
        closed_at=row.closed_at,
        state=row.state,
        options=tuple(labels),
        counts=found.get("counts"),
        voted=found.get("voted", 0),
        eligible=found.get("eligible", 0),
        sentence=found.get("sentence", ""),
        lines=tuple(found.get("lines", ())),
        asked=await _asked(conn, row, labels),
    )


async def _asked(
    conn: AsyncConnection, row: sa.Row[*tuple[Any, ...]], labels: Sequence[tuple[str, str]]
) -> Poll:
    others = await versions.of(conn, {row.id: [key for key, _ in labels]})
    return Poll(
        id=row.id,
        question=row.question,
        options=tuple(Option(key=key, label=label) for key, label in labels),
        several=row.several,
        most=row.most,
        secret=row.secret,
        staff=row.staff,
        changes=row.changes,
        decides=row.decides,
        language=row.language,
        versions=others.get(row.id, {}),
    )


async def keep_picture(conn: AsyncConnection, poll: str, *, sha256: str, size: int, now: datetime) -> Shown:
    """Note the drawing of a result among the media; the same one again changes nothing."""
    picture = Shown(
        kind="photo", media=f"poll-{poll}", type="image/png", sha256=sha256, name="result.png", words=PICTURE
    )
    row = {"id": picture.media, "kind": "photo", "state": "stored", "type": picture.type, "words": PICTURE}
    make = upsert(conn, media).on_conflict_do_nothing()
    await conn.execute(make, [{**row, "name": picture.name, "sha256": sha256, "bytes": size, "at": now}])
    return picture


async def _send(
    conn: AsyncConnection,
    poll: str,
    group: str,
    kind: str,
    now: datetime,
    until: datetime,
    ids: Ids,
    before: str = "",
) -> None:
    row = {
        "id": ids(),
        "group_id": group,
        "kind": kind,
        "subject_id": poll,
        "before": before,
        "due_at": now,
        "expires_at": until,
    }
    await conn.execute(sa.insert(sendings).values(row))


async def _row(conn: AsyncConnection, poll: str) -> sa.Row[*tuple[Any, ...]] | None:
    found = await conn.execute(
        sa.select(
            polls,
            groups.c.practice.label("all_practice"),
            groups.c.name.label("group_name"),
            groups.c.zone,
            groups.c.language,
        )
        .join(groups, groups.c.id == polls.c.group_id)
        .where(polls.c.id == poll)
    )
    return found.one_or_none()


async def _options(conn: AsyncConnection, poll: str) -> list[tuple[str, str]]:
    o = options.c
    found = await conn.execute(sa.select(o.key, o.label).where(o.poll_id == poll).order_by(o.position))
    return [(key, label) for key, label in found]


async def _turnout(
    conn: AsyncConnection, row: sa.Row[*tuple[Any, ...]], now: datetime, *, practice: bool
) -> dict[str, Any]:
    """While a poll is open nobody sees more than how many have voted."""
    rules = turnout.electorate(row, now, practice=practice)
    could, have = await turnout.eligible(conn, rules), await turnout.cast(conn, row.id, rules)
    said = f"{have} of {could} people have voted so far. The counts are shown when the poll closes."
    return {"voted": have, "eligible": could, "sentence": said}


async def _counted(conn: AsyncConnection, row: sa.Row[*tuple[Any, ...]], now: datetime) -> dict[str, Any]:
    """The result as it is stored: for everybody, and where somebody practised, with them too."""
    real = await _count(conn, row, now, practice=False)
    both = await _count(conn, row, now, practice=True)
    if row.secret and real["counts"] is None:
        # Set against each other, the two would give away what the few chose.
        both |= {"counts": None, "lines": []}
    return real if both == real else {**real, "practice": both}


async def _count(
    conn: AsyncConnection, row: sa.Row[*tuple[Any, ...]], now: datetime, *, practice: bool
) -> dict[str, Any]:
    rules = turnout.electorate(row, now, practice=practice)
    labels = await _options(conn, row.id)
    chosen = await turnout.choices(conn, row.id, rules)
    result = count(labels, chosen, secret=row.secret, eligible=await turnout.eligible(conn, rules))
    return {
        "counts": None if result.counts is None else dict(result.counts),
        "voted": result.voted,
        "eligible": result.eligible,
        "sentence": sentence(result),
        "lines": list(lines(result)),
    }
