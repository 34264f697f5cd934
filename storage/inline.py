"""SQLite's statements without a hop to a thread and back for each: most cost less than the hop.

What may have to wait goes through the thread as ever, so that it holds up nobody: BEGIN waits for
another process's write, COMMIT for the disk. Everything between works on pages in memory.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, Self

import aiosqlite

WAITS = "BEGIN"  # how statements begin that may meet another's lock
FOLD = "PRAGMA wal_checkpoint(TRUNCATE)"
CHUNK = 64  # rows; aiosqlite asks, nobody uses it here


async def connect(path: str, *, wait: float) -> "Inline":
    """Open a file; `wait` is how many seconds another's lock is waited for."""
    made: list[sqlite3.Connection] = []

    def make() -> sqlite3.Connection:
        # One transaction has the connection at a time, so its two threads never meet.
        made.append(sqlite3.connect(path, timeout=wait, check_same_thread=False))
        return made[0]

    threaded = await aiosqlite.Connection(make, CHUNK)
    return Inline(threaded, made[0], wait)


class Inline:
    """A connection with the methods that SQLAlchemy asks of aiosqlite's."""

    def __init__(self, threaded: aiosqlite.Connection, plain: sqlite3.Connection, wait: float) -> None:
        self._threaded = threaded
        self._wait = wait
        self.plain = plain
        self.cursor = partial(Cursor, threaded, plain)

    async def commit(self) -> None:
        await self._threaded.commit()

    async def rollback(self) -> None:
        await self._threaded.rollback()

    async def fold(self) -> None:
        """Put what the log holds into the file, and empty the log; not now where somebody still reads it."""
        for statement in ("PRAGMA busy_timeout=0", FOLD, f"PRAGMA busy_timeout={int(self._wait * 1000)}"):
            await (await self._threaded.execute(statement)).close()

    async def compact(self) -> None:
        """Write the file anew with nothing in it but what there is. All other writes wait meanwhile."""
        await (await self._threaded.execute("VACUUM")).close()

    async def close(self) -> None:
        await self._threaded.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._threaded, name)


class Cursor:
    """A cursor on the plain connection behind aiosqlite's."""

    def __init__(self, threaded: aiosqlite.Connection, plain: sqlite3.Connection) -> None:
        self._threaded = threaded
        self._plain = plain.cursor()

    async def __aenter__(self) -> Self:
        return self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plain, name)

    async def execute(self, statement: str, values: Sequence[Any] = ()) -> Self:
        if statement.startswith(WAITS):
            await (await self._threaded.execute(statement, values)).close()
        else:
            self._plain.execute(statement, values)
        return self

    async def executemany(self, statement: str, rows: Iterable[Sequence[Any]]) -> Self:
        self._plain.executemany(statement, rows)
        return self

    async def fetchmany(self, size: int) -> list[Any]:
        return self._plain.fetchmany(size)

    async def fetchall(self) -> list[Any]:
        return self._plain.fetchall()

    async def close(self) -> None:
        self._plain.close()
