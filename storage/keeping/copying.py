"""Puts all rows from elsewhere into a database, in one transaction: all of them, looked at again, or nothing.

What comes in abides by the register before anybody can see it. Nothing of it goes before it is let go.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database, StorageError
from storage.door import sessions
from storage.erasure.abiding import Abided, abide
from storage.erasure.register import Note, Register, Standing, known
from storage.files.leftovers import discard
from storage.files.media import MediaStore
from storage.keeping import exports
from storage.keeping.backups import Backup
from storage.keeping.holding import Doubt, hold
from storage.keeping.rows import Row, Shape, Tally, line_of, read, shapes, write
from storage.leases import release_all
from storage.migrations import bring, migrate
from storage.secrets import KEY_MARK, Secrets
from storage.tables import export_parts, groups, leftovers, marks, media, meta

RESTORED = "This data was restored from a backup of {at}: nothing is sent until takepart resume lets it go."
COPIED = "This data was copied from another database: nothing is sent until takepart resume lets it go."

Rows = Callable[[Shape], AsyncIterator[list[Row]]]


class Occupied(StorageError):
    """There is data where other data is to be put."""


class Unlike(StorageError):
    """What was written is not what was to be written."""


@dataclass(slots=True, kw_only=True)
class Put:
    """How much was put there, and what of it had to be changed.

    `known`: of how many people, lines and contributions the register says something; `unreadable`: its lines.
    """

    rows: int
    abided: Abided
    known: int
    unreadable: int
    files: int = 0


async def open_target(url: str, *, overwrite: bool) -> Database:
    """A database to put data into, brought up to date; raise Occupied, or what it can't be opened for."""
    db = await Database.open(url)
    try:
        await migrate(db)
        async with db.read() as conn:
            there = await conn.scalar(sa.select(sa.func.count()).select_from(groups)) or 0
        if there and not overwrite:
            raise Occupied(
                f"There is data in this database already (groups: {there}), and nothing was changed. "
                "Name an empty one. Only `takepart restore` replaces all of it, with --overwrite."
            )
    except BaseException:
        await db.close()
        raise
    return db


async def remember(db: Database, secrets: Secrets, register: Register) -> None:
    """Put into the register what only the data that is to be replaced still knows of stops."""
    async with db.read() as conn:
        if await conn.scalar(sa.select(marks.c.value).where(marks.c.name == KEY_MARK)) != secrets.check:
            return
        standing = register.standing()
        register.append([one async for one in known(conn) if not _says(register, standing, one)])


async def restore(
    db: Database, backup: Backup, files: MediaStore, register: Register, *, now: datetime
) -> Put:
    """Replace all that is there by a backup, which was checked; raise Unlike or Away."""

    async def rows(shape: Shape) -> AsyncIterator[list[Row]]:
        for part in backup.rows(shape):
            yield part

    made_at = backup.manifest.made_at
    before = await _named(db)
    async with db.alone() as conn:
        count = await _replace(conn, backup.manifest.revision, backup.shapes(), rows)
        put = await _settle(conn, register, now, rows=count, data_from=made_at)
        await discard(conn, before)
        put.files = await _save(conn, backup, files)
        why = RESTORED.format(at=f"{made_at:%Y-%m-%d %H:%M} UTC")
        await hold(conn, why, doubt=Doubt(since=made_at, until=now))
    return put


async def copy(source: Database, db: Database, register: Register, *, now: datetime) -> Put:
    """Put all rows of another database of the same version into an empty one; raise Unlike."""
    async with source.read() as theirs, db.alone() as conn:
        count = await _replace(conn, "head", shapes(), lambda shape: read(theirs, shape))
        put = await _settle(conn, register, now, rows=count, data_from=now)
        await hold(conn, COPIED)
    return put


async def _replace(conn: AsyncConnection, revision: str, tables: Sequence[Shape], rows: Rows) -> int:
    """Make the tables as they were where the rows come from, fill them, bring them up to date."""
    await conn.run_sync(_drop)
    await conn.run_sync(bring, revision)
    for shape in reversed(tables):  # a migration may have put something there
        await conn.execute(sa.delete(sa.table(shape.table)))
    count = 0
    for shape in tables:
        given, found = Tally(), Tally()
        async for part in rows(shape):
            _count(given, shape, part)
            await write(conn, shape, part)
        async for part in read(conn, shape):
            _count(found, shape, part)
        if given != found:
            raise Unlike(
                f"What was written to {shape.table} is not what was read ({given.rows} rows given, "
                f"{found.rows} found), so nothing was changed. See that the disk is well, and try again."
            )
        count += given.rows
    if conn.dialect.name == "postgresql":  # what was read with is open still, and no table changes under it
        await conn.execute(sa.text("CLOSE ALL"))
    await conn.run_sync(bring)
    return count


def _drop(conn: sa.Connection) -> None:
    meta.drop_all(conn)
    conn.exec_driver_sql("DROP TABLE IF EXISTS alembic_version")


def _count(tally: Tally, shape: Shape, rows: Iterable[Row]) -> None:
    for row in rows:
        tally.add(line_of(shape, row))


async def _settle(
    conn: AsyncConnection, register: Register, now: datetime, *, rows: int, data_from: datetime
) -> Put:
    """Have it abide by the register; who held a lease where it comes from, or was signed in, is not here."""
    standing = register.standing(lifted_since=data_from)
    abided = await abide(conn, register, standing, now)
    await discard(conn, abided.files)
    await release_all(conn, now)
    await sessions.forget_all(conn)
    await exports.forget_all(conn)
    return Put(rows=rows, abided=abided, known=len(standing.says), unreadable=standing.unreadable)


async def _named(db: Database) -> list[str | None]:
    """The files of what is to be replaced: those that nothing names afterwards are to be removed."""
    async with db.read() as conn:
        named = sa.union(
            *(sa.select(column) for column in (media.c.sha256, media.c.thumb_sha256)),
            *(sa.select(table.c.sha256) for table in (leftovers, export_parts)),
        )
        return list(await conn.scalars(named))


async def _save(conn: AsyncConnection, backup: Backup, files: MediaStore) -> int:
    """Put the files back that are still named, and not those of somebody who was erased since."""
    m = media.c
    wanted = set(await conn.scalars(sa.union(sa.select(m.sha256), sa.select(m.thumb_sha256))))
    there = [sha256 for sha256 in backup.files() if sha256 in wanted]
    for sha256 in there:
        await files.save(backup.file(sha256))
    return len(there)


def _says(register: Register, standing: Standing, note: Note) -> bool:
    return standing.says.get(register.hash(note.subject), {}).get(note.what) is True
