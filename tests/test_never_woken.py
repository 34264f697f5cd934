"""Whoever stopped is not written to, whatever happens to the data before they start again themselves.

`pytest tests/test_never_woken.py --hypothesis-profile long` tries many more.
"""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.effects import Change
from flows.events import Say
from storage.erasure.register import Register
from storage.files.media import MediaStore
from storage.files.media_folder import Folder
from storage.keeping import backups, copying
from storage.keeping.backups import Backup
from storage.keeping.holding import let_go
from storage.lines.joined import join_members, unjoin_members
from storage.members import leaving
from storage.members.groups import Complaint
from storage.secrets import Secrets
from storage.sending import telling
from storage.store import open_store
from storage.tables import members, reaches
from tests.office import Office
from tests.stores import KEY, sqlite_url

PEOPLE = ("ada", "ben", "cay")
WAYS = {"ada": "sms", "ben": "sms", "cay": "telegram"}
FEW = settings(
    max_examples=settings().max_examples // 4,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
)

person = st.sampled_from(PEOPLE)
step = st.one_of(
    st.tuples(st.just("stop"), person),
    st.tuples(st.just("start"), person),
    st.tuples(st.just("link"), st.permutations(PEOPLE)),
    st.tuples(st.just("unlink"), person),
    st.tuples(st.just("back up")),
    st.tuples(st.just("restore")),
    st.tuples(st.just("copy")),
    st.tuples(st.just("send")),
)
steps = st.lists(step, min_size=3, max_size=12)
Step = tuple[str, ...]


@dataclass
class Story:
    """The data as it goes through all this, and who has stopped by their own word."""

    folder: Path
    migrated: Path
    office: Office
    register: Register
    stopped: set[str] = field(default_factory=set)
    one: dict[str, str] = field(default_factory=dict)  # whom each is the same person as, in the data now
    kept: tuple[Backup, dict[str, str]] | None = None
    sent: int = 0
    copies: int = 0

    def same(self, who: str) -> set[str]:
        """Everybody who is this person."""
        return {one for one in PEOPLE if self.one.get(one, one) == self.one.get(who, who)}

    async def stop(self, who: str) -> None:
        await self._says(who, "stopped")
        self.stopped |= self.same(who)

    async def start(self, who: str) -> None:
        await self._says(who, "active")
        self.stopped -= self.same(who)

    async def _says(self, who: str, to: str) -> None:
        async with self.office.db.write() as conn:
            await leaving.change(conn, self.one.get(who, who), Change(to=to), self.office.now)  # type: ignore[arg-type]

    async def wrongly_stopped(self, who: str) -> None:
        """Only the story thinks so."""
        self.stopped.add(who)

    async def link(self, who: list[str]) -> None:
        kept, other = (self.one.get(one, one) for one in who[:2])
        try:
            async with self.office.db.write() as conn:
                await join_members(conn, kept, other, ids=self.office.ids, now=self.office.now)
        except Complaint:
            return
        both = self.same(kept) | self.same(other)
        self.one |= dict.fromkeys(both, kept)
        if both & self.stopped:  # the more cautious wish holds
            self.stopped |= both

    async def unlink(self, who: str) -> None:
        try:
            async with self.office.db.write() as conn:
                await unjoin_members(conn, self.one.get(who, who), now=self.office.now)
        except Complaint:
            return
        await self._look()

    async def back_up(self) -> None:
        path = self.folder / "b.zip"
        await backups.write(
            path, self.office.db, self.files, self.office.secrets, now=self.office.now, overwrite=True
        )
        self.kept = Backup.open(path, self.office.secrets), dict(self.one)

    async def restore(self) -> None:
        if self.kept is None:
            return
        backup, self.one = self.kept[0], dict(self.kept[1])
        await copying.remember(self.office.db, self.office.secrets, self.register)
        await copying.restore(self.office.db, backup, self.files, self.register, now=self.office.now)
        await self._resumed()

    async def copy(self) -> None:
        self.copies += 1
        path = self.folder / f"copy{self.copies}.db"
        shutil.copy(self.migrated, path)
        new = await copying.open_target(sqlite_url(path), overwrite=False)
        await copying.copy(self.office.db, new, self.register, now=self.office.now)
        await self.office.db.close()
        await self.register.keep(new)
        self.office.db = new
        self.office.lanes = self.office.open(f"copy{self.copies}")
        await self._resumed()

    async def send(self) -> None:
        """Something for everybody, by every way that is theirs and by the one they like best."""
        self.sent += 1
        async with self.office.db.write() as conn:
            ways = (
                await conn.execute(sa.select(reaches.c.member_id, reaches.c.line_id, reaches.c.channel))
            ).all()
            await telling.tell(
                conn,
                PEOPLE,
                Say(text="for all"),
                kind="say",
                key=f"t{self.sent}",
                ids=self.office.ids,
                channels=("sms", "telegram"),
                now=self.office.now,
            )
        for n, (member, line, channel) in enumerate(ways):
            await self.office.write(
                line, "for all", member=member, channel=channel, dedupe_key=f"w{self.sent}:{n}"
            )
        await self.office.send(5)

    async def _resumed(self) -> None:
        async with self.office.db.write() as conn:
            await let_go(conn)

    async def _look(self) -> None:
        async with self.office.db.read() as conn:
            rows = await conn.execute(sa.select(members.c.id, members.c.joined_to))
        self.one = {id_: kept for id_, kept in rows if kept}

    @property
    def files(self) -> MediaStore:
        return MediaStore(Folder(self.folder / "media"))

    def reached(self) -> set[str]:
        """Whose phones rang, and forget it."""
        got = {line for channel in self.office.channels.values() for line, _ in channel.sent}
        for channel in self.office.channels.values():
            channel.sent.clear()
        return got


@FEW
@given(steps=steps)
def test_nobody_who_stopped_is_written_to(migrated: Path, steps: list[Step]) -> None:
    with TemporaryDirectory() as folder:
        asyncio.run(_goes(Path(folder), migrated, steps))


async def _goes(folder: Path, migrated: Path, steps: list[Step]) -> None:
    shutil.copy(migrated, folder / "takepart.db")
    secrets = Secrets(KEY)
    db = await open_store(sqlite_url(folder / "takepart.db"), secrets)
    story = Story(
        folder=folder,
        migrated=migrated,
        office=Office(db, secrets),
        register=Register(folder / "register", secrets),
    )
    try:
        await story.register.keep(db)
        await story.office.group(hours="0-24")
        for who in PEOPLE:
            await story.office.member(who, WAYS[who])
        for what, *about in [*steps, ("send",)]:
            story.office.now += timedelta(minutes=1)
            does: Callable[..., Awaitable[None]] = getattr(story, what.replace(" ", "_"))
            await does(*about)
            assert not story.reached() & story.stopped, f"{what} {about}"
    finally:
        await story.office.db.close()


@pytest.mark.parametrize(
    "steps",
    [
        [("back up",), ("link", ["ada", "ben", "cay"]), ("stop", "ada"), ("restore",)],
        [("link", ["ada", "ben", "cay"]), ("stop", "ben"), ("unlink", "ada")],
        [("stop", "ben"), ("link", ["ada", "ben", "cay"]), ("copy",), ("unlink", "ada")],
        [("send",), ("back up",), ("stop", "cay"), ("restore",), ("copy",)],
    ],
)
async def test_stops_that_are_easily_lost(tmp_path: Path, migrated: Path, steps: list[Step]) -> None:
    await _goes(tmp_path, migrated, steps)


async def test_whoever_starts_again_is_written_to(tmp_path: Path, migrated: Path) -> None:
    """So that the story above could fail: its messages do go out."""
    steps: list[Step] = [("stop", "ada"), ("start", "ada"), ("wrongly stopped", "ada")]
    with pytest.raises(AssertionError, match="send"):
        await _goes(tmp_path, migrated, steps)
