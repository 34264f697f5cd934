"""Files in a folder: on disk when `put` returns, and readable by nobody else."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from storage.files.disk import sync_folder
from storage.files.media_place import Away

T = TypeVar("T")
PIECE = 1024 * 1024  # bytes


class Folder:
    """A place for files; it is made when the first one comes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, name: str, data: bytes) -> None:
        path = self._folder / name
        await _aside(lambda: _write_whole(path, data))

    async def get(self, name: str) -> bytes:
        return await _aside((self._folder / name).read_bytes)

    async def read(self, name: str) -> AsyncIterator[bytes]:
        file = await _aside(lambda: (self._folder / name).open("rb"))
        try:
            while piece := await _aside(lambda: file.read(PIECE)):
                yield piece
        finally:
            file.close()

    async def has(self, name: str) -> bool:
        return await _aside((self._folder / name).exists)

    async def delete(self, name: str) -> None:
        await _aside(lambda: (self._folder / name).unlink(missing_ok=True))


async def _aside(work: Callable[[], T]) -> T:
    with _telling():
        return await asyncio.to_thread(work)


@contextmanager
def _telling() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Away(
            f"Photos and recordings cannot be kept or read ({error.strerror}): "
            "see that the data folder's disk is there, is not full, and that this user may write to it."
        ) from error


def _write_whole(path: Path, data: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
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
    sync_folder(path.parent)
