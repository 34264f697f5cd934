"""The files that members gave, each stored once under the hash of its bytes."""

import asyncio
import hashlib
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from storage import pictures, sounds
from storage.database import StorageError
from storage.prepared import MOST_BYTES, Kind, Prepared, not_kept, too_large, video


class Lost(StorageError):
    """A stored file is not where it should be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A prepared file that is stored, and what its row is to say of it."""

    kind: Kind
    type: str
    sha256: str
    thumb_sha256: str | None
    bytes: int
    width: int
    height: int


class MediaStore:
    """Files in a folder, as `ab/cd/<sha256>`. Each is whole or not there, and on disk when `save` returns."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def keep(self, prepared: Prepared) -> Saved:
        """Store a prepared file and its thumbnail."""
        return Saved(
            kind=prepared.kind,
            type=prepared.type,
            sha256=await self.save(prepared.data),
            thumb_sha256=await self.save(prepared.thumb) if prepared.thumb else None,
            bytes=len(prepared.data),
            width=prepared.width,
            height=prepared.height,
        )

    async def save(self, data: bytes) -> str:
        """Store bytes and give the hash that finds them."""
        return await asyncio.to_thread(self._save, data)

    async def load(self, sha256: str) -> bytes:
        """Give stored bytes back; raise Lost."""
        try:
            return await asyncio.to_thread(self.path(sha256).read_bytes)
        except OSError as error:
            raise Lost(
                f"A stored file cannot be read ({error.strerror}): its name begins {sha256[:8]}."
            ) from error

    async def remove(self, sha256: str) -> None:
        """Delete stored bytes. Call it inside the write that deleted the last row to name them."""
        await asyncio.to_thread(self.path(sha256).unlink, missing_ok=True)

    def path(self, sha256: str) -> Path:
        """Where a file lies, whether or not it is there."""
        if not re.fullmatch(r"[0-9a-f]{64}", sha256):
            raise ValueError("that is no hash of a file")
        return self._folder / sha256[:2] / sha256[2:4] / sha256

    def _save(self, data: bytes) -> str:
        sha256 = hashlib.sha256(data).hexdigest()
        path = self.path(sha256)
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write_whole(path, data)
        return sha256


async def prepare(data: bytes, kind: Kind) -> Prepared:
    """Make a file fit to keep, judged by its content and not by what it was said to be; raise Refused.

    `kind` is what was expected: it chooses the words of a refusal, and only a "file" may be a PDF.
    """
    return await asyncio.to_thread(_prepare, data, kind)


def _prepare(data: bytes, kind: Kind) -> Prepared:
    if len(data) > MOST_BYTES:
        raise too_large(kind)
    if pictures.picture(data):
        return pictures.clean(data)
    if type_ := sounds.sound(data):
        if sounds.moving(data, type_):
            raise video()
        return Prepared(kind="voice", type=type_, data=data)
    if kind == "file" and sounds.pdf(data):
        return Prepared(kind="file", type="application/pdf", data=data)
    raise not_kept(kind)


def _write_whole(path: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    # The name is only safe from a power cut when the folder is on disk too.
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
