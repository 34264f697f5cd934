"""A photo that somebody sent arrives here once, whatever the provider does; or they are told why not."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from PIL import Image
from structlog.testing import capture_logs

from bot.fetch import AT_ONCE, AWAY_WAIT, GIVE_UP, Fetcher, teller
from channels.base import FetchLater, FetchRefused
from flows.events import Attachment
from storage.database import Database
from storage.files import fetches
from storage.files.fetches import PRACTICE
from storage.files.leftovers import sweep
from storage.files.media import MediaStore
from storage.files.media_folder import Folder
from storage.files.media_place import Away
from storage.files.prepared import MOST_BYTES
from storage.given.reading import Contribution, list_contributions
from storage.ids import Ids
from storage.members.groups import add_group
from storage.secrets import Secrets
from storage.sending import outbox
from storage.tables import contribution_media, contributions, lines, media
from storage.tables import outbox as outbox_table
from tests.scenes import house

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)

GONE = "Telegram does not give this file: too large for a bot, or gone."
NOT_YET = "Telegram does not have the file at the moment."
FULL = (
    "Photos and recordings cannot be kept or read (No space left on device): "
    "see that the data folder's disk is there, is not full, and that this user may write to it."
)


def photo() -> bytes:
    out = BytesIO()
    Image.new("RGB", (30, 20), "red").save(out, "PNG")
    return out.getvalue()


class Provider:
    """Has files by their ref: bytes to give, an error to raise, or an event to wait for."""

    def __init__(self) -> None:
        self.files: dict[str, Any] = {}
        self.asked: list[str] = []

    async def fetch(self, ref: str, *, most: int) -> bytes:
        assert most == MOST_BYTES
        self.asked.append(ref)
        found = self.files[ref]
        if isinstance(found, asyncio.Event):
            await found.wait()
            return photo()
        if isinstance(found, Exception):
            raise found
        assert isinstance(found, bytes)
        return found


@dataclass(kw_only=True)
class Place:
    """A fetcher with a store, a provider, and a clock that stands still until it is moved."""

    db: Database
    secrets: Secrets
    store: MediaStore
    provider: Provider = field(default_factory=Provider)
    time: datetime = NOW
    ids: Ids = field(default_factory=Ids)

    def fetcher(self, holder: str = "one") -> Fetcher:
        return Fetcher(
            db=self.db,
            secrets=self.secrets,
            store=self.store,
            sources=dict.fromkeys(("telegram", "voice", f"{PRACTICE}sms"), self.provider),
            tell=teller(self.ids, house()),
            clock=lambda: self.time,
            holder=holder,
            jitter=lambda: 1.0,
        )

    async def comes(
        self,
        ref: str,
        found: object,
        *,
        channel: str = "telegram",
        kind: Any = "photo",
        practice: bool = False,
    ) -> None:
        """Somebody sends a file; the row has the id that the provider's ref is."""
        self.provider.files[ref] = found
        row = fetches.asked(
            self.secrets,
            id=ref,
            channel=channel,
            attachment=Attachment(kind=kind, ref=ref),
            line="line",
            practice=practice,
            now=self.time,
        )
        async with self.db.write() as conn:
            await conn.execute(media.insert().values(**row))

    async def round(self, later: timedelta = timedelta()) -> None:
        self.time += later
        fetcher = self.fetcher()
        await fetcher.start_due()
        await fetcher.settle()

    async def row(self, id: str) -> sa.Row[Any]:
        async with self.db.read() as conn:
            return (await conn.execute(sa.select(media).where(media.c.id == id))).one()

    async def answers(self) -> list[str]:
        async with self.db.read() as conn:
            bodies = await conn.scalars(sa.select(outbox_table.c.body).order_by(outbox_table.c.id))
            return [outbox.unpacked(body).say.text for body in bodies if body]


@pytest.fixture
async def here(db: Database, secrets: Secrets, tmp_path: Path) -> Place:
    async with db.write() as conn:
        row = {"id": "line", "kind": "telegram", "address_hash": secrets.hash("telegram:1", "address")}
        await conn.execute(lines.insert().values(**row))
    return Place(db=db, secrets=secrets, store=MediaStore(Folder(tmp_path / "media")))


async def test_a_photo_is_kept_and_where_it_came_from_forgotten(here: Place) -> None:
    await here.comes("p1", photo())
    await here.round()
    row = await here.row("p1")
    assert (row.state, row.type, row.width, row.height) == ("stored", "image/png", 30, 20)
    assert len(await here.store.load(row.sha256)) == row.bytes
    assert await here.store.load(row.thumb_sha256)
    assert (row.ref, row.line_id, row.due_at, row.leased_by) == (None, None, None, None)
    assert await here.answers() == []


@pytest.mark.parametrize("fault", [FetchLater(NOT_YET), TimeoutError(), ValueError("Ada's words")])
async def test_a_file_that_is_not_there_yet_is_asked_for_again(here: Place, fault: Exception) -> None:
    await here.comes("p1", fault)
    with capture_logs() as logs:
        await here.round()
    here.provider.files["p1"] = photo()
    await here.round(timedelta(seconds=1))
    assert (await here.row("p1")).state == "waiting"  # not before two seconds have gone
    await here.round(timedelta(seconds=2))
    assert (await here.row("p1")).state == "stored"
    assert "Ada" not in str(logs)


async def test_the_wait_between_tries_grows_to_a_day_and_ends(here: Place) -> None:
    await here.comes("p1", FetchLater(NOT_YET))
    waits = []
    for _ in range(GIVE_UP - 1):
        await here.round()
        due = (await here.row("p1")).due_at
        waits.append(due - here.time)
        here.time = due
    await here.round()
    assert (waits[0], waits[1], max(waits)) == (timedelta(seconds=2), timedelta(seconds=4), timedelta(days=1))
    row = await here.row("p1")
    assert (row.state, row.sentence) == ("refused", NOT_YET)
    assert await here.answers() == []  # a week later nobody would know which photo was meant


REFUSED = {
    "gone": (
        FetchRefused(GONE),
        "send it again, or a smaller one",
    ),
    "too large": (b"\xff\xd8\xff" + bytes(MOST_BYTES), "larger than 20 MB"),
    "no photo": (b"<html>", "could not use that file"),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_a_file_that_cannot_be_kept_gets_one_kind_answer(here: Place, name: str) -> None:
    found, says = REFUSED[name]
    await here.comes("p1", found)
    await here.round()
    await here.round(timedelta(minutes=10))
    row = await here.row("p1")
    assert row.state == "refused"
    assert row.sentence.endswith(".")
    assert row.line_id is None
    [answer] = await here.answers()
    assert says in answer


async def test_what_is_left_of_photos_that_cannot_be_kept_is_not_listed(here: Place) -> None:
    await here.comes("p1", b"<html>")
    group = await given(here, "p1")
    assert len(await listed(here, group)) == 1
    await here.round()
    assert await listed(here, group) == []
    async with here.db.write() as conn:
        await conn.execute(contributions.update().values(text="The gate is open"))
    assert [one.text for one in await listed(here, group)] == ["The gate is open"]


async def given(here: Place, file: str) -> str:
    """Somebody gives a file and no words; the group's id."""
    async with here.db.write() as conn:
        home = await add_group(conn, id="g1", code="GARDEN", name="Garden", now=NOW)
        gift = {"id": "c1", "group_id": home.id, "flow": "photo", "at": NOW}
        answers = {"photos": {"media": [file]}, "shows": {}}
        await conn.execute(contributions.insert().values(**gift, answers=answers))
        await conn.execute(contribution_media.insert().values(contribution_id="c1", media_id=file))
    return home.id


async def listed(here: Place, group: str) -> list[Contribution]:
    async with here.db.read() as conn:
        return await list_contributions(conn, group)


async def test_nobody_is_rung_because_a_recording_was_lost(here: Place) -> None:
    await here.comes("r1", FetchRefused("The file is too large."), channel="voice", kind="voice")
    await here.round()
    assert (await here.row("r1")).state == "refused"
    assert await here.answers() == []


async def test_a_practice_phone_is_answered_as_a_real_one_while_its_channel_is_off(here: Place) -> None:
    await here.comes("p1", b"", channel="sms", practice=True)
    await here.round()
    assert (await here.row("p1")).state == "refused"
    async with here.db.read() as conn:
        assert await conn.scalar(sa.select(outbox_table.c.channel)) == "sms"


async def test_one_bad_file_does_not_hold_up_the_others(here: Place) -> None:
    await here.comes("p1", asyncio.Event())
    await here.comes("p2", b"")
    await here.comes("p3", photo())
    fetcher = here.fetcher()
    await fetcher.start_due()
    assert await fetcher.now("p3")
    assert await fetcher.now("p2") is None
    assert (await here.row("p1")).state == "waiting"
    here.provider.files["p1"].set()
    await fetcher.settle()
    assert (await here.row("p1")).state == "stored"


async def test_a_file_is_fetched_by_one_process_only(here: Place) -> None:
    await here.comes("p1", asyncio.Event())
    one, two = here.fetcher("one"), here.fetcher("two")
    async with asyncio.timeout(5):
        assert (await one.start_due(), await two.start_due(), await two.now("p1")) == (1, 0, None)
    here.provider.files["p1"].set()
    await one.settle()
    assert here.provider.asked == ["p1"]


async def test_what_a_dead_process_had_taken_is_fetched_by_another(here: Place) -> None:
    await here.comes("p1", photo())
    async with here.db.write() as conn:
        how: dict[str, Any] = {"now": NOW, "holder": "dead", "sources": ["telegram"], "most": 1}
        assert await fetches.claim(conn, here.secrets, **how)
    await here.round(timedelta(minutes=1))
    assert (await here.row("p1")).state == "waiting"
    await here.round(timedelta(minutes=5))
    assert (await here.row("p1")).state == "stored"


async def test_a_file_of_a_channel_that_is_off_waits_for_it(here: Place) -> None:
    await here.comes("p1", photo(), channel="sms")
    await here.round(timedelta(days=30))
    row = await here.row("p1")
    assert (row.state, row.tries, here.provider.asked) == ("waiting", 0, [])


async def test_a_recording_that_is_wanted_now_is_fetched_before_it_is_due(here: Place) -> None:
    await here.comes("p1", FetchLater(NOT_YET))
    await here.round()
    here.provider.files["p1"] = photo()
    sha = await here.fetcher().now("p1")
    assert sha
    assert sha == (await here.row("p1")).sha256
    assert await here.fetcher().now("nothing") is None


async def test_what_was_erased_meanwhile_is_not_kept(here: Place, tmp_path: Path) -> None:
    await here.comes("p1", asyncio.Event())
    fetcher = here.fetcher()
    await fetcher.start_due()
    async with here.db.write() as conn:
        await conn.execute(media.delete())
    here.provider.files["p1"].set()
    await fetcher.settle()
    assert await sweep(here.db, here.store, here.time)
    assert [path for path in (tmp_path / "media").glob("**/*") if path.is_file()] == []


async def test_nothing_is_given_up_while_the_place_of_the_files_is_away(
    here: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise Away(FULL)

    await here.comes("p1", photo())
    with monkeypatch.context() as patch:
        patch.setattr(here.store, "save", away)
        for _ in range(GIVE_UP + 1):
            await here.round(AWAY_WAIT)
    assert (await here.row("p1")).sentence == FULL
    await here.round(AWAY_WAIT)
    assert ((await here.row("p1")).state, await here.answers()) == ("stored", [])


@asynccontextmanager
async def running(fetcher: Fetcher) -> AsyncIterator[None]:
    task = asyncio.create_task(fetcher.run())
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_many_files_are_fetched_as_soon_as_they_are_asked_for(here: Place) -> None:
    fetcher, names = here.fetcher(), [f"p{number}" for number in range(3 * AT_ONCE)]
    async with running(fetcher), asyncio.timeout(20):
        for name in names:
            await here.comes(name, photo())
        fetcher.wake()
        await wait_for(lambda: len(here.provider.asked) == len(names))
        await fetcher.settle()
    assert {(await here.row(name)).state for name in names} == {"stored"}


async def test_stopping_gives_back_what_was_being_fetched(here: Place) -> None:
    await here.comes("p1", asyncio.Event())
    async with running(here.fetcher()), asyncio.timeout(20):
        await wait_for(lambda: here.provider.asked == ["p1"])
    row = await here.row("p1")
    assert (row.state, row.leased_by, row.tries) == ("waiting", None, 0)


async def wait_for(true: Callable[[], bool]) -> None:
    while not true():  # noqa: ASYNC110 - what is waited for is another task's work, with no event of its own
        await asyncio.sleep(0.005)
