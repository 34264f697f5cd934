"""What a group settled about danger, as its turns need it: the phrases to look for, and who is alerted."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.safety import SafeWords, Watch
from storage.tables import members, safe_contacts, safe_words


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


async def first_contact(conn: AsyncConnection, group: str) -> str:
    """What the one is called who is alerted first; "" where the group named nobody."""
    c, m = safe_contacts.c, members.c
    here = (c.group_id == group, m.permission != "member", m.state.not_in(("left", "erased")))
    first = sa.select(m.name).join(safe_contacts, c.member_id == m.id).where(*here).order_by(c.rank).limit(1)
    return await conn.scalar(first) or ""
