"""Reads what a group changed about the phrases that it looks for."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.safety import SafeWords, Watch
from storage.tables import safe_words


async def watch(conn: AsyncConnection, group: str, shipped: SafeWords) -> Watch | None:
    """What looks for this group's phrases; None where it looks for the shipped ones as they are."""
    rows = await changes(conn, group)
    if not rows:
        return None
    added = [row.phrase for row in rows if not row.dropped]
    return shipped.watch(added=added, dropped=[row.phrase for row in rows if row.dropped])


async def changes(conn: AsyncConnection, group: str) -> Sequence[sa.Row[tuple[object, ...]]]:
    """What the group added to the shipped phrases, and which of those it left out."""
    w = safe_words.c
    rows = sa.select(safe_words).where(w.group_id == group).order_by(w.language, w.id)
    return (await conn.execute(rows)).all()
