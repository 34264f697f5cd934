"""What a backup holds and never holds, its photos and recordings, and backups of older versions."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from storage.database import Database
from storage.erasure.register import Register
from storage.files.leftovers import sweep
from storage.files.media import MediaStore
from storage.keeping import backups, copying
from storage.keeping.backups import Backup
from storage.keeping.rows import Shape, kind_of
from storage.migrations import bring
from storage.secrets import Secrets, check_key
from storage.tables import groups, media
from tests.office import NOON
from tests.stores import KEY, ON_SQLITE, sqlite_url
from tests.terminal import Takepart


async def keep(db: Database, files: MediaStore, data: bytes) -> str:
    """A file that a row names; its hash."""
    sha256 = await files.save(data)
    async with db.write() as conn:
        await conn.execute(media.insert().values(id=sha256[:8], kind="photo", state="stored", sha256=sha256))
    return sha256


async def back_up(db: Database, files: MediaStore, secrets: Secrets, path: Path) -> Backup:
    await backups.write(path, db, files, secrets, now=NOON, overwrite=True)
    backup = Backup.open(path, secrets)
    backup.check()
    return backup


@ON_SQLITE
def test_a_backup_is_for_our_eyes_only_and_holds_no_key_and_no_register(
    takepart: Takepart, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TAKEPART_SECRET_KEY")
    (tmp_path / "secret.key").write_text(KEY.get_secret_value())
    takepart("example")
    said = takepart("backup", "b.zip")
    assert str(tmp_path / "secret.key") in said.out
    assert str(tmp_path / "register") in said.out
    assert (tmp_path / "b.zip").stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        assert KEY.get_secret_value().encode() not in b"".join(
            archive.read(name) for name in archive.namelist()
        )
        assert {name.partition("/")[0] for name in archive.namelist()} == {"rows", "manifest.json"}


@ON_SQLITE
def test_a_backup_says_what_it_holds(takepart: Takepart, tmp_path: Path) -> None:
    takepart("group", "add", "GARDEN", "The Garden Group")
    said = takepart("backup", "b.zip", "--json").json
    assert (said["file"], said["files"], said["missing"]) == ("b.zip", 0, 0)
    assert said["bytes"] == (tmp_path / "b.zip").stat().st_size
    assert sorted(path.name for path in tmp_path.glob("*b.zip*")) == ["b.zip"]
    assert takepart("backup", "b.zip", "--overwrite").code == 0


@ON_SQLITE
def test_without_the_key_nothing_is_restored_and_none_is_made(
    takepart: Takepart, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    takepart("backup", "b.zip")
    monkeypatch.delenv("TAKEPART_SECRET_KEY")
    said = takepart("restore", "b.zip")
    assert (said.code, "secret.key" in said.err) == (2, True)
    assert not (tmp_path / "secret.key").exists()


async def test_photos_and_recordings_come_back_and_others_go(
    db: Database, files: MediaStore, secrets: Secrets, register: Register, tmp_path: Path
) -> None:
    await check_key(db, secrets)
    old = await keep(db, files, b"an old photo")
    backup = await back_up(db, files, secrets, tmp_path / "b.zip")
    await files.remove(old)
    new = await keep(db, files, b"a new photo")
    put = await copying.restore(db, backup, files, register, now=NOON)
    while await sweep(db, files, NOON):
        pass
    assert (put.files, await files.load(old), await files.has(new)) == (1, b"an old photo", False)


@ON_SQLITE
@pytest.mark.parametrize("lose", [Path.unlink, lambda path: path.write_bytes(b"something else")])
async def test_a_file_that_is_gone_or_spoilt_is_told_and_spoils_no_backup(
    db: Database, files: MediaStore, secrets: Secrets, tmp_path: Path, lose: Callable[[Path], object]
) -> None:
    await check_key(db, secrets)
    lost, kept = await keep(db, files, b"lost"), await keep(db, files, b"kept")
    lose(next(path for path in (tmp_path / "media").rglob("*") if path.name == lost))
    backup = await back_up(db, files, secrets, tmp_path / "b.zip")
    assert (backup.manifest.missing, backup.files()) == ((lost,), [kept])


async def test_a_backup_of_an_older_version_is_brought_up_to_date(
    files: MediaStore,
    secrets: Secrets,
    register: Register,
    tmp_path: Path,
    db: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    older = await Database.open(sqlite_url(tmp_path / "older.db"))
    row = {"id": "g", "code": "GARDEN", "number": "1234", "name": "Garden", "version": 3}
    async with older.write() as conn:
        await conn.run_sync(bring, "0004")
        then = await conn.run_sync(reflected)
        await conn.execute(
            sa.insert(sa.table("groups", *map(sa.column, (*row, *PLAIN)))).values(**row, **PLAIN)
        )
    monkeypatch.setattr(backups, "shapes", lambda: then)
    backup = await back_up(older, files, secrets, tmp_path / "b.zip")
    await copying.restore(db, backup, files, register, now=NOON)
    async with db.read() as conn:
        assert await conn.scalar(sa.select(groups.c.name)) == "Garden"
    await older.close()


# What the first version wanted of every group.
PLAIN = {
    "outside_name": "",
    "zone": "",
    "hours": "",
    "language": "en",
    "admission": "",
    "practice": False,
    "created_at": 0,
}


def reflected(conn: sa.Connection) -> list[Shape]:
    """The tables as they are in a database."""
    there = sa.MetaData()
    there.reflect(conn)
    return [
        Shape(table=table.name, columns=tuple((one.name, kind_of(one)) for one in table.columns))
        for table in there.sorted_tables
        if table.name != "alembic_version"
    ]


def test_moving_to_another_database_by_command(
    takepart: Takepart, kind: str, tmp_path: Path, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    takepart("example")
    before = takepart("contributions", "GARDEN", "--json").json
    target = sqlite_url(tmp_path / "moved.db")
    assert takepart("copy", store_url, target, "--json").json["held"] is True
    monkeypatch.setenv("TAKEPART_DATABASE_URL", target)
    assert takepart("contributions", "GARDEN", "--json").json == before
    assert "was copied" in takepart("resume").out
