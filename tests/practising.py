"""The service with the example group and nothing outside, for tests that hold a practice phone."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path

import pytest
import sqlalchemy as sa
from aiohttp import ClientSession, CookieJar
from PIL import Image

from bot.app import App
from bot.practice.example import fill
from bot.practice.phones import Step, Upload
from bot.serving import Server
from bot.settings import Settings
from bot.web.practice import routes
from channels.practice import Handset
from channels.practice_call import Scene
from tests.fakes.twilio_calls import SOUND
from tests.stores import KEY, sqlite_url
from tests.world import listener

PATIENCE = 20.0
SPOKEN = Upload(name="a.wav", type="audio/wav", data=SOUND, seconds=3)


def picture() -> bytes:
    """A photo that says where it was taken."""
    exif = Image.Exif()
    exif.get_ifd(0x8825)[1] = "N"
    out = BytesIO()
    Image.new("RGB", (64, 48), "teal").save(out, "JPEG", exif=exif)
    return out.getvalue()


class Somebody:
    """Somebody with practice phones. `scene` is what the call has come to."""

    def __init__(self, app: App, id: str = "0" * 24) -> None:
        self.app = app
        self.me = Handset(id=id)
        self._cursor = ""
        self._call = ""
        self.scene = Scene(heard=())

    async def texts(self, *words: str) -> str:
        """Send texts one after another; the answer to the last."""
        said = ""
        for one in words:
            await self.app.phones.text(self.me, one)
            said = await self.answers()
        return said

    async def writes(self, *words: str) -> str:
        """Write in Telegram; the answer to the last."""
        said = ""
        for one in words:
            await self.app.phones.write(self.me, one)
            said = await self.answers()
        return said

    async def answers(self) -> str:
        """What has come since, once nothing more is on its way."""
        async with asyncio.timeout(PATIENCE):
            while await self.app.phones.on_their_way(self.me):  # noqa: ASYNC110  # the store has no event
                await asyncio.sleep(0.02)
        return "\n".join(await self.news())

    async def news(self) -> list[str]:
        """What has come since, as it is now."""
        found, _ = await self.app.phones.posts(self.me, after=self._cursor)
        self._cursor = found[-1].id if found else self._cursor
        params = [post.parcel["params"] for post in found if post.parcel["method"] != "own"]
        return [one.get("text") or one.get("body") or one.get("caption") or "" for one in params]

    async def rings(self) -> str:
        """Ring up."""
        self._call = "call"
        return self._hears(await self.app.phones.ring(self.me, self._call))

    async def answers_phone(self, outbox: str) -> str:
        """Lift the phone that rings."""
        self._call = f"answered {outbox}"
        return self._hears(await self.app.phones.take_call(self.me, self._call, outbox))

    async def presses(self, keys: str, *, outbox: str = "") -> str:
        """Press keys in a call."""
        return await self._step(Step(call=self._call, action=self._action, keys=keys, outbox=outbox))

    async def speaks(self) -> str:
        """Speak after the tone, then press a key."""
        return await self._step(Step(call=self._call, action=self._action, recording=SPOKEN, keys="#"))

    async def hangs_up(self) -> None:
        """Put the phone down."""
        await self.app.phones.hang_up(self.me, self._call)

    async def joins_by_phone(self) -> None:
        """Join in a call, so that calls are their way."""
        # The example's vote goes to those who are there already: it is not to ring as well.
        await until(self.app, "SELECT 1 FROM sendings WHERE kind = 'poll' AND state = 'done'")
        await self.rings()
        await self.presses("1")
        await self.presses("1")
        await self.speaks()
        await self.hangs_up()

    async def is_rung(self) -> str:
        """A brief is due, and the phone rings; the message that rings."""
        async with self.app.db.write() as conn:
            due = "UPDATE sendings SET due_at = created_at FROM briefs WHERE kind = 'brief'"
            await conn.execute(sa.text(due))
        await until(self.app, "SELECT 1 FROM practice_posts WHERE parcel LIKE '%\"call\"%'")
        _, ringing = await self.app.phones.posts(self.me)
        (outbox,) = ringing
        return outbox

    async def _step(self, step: Step) -> str:
        return self._hears(await self.app.phones.step(self.me, step))

    @property
    def _action(self) -> str:
        return self.scene.wait.action

    def _hears(self, scene: Scene) -> str:
        self.scene = scene
        return " ".join(one.text for one in scene.heard)


def settings(folder: Path, **more: str) -> Settings:
    """An installation that knows no provider."""
    given = {
        "TAKEPART_DATABASE_URL": sqlite_url(folder / "takepart.db"),
        "TAKEPART_DATA_DIR": str(folder),
        "TAKEPART_SECRET_KEY": KEY.get_secret_value(),
    }
    return Settings.model_validate(given | more)


@asynccontextmanager
async def practising(folder: Path, migrated: Path) -> AsyncIterator[App]:
    """The service at work, with the example group in it."""
    shutil.copy(migrated, folder / "takepart.db")
    app = App(settings(folder), pages=routes)
    await app.start()
    try:
        await fill(app.db, secrets=app.secrets, ids=app.ids, now=app.clock())
        yield app
    finally:
        await app.stop()


@asynccontextmanager
async def port(app: App) -> AsyncIterator[str]:
    """The service's port; gives its address."""
    with listener() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        up = asyncio.Event()
        server = Server(app.web, up.set)
        task = asyncio.create_task(server.serve(sockets=[listening]))
        await up.wait()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


@asynccontextmanager
async def open_browser(app: App) -> AsyncIterator[ClientSession]:
    """What a browser is without its screen: it keeps cookies."""
    async with port(app) as url, ClientSession(url, cookie_jar=CookieJar(unsafe=True)) as session:
        yield session


async def rows(app: App, sql: str) -> Sequence[sa.Row[tuple[object, ...]]]:
    """What a SELECT finds."""
    async with app.db.read() as conn:
        return (await conn.execute(sa.text(sql))).all()


async def until(app: App, sql: str) -> Sequence[sa.Row[tuple[object, ...]]]:
    """Wait until a SELECT finds something."""
    async with asyncio.timeout(PATIENCE):
        while not (found := await rows(app, sql)):  # noqa: ASYNC110  # the store has no event
            await asyncio.sleep(0.02)
    return found


@pytest.fixture
async def app(tmp_path: Path, migrated: Path) -> AsyncIterator[App]:
    """The service at work, with the example group in it."""
    async with practising(tmp_path, migrated) as running:
        yield running


@pytest.fixture
async def pat(app: App) -> Somebody:
    """Somebody who has joined by text."""
    somebody = Somebody(app)
    await somebody.texts("JOIN GARDEN", "1", "Pat")
    return somebody


@pytest.fixture
async def browser(app: App) -> AsyncIterator[ClientSession]:
    """A browser at the service with the example group."""
    async with open_browser(app) as session:
        yield session
