"""Recordings and photos that nobody has heard or seen yet: how long they wait, and by when somebody does."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows import rules
from flows.calendar import listened_by
from flows.safety import SafeWords
from storage.erasure import auditing
from storage.given import whose
from storage.given.typing import HEARD, type_up
from storage.members.groups import Complaint, quoted
from storage.tables import contribution_media, contributions, groups, matters, media

HEARD_BEFORE = "is not on the list: it was heard or seen before, or taken back."
LONGEST_KEPT = timedelta(days=366)  # what has waited for longer than a year nobody is reminded of


@dataclass(frozen=True, slots=True, kw_only=True)
class Unheard:
    """A recording or photo that waits, of a contribution or of what was passed on (`matter`).

    `by`: when its group said that somebody would listen. `unnamed`: neither giver nor hour is shown.
    """

    id: str
    kind: str
    of: str
    at: datetime
    by: datetime
    contribution: str | None = None
    matter: str | None = None
    unnamed: bool = False


Promise = Callable[[datetime], datetime]  # by when somebody listens to what came at a moment


async def unheard(conn: AsyncConnection, group: str) -> list[Unheard]:
    """What waits in this group, the oldest first. Practice is left out, unless the group is only for that."""
    g = groups.c
    home = (await conn.execute(sa.select(g.zone, g.settings, g.practice).where(g.id == group))).one()
    days = rules.read(home.settings).listen_within_days
    promise = partial(listened_by, days=days, zone=home.zone)
    gave = await _given(conn, group, promise, practice=home.practice)
    found = {one.id: one for one in [*await _passed_on(conn, group, promise), *gave]}
    return sorted(found.values(), key=lambda one: (one.at, one.id))


async def group_of(conn: AsyncConnection, wanted: str) -> str:
    """The group that this recording or photo was given to; raise Complaint."""
    found = await whose.find(conn, wanted)
    if found is None:
        raise Complaint(f"{quoted(wanted)} {HEARD_BEFORE}")
    return found.group


async def hear(
    conn: AsyncConnection,
    group: str,
    wanted: str,
    by: str,
    *,
    typed: str = "",
    safe_words: SafeWords,
    ids: Callable[[], str],
    now: datetime,
) -> bool:
    """Somebody has heard or seen it, and may have typed what is said; whether the words raised an alert."""
    if all(one.id != wanted for one in await unheard(conn, group)):
        raise Complaint(f"{quoted(wanted)} {HEARD_BEFORE}")
    if typed.strip():
        return await type_up(conn, group, wanted, typed, by, safe_words=safe_words, ids=ids, now=now)
    await conn.execute(sa.update(media).where(media.c.id == wanted).values(heard_at=now))
    await auditing.record(conn, ids=ids, group=group, did=HEARD, subject=wanted, who=by, now=now)
    return False


async def late(conn: AsyncConnection, now: datetime) -> dict[str, list[Unheard]]:
    """What waits for longer than was promised, by group."""
    old = now - timedelta(days=1)  # nobody promises less than a day
    c, m, cm = contributions.c, media.c, contribution_media.c
    gave = (
        sa.select(c.group_id)
        .join(contribution_media, cm.contribution_id == c.id)
        .join(media, m.id == cm.media_id)
        .where(m.heard_at.is_(None), m.state != "refused", c.at < old, c.at > now - LONGEST_KEPT)
    )
    passed = sa.select(matters.c.group_id).where(
        matters.c.done_at.is_(None), matters.c.at < old, matters.c.media.is_not(None)
    )
    ids = await conn.scalars(sa.union(gave, passed))
    found = {group: [one for one in await unheard(conn, group) if one.by <= now] for group in sorted(ids)}
    return {group: those for group, those in found.items() if those}


async def _given(conn: AsyncConnection, group: str, promise: Promise, *, practice: bool) -> list[Unheard]:
    c, m, cm = contributions.c, media.c, contribution_media.c
    wanted = [c.group_id == group, c.taken_back_at.is_(None), m.heard_at.is_(None), m.state != "refused"]
    if not practice:
        wanted.append(c.practice.is_(False))
    rows = (
        sa.select(m.id, m.kind, c.flow.label("of"), c.id.label("contribution"), c.at, c.unnamed)
        .join(contribution_media, cm.media_id == m.id)
        .join(contributions, c.id == cm.contribution_id)
        .where(*wanted)
    )
    return [Unheard(by=promise(row["at"]), **row) for row in (await conn.execute(rows)).mappings()]


async def _passed_on(conn: AsyncConnection, group: str, promise: Promise) -> list[Unheard]:
    """What came with something that needs a person, such as a recording that nobody had asked for."""
    t, m = matters.c, media.c
    waits = (t.group_id == group, t.done_at.is_(None), t.media.is_not(None))
    rows = (await conn.execute(sa.select(t.id, t.media, t.kind, t.at, t.unnamed).where(*waits))).all()
    came = {id_: row for row in rows for id_ in row.media or ()}
    found = sa.select(m.id, m.kind).where(m.id.in_(came), m.heard_at.is_(None), m.state != "refused")
    return [
        Unheard(
            id=id_,
            kind=kind,
            of=row.kind,
            at=row.at,
            by=promise(row.at),
            matter=row.id,
            unnamed=row.unnamed,
        )
        for id_, kind in await conn.execute(found)
        for row in [came[id_]]
    ]
