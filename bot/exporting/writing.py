"""Writes one export: every table read from one view of the data, then the files, then a count of all.

It is read back before it is given out: a table with other rows than its count is never fetched.
"""

import asyncio
import hashlib
import json
import zipfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.exporting import cells
from bot.exporting.cells import Table
from storage.database import Database
from storage.files import fetches
from storage.files.media import Lost, MediaStore
from storage.given.browsing import Contribution, File, texts
from storage.keeping import writing_out
from storage.keeping.exports import Export
from storage.members.groups import Home
from storage.sessions import polls

GIVEN = (
    *("id", "kind", "name", "number_of_files", "came_by", "at", "words", "answers", "typed_up"),
    *("audience", "without_a_name", "with_help", "hidden", "practice", "meeting", "vote", "files"),
)
VOTES = ("vote", "question", "secret", "state", "voted", "could_vote", "option", "votes", "outcome")
BALLOTS = ("vote", "question", "number", "name", "chosen", "came_by", "at")
RECEIPTS = ("kind", "title", "number", "name", "by", "state", "at")
REGISTER = (
    *("number", "name", "permission", "state", "language", "form", "ways", "needs", "agreed_to"),
    *("practice", "joined_at", "last_in_touch"),
)
MANIFEST, READ_FIRST = "manifest.json", "READ-FIRST.txt"
REACHES = {
    "inside": "for those who run the group",
    "outside": "to be shown outside the group: only what its givers agreed to show",
}

Told = Callable[[int, int], Awaitable[bool]]  # written, of so many; False where it is wanted no more


class NotWanted(Exception):
    """While it was written, somebody took something back."""


class Unlike(Exception):
    """What was read back is not what was written."""


@dataclass(slots=True)
class Sum:
    """What is in it so far: `written` of `total` contributions.

    `files` are (id, name) still to be put in; `left_out` counts by reason.
    """

    written: int = 0
    total: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    files: list[tuple[str, str]] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)
    not_typed: int = 0

    def leave_out(self, why: str) -> None:
        self.left_out[why] = self.left_out.get(why, 0) + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Writes `export` of `home`; `told` hears how far it is."""

    db: Database
    store: MediaStore
    export: Export
    home: Home
    now: datetime
    told: Told

    @property
    def _practice(self) -> bool:
        """Whether practice comes along: it does in a group that is only for that."""
        return self.export.practice or self.home.practice

    async def write(self, path: Path) -> dict[str, Any]:
        """Write the ZIP and check it; what its manifest says. Raise NotWanted or Unlike."""
        sum_ = Sum()
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            async with self.db.read() as conn:
                await self._gifts(conn, archive, sum_)
                await self._votes(conn, archive, sum_)
                if self.export.reach == "inside":
                    await self._receipts(conn, archive, sum_)
                    await self._register(conn, archive, sum_)
            hashes = {name: await self._file(archive, id_, name, sum_) for id_, name in sum_.files}
            manifest = self._manifest(sum_, {name: one for name, one in hashes.items() if one})
            archive.writestr(READ_FIRST, self._read_first(manifest))
            archive.writestr(MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=2))
        await asyncio.to_thread(check, path, manifest)
        return manifest

    async def _gifts(self, conn: AsyncConnection, archive: zipfile.ZipFile, sum_: Sum) -> None:
        sum_.total = await writing_out.how_many(conn, self.home.id)
        with cells.table(archive, "contributions.csv", GIVEN) as table:
            async for page in writing_out.gifts(conn, self.home.id):
                for one in page:
                    self._gift(table, one, sum_)
                sum_.written += len(page)
                await self._go_on(sum_)
        sum_.rows["contributions.csv"] = table.rows

    def _gift(self, table: Table, one: Contribution, sum_: Sum) -> None:
        if one.practice and not self._practice:
            sum_.leave_out("practice")
            return
        if self.export.reach == "outside" and (one.audience != "outside" or one.hidden):
            sum_.leave_out("not meant to be shown outside the group")
            return
        day = self._day(one.at)
        names = [self._named(one, file, day, sum_) for file in one.files]
        inside = self.export.reach == "inside"
        table.add(
            id=one.id,
            kind=one.flow,
            name=one.name,
            number_of_files=len(one.files),
            came_by=one.channel if inside else "",
            at=day if one.unnamed or not inside else one.at,
            words=one.text,
            answers=" / ".join(texts(one.answers)),
            typed_up=" / ".join(file.typed for file in one.files if file.typed),
            audience=one.audience,
            without_a_name=one.unnamed,
            with_help=one.helped,
            hidden=one.hidden,
            practice=one.practice,
            meeting=one.meeting,
            vote=one.poll,
            files=" ".join(name for name in names if name),
        )

    def _named(self, one: Contribution, file: File, day: str, sum_: Sum) -> str:
        """What its file is called in the ZIP; "" where it does not come along, which is counted."""
        if file.kind == "voice" and not file.typed:
            sum_.not_typed += 1
        if not file.here:
            sum_.leave_out("files that are still to be fetched")
            return ""
        if file.kind == "voice" and one.unnamed:
            sum_.leave_out("recordings without a name, as a voice may be known")
            return ""
        name = cells.file_name(day, one.flow, one.name, len(sum_.files) + 1, file.type)
        sum_.files.append((file.id, name))
        return name

    async def _votes(self, conn: AsyncConnection, archive: zipfile.ZipFile, sum_: Sum) -> None:
        found = await writing_out.votes(conn, self.home.id)
        with cells.table(archive, "votes.csv", VOTES) as table:
            for poll in found:
                await self._result(conn, table, poll.id)
        sum_.rows["votes.csv"] = table.rows
        if self.export.reach == "outside":
            return
        with cells.table(archive, "ballots.csv", BALLOTS) as table:
            # While a vote is open everybody sees turnout alone, and of a secret one nobody is known.
            for poll in found:
                if poll.state == "closed" and not poll.secret:
                    await self._ballots(conn, table, poll)
        sum_.rows["ballots.csv"] = table.rows

    async def _result(self, conn: AsyncConnection, table: Table, poll: str) -> None:
        tally = await polls.tally(conn, poll, now=self.now, practice=self._practice)
        if tally is None:
            return
        for key, label in tally.options:
            table.add(
                vote=tally.id,
                question=tally.question,
                secret=tally.secret,
                state=tally.state,
                voted=tally.voted,
                could_vote=tally.eligible,
                option=label,
                votes=tally.counts[key] if tally.counts else "",
                outcome=tally.sentence,
            )

    async def _ballots(self, conn: AsyncConnection, table: Table, poll: Any) -> None:
        labels = await writing_out.labels(conn, poll.id)
        for row in await writing_out.cast(conn, poll.id, practice=self._practice):
            table.add(
                vote=poll.id,
                question=poll.question,
                number=row.number,
                name=row.name,
                chosen="; ".join(labels.get(key, key) for key in row.choices or ()),
                came_by=row.channel,
                at=row.at,
            )

    async def _receipts(self, conn: AsyncConnection, archive: zipfile.ZipFile, sum_: Sum) -> None:
        with cells.table(archive, "receipts.csv", RECEIPTS) as table:
            async for row in writing_out.receipts(conn, self.home.id, practice=self._practice):
                found = row._mapping
                table.add(by=row.channel, **{name: found[name] for name in RECEIPTS if name != "by"})
        sum_.rows["receipts.csv"] = table.rows

    async def _register(self, conn: AsyncConnection, archive: zipfile.ZipFile, sum_: Sum) -> None:
        with cells.table(archive, "register.csv", REGISTER) as table:
            async for row in writing_out.register(conn, self.home.id, practice=self._practice):
                # The hour would tell who gave what came without a name at that hour.
                table.add(**row | {"last_in_touch": self._day(row["last_in_touch"])})
        sum_.rows["register.csv"] = table.rows

    def _day(self, at: datetime | None) -> str:
        return at.astimezone(ZoneInfo(self.home.zone)).date().isoformat() if at else ""

    async def _file(self, archive: zipfile.ZipFile, id_: str, name: str, sum_: Sum) -> str:
        """Put one file in; its hash, "" where it is not there any more."""
        await self._go_on(sum_)
        async with self.db.read() as conn:
            sha256 = await fetches.sha256(conn, id_)
        try:
            data = await self.store.load(sha256) if sha256 else b""
        except Lost:
            data = b""
        if not data:
            sum_.leave_out("files that are not there any more")
            return ""
        await asyncio.to_thread(archive.writestr, name, data, zipfile.ZIP_STORED)
        return hashlib.sha256(data).hexdigest()

    async def _go_on(self, sum_: Sum) -> None:
        if not await self.told(sum_.written, max(sum_.total, sum_.written)):
            raise NotWanted

    def _manifest(self, sum_: Sum, hashes: dict[str, str]) -> dict[str, Any]:
        return {
            "group": self.home.code,
            "name": self.home.name,
            "purpose": self.export.purpose,
            "written": REACHES[self.export.reach],
            "written_at": self.now.isoformat(timespec="seconds"),
            "recordings_not_typed_up": sum_.not_typed,
            "rows": sum_.rows,
            "files": hashes,
            "left_out": sum_.left_out,
        }

    def _read_first(self, manifest: dict[str, Any]) -> str:
        """The first thing to read: what nobody has typed up, then what is here and what is not."""
        lines = [
            f"Recordings that are not typed up: {manifest['recordings_not_typed_up']}",
            "",
            f"{self.home.name} ({self.home.code}), written out {manifest['written_at']}.",
            f"Purpose: {self.export.purpose}",
            f"It is {manifest['written']}.",
            "",
            *(f"{name}: {number} rows" for name, number in manifest["rows"].items()),
            f"media: {len(manifest['files'])} files",
        ]
        if manifest["left_out"]:
            lines += ["", "Left out:", *(f"- {why}: {n}" for why, n in manifest["left_out"].items())]
        return "\r\n".join([*lines, ""])


def check(path: Path, manifest: dict[str, Any]) -> None:
    """Read it back; raise Unlike where a table or a file is not as it was counted."""
    with zipfile.ZipFile(path) as archive:
        if archive.testzip() is not None:
            raise Unlike
        rows = {name: cells.counted(archive, name) for name in manifest["rows"]}
        there = {name for name in archive.namelist() if name.startswith("media/")}
    if rows != manifest["rows"] or there != set(manifest["files"]):
        raise Unlike
