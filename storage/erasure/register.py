"""The register of stops and erasures: a small file, outside database and backup, that outlives both.

What is noted in a write is on disk here before that write commits. So a death between the two never
loses a stop. It may leave one that did not commit: whoever asked for it was not answered, and so the
provider or they themselves ask again.
"""

import asyncio
import fcntl
import os
import re
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Literal, get_args

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database, StorageError
from storage.files.disk import sync_folder
from storage.lines.persons import everyone
from storage.secrets import Secrets
from storage.tables import contributions, lines, members

What = Literal[
    "stopped",
    "left",
    "erased",
    "no-calls",
    "not-first",
    "no-name",
    "unwanted",
    "taken-back",
    "narrowed",
    "unnamed",
    "retired",
]
Lifted = Literal["started", "calls", "first", "wanted", "name", "used"]
LIFTS: dict[str, What] = {
    "started": "stopped",
    "calls": "no-calls",
    "first": "not-first",
    "wanted": "unwanted",
    "name": "no-name",
    "used": "retired",
}
# Wishes that are columns of the member: what is noted where one is so, and where it is not.
WISHES: dict[str, tuple[What, Lifted]] = {
    "never_ring": ("no-calls", "calls"),
    "never_first": ("not-first", "first"),
    "never_named": ("no-name", "name"),
}
WORDS = frozenset(get_args(What)) | frozenset(LIFTS)

Entry = tuple[str, str, str]  # when, what, and the keyed hash of whom or what it is about

NOTES = "takepart notes"  # where a connection carries what its transaction notes
HEAD = "takepart-register-1"
ENTRY = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) ([a-z-]+) ([0-9a-f]{64})")
TAIL = 200  # bytes; more than one line has


class RegisterError(StorageError):
    """The register cannot be read or written: one sentence for the operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What somebody asked for; `subject` says who or what it is about."""

    what: What | Lifted
    subject: str


@dataclass(slots=True)
class Standing:
    """For each keyed hash, what is so (True) or was lifted again (False)."""

    says: dict[str, dict[str, bool]]
    unreadable: int = 0


def of_member(id_: str) -> str:
    return f"member:{id_}"


def of_choice(member: str, channel: str, purpose: str) -> str:
    """What somebody does not want by one channel."""
    return f"choice:{member}:{channel}:{purpose}"


def of_way(member: str, address_hash: bytes) -> str:
    """A line that leads to somebody, or no longer does."""
    return f"way:{member}:{address_hash.hex()}"


def of_gift(id_: str) -> str:
    """A contribution."""
    return f"gift:{id_}"


def of_line(address_hash: bytes) -> str:
    """A line is known again by its address, whatever its id."""
    return f"line:{address_hash.hex()}"


def note(conn: AsyncConnection, what: What | Lifted, subject: str) -> None:
    """Have it written to the register with this transaction, where its database keeps one."""
    notes = conn.info.get(NOTES)
    if notes is not None:
        notes.append(Note(what=what, subject=subject))


async def note_member(conn: AsyncConnection, what: What | Lifted, member: str) -> None:
    """The same of a member, and of whoever is the same person: data from before knows them as two."""
    for one in await conn.scalars(everyone(member)):
        note(conn, what, of_member(one))


async def note_line(conn: AsyncConnection, what: What | Lifted, line: str) -> None:
    """The same of a line, by its id."""
    address_hash = await conn.scalar(sa.select(lines.c.address_hash).where(lines.c.id == line))
    if address_hash is not None:
        note(conn, what, of_line(address_hash))


async def note_way(conn: AsyncConnection, what: Literal["retired", "used"], member: str, line: str) -> None:
    """Whether a line leads to this member: older data knows nothing of a phone that was lost since."""
    address_hash = await conn.scalar(sa.select(lines.c.address_hash).where(lines.c.id == line))
    if address_hash is not None:
        note(conn, what, of_way(member, address_hash))


def _now() -> datetime:
    return datetime.now(UTC)


class Register:
    """The register in one file. `keep` it for a database; `standing` is what it says."""

    def __init__(self, path: Path, secrets: Secrets, *, clock: Callable[[], datetime] = _now) -> None:
        self.path = path
        self._secrets = secrets
        self._clock = clock
        self._head = f"{HEAD} {secrets.check}"

    async def keep(self, db: Database) -> None:
        """From now on write down what this database's transactions note, before they commit.

        A register that is missing begins with what the database still knows.
        """
        if not self.path.exists():
            async with db.read() as conn:
                await asyncio.to_thread(self.append, [one async for one in known(conn)])
        db.on_write("begin", _begin)
        db.on_write("commit", self._commit)

    def hash(self, subject: str) -> str:
        """By what a subject is found again."""
        return self._secrets.hash(subject, "register").hex()

    def standing(self, *, lifted_since: datetime | None = None) -> Standing:
        """What it says; raise RegisterError.

        What was lifted before `lifted_since` is not said: data from then knows of it, and it may have been
        said again on another host, whose register is not here.
        """
        entries, unreadable = self._entries(self.path)
        found = Standing({}, unreadable)
        before = _stamp(lifted_since) if lifted_since else ""
        for when, word, subject in sorted(entries, key=lambda entry: entry[0]):
            says = found.says.setdefault(subject, {})
            what = LIFTS.get(word, word)
            says[what] = word not in LIFTS
            if word in LIFTS and when < before:
                del says[what]
        return found

    def take_over(self, *others: Path) -> None:
        """Write down here what other hosts' registers hold, so that this one is whole from now on."""
        here, _ = self._entries(self.path)
        lacking = {entry for path in others for entry in self._entries(path)[0]} - set(here)
        if lacking:
            self._write(lambda _: sorted(lacking))

    def append(self, notes: Iterable[Note]) -> None:
        """Write them at the end, and to the disk; raise RegisterError."""
        hashed = [(one.what, self.hash(one.subject)) for one in notes]

        def entries(tail: str) -> list[Entry]:
            """Their time never goes back, whatever the clock does."""
            before = ENTRY.findall(tail)
            when = max(_stamp(self._clock()), before[-1][0] if before else "")
            return [(when, what, subject) for what, subject in hashed]

        self._write(entries)

    def _write(self, entries: Callable[[str], Iterable[Entry]]) -> None:
        """Add what is to stand behind the end that is there."""
        try:
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(handle, "r+b", buffering=0) as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                tail = _tail(file)
                fresh = [] if tail else [self._head]
                fresh += [" ".join(entry) for entry in entries(tail)]
                torn = tail[-1:] not in ("", "\n")  # by a death; it costs that line alone
                file.write(("\n" * torn + "".join(line + "\n" for line in fresh)).encode())
                os.fsync(file.fileno())
            sync_folder(self.path.parent)
        except OSError as error:
            raise RegisterError(
                f"The register of stops cannot be written ({error.strerror}), so nothing was changed: "
                f"see that {self.path} may be written and that its disk is not full."
            ) from error

    def _entries(self, path: Path) -> tuple[list[Entry], int]:
        """What stands in a register, and how many lines cannot be read."""
        entries, unreadable = [], 0
        for line in self._lines(path):
            match = ENTRY.fullmatch(line)
            if match and match[2] in WORDS:
                entries.append((match[1], match[2], match[3]))
            elif line.startswith(HEAD):
                self._check(path, line)
            elif line:
                unreadable += 1
        return entries, unreadable

    def _lines(self, path: Path) -> list[str]:
        try:
            return path.read_text(encoding="ascii", errors="replace").splitlines()
        except FileNotFoundError:
            if path == self.path:
                return []
            raise RegisterError(f"There is no register at {path}.") from None
        except OSError as error:
            raise RegisterError(f"The register {path} cannot be read ({error.strerror}).") from error

    def _check(self, path: Path, head: str) -> None:
        if head != self._head:
            raise RegisterError(
                f"The register {path} was written with another secret key: give the one of this installation."
            )

    def _commit(self, conn: sa.Connection) -> None:
        notes = conn.info.pop(NOTES, None)
        if notes:
            driver: Any = conn.connection.dbapi_connection
            driver.run_async(lambda _: asyncio.to_thread(self.append, notes))  # only this commit waits for it


def register_in(folder: Path, secrets: Secrets) -> Register:
    """The register of an installation, beside its key."""
    return Register(folder / "register", secrets)


async def known(conn: AsyncConnection) -> AsyncIterator[Note]:
    """What a database itself knows of stops; what was erased it can't know any more."""
    m, n, c = members.c, lines.c, contributions.c
    states: dict[str, What] = {"stopped": "stopped", "left": "left"}
    for id_, state in await conn.execute(sa.select(m.id, m.state).where(m.state.in_(states))):
        yield Note(what=states[state], subject=of_member(id_))
    for column, (so, _) in WISHES.items():
        for id_ in await conn.scalars(sa.select(m.id).where(m[column])):
            yield Note(what=so, subject=of_member(id_))
    for address_hash in await conn.scalars(sa.select(n.address_hash).where(n.stopped_at.is_not(None))):
        yield Note(what="stopped", subject=of_line(address_hash))
    for id_ in await conn.scalars(sa.select(c.id).where(c.taken_back_at.is_not(None))):
        yield Note(what="taken-back", subject=of_gift(id_))


def _begin(conn: sa.Connection) -> None:
    conn.info[NOTES] = []


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _tail(file: BinaryIO) -> str:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - TAIL))
    return file.read().decode("ascii", errors="replace")
