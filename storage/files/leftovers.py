"""Files that no row names any more: noted in the write that let go of them, removed when their place answers.

So erasing somebody never waits for a bucket, and never fails because one is away. A file that is named
again in the meantime stays: whoever names it says so in the same write.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database, upsert
from storage.files.media import MediaStore
from storage.files.media_place import Away
from storage.tables import export_parts, leftovers, media

AT_ONCE = 10  # files that one sweep takes
LEASE = timedelta(minutes=5)  # longer than that many can take to be removed
ABOUT_TO = timedelta(hours=1)  # within which what is put there is named, unless whoever put it there died

_L = leftovers.c


async def discard(conn: AsyncConnection, hashes: Collection[str | None]) -> None:
    """Note for removal those of these files that no row names any more."""
    asked = sorted({one for one in hashes if one})
    if not asked:
        return
    named = await _named(conn, asked)
    rows = [{"sha256": one} for one in asked if one not in named]
    if rows:
        await conn.execute(upsert(conn, leftovers).on_conflict_do_nothing(), rows)


async def reclaim(conn: AsyncConnection, hashes: Collection[str | None]) -> None:
    """Keep these files, which a row is now to name; raise Away where one is just being removed."""
    asked = [one for one in hashes if one]
    await conn.execute(sa.delete(leftovers).where(_L.sha256.in_(asked), _L.leased_until.is_(None)))
    if await conn.scalar(sa.select(_L.sha256).where(_L.sha256.in_(asked)).limit(1)):
        raise Away("The same file is being removed at this moment. Send it again in a few minutes.")


async def expect(conn: AsyncConnection, sha256: str, now: datetime) -> None:
    """A file is about to be put there, and named once all that belongs to it is; raise Away."""
    await reclaim(conn, [sha256])
    await conn.execute(sa.insert(leftovers).values(sha256=sha256, leased_until=now + ABOUT_TO))


async def arrived(conn: AsyncConnection, hashes: Collection[str]) -> None:
    """What was expected is there, and named from this write on."""
    await conn.execute(sa.delete(leftovers).where(_L.sha256.in_(hashes)))


async def sweep(db: Database, store: MediaStore, now: datetime) -> int:
    """Remove some of the files that nobody needs; how many. What raises Away is tried again."""
    async with db.read() as conn:
        due = (await conn.scalars(sa.select(_L.sha256).where(_free(now)).limit(AT_ONCE))).all()
    if not due:
        return 0
    async with db.write() as conn:
        taken = await _take(conn, due, now)
    for one in taken:
        await store.remove(one)
    async with db.write() as conn:
        await conn.execute(sa.delete(leftovers).where(_L.sha256.in_(taken)))
    return len(taken)


async def _take(conn: AsyncConnection, due: Collection[str], now: datetime) -> list[str]:
    """Lease what nothing names; forget what something names again."""
    named = await _named(conn, due)
    await conn.execute(sa.delete(leftovers).where(_L.sha256.in_(named)))
    lease = sa.update(leftovers).where(_L.sha256.in_(due), _free(now)).values(leased_until=now + LEASE)
    return sorted(await conn.scalars(lease.returning(_L.sha256)))


async def _named(conn: AsyncConnection, hashes: Collection[str]) -> set[str]:
    found: set[str] = set()
    for column in (media.c.sha256, media.c.thumb_sha256, export_parts.c.sha256):
        found.update(await conn.scalars(sa.select(column).where(column.in_(hashes))))
    return found


def _free(now: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(_L.leased_until.is_(None), _L.leased_until <= now)
