"""Backing up, restoring and copying: everything comes back alike, and nothing that is damaged is let in."""

import asyncio
import itertools
import json
import shutil
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.alone import Alone
from bot.quiet import nobody_elsewhere
from flows.effects import Change
from storage import leases
from storage.database import Database
from storage.erasure.register import Register, note_line
from storage.files.media import MediaStore
from storage.given import rewriting
from storage.keeping import backups, copying, resuming
from storage.keeping.backups import Backup
from storage.keeping.holding import held
from storage.keeping.resuming import Terms
from storage.keeping.rows import Row, Shape, write
from storage.members import leaving
from storage.members.groups import Complaint
from storage.secrets import Secrets, check_key
from storage.tables import contribution_media, given, groups, lines, media, members
from storage.tables import contributions as gifts
from tests.filling import everything, fill, keys
from tests.office import NOON, Office
from tests.postgres import Postgres
from tests.stores import ON_SQLITE, sqlite_url
from tests.terminal import Takepart


@pytest.fixture
async def full(db: Database, secrets: Secrets) -> Database:
    """A store with something in every table."""
    await fill(db)
    async with db.write() as conn:
        await conn.execute(sa.update(media).values(sha256=None, thumb_sha256=None))
    await check_key(db, secrets)
    return db


@pytest.fixture
async def office(db: Database, secrets: Secrets) -> Office:
    """A store with a group in it, and lanes to send by."""
    made = Office(db, secrets)
    await made.group()
    return made


async def back_up(db: Database, files: MediaStore, secrets: Secrets, path: Path) -> Backup:
    await backups.write(path, db, files, secrets, now=NOON, overwrite=False)
    return Backup.open(path, secrets)


@pytest.fixture
def other_url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty store of the other kind."""
    if kind == "postgresql":
        shutil.copy(request.getfixturevalue("migrated"), tmp_path / "other.db")
        yield sqlite_url(tmp_path / "other.db")
        return
    server: Postgres = request.getfixturevalue("postgres")
    name = server.new(like=request.getfixturevalue("template"))
    yield server.url(name)
    server.drop(name)


# Everything comes back -------------------------------------------------------------------------------
async def test_every_row_of_every_table_comes_back_on_either_kind(
    full: Database, other_url: str, files: MediaStore, secrets: Secrets, register: Register, tmp_path: Path
) -> None:
    backup = await back_up(full, files, secrets, tmp_path / "b.zip")
    backup.check()
    db = await copying.open_target(other_url, overwrite=False)
    put = await copying.restore(db, backup, files, register, now=NOON)
    assert await everything(db) == await everything(full)
    assert (await keys(full) > 0, await keys(db)) == (True, 0)
    assert put.rows == backup.manifest.rows > 100
    await db.close()


async def test_a_copy_has_every_row_of_every_table(
    full: Database, other_url: str, register: Register
) -> None:
    db = await copying.open_target(other_url, overwrite=False)
    put = await copying.copy(full, db, register, now=NOON)
    assert await everything(db) == await everything(full)
    assert (await keys(full) > 0, await keys(db)) == (True, 0)
    async with db.read() as conn:
        assert "copied" in await held(conn)
    assert put.rows > 100
    await db.close()


@ON_SQLITE
async def test_a_sign_that_postgresql_has_not_is_left_out(
    db: Database, other_url: str, secrets: Secrets, register: Register
) -> None:
    office = Office(db, secrets)
    await office.group(name="Gar\0den")
    target = await copying.open_target(other_url, overwrite=False)
    await copying.copy(db, target, register, now=NOON)
    async with target.read() as conn:
        assert await conn.scalar(sa.select(groups.c.name)) == "Garden"
    await target.close()


@ON_SQLITE
async def test_what_is_not_written_as_it_was_read_leaves_all_as_it_was(
    full: Database, register: Register, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def forgetful(conn: AsyncConnection, shape: Shape, rows: Sequence[Row]) -> None:
        await write(conn, shape, rows[:-1])

    monkeypatch.setattr(copying, "write", forgetful)
    before = await everything(full)
    with pytest.raises(copying.Unlike, match="nothing was changed"):
        await copying.copy(full, full, register, now=NOON)
    assert await everything(full) == before


async def test_a_backup_is_of_one_moment_while_others_write(
    office: Office, files: MediaStore, secrets: Secrets, tmp_path: Path
) -> None:
    async def join_one_after_another() -> None:
        for n in itertools.count():
            await office.member(f"m{n}")

    writing = asyncio.create_task(join_one_after_another())
    await asyncio.sleep(0.05)
    backup = await back_up(office.db, files, secrets, tmp_path / "b.zip")
    writing.cancel()
    counts = {table.shape.table: table.rows for table in backup.manifest.tables}
    assert counts["members"] == counts["lines"] == counts["reaches"] > 0
    async with office.db.read() as conn:
        there = (await conn.scalars(sa.select(members.c.id))).all()
    assert len(there) > counts["members"]


# What is refused -------------------------------------------------------------------------------------
def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def scratched(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        part = archive.getinfo("rows/groups")
    data = bytearray(path.read_bytes())
    data[part.header_offset + 30 + len(part.filename) + part.compress_size // 2] ^= 0xFF
    path.write_bytes(data)


def rewritten(name: str, change: Callable[[bytes], bytes] | None) -> Callable[[Path], None]:
    """A whole archive again, with one part of it changed or left out."""

    def rewrite(path: Path) -> None:
        with zipfile.ZipFile(path) as archive:
            parts = {one: archive.read(one) for one in archive.namelist()}
        with zipfile.ZipFile(path, "w") as archive:
            for one, data in parts.items():
                if one != name or change:
                    archive.writestr(one, change(data) if one == name and change else data)

    return rewrite


def saying(field: str, value: object) -> Callable[[Path], None]:
    return rewritten("manifest.json", lambda data: json.dumps({**json.loads(data), field: value}).encode())


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (cut_short, "not a whole backup"),
        (emptied, "not a whole backup"),
        (scratched, "damaged"),
        (rewritten("manifest.json", None), "not a whole backup"),
        (rewritten("manifest.json", lambda _: b"[]"), "not a whole backup"),
        (rewritten("rows/members", None), "damaged"),
        (rewritten("rows/groups", lambda data: data.replace(b"GARDEN", b"PARADE")), "damaged"),
        (rewritten("rows/groups", lambda data: data + b"[1]\n"), "damaged"),
        (saying("files", 1), "damaged"),
        (saying("tables", "none"), "damaged"),
        (saying("format", 2), "newer Takepart"),
        (saying("revision", "9999"), "newer Takepart"),
        (saying("key", "00"), "another secret key"),
    ],
)
@ON_SQLITE
def test_a_backup_that_is_not_whole_changes_nothing(
    takepart: Takepart, tmp_path: Path, damage: Callable[[Path], None], says: str
) -> None:
    takepart("group", "add", "GARDEN", "The Garden Group")
    takepart("backup", "b.zip")
    takepart("group", "add", "ORCHARD", "The Orchard Group")
    damage(tmp_path / "b.zip")
    said = takepart("restore", "b.zip", "--overwrite")
    assert (said.code, said.err.count("\n"), says in said.err) == (2, 1, True), said.err
    assert takepart("member", "list", "ORCHARD").code == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("backup", "b.zip"), "already"),
        (("backup", "nowhere/b.zip"), "folder is there"),
        (("restore", "b.zip"), "--overwrite"),
        (("restore", "nothing.zip", "--overwrite"), "No such file"),
        (("restore", "b.zip", "--overwrite", "--register", "nothing"), "no register"),
        (("copy", "postgres://x", "sqlite+aiosqlite:///x.db"), "named like"),
        (("copy", "sqlite+aiosqlite:///x.db", "sqlite+aiosqlite:///x.db"), "the same database"),
        (("copy", "sqlite+aiosqlite:///empty.db", "sqlite+aiosqlite:///takepart.db"), "groups: 1"),
        (("copy", "sqlite+aiosqlite:///nothing.db", "sqlite+aiosqlite:///x.db"), "no database"),
    ],
)
@ON_SQLITE
def test_what_would_lose_something_is_refused(
    takepart: Takepart, tmp_path: Path, words: tuple[str, ...], says: str
) -> None:
    shutil.copy(tmp_path / "takepart.db", tmp_path / "empty.db")
    takepart("group", "add", "GARDEN", "The Garden Group")
    takepart("backup", "b.zip")
    said = takepart(*words)
    assert (said.code, said.err.count("\n"), says in said.err) == (2, 1, True), said.err


@ON_SQLITE
@pytest.mark.parametrize("whole", [0.0, 0.1, 0.5])
def test_a_database_that_is_damaged_itself_is_told_in_a_sentence(
    takepart: Takepart, tmp_path: Path, whole: float
) -> None:
    takepart("example")
    takepart("backup", "b.zip")
    data = (tmp_path / "takepart.db").read_bytes()
    left = data[: int(len(data) * whole)]
    (tmp_path / "takepart.db").write_bytes(left + b"\xff" * (len(data) - len(left)))
    said = takepart("restore", "b.zip", "--overwrite")
    assert (said.code, said.err.count("\n")) == (2, 1), said.err
    (tmp_path / "takepart.db").unlink()
    assert takepart("restore", "b.zip").code == 0


@ON_SQLITE
@pytest.mark.parametrize(
    "words", [("restore", "b.zip", "--overwrite"), ("copy", "{url}", "sqlite+aiosqlite:///x.db")]
)
def test_nothing_is_replaced_while_a_service_runs_on_it(
    takepart: Takepart, tmp_path: Path, store_url: str, words: tuple[str, ...]
) -> None:
    takepart("backup", "b.zip")
    service = Alone(tmp_path)
    assert service.enter()
    said = takepart(*(word.format(url=store_url) for word in words))
    service.leave()
    assert (said.code, "A service runs" in said.err) == (2, True)
    assert takepart(*(word.format(url=store_url) for word in words)).code == 0


@pytest.mark.parametrize("kind", ["postgresql"])
async def test_a_service_on_another_host_is_noticed(db: Database) -> None:
    await nobody_elsewhere(db)
    async with db.write() as conn:
        await leases.serve(conn, "other", now=datetime.now(UTC))
    with pytest.raises(Complaint, match="A service runs"):
        await nobody_elsewhere(db)
    async with db.write() as conn:
        await leases.served(conn, "other")
    await nobody_elsewhere(db)


# What comes back abides by the register --------------------------------------------------------------
async def test_32_who_stopped_since_is_not_written_to_and_who_was_erased_stays_so(
    office: Office, files: MediaStore, secrets: Secrets, register: Register, tmp_path: Path
) -> None:
    await register.keep(office.db)
    for name in ("ann", "ben", "cleo"):
        await office.member(name)
        await office.write(name, f"Dear {name}")
    photo = await given_photo(office, "ben", files)
    backup = await back_up(office.db, files, secrets, tmp_path / "b.zip")
    async with office.db.write() as conn:
        await leaving.change(conn, "ann", Change(to="stopped"), NOON)
        await leaving.change(conn, "ben", Change(to="erased"), NOON)
    await files.remove(photo)
    await copying.restore(office.db, backup, files, register, now=NOON)
    assert await states(office) == {"ann": "stopped", "cleo": "active"}
    assert not await files.has(photo)
    assert await office.send() == []
    assert await office.send(3600) == []
    await resuming.resume(office.db, Terms(now=office.now, carrier_stops=True), drop_doubtful=False)
    assert await office.send() == ["Dear cleo"]


async def test_who_started_again_may_be_written_to(
    office: Office, files: MediaStore, secrets: Secrets, register: Register, tmp_path: Path
) -> None:
    await register.keep(office.db)
    await office.member("ann")
    await office.refused("ann")
    backup = await back_up(office.db, files, secrets, tmp_path / "b.zip")
    async with office.db.write() as conn:
        await leaving.change(conn, "ann", Change(to="active"), NOON)
        await note_line(conn, "started", "ann")
    await copying.restore(office.db, backup, files, register, now=NOON)
    async with office.db.read() as conn:
        assert await conn.scalar(sa.select(lines.c.stopped_at)) is None
    assert await states(office) == {"ann": "active"}


async def test_what_was_taken_back_or_kept_to_few_stays_so(
    office: Office, files: MediaStore, secrets: Secrets, register: Register, tmp_path: Path
) -> None:
    await register.keep(office.db)
    await office.member("ann")
    for id_ in ("one", "two"):
        await give(office, "ann", id_)
    backup = await back_up(office.db, files, secrets, tmp_path / "b.zip")
    async with office.db.write() as conn:
        await rewriting.take_back(conn, "one", "ann", NOON)
        await rewriting.narrow(conn, "two", "ann")
    await copying.restore(office.db, backup, files, register, now=NOON)
    async with office.db.read() as conn:
        found = await conn.execute(sa.select(gifts.c.id, gifts.c.text, gifts.c.audience).order_by(gifts.c.id))
    assert [tuple(row) for row in found] == [("one", "", "group"), ("two", "Words", "facilitators")]


async def give(office: Office, member: str, id_: str) -> None:
    row = {"id": id_, "group_id": "g", "flow": "thought", "at": NOON, "text": "Words", "audience": "group"}
    async with office.db.write() as conn:
        await conn.execute(gifts.insert().values(**row))
        await conn.execute(given.insert().values(contribution_id=id_, member_id=member))


async def given_photo(office: Office, member: str, files: MediaStore) -> str:
    """The hash of a photo that a member gave."""
    await give(office, member, "gift")
    photo = await files.save(b"a photo")
    async with office.db.write() as conn:
        await conn.execute(media.insert().values(id="photo", kind="photo", state="stored", sha256=photo))
        await conn.execute(contribution_media.insert().values(contribution_id="gift", media_id="photo"))
    return photo


async def states(office: Office) -> dict[str, str]:
    async with office.db.read() as conn:
        found = await conn.execute(sa.select(members.c.id, members.c.state))
    return {row.id: row.state for row in found}
