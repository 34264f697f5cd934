"""Writes what was asked to be written out, one at a time, and clears away what has had its day."""

import asyncio
import hashlib
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from bot.exporting.writing import NotWanted, Unlike, Writer
from bot.logs import place
from storage.database import Database
from storage.files import leftovers
from storage.files.media import MediaStore
from storage.keeping import exports
from storage.keeping.exports import Export, Part
from storage.members.groups import find_group

PREFIX = "export-"  # of the folders in which they are written
DEAD = 900.0  # seconds after which nobody writes on in one that has not changed
POLL = 2.0  # seconds between looks
PIECE = 8 * 1024 * 1024  # bytes of it that are held in memory at once
NOTED = timedelta(seconds=5)  # between two notes that it is still written, long before its lease is over
FAILED = "Something went wrong while it was written. It is noted. Ask for a new one."
UNLIKE = "What was written did not hold everything, so it is not given out. Ask for a new one."


class Exporting:
    """`run` is the loop, `once` one look. Several processes may run it: each export is leased."""

    def __init__(
        self, *, db: Database, files: MediaStore, clock: Callable[[], datetime], folder: Path
    ) -> None:
        self._db = db
        self._store = files
        self._clock = clock
        self._folder = folder
        self._asked = asyncio.Event()

    def wake(self) -> None:
        """Something was asked for."""
        self._asked.set()

    async def run(self) -> None:
        """Write what is asked for, until cancelled."""
        while True:
            if not await self.once():
                self._asked.clear()
                try:
                    async with asyncio.timeout(POLL):
                        await self._asked.wait()
                except TimeoutError:
                    pass

    async def once(self) -> bool:
        """Write one, if one waits; whether there was one."""
        now = self._clock()
        self._tidy_up()
        async with self._db.read() as conn:
            id_ = await exports.waits(conn, now)
            old = await exports.due(conn, now)
        if old:
            async with self._db.write() as conn:
                await exports.clear(conn, now)
        if not id_:
            return False
        async with self._db.write() as conn:
            taken = await exports.claim(conn, id_, now)
        if taken:
            await self._write(taken)
        return True

    def _tidy_up(self) -> None:
        """Remove what a process that died has left half written: it holds members' words."""
        for folder in self._folder.glob(f"{PREFIX}*"):
            with suppress(OSError):  # another process has done so
                touched = max(one.stat().st_mtime for one in (folder, *folder.iterdir()))
                if touched < time.time() - DEAD:
                    shutil.rmtree(folder)

    async def _write(self, taken: Export) -> None:
        with tempfile.TemporaryDirectory(dir=self._folder, prefix=PREFIX) as folder:
            path = Path(folder) / "whole.zip"
            try:
                manifest = await self._whole(taken, path)
                pieces = await self._pieces(path)
            except NotWanted:
                return
            except Unlike:
                structlog.get_logger().error("export_unlike", export=taken.id)
                await self._fail(taken, UNLIKE)
                return
            except Exception as error:
                structlog.get_logger().error("export_failed", error=type(error).__name__, at=place(error))
                await self._fail(taken, FAILED)
                return
        await self._finish(taken, pieces, manifest)

    async def _whole(self, taken: Export, path: Path) -> dict[str, Any]:
        async with self._db.read() as conn:
            home = await find_group(conn, taken.group)
        noted = taken.written, self._clock()

        async def told(written: int, total: int) -> bool:
            nonlocal noted
            now = self._clock()
            if written == noted[0] and now < noted[1] + NOTED:
                return True
            noted = written, now
            async with self._db.write() as conn:
                return await exports.go_on(conn, taken.id, written=written, total=total, now=now)

        writer = Writer(db=self._db, store=self._store, export=taken, home=home, now=self._clock(), told=told)
        return await writer.write(path)

    async def _pieces(self, path: Path) -> list[Part]:
        found = []
        with path.open("rb") as whole:
            while data := await asyncio.to_thread(whole.read, PIECE):
                async with self._db.write() as conn:
                    sha256 = hashlib.sha256(data).hexdigest()
                    await leftovers.expect(conn, sha256, self._clock())
                found.append(Part(sha256=await self._store.save(data), bytes=len(data)))
        return found

    async def _finish(self, taken: Export, pieces: list[Part], manifest: dict[str, Any]) -> None:
        counts = {name: manifest[name] for name in ("rows", "left_out", "recordings_not_typed_up")}
        counts["files"] = len(manifest["files"])
        async with self._db.write() as conn:
            if not await exports.finish(conn, taken.id, pieces, counts, self._clock()):
                await exports.unused(conn, pieces)

    async def _fail(self, taken: Export, sentence: str) -> None:
        async with self._db.write() as conn:
            await exports.fail(conn, taken.id, sentence, self._clock())
