"""What is given without a name: `given` alone tells whose it is, and nothing more of when than the day."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.erasure.register import note, of_gift
from storage.keeping import exports
from storage.lines.persons import everyone
from storage.tables import contribution_media, contributions, events, given, groups, matters, media, outbox

TO_A_GIVER = ("hidden", "reply")  # kinds of messages that go to somebody because they gave something


def day_of(at: datetime, zone: str) -> datetime:
    """The first moment of its day there: no more than the day is to be known."""
    return datetime.combine(at.astimezone(ZoneInfo(zone)).date(), time(), ZoneInfo(zone))


def telling() -> sa.ColumnElement[bool]:
    """Whether the addressee of a message in the outbox would tell who gave something without a name."""
    return sa.and_(outbox.c.kind.in_(TO_A_GIVER), outbox.c.subject_id.is_(None))


async def unname(conn: AsyncConnection, id_: str, member: str | None) -> None:
    """Take the name off what this member gave, and off the words that they had kept for a person."""
    mine = given.c.member_id.in_(everyone(member))
    c = contributions.c
    found = await conn.execute(
        sa.select(c.at, groups.c.zone)
        .join(groups, groups.c.id == c.group_id)
        .join(given, given.c.contribution_id == c.id)
        .where(c.id == id_, mine)
    )
    row = found.one_or_none()
    if row is None:
        await _unname_matter(conn, id_, member)
        return
    note(conn, "unnamed", of_gift(id_))
    await exports.void(conn, [id_])
    day = day_of(row.at, row.zone)
    plain = {"unnamed": True, "channel": None, "shown_name": "", "at": day}
    await conn.execute(sa.update(contributions).where(c.id == id_).values(**plain))
    await let_go(conn, id_)
    its = sa.select(contribution_media.c.media_id).where(contribution_media.c.contribution_id == id_)
    await conn.execute(sa.update(media).where(media.c.id.in_(its)).values(at=day))


async def let_go(conn: AsyncConnection, gift: str) -> None:
    """The messages that it came from hold neither its words nor the way to it."""
    e = events.c
    came = sa.update(events).where(e.contribution_id == gift)
    await conn.execute(came.values(body=None, emptied_at=e.at, contribution_id=None, answer=None))


async def _unname_matter(conn: AsyncConnection, id_: str, member: str | None) -> None:
    m = matters.c
    its = (m.id == id_, m.member_id.in_(everyone(member)), m.unnamed.is_(False))
    found = await conn.execute(
        sa.select(m.at, groups.c.zone).join(groups, groups.c.id == m.group_id).where(*its)
    )
    row = found.one_or_none()
    if row:
        day = day_of(row.at, row.zone)
        await conn.execute(sa.update(matters).where(*its).values(unnamed=True, at=day))
