"""Erases a member and everything they gave, as they asked staff to."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.effects import Change
from storage.files.leftovers import discard
from storage.members.leaving import change
from storage.members.people import Listed
from storage.turning.views import changed


async def forget(conn: AsyncConnection, member: Listed, *, now: datetime) -> None:
    """Erase them in this transaction; their files go when the service next sweeps."""
    files = await change(conn, member.id, Change(to="erased"), now)
    await discard(conn, files)
    await changed(conn, [member.group])
