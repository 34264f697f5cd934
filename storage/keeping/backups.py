"""A backup: one file with every row and every photo and recording, without the key and the register.

It is a zip, so that anybody can look into it: `rows/TABLE` has a line for each row, `media/HASH` is a
file, and `manifest.json`, written last, says what must be there.
"""

import hashlib
import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Self

import sqlalchemy as sa
from pydantic import TypeAdapter, ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database, StorageError
from storage.files.disk import sync_folder
from storage.files.media import Lost, MediaStore
from storage.keeping.rows import AT_ONCE, Row, Shape, Tally, line_of, read, row_of, shapes
from storage.migrations import current, revisions
from storage.secrets import Secrets
from storage.tables import media

FORMAT = 1
MANIFEST = "manifest.json"
QUICK = 3  # how hard to compress: beyond this it takes much longer for little
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, TypeError, ValueError, NotImplementedError)


class BackupError(StorageError):
    """A backup cannot be written, read or used: one sentence for the operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table in a backup, with what its rows must add up to."""

    shape: Shape
    rows: int
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup says of itself. `missing` are files that rows named and that were not there."""

    format: int
    made_at: datetime
    revision: str
    key: str
    tables: tuple[Table, ...]
    files: int
    missing: tuple[str, ...]

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables)


async def write(
    path: Path, db: Database, files: MediaStore, secrets: Secrets, *, now: datetime, overwrite: bool
) -> Manifest:
    """Back up what is committed now, while others go on writing; raise BackupError."""
    with (
        _written(path, overwrite=overwrite) as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=QUICK) as into,
    ):
        async with db.read() as conn:
            revision = await conn.run_sync(current)
            tables = [await _add_rows(into, conn, shape) for shape in shapes()]
            wanted = await _files(conn)
        missing = [sha256 for sha256 in wanted if not await _add_file(into, files, sha256)]
        manifest = Manifest(
            format=FORMAT,
            made_at=now,
            revision=revision or "",
            key=secrets.check,
            tables=tuple(tables),
            files=len(wanted) - len(missing),
            missing=tuple(missing),
        )
        into.writestr(MANIFEST, _manifests().dump_json(manifest, indent=1))
    return manifest


async def _add_rows(into: zipfile.ZipFile, conn: AsyncConnection, shape: Shape) -> Table:
    tally = Tally()
    with into.open(f"rows/{shape.table}", "w", force_zip64=True) as entry:
        async for part in read(conn, shape):
            lines = [line_of(shape, row) for row in part]
            for line in lines:
                tally.add(line)
            entry.write(b"".join(lines))
    return Table(shape=shape, rows=tally.rows, hash=tally.hash)


async def _files(conn: AsyncConnection) -> list[str]:
    m = media.c
    found = await conn.execute(sa.union(sa.select(m.sha256), sa.select(m.thumb_sha256)))
    return sorted(sha256 for (sha256,) in found if sha256)


async def _add_file(into: zipfile.ZipFile, files: MediaStore, sha256: str) -> bool:
    """False where it is gone, because its giver took it back meanwhile, or is not what it was."""
    try:
        data = await files.load(sha256)
    except Lost:
        return False
    if hashlib.sha256(data).hexdigest() != sha256:
        return False
    into.writestr(f"media/{sha256}", data, zipfile.ZIP_STORED)  # photos and recordings are compressed already
    return True


@contextmanager
def _written(path: Path, *, overwrite: bool) -> Iterator[BinaryIO]:
    """A file that only we can read, and that has its name once it is whole and on the disk."""
    if path.exists() and not overwrite:
        raise BackupError(f"There is a file {path} already: choose another name, or add --overwrite.")
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            if path.exists() and not overwrite:
                raise FileExistsError(0, "somebody made a file of that name meanwhile")
            os.replace(name, path)
            sync_folder(path.parent)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        raise BackupError(
            f"The backup cannot be written ({error.strerror}): see that its folder is there, that it may be "
            "written, and that its disk is not full."
        ) from error


class Backup:
    """A backup that is read: `open` sees what it is, `check` that all of it is there and unchanged."""

    def __init__(self, path: Path, archive: zipfile.ZipFile, manifest: Manifest) -> None:
        self.path = path
        self.manifest = manifest
        self._archive = archive

    @classmethod
    def open(cls, path: Path, secrets: Secrets) -> Self:
        """Raise BackupError where it is none of ours, is too new, or goes with another key."""
        try:
            archive = zipfile.ZipFile(path)
            manifest = _manifest(archive.read(MANIFEST))
        except OSError as error:
            raise BackupError(f"The backup {path} cannot be read ({error.strerror}).") from error
        except ValidationError as error:
            raise _damaged(path) from error
        except BROKEN as error:
            raise BackupError(
                f"{path} is not a whole backup of Takepart: it may have been cut short. Use another one."
            ) from error
        if manifest.format > FORMAT or manifest.revision not in revisions():
            raise BackupError(
                "This backup was made by a newer Takepart: install that version, then restore it."
            )
        if manifest.key != secrets.check:
            raise BackupError(
                "This backup goes with another secret key: put that one in TAKEPART_SECRET_KEY, "
                "or its file secret.key in TAKEPART_DATA_DIR."
            )
        return cls(path, archive, manifest)

    def close(self) -> None:
        self._archive.close()

    def check(self) -> None:
        """Read all of it once; raise BackupError where anything is missing or changed."""
        try:
            for table in self.manifest.tables:
                self._check_rows(table)
            names = self.files()
            if len(names) != self.manifest.files:
                raise _damaged(self.path)
            for sha256 in names:
                self.file(sha256)
        except (OSError, *BROKEN) as error:
            raise _damaged(self.path) from error

    def shapes(self) -> list[Shape]:
        """Its tables; what refers to another comes after it."""
        return [table.shape for table in self.manifest.tables]

    def rows(self, shape: Shape) -> Iterator[list[Row]]:
        """The rows of a table, many at a time."""
        with self._archive.open(f"rows/{shape.table}") as lines:
            while part := list(islice(lines, AT_ONCE)):
                yield [row_of(shape, line) for line in part]

    def files(self) -> list[str]:
        """The hashes of its photos and recordings."""
        return [name.removeprefix("media/") for name in self._archive.namelist() if name.startswith("media/")]

    def file(self, sha256: str) -> bytes:
        data = self._archive.read(f"media/{sha256}")
        if hashlib.sha256(data).hexdigest() != sha256:
            raise _damaged(self.path)
        return data

    def _check_rows(self, table: Table) -> None:
        tally = Tally()
        with self._archive.open(f"rows/{table.shape.table}") as lines:
            for line in lines:
                row_of(table.shape, line)
                tally.add(line)
        if (tally.rows, tally.hash) != (table.rows, table.hash):
            raise _damaged(self.path)


def _manifest(data: bytes) -> Manifest:
    """A newer one may have anything in it, but it begins by saying so."""
    format_ = json.loads(data)["format"]
    if isinstance(format_, int) and format_ > FORMAT:
        raise BackupError("This backup was made by a newer Takepart: install that version, then restore it.")
    return _manifests().validate_json(data)


@cache
def _manifests() -> TypeAdapter[Manifest]:
    return TypeAdapter(Manifest)


def _damaged(path: Path) -> BackupError:
    return BackupError(f"The backup {path} is damaged, and nothing was changed: use another one.")
