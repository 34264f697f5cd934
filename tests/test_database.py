"""The database: nothing half written, nobody waiting for a reader, and tables that migrations make."""

import asyncio
import os
import shutil
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import TRIES, Database, Gone, Overtaken, StorageError, upsert
from storage.ids import ALPHABET, Ids
from storage.migrations import NewerDatabase, migrate
from storage.secrets import Secrets
from storage.store import open_store
from storage.tables import marks, members, meta
from tests.postgres import Postgres, running
from tests.stores import ON_POSTGRESQL, ON_SQLITE, sqlite_url


async def mark(db: Database, name: str, value: str) -> None:
    async with db.write() as conn:
        statement = upsert(conn, marks).values(name=name, value=value)
        await conn.execute(
            statement.on_conflict_do_update(index_elements=["name"], set_={"value": statement.excluded.value})
        )


async def marked(db: Database, name: str) -> str | None:
    async with db.read() as conn:
        return await conn.scalar(sa.select(marks.c.value).where(marks.c.name == name))


def workers_ended() -> None:
    """Wait for the driver's threads: one whose file could not be opened ends a moment later by itself."""
    for thread in threading.enumerate():
        if "connection_worker" in thread.name:
            thread.join(5)


async def test_migrations_make_exactly_the_tables(db: Database) -> None:
    def differences(conn: sa.Connection) -> list[object]:
        found = compare_metadata(MigrationContext.configure(conn, opts={"compare_type": True}), meta)
        return list(found)

    async with db.read() as conn:
        assert await conn.run_sync(differences) == []


@pytest.mark.parametrize("goes", ["events", "outbox", "calls"])
def test_what_is_cleared_away_is_not_looked_for_in_whole_tables(goes: str) -> None:
    """For each row that is deleted, the database looks for those that refer to it."""
    referring = [key.parent for table in meta.tables.values() for key in table.foreign_keys]
    for column in referring:
        if column.references(meta.tables[goes].c.id):
            first = {index.columns[0] for index in column.table.indexes}
            assert column in {*first, column.table.primary_key.columns[0]}, column


async def test_migrating_again_keeps_what_is_there(db: Database) -> None:
    await mark(db, "seen", "yes")
    await migrate(db)
    assert await marked(db, "seen") == "yes"


@pytest.fixture
def empty_url(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """Where there is nothing yet, not even a table."""
    if kind == "sqlite":
        yield sqlite_url(tmp_path / "new.db")
        return
    server: Postgres = request.getfixturevalue("postgres")
    name = server.new()
    yield server.url(name)
    server.drop(name)


async def test_several_processes_may_start_at_once(empty_url: str, secrets: Secrets) -> None:
    for database in await asyncio.gather(*(open_store(empty_url, secrets) for _ in range(3))):
        assert await marked(database, "key")
        await database.close()


async def test_a_newer_database_is_left_alone(db: Database) -> None:
    async with db.write() as conn:
        await conn.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NewerDatabase, match="newer Takepart"):
        await migrate(db)


async def test_an_error_undoes_the_whole_write(db: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with db.write() as conn:
            await conn.execute(marks.insert().values(name="half", value="done"))
            raise ZeroDivisionError
    assert await marked(db, "half") is None


async def test_a_reader_sees_the_last_commit_while_a_write_runs(db: Database) -> None:
    await mark(db, "tea", "hot")
    async with db.write() as conn:
        await conn.execute(marks.update().values(value="cold"))
        assert await marked(db, "tea") == "hot"
    assert await marked(db, "tea") == "cold"


async def test_writes_at_one_moment_all_arrive(db: Database, store_url: str) -> None:
    other = await Database.open(store_url)
    await asyncio.gather(*(mark(one, f"{number}", "x") for number, one in enumerate([db, other] * 10)))
    assert [await marked(db, str(number)) for number in range(20)] == ["x"] * 20
    await other.close()


async def test_nobody_can_write_by_reading(db: Database) -> None:
    with pytest.raises(sa.exc.DBAPIError):
        async with db.read() as conn:
            await conn.execute(marks.insert().values(name="a", value="b"))


async def test_a_row_cannot_refer_to_nothing(db: Database) -> None:
    with pytest.raises(sa.exc.IntegrityError):
        async with db.write() as conn:
            await conn.execute(members.insert().values(id="m", group_id="no such group"))


async def test_an_error_does_not_repeat_what_was_to_be_stored(db: Database) -> None:
    await mark(db, "a", "Ada's words")
    with pytest.raises(sa.exc.IntegrityError) as caught:
        async with db.write() as conn:
            await conn.execute(marks.insert().values(name="a", value="Ada's words"))
    assert "Ada" not in str(caught.value)


@ON_SQLITE
async def test_what_is_committed_survives_a_power_cut(db: Database) -> None:
    async with db.write() as conn:
        assert await conn.scalar(sa.text("PRAGMA synchronous")) == 2  # FULL
        assert await conn.scalar(sa.text("PRAGMA journal_mode")) == "wal"


@ON_SQLITE
async def test_what_was_deleted_stands_nowhere_in_the_file(db: Database, tmp_path: Path) -> None:
    await mark(db, "seen", "a zebra at the bus stop")
    assert await marked(db, "seen")  # a reader is open too
    async with db.write() as conn:
        await conn.execute(marks.delete().where(marks.c.name == "seen"))
    await db.close()
    assert os.listdir(tmp_path) == ["takepart.db"]  # the log is folded into it
    assert b"zebra" not in await asyncio.to_thread((tmp_path / "takepart.db").read_bytes)


@ON_SQLITE
async def test_what_was_deleted_leaves_the_log_when_that_is_folded(db: Database, tmp_path: Path) -> None:
    log = tmp_path / "takepart.db-wal"
    for change in ("INSERT INTO marks VALUES ('one', 'marmalade')", "DELETE FROM marks WHERE name = 'one'"):
        async with db.write() as conn:
            await conn.execute(sa.text(change))
    assert b"marmalade" in log.read_bytes()
    await db.fold()
    assert log.stat().st_size == 0
    assert b"marmalade" not in (tmp_path / "takepart.db").read_bytes()


@ON_SQLITE
async def test_a_database_says_whether_it_is_alive(db: Database, tmp_path: Path) -> None:
    assert await db.alive()
    await db.close()
    shutil.rmtree(tmp_path)
    assert not await db.alive()
    await asyncio.to_thread(workers_ended)


@ON_SQLITE
async def test_nothing_is_written_to_a_file_that_was_taken_away(db: Database, tmp_path: Path) -> None:
    file, aside = tmp_path / "takepart.db", tmp_path / "aside.db"
    file.rename(aside)
    assert not await db.alive()
    shutil.copy(aside, file)  # another one in its place is not the one that is written to
    with pytest.raises(Gone):
        await mark(db, "colour", "green")
    with pytest.raises(Gone):
        await marked(db, "colour")
    aside.rename(file)
    assert await db.alive()
    await mark(db, "colour", "green")


@pytest.fixture
def server() -> Iterator[Postgres]:
    """A PostgreSQL server of a test's own, which it may stop."""
    with running() as one:
        yield one


async def test_a_server_that_was_away_is_found_again(server: Postgres, secrets: Secrets) -> None:
    db = await open_store(server.url("postgres"), secrets)
    server.stop()
    assert not await db.alive()
    await asyncio.to_thread(server.start)
    assert await db.alive()
    assert await marked(db, "key")
    await db.close()


@ON_POSTGRESQL
async def test_two_that_lock_crosswise_both_come_through(db: Database) -> None:
    both = asyncio.Barrier(2)
    met: list[str] = []

    async def change(conn: AsyncConnection, first: str, then: str) -> None:
        for name in (first, then):
            await conn.execute(marks.update().where(marks.c.name == name).values(value=marks.c.value + "."))
            if len(met) < 2 and name == first:
                met.append(first)
                await both.wait()

    for name in "ab":
        await mark(db, name, "")
    await asyncio.gather(
        *(db.transact(partial(change, first=one, then=other)) for one, other in ("ab", "ba"))
    )
    assert [await marked(db, name) for name in "ab"] == ["..", ".."]


async def test_a_write_that_never_succeeds_is_given_up(db: Database) -> None:
    tries = []

    async def work(conn: AsyncConnection) -> None:
        tries.append(await conn.scalar(sa.select(sa.func.count()).select_from(marks)))
        await conn.execute(marks.insert().values(name="half", value="done"))
        raise Overtaken

    with pytest.raises(Overtaken):
        await db.transact(work)
    assert tries == tries[:1] * TRIES


@pytest.mark.parametrize(
    "url",
    [
        "sqlite+aiosqlite://",
        "sqlite+aiosqlite:////proc/none/x.db",
        "nonsense",
        "mysql+none://secret@host/db",
        "postgresql+asyncpg://ada:secret@127.0.0.1:1/db",
        "postgresql+asyncpg://ada:x:secret/y@host/db",
        "postgresql+asyncpg://ada:secret@127.0.0.1:1/db?sslmode=perhaps",
    ],
)
async def test_an_impossible_address_is_one_sentence_without_it(url: str) -> None:
    with pytest.raises(StorageError) as caught:
        await Database.open(url)
    assert str(caught.value).endswith(".")
    assert "secret" not in str(caught.value)


def test_ids_sort_by_the_time_they_were_made() -> None:
    times = iter([5, 5, 5, 7, 6, 8])
    ids = Ids(lambda: datetime.fromtimestamp(1_800_000_000 + next(times), UTC))
    made = [ids() for _ in range(6)]
    assert made == sorted(made)
    assert len(set(made)) == 6


def test_an_id_is_short_and_plain() -> None:
    made = Ids()()
    assert len(made) == 16
    assert set(made) <= set(ALPHABET)
