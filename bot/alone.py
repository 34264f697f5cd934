"""Whether this is the only service on a data folder, told by a lock that dies with its process."""

import fcntl
from contextlib import suppress
from pathlib import Path
from typing import IO


class Alone:
    """Holds `DATA_DIR/serve.lock` from `enter` until `leave`."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "serve.lock"
        self._file: IO[str] | None = None

    def enter(self) -> bool:
        """True where no other service holds the lock; it is ours then."""
        file = self._path.open("a")
        with suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._file = file
            return True
        file.close()
        return False

    def leave(self) -> None:
        if self._file:
            self._file.close()
            self._file = None
