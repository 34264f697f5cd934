"""What was held because nobody said who they are: after a day it goes to a person; nothing is lost."""

from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.events import Attachment, Event
from storage import bells
from storage.files import fetches
from storage.secrets import Secrets
from storage.tables import conversations, lines, matters, media, members, reaches
from storage.turning.states import unpacked

WAITS = timedelta(days=1)


async def waiting(conn: AsyncConnection, now: datetime) -> list[str]:
    """The lines on which something has waited for so long."""
    c = conversations.c
    held = (c.owner.startswith("line:"), c.updated_at <= now - WAITS, c.state.contains('"held":[{'))
    return [line for line in await conn.scalars(sa.select(c.line_id).where(*held)) if line]


async def pass_on(
    conn: AsyncConnection, line: str, *, secrets: Secrets, ids: Callable[[], str], now: datetime
) -> bool:
    """Put what waits on this line onto the list of the group that was last heard of there; whether it did."""
    c = conversations.c
    await conn.execute(sa.select(lines.c.id).where(lines.c.id == line).with_for_update(key_share=True))
    mine = (c.owner == f"line:{line}", c.updated_at <= now - WAITS)
    stored = await conn.scalar(sa.select(c.state).where(*mine))
    group = await _group(conn, line)
    held = unpacked(stored).held if stored else ()
    if not held or group is None:
        return False
    files = [
        await _file(conn, one, file, line, secrets, ids(), now) for one in held for file in one.attachments
    ]
    words = "\n".join(filter(None, (one.text.strip() or one.value for one in held)))
    row = {"kind": "nobody known", "words": words, "question": "", "media": files, "at": now}
    await conn.execute(sa.insert(matters).values(id=ids(), group_id=group, **row))
    await conn.execute(sa.delete(conversations).where(*mine))
    if files:
        await bells.ring(conn)
    return True


async def _group(conn: AsyncConnection, line: str) -> str | None:
    r = reaches.c
    last = sa.select(members.c.group_id).join(reaches, r.member_id == members.c.id).where(r.line_id == line)
    latest = (r.retired_at.is_not(None), r.heard_at.desc().nulls_last())
    return await conn.scalar(last.order_by(*latest).limit(1))


async def _file(
    conn: AsyncConnection,
    event: Event,
    file: Attachment,
    line: str,
    secrets: Secrets,
    id: str,
    now: datetime,
) -> str:
    """Have a file fetched that came while nobody was known."""
    practice = await conn.scalar(sa.select(lines.c.kind).where(lines.c.id == line)) == "practice"
    asked = fetches.asked(
        secrets, id=id, channel=event.channel, attachment=file, line=line, practice=practice, now=now
    )
    await conn.execute(sa.insert(media).values(**asked))
    return id
