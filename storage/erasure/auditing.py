"""The trail of who did what to whom: what was done, never what was said or erased."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.tables import audit

OPERATOR = "operator"  # whoever runs commands without saying who they are


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One line of the trail. `who` is a member's id or a word for a part of the service."""

    who: str
    did: str
    subject: str
    why: str
    at: datetime


async def record(
    conn: AsyncConnection,
    *,
    ids: Callable[[], str],
    group: str | None,
    did: str,
    subject: str = "",
    who: str = OPERATOR,
    why: str = "",
    now: datetime,
) -> None:
    """Note that `who` did this to `subject`: ids and words of ours, no words or names of members.

    `why` comes from a short list of ours, or is what staff gave as their reason.
    """
    row = {"id": ids(), "group_id": group, "who": who, "did": did, "subject": subject or None, "why": why}
    await conn.execute(audit.insert().values(**row, at=now))


async def trail(conn: AsyncConnection, group: str, *, subject: str = "") -> list[Trace]:
    """What was done in a group, or to one subject in it, the latest first."""
    a = audit.c
    here = [a.group_id == group] + ([a.subject == subject] if subject else [])
    found = sa.select(a.who, a.did, a.subject, a.why, a.at).where(*here).order_by(a.at.desc(), a.id.desc())
    return [
        Trace(who=who, did=did, subject=about or "", why=why, at=at)
        for who, did, about, why, at in await conn.execute(found)
    ]
