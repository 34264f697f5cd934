"""Notes a wish of a member, as they have asked staff to do for them."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from flows import preferences
from flows.preferences import OF_A_PHONE, WishError
from storage.lines import reaching
from storage.members import preferring
from storage.members.groups import Complaint
from storage.members.people import Listed


async def wish(
    conn: AsyncConnection, member: Listed, name: str, value: str, on: str, *, now: datetime
) -> tuple[str, str]:
    """Note one wish; its name and value as they are stored. `on`: by which channel, if it is of one phone.

    Raise Complaint where it can't be so.
    """
    try:
        wanted, settled = preferences.settle(name, value)
    except WishError as error:
        raise Complaint(str(error)) from None
    lines = _lines(member, on) if wanted in OF_A_PHONE else [""]
    if wanted == "first":
        await _allow(conn, member, settled, now)
    for line in lines:
        await preferring.prefer(conn, member.id, wanted, settled, now=now, line=line)
    return wanted, settled


async def _allow(conn: AsyncConnection, member: Listed, channel: str, now: datetime) -> None:
    """Who wishes for a way before the others allows it."""
    if channel not in {way.channel for way in member.ways}:
        raise Complaint("They have no such way: their page and `takepart member list GROUP` show theirs.")
    await reaching.choose(conn, member.id, channel, "", wanted=True)
    if channel == "voice":
        await preferring.prefer(conn, member.id, "never_ring", "no", now=now)


def _lines(member: Listed, channel: str) -> list[str]:
    """The phones or chats that a wish is about; raise Complaint where that is not clear."""
    lines = sorted({way.line for way in member.ways if channel in ("", way.channel)})
    if len(lines) != 1:
        raise Complaint("Say of which phone or chat; as a command: --on telegram, --on sms or --on voice.")
    return lines
