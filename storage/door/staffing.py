"""Who runs a group no more: what they were signed in to is over, and so is every way in."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.effects import Change
from storage.door import sessions, sign_ins
from storage.members import leaving
from storage.members.groups import Complaint
from storage.members.people import Listed
from storage.tables import groups, members, safe_contacts
from storage.turning.views import changed


async def dismiss(conn: AsyncConnection, found: Listed, *, now: datetime) -> bool:
    """Whether they are a member still, as who joined like one; raise Complaint where they are needed.

    Who was only ever added as a facilitator is in the group no more.
    """
    await _not_needed(conn, found)
    joined = bool(await conn.scalar(sa.select(members.c.agreed).where(members.c.id == found.id)))
    back = sa.update(members).where(members.c.id == found.id)
    await conn.execute(back.values(permission="member"))
    if not joined:
        await leaving.change(conn, found.id, Change(to="left"), now)
    await sessions.end_all_of(conn, [found.id], now=now)
    await sign_ins.void(conn, found.id, now=now)
    await changed(conn, [found.group])
    return joined


async def _not_needed(conn: AsyncConnection, found: Listed) -> None:
    helps = sa.select(groups.c.id).where(groups.c.id == found.group, groups.c.helper_id == found.id)
    if await conn.scalar(helps):
        raise Complaint(
            f"{found.name} helps members here: name somebody else first, with `takepart group helper`."
        )
    if await conn.scalar(sa.select(safe_contacts.c.rank).where(safe_contacts.c.member_id == found.id)):
        raise Complaint(
            f"{found.name} is alerted when somebody may be in danger: see to that first, with "
            "`takepart safety contact GROUP NAME --remove`."
        )
