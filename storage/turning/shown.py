"""What a group has to show its members: the briefs for the meetings ahead, and what others shared."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.calendar import day_name
from flows.events import Shown
from flows.state import Brief, Shared
from flows.wording import key_of
from storage.lines.persons import person
from storage.tables import (
    attachments,
    briefs,
    contribution_media,
    contributions,
    given,
    media,
    meetings,
    members,
    texts,
)

SHARED = 20


async def briefs_ahead(
    conn: AsyncConnection, group: str, zone: str, now: datetime, parts: Callable[[str], Sequence[str]]
) -> tuple[Brief, ...]:
    b, m = briefs.c, meetings.c
    rows = (
        await conn.execute(
            sa.select(b.id, b.title, m.title.label("meeting"), m.at)
            .join(meetings, m.id == b.meeting_id)
            .where(m.group_id == group, m.at > now, m.state != "cancelled", b.state == "planned")
            .order_by(m.at, b.id)
        )
    ).all()
    ids = [row.id for row in rows]
    written = await _brief_texts(conn, ids, parts)
    files = await _brief_files(conn, ids)
    return tuple(
        Brief(
            id=row.id,
            title=row.title,
            meeting=row.meeting,
            when=day_name(row.at, zone, now),
            parts=written.get(row.id, {}),
            files=files.get(row.id, ()),
        )
        for row in rows
    )


async def _brief_texts(
    conn: AsyncConnection, ids: Sequence[str], parts: Callable[[str], Sequence[str]]
) -> dict[str, dict[str, tuple[str, ...]]]:
    if not ids:
        return {}
    t = texts.c
    rows = await conn.execute(sa.select(texts).where(t.owner.in_([f"brief:{id_}" for id_ in ids])))
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for row in rows:
        brief = found.setdefault(row.owner.removeprefix("brief:"), {})
        brief[key_of(row.language, row.form)] = tuple(parts(row.body))
    return found


async def _brief_files(conn: AsyncConnection, ids: Sequence[str]) -> dict[str, tuple[Shown, ...]]:
    if not ids:
        return {}
    a = attachments.c
    rows = await conn.execute(
        sa.select(a.brief_id.label("owner"), a.name.label("called"), media)
        .join(media, media.c.id == a.media_id)
        .where(a.brief_id.in_(ids), media.c.state == "stored")
        .order_by(a.brief_id, a.position)
    )
    return _shown(rows.all())


async def shared(conn: AsyncConnection, group: str, *, practice: bool) -> tuple[Shared, ...]:
    c = contributions.c
    rows = (
        await conn.execute(
            sa.select(c.id, c.text, c.unnamed, c.shown_name)
            .where(
                c.group_id == group,
                c.audience.in_(("group", "outside")),
                c.taken_back_at.is_(None),
                c.hidden_at.is_(None),
                sa.or_(c.practice == sa.false(), sa.literal(practice)),
            )
            .order_by(c.at.desc(), c.id.desc())
            .limit(SHARED)
        )
    ).all()
    ids = [row.id for row in rows]
    shown, typed = await _shared_files(conn, ids)
    givers: dict[str, list[str]] = {}
    gave = sa.select(given.c.contribution_id, person()).join(members, members.c.id == given.c.member_id)
    for gift, member in await conn.execute(gave.where(given.c.contribution_id.in_(ids))):
        givers.setdefault(gift, []).append(member)
    return tuple(
        Shared(
            id=row.id,
            name="Somebody" if row.unnamed or not row.shown_name else row.shown_name,
            text="\n".join(filter(None, (row.text, typed.get(row.id, "")))),
            shown=shown.get(row.id, ()),
            mine=tuple(givers.get(row.id, ())),
        )
        for row in rows
        # A photo that is still on its way, or could not be kept, is not there.
        if row.text or row.id in shown or row.id in typed
    )


async def _shared_files(
    conn: AsyncConnection, ids: Sequence[str]
) -> tuple[dict[str, tuple[Shown, ...]], dict[str, str]]:
    """The files that others may see or hear, and what is typed of those that would tell whose voice it is."""
    cm, c = contribution_media.c, contributions.c
    found = await conn.execute(
        sa.select(cm.contribution_id.label("owner"), sa.literal("").label("called"), c.unnamed, media)
        .join(media, media.c.id == cm.media_id)
        .join(contributions, c.id == cm.contribution_id)
        .where(cm.contribution_id.in_(ids), media.c.state == "stored")
        .order_by(cm.contribution_id, cm.position)
    )
    rows = found.all()
    typed: dict[str, str] = {}
    for row in rows:
        if _by_voice(row) and row.typed:
            typed[row.owner] = "\n".join(filter(None, (typed.get(row.owner, ""), row.typed)))
    return _shown([row for row in rows if not _by_voice(row)]), typed


def _by_voice(row: sa.Row[*tuple[Any, ...]]) -> bool:
    """Whether it would tell who gave it, although they left their name out."""
    return bool(row.unnamed) and row.kind != "photo"


def _shown(rows: Sequence[sa.Row[tuple[object, ...]]]) -> dict[str, tuple[Shown, ...]]:
    found: dict[str, tuple[Shown, ...]] = {}
    for row in rows:
        one = Shown(
            kind=row.kind,
            media=row.id,
            type=row.type,
            sha256=row.sha256 or "",
            name=row.called,
            words=row.words,
        )
        found[row.owner] = (*found.get(row.owner, ()), one)
    return found
