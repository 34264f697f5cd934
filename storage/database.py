"""The one way to the database: short writes one after another, and reads that never wait for them.

On SQLite a write is `BEGIN IMMEDIATE` on a single connection, so it never fails half-way for a lock;
reads have connections of their own, each with one view of the whole. On PostgreSQL several processes
write at once: what must not fail for that goes through `transact`. `select(...).with_for_update(
skip_locked=True)` may be written anywhere: SQLite has no need of it and leaves it out.
"""

import asyncio
import os
import random
import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from storage import inline, postgres

BUSY_SECONDS = 15  # how long to wait for another process's write
READERS = 4
GIVE_WAY = 0.2  # seconds; two that make a new file at once would else wait for each other
ERASING = "PRAGMA secure_delete=ON"  # what is deleted is overwritten: a free page of the file keeps no words
# Pages of the log that are put into the file at once; pages that many turns change are then written once.
SELDOM = "PRAGMA wal_autocheckpoint=4000"
HOT = "PRAGMA cache_size=-16000"  # kB: the pages of those who write just now
SOON = 5  # seconds in which a database that is alive answers
TRIES = 6  # of a write that another process was in the way of
APART = 0.1  # seconds at most before the next try, doubled each time: those who met are to miss each other

T = TypeVar("T")


class StorageError(Exception):
    """The data cannot be used: one sentence for the operator, without addresses or passwords."""


class Gone(OSError):
    """The database's file was removed or replaced: what is written to it now would be lost unseen."""


class Overtaken(Exception):
    """Another process has changed what this write was about: it is to be begun anew."""


class Database:
    """Open it with `await Database.open(url)`; `write` and `read` give a connection in a transaction."""

    def __init__(self, writer: AsyncEngine, reader: AsyncEngine, alone: AsyncEngine) -> None:
        self._writer = writer
        self._reader = reader
        self._alone = alone

    @classmethod
    async def open(cls, url: str) -> Self:
        """Connect once, so that a wrong address is known now; raise StorageError."""
        try:
            parsed = sa.make_url(url)
            db = cls(*_engines(parsed))
        except (sa.exc.ArgumentError, ImportError) as error:
            raise StorageError(
                "TAKEPART_DATABASE_URL names a kind of database that is not installed here: "
                "begin it with sqlite+aiosqlite or postgresql+asyncpg."
            ) from error
        except ValueError:
            raise StorageError(
                "TAKEPART_DATABASE_URL cannot be read: write it as "
                "postgresql+asyncpg://USER:PASSWORD@HOST:PORT/DATABASE, with %40 for an @ in the password."
            ) from None  # the error quotes a part of it
        try:
            async with db.write() as conn:
                await conn.execute(sa.text("SELECT 1"))
        except (sa.exc.DBAPIError, OSError, ValueError) as error:
            await db.close()
            raise StorageError(_cannot_open(parsed, error)) from error
        return db

    def write(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A transaction that commits at the end of its block, or undoes everything on an error."""
        return self._writer.begin()

    def read(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """One unchanging view of what is committed."""
        return self._reader.connect()

    async def transact(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Write what `work` writes, from the start again where another process was in its way.

        `work` may be run several times: it changes nothing but the database.
        """
        for tries in range(TRIES):
            try:
                async with self.write() as conn:
                    return await work(conn)
            except (sa.exc.DBAPIError, Overtaken) as error:
                if tries == TRIES - 1 or not _passes(error):
                    raise
            await asyncio.sleep(random.uniform(0, APART * 2**tries))  # noqa: S311
        raise AssertionError  # the last try has returned or raised

    def alone(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A write that may take its time, and one at a time over all processes: to change the tables."""
        return self._alone.begin()

    def on_write(self, event: Literal["begin", "commit"], do: Callable[[sa.Connection], None]) -> None:
        """Have something done when a write has begun, or just before it commits; what it raises undoes it."""
        sa.event.listen(self._writer.sync_engine, event, do)

    async def fold(self) -> None:
        """Have what was erased leave SQLite's log too, where it stood until now; elsewhere nothing."""
        async with self._writer.connect() as conn:
            driver = (await conn.get_raw_connection()).driver_connection
            if isinstance(driver, inline.Inline):
                await driver.fold()

    async def compact(self) -> None:
        """Have nothing stay in the database's files of what was deleted. It may take its time."""
        async with self._alone.connect() as conn:
            driver = (await conn.get_raw_connection()).driver_connection
            if isinstance(driver, inline.Inline):
                await driver.compact()
            else:
                await conn.execution_options(isolation_level="AUTOCOMMIT")
                await conn.execute(sa.text("VACUUM"))
        await self.fold()

    async def alive(self) -> bool:
        """Say whether the database answers, soon, to a reader and to a writer."""
        try:
            async with asyncio.timeout(SOON):
                for open_one in (self.read, self.write):
                    async with open_one() as conn:
                        await conn.execute(sa.text("SELECT 1"))
        except (sa.exc.SQLAlchemyError, OSError, TimeoutError):
            return False
        return True

    async def close(self) -> None:
        """Give every connection back."""
        # SQLite folds its log into the file when the last connection goes, if that one may write.
        await self._reader.dispose()
        await self._writer.dispose()


def away(error: BaseException) -> bool:
    """Whether it is the database that fails: nothing is wrong with what was asked of it."""
    if isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError | sa.exc.TimeoutError):
        return True
    return isinstance(error, OSError) or (isinstance(error, sa.exc.DBAPIError) and postgres.away(error))


def upsert(conn: AsyncConnection, table: sa.Table) -> sqlite.Insert:
    """An INSERT that can say `on_conflict_do_nothing` and `on_conflict_do_update` on this database."""
    return upsert_for(conn.dialect, table)


def upsert_for(dialect: sa.Dialect, table: sa.Table) -> sqlite.Insert:
    """The same for who keeps the statement."""
    if dialect.name == "postgresql":
        # Both dialects give these methods the same names and arguments.
        return postgresql.insert(table)  # type: ignore[return-value]
    return sqlite.insert(table)


def _sqlite(url: sa.URL) -> tuple[AsyncEngine, AsyncEngine]:
    if not url.database or url.database == ":memory:":
        raise StorageError("TAKEPART_DATABASE_URL needs the path of a file: two connections share no memory.")
    try:
        Path(url.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"The database's folder cannot be made ({error.strerror}): choose another TAKEPART_DATABASE_URL."
        ) from error
    # Errors are logged: what was to be stored is not to be part of them.
    shared: dict[str, Any] = {
        "hide_parameters": True,
        "max_overflow": 0,
        "pool_timeout": 60,
    }
    writer = create_async_engine(
        url, pool_size=1, async_creator=partial(inline.connect, url.database, wait=BUSY_SECONDS), **shared
    )
    waits = {"connect_args": {"timeout": BUSY_SECONDS}}
    reader = create_async_engine(url, pool_size=READERS, **waits, **shared)
    safe = ("PRAGMA synchronous=FULL", "PRAGMA foreign_keys=ON", ERASING)
    _each(writer, "BEGIN IMMEDIATE", *safe, SELDOM, HOT)
    _each(reader, "BEGIN", "PRAGMA query_only=ON")
    _only_while_there(url.database, writer, reader)
    return writer, reader


def _each(engine: AsyncEngine, begin: str, *pragmas: str) -> None:
    """Prepare every connection of an engine, and let us say ourselves how a transaction begins."""

    @sa.event.listens_for(engine.sync_engine, "connect")
    def connect(dbapi: Any, record: object) -> None:
        dbapi.isolation_level = None  # otherwise the driver begins transactions of its own, too late
        cursor = dbapi.cursor()
        _log_ahead(cursor)
        for pragma in pragmas:
            cursor.execute(pragma)
        cursor.close()

    @sa.event.listens_for(engine.sync_engine, "begin")
    def start(conn: sa.Connection) -> None:
        conn.exec_driver_sql(begin)


def _only_while_there(path: str, writer: AsyncEngine, reader: AsyncEngine) -> None:
    """Use no file that has lost its name: it ends with the process, and so would what is written to it."""
    opened: list[os.stat_result] = []

    @sa.event.listens_for(writer.sync_engine, "connect")
    def connect(dbapi: Any, record: object) -> None:
        if not opened:
            opened.append(os.stat(path))

    @sa.event.listens_for(writer.sync_engine, "begin")
    @sa.event.listens_for(reader.sync_engine, "begin")
    def begin(conn: sa.Connection) -> None:
        try:
            there = os.path.samestat(os.stat(path), opened[0])
        except FileNotFoundError:
            there = False
        if not there:
            raise Gone


def _log_ahead(cursor: Any) -> None:
    """Have the file written by way of a log. Who changes a file to that at once with others gives way."""
    cursor.execute(f"PRAGMA busy_timeout={int(GIVE_WAY * 1000)}")
    for left in reversed(range(int(BUSY_SECONDS / GIVE_WAY))):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            break
        except sqlite3.OperationalError as error:
            if not left or error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            time.sleep(random.uniform(0.01, 0.1))  # noqa: S311  # only at the very start of a new file
    cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")


def _passes(error: sa.exc.DBAPIError | Overtaken) -> bool:
    return isinstance(error, Overtaken) or postgres.another_was_quicker(error)


def _engines(url: sa.URL) -> tuple[AsyncEngine, AsyncEngine, AsyncEngine]:
    """To write, to read, and to change the tables."""
    if url.get_backend_name() == "postgresql":
        return postgres.engines(url)
    writer, reader = _sqlite(url)
    return writer, reader, writer


def _cannot_open(url: sa.URL, error: Exception) -> str:
    """One sentence, without the address: it may hold a password."""
    if url.get_backend_name() == "postgresql":
        return (
            f"The database cannot be opened ({postgres.why(error)}): see that PostgreSQL runs, and that "
            "TAKEPART_DATABASE_URL names its host, its port, an existing database, a user and their password."
        )
    return (
        f"The database cannot be opened ({type(error).__name__}): see that TAKEPART_DATABASE_URL "
        "is right, that it may be written, and that its disk is not full."
    )
