"""Changes to what was kept, by its giver alone: corrected, narrowed, taken back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.effects import Amend
from flows.state import Answer
from storage.care import alerts
from storage.database import upsert
from storage.erasure import removals
from storage.erasure.register import note, of_gift
from storage.given import unnaming
from storage.keeping import exports
from storage.lines.persons import everyone
from storage.tables import (
    attachments,
    contribution_media,
    contributions,
    events,
    given,
    matters,
    media,
    members,
)


def stored(answer: Answer) -> dict[str, Any]:
    """An answer as JSON, without what it does not have."""
    whole = {
        "text": answer.text,
        "keys": list(answer.keys),
        "number": answer.number,
        "media": list(answer.media),
    }
    return {name: value for name, value in whole.items() if value not in ("", [], None)}


async def amend(conn: AsyncConnection, change: Amend, member: str | None) -> None:
    """Put the new answer in the old one's place, in the answers and in the words that people read."""
    c = contributions.c
    row = (
        await conn.execute(
            sa.select(c.text, c.answers, c.unnamed).where(
                c.id == change.id, c.taken_back_at.is_(None), _own(member)
            )
        )
    ).one_or_none()
    if row is None:
        return
    old = (row.answers or {}).get(change.name, {})
    old = old if isinstance(old, dict) else {}
    new = _added(old, change.answer) if change.add else stored(change.answer)
    answers = {**(row.answers or {}), change.name: new}
    words = _words(row.text, old.get("text", ""), new.get("text", ""))
    await conn.execute(sa.update(contributions).where(c.id == change.id).values(text=words, answers=answers))
    await _add_files(conn, change)
    if row.unnamed:
        await unnaming.unname(conn, change.id, member)


def _added(old: dict[str, Any], more: Answer) -> dict[str, Any]:
    new = stored(more)
    words = "\n".join(filter(None, (old.get("text", ""), new.get("text", ""))))
    files = [*old.get("media", []), *new.get("media", [])]
    joined = {**old, **new, "text": words, "media": list(dict.fromkeys(files))}
    return {name: value for name, value in joined.items() if value not in ("", [])}


def _words(text: str, old: str, new: str) -> str:
    if old and old in text:
        return text.replace(old, new, 1)
    return "\n".join(filter(None, (text, new))) if new != old else text


async def _add_files(conn: AsyncConnection, change: Amend) -> None:
    cm = contribution_media.c
    if not change.answer.media:
        return
    last = await conn.scalar(sa.select(sa.func.max(cm.position)).where(cm.contribution_id == change.id))
    start = 0 if last is None else last + 1
    rows = [
        {"contribution_id": change.id, "media_id": file, "position": start + n, "answer": change.name}
        for n, file in enumerate(change.answer.media)
    ]
    await conn.execute(upsert(conn, contribution_media).on_conflict_do_nothing(), rows)


async def narrow(conn: AsyncConnection, gift: str, member: str | None) -> None:
    """From now on only the facilitators may read it."""
    mine = (contributions.c.id == gift, _own(member))
    changed = await conn.execute(sa.update(contributions).where(*mine).values(audience="facilitators"))
    if changed.rowcount:
        note(conn, "narrowed", of_gift(gift))
        await exports.void(conn, [gift])


async def take_back(conn: AsyncConnection, gift: str, member: str | None, now: datetime) -> list[str | None]:
    """Nothing of it stays but that there was something: no words, no copy for replay, no files.

    Gives the hashes of the files to remove.
    """
    c = contributions.c
    mine = await conn.scalar(sa.select(c.id).where(c.id == gift, _own(member)))
    if mine is None:
        return await _take_back_words(conn, gift, member, now)
    note(conn, "taken-back", of_gift(gift))
    await exports.void(conn, [gift])
    await conn.execute(
        sa.update(contributions).where(c.id == gift).values(text="", answers=None, taken_back_at=now)
    )
    await conn.execute(
        sa.update(events).where(events.c.contribution_id == gift).values(body=None, emptied_at=now)
    )
    await alerts.taken_back(conn, gift)
    cm = contribution_media.c
    ids = (await conn.scalars(sa.select(cm.media_id).where(cm.contribution_id == gift))).all()
    await conn.execute(sa.delete(contribution_media).where(cm.contribution_id == gift))
    return await drop_media(conn, ids, now)


async def drop_media(conn: AsyncConnection, ids: Sequence[str], now: datetime) -> list[str | None]:
    """Delete these files' rows, where nothing else refers to them; the hashes that they had.

    What still waits at its provider is to go from there.
    """
    if not ids:
        return []
    m = media.c
    used = sa.or_(
        sa.exists().where(contribution_media.c.media_id == m.id),
        sa.exists().where(attachments.c.media_id == m.id),
        sa.exists().where(members.c.name_media == m.id),
    )
    unused = (await conn.scalars(sa.select(m.id).where(m.id.in_(ids), ~used))).all()
    await removals.of_files(conn, unused, now)
    dropped = await conn.execute(sa.delete(media).where(m.id.in_(unused)).returning(m.sha256, m.thumb_sha256))
    return [hash_ for row in dropped for hash_ in row]


async def _take_back_words(
    conn: AsyncConnection, id_: str, member: str | None, now: datetime
) -> list[str | None]:
    """Words that were kept for a person are gone, and nobody has to see to them."""
    m = matters.c
    its = (m.id == id_, m.member_id.in_(everyone(member)))
    found = (await conn.execute(sa.select(m.media).where(*its))).one_or_none()
    if found is None:
        return []
    note(conn, "taken-back", of_gift(id_))
    gone = {"words": "", "question": "", "media": None, "done_at": now}
    await conn.execute(sa.update(matters).where(*its).values(**gone))
    return await drop_media(conn, found.media or [], now)


def _own(member: str | None) -> sa.ColumnElement[bool]:
    mine = sa.select(given.c.contribution_id).where(given.c.member_id.in_(everyone(member)))
    return contributions.c.id.in_(mine)
