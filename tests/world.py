"""The whole service for a test: a store of its own, a Telegram and a Twilio of the tests', a clock to turn.

async def test_something(world: World) -> None:
    await world.group("GARDEN")
    await world.twilio.text(ADA, "JOIN GARDEN")
    await world.twilio.next_text(ADA)
    assert await world.count("members") == 0
"""

import asyncio
import shutil
import socket
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.app import App
from bot.sending.lanes import WIDTHS
from bot.serving import Server
from bot.settings import Settings
from storage.members.groups import Home, add_group
from tests.fakes.telegram import BotApi
from tests.fakes.telegram_people import Person
from tests.fakes.twilio import FakeTwilio
from tests.stores import KEY, sqlite_url

ADA, BEN = "+447700900101", "+447700900102"
TUESDAY = datetime(2026, 3, 10, 11, 0, tzinfo=UTC)
PATIENCE = 20.0
# No test needs to wait for a provider's pace.
AT_ONCE = {name: replace(width, speed=WIDTHS["practice"].speed) for name, width in WIDTHS.items()}


class Clock:
    """Runs like any other from the moment it is set to, and can be put forward."""

    def __init__(self, at: datetime = TUESDAY) -> None:
        self._at = at
        self._began = time.monotonic()

    def __call__(self) -> datetime:
        return self._at + timedelta(seconds=time.monotonic() - self._began)

    def forward(self, span: timedelta) -> None:
        """Let so much time have passed."""
        self._at += span

    def set(self, at: datetime) -> None:
        """Let it be this moment."""
        self._at, self._began = at, time.monotonic()


class World:
    """The running service at `url` and everybody around it."""

    def __init__(
        self,
        app: App,
        url: str,
        clock: Clock,
        telegram: BotApi,
        twilio: FakeTwilio,
        given: Mapping[str, str],
    ) -> None:
        self.app = app
        self.url = url
        self.given = given  # the settings
        self.clock = clock
        self.telegram = telegram
        self.twilio = twilio

    async def group(self, code: str = "GARDEN", *, name: str = "Garden Group", **more: Any) -> Home:
        """Make a group."""
        async with self.app.db.write() as conn:
            return await add_group(conn, id=self.app.ids(), code=code, name=name, now=self.clock(), **more)

    async def rows(self, sql: str, **values: Any) -> Sequence[sa.Row[Any]]:
        """What a SELECT finds in the store."""
        async with self.app.db.read() as conn:
            return (await conn.execute(sa.text(sql), values)).all()

    async def count(self, table: str) -> int:
        """How many rows a table has."""
        return int((await self.rows(f"SELECT count(*) FROM {table}"))[0][0])  # noqa: S608  # a test's own word

    async def until(self, sql: str, *, wait: float = PATIENCE, **values: Any) -> Sequence[sa.Row[Any]]:
        """Wait until a SELECT finds something, and give it."""
        end = time.monotonic() + wait
        while time.monotonic() < end:
            found = await self.rows(sql, **values)
            if found:
                return found
            await asyncio.sleep(0.02)
        raise AssertionError(f"nothing came of {sql}")

    async def joined(self, number: str, *, code: str = "GARDEN", name: str = "Ada") -> None:
        """Somebody joins by text and has had every answer."""
        had = len(self.twilio.sent_to(number))
        for n, words in enumerate((f"JOIN {code}", "1", name)):
            await self.twilio.text(number, words)
            await self.twilio.next_text(number, after=had + n)

    async def texts(self, number: str, *words: str) -> list[str]:
        """Somebody sends texts, waiting for the first answer to each; gives those answers."""
        answers = []
        for said in words:
            had = len(self.twilio.sent_to(number))
            await self.twilio.text(number, said)
            answers.append(await self.twilio.next_text(number, after=had))
        return answers

    async def writes(self, person: Person, words: str) -> int:
        """Somebody writes on Telegram and is answered; gives the message's id."""
        had = len(person.heard())
        message = person.writes(words)
        await self.met(lambda: len(person.heard()) > had)
        return message

    async def met(self, condition: Callable[[], bool], *, wait: float = PATIENCE) -> None:
        """Wait until something holds."""
        end = time.monotonic() + wait
        while not condition():
            assert time.monotonic() < end, "what was waited for did not happen"
            await asyncio.sleep(0.02)


@asynccontextmanager
async def open_world(
    folder: Path, migrated: Path, *, webhooks: bool = True, at: datetime = TUESDAY, **more: str
) -> AsyncIterator[World]:
    """Everything running. Without `webhooks` there is no public address: Telegram is polled.

    `more` are further settings.
    """
    shutil.copy(migrated, folder / "takepart.db")
    with listener() as listening:
        url = _listen(listening)
        clock = Clock(at)
        async with BotApi() as telegram, FakeTwilio(service=url, clock=clock) as twilio:
            given = {
                "TAKEPART_DATABASE_URL": sqlite_url(folder / "takepart.db"),
                "TAKEPART_DATA_DIR": str(folder),
                "TAKEPART_SECRET_KEY": KEY.get_secret_value(),
                "TELEGRAM_BOT_TOKEN": telegram.token,
                "TELEGRAM_API_URL": telegram.url,
                "TWILIO_ACCOUNT_SID": twilio.sid,
                "TWILIO_AUTH_TOKEN": twilio.token,
                "TWILIO_API_URL": twilio.url,
                "TWILIO_NUMBER": twilio.number,
                **({"TAKEPART_PUBLIC_URL": url} if webhooks else {}),
                **more,
            }
            app = App(Settings.model_validate(given), clock=clock, widths=AT_ONCE)
            async with _serving(app, listening):
                yield World(app, url, clock, telegram, twilio, given)


@asynccontextmanager
async def open_beside(world: World, folder: Path) -> AsyncIterator[World]:
    """Another process of the same service, behind the same address, with a port and folder of its own."""
    with listener() as listening:
        url = _listen(listening)
        settings = Settings.model_validate({**world.given, "TAKEPART_DATA_DIR": str(folder)})
        app = App(settings, clock=world.clock, widths=AT_ONCE)
        async with _serving(app, listening):
            yield World(app, url, world.clock, world.telegram, world.twilio, world.given)


def listener() -> socket.socket:
    """One that says that it is TCP: else asyncio leaves small packets waiting, 40 ms for each answer."""
    return socket.socket(proto=socket.IPPROTO_TCP)


def _listen(listening: socket.socket) -> str:
    """Open a port; the address that leads to it."""
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    return f"http://127.0.0.1:{listening.getsockname()[1]}"


@asynccontextmanager
async def _serving(app: App, listening: socket.socket) -> AsyncIterator[None]:
    await app.start()
    up = asyncio.Event()
    server = Server(app.web, up.set)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        await up.wait()
        yield
    finally:
        server.should_exit = True
        await task
        await app.stop()


@pytest.fixture
async def world(tmp_path: Path, migrated: Path) -> AsyncIterator[World]:
    """The service with a public address, so that every provider knocks at its port."""
    async with open_world(tmp_path, migrated) as opened:
        yield opened
