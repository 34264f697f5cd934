"""Tells one member something that we start, by the way that they like best.

It only writes to the outbox: `checks.may_send` decides, at the moment of sending, whether it may go.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.events import Say
from storage.lines.reaching import ways_to
from storage.sending import outbox as box
from storage.tables import members


async def tell(
    conn: AsyncConnection,
    people: Sequence[str],
    say: Say,
    *,
    kind: str,
    key: str,
    ids: Callable[[], str],
    channels: Collection[str],
    now: datetime,
    subject: str | None = None,
    expires_at: datetime | None = None,
) -> set[str]:
    """Put a notice to each of these members into the outbox; those for whom there is a way.

    `key` with the member's id tells this message from all others: told twice, it goes once.
    """
    m = members.c
    found = await conn.execute(sa.select(m.id, m.group_id).where(m.id.in_(people)))
    groups = {row.id: row.group_id for row in found}
    ways = await ways_to(conn, list(groups), channels, kind)
    rows = [
        box.Row(
            id=ids(),
            line=theirs[0].line_id,
            channel=theirs[0].channel,
            klass="notice",
            dedupe_key=f"{key}:{member}",
            say=say,
            member=member,
            group=groups[member],
            kind=kind,
            subject=subject,
            expires_at=expires_at,
        )
        for member, theirs in ways.items()
    ]
    await box.add(conn, rows, now=now)
    return set(ways)


async def staff(conn: AsyncConnection, group: str) -> list[str]:
    """Those who run a group and have not stopped us."""
    m = members.c
    here = (m.group_id == group, m.permission != "member", m.state.in_(("active", "paused")))
    return list(await conn.scalars(sa.select(m.id).where(*here)))
