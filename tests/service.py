"""`takepart serve` in a process of its own, as an operator runs it, and the commands beside it."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Protocol

import pytest
from aiohttp import ClientError, ClientSession

from tests import log_lines
from tests.fakes.telegram import TOKEN, BotApi
from tests.fakes.twilio import NUMBER, SID, FakeTwilio
from tests.fakes.twilio import TOKEN as AUTH
from tests.warm import Warm

PATIENCE = 20.0
OURS = ("TAKEPART", "TWILIO", "TELEGRAM")


class Starter(Protocol):
    """Starts commands, each in a process of its own."""

    async def begin(self, env: dict[str, str], *words: str, out: str) -> int:
        """Start a command that is told this and prints to that file; its process id."""

    async def ended(self, pid: int) -> int:
        """Wait until a command has ended; with what."""


class Cold:
    """Starts commands as an operator does, which takes a second of loading for each."""

    def __init__(self) -> None:
        self._begun: dict[int, subprocess.Popen[bytes]] = {}

    async def begin(self, env: dict[str, str], *words: str, out: str) -> int:
        """Start a command that is told this and prints to that file; its process id."""
        return await asyncio.to_thread(self._begin, env, words, out)

    async def ended(self, pid: int) -> int:
        """Wait until a command has ended; with what."""
        return await asyncio.to_thread(self._begun.pop(pid).wait)

    def _begin(self, env: dict[str, str], words: Sequence[str], out: str) -> int:
        command, err = (sys.executable, "-m", "bot", *words), log_lines.standard_error()
        with open(out, "w") as printed:
            process = subprocess.Popen(command, env=env, stdout=printed, stderr=err, cwd=log_lines.ROOT)
        self._begun[process.pid] = process
        return process.pid


class Service:
    """One process, which can be stopped, killed and started again on the same port."""

    def __init__(self, env: dict[str, str], port: int, starter: Starter) -> None:
        self.env, self.url = env, f"http://127.0.0.1:{port}"
        self.pid = 0  # while there is one
        self._starter = starter

    async def begin(self) -> None:
        """Start it, and wait for nothing."""
        self.pid = await self._starter.begin(self.env, "serve", out=os.devnull)

    async def start(self) -> None:
        """Start it, and wait until it is ready."""
        await self.begin()
        await until(self.ready)

    async def stop(self) -> int:
        """Tell it to end; what it ended with."""
        os.kill(self.pid, signal.SIGTERM)
        return await asyncio.wait_for(self._ended(), PATIENCE)

    def strike(self) -> None:
        """End it at once, in the middle of whatever it does; if it is there at all."""
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)

    async def kill(self) -> None:
        """End it at once, and wait until it is gone."""
        self.strike()
        if self.pid:
            await self._ended()

    async def _ended(self) -> int:
        pid, self.pid = self.pid, 0
        return await self._starter.ended(pid)

    async def says(self, *words: str) -> Any:
        """What a command prints with --json."""
        with NamedTemporaryFile("r") as out:
            pid = await self._starter.begin(self.env, *words, "--json", out=out.name)
            assert await self._starter.ended(pid) == 0, words
            return json.load(out)

    async def ready(self) -> bool:
        """Whether it says that it works."""
        try:
            async with ClientSession() as session, session.get(self.url + "/health/ready") as answer:
                return answer.status == 200
        except ClientError:
            return False


@pytest.fixture(scope="session")
def warm() -> Iterator[Warm]:
    """What starts commands in a moment."""
    starter = Warm()
    yield starter
    starter.close()


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def environment(folder: Path, port: int, telegram: BotApi, twilio: FakeTwilio, **more: str) -> dict[str, str]:
    """What a service behind this port is told; `more` are further settings."""
    machine = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    given = {
        "TAKEPART_DATA_DIR": str(folder),
        "TAKEPART_HOST": "127.0.0.1",
        "TAKEPART_PORT": str(port),
        "TAKEPART_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "TELEGRAM_BOT_TOKEN": TOKEN,
        "TELEGRAM_API_URL": telegram.url,
        "TWILIO_ACCOUNT_SID": SID,
        "TWILIO_AUTH_TOKEN": AUTH,
        "TWILIO_API_URL": twilio.url,
        "TWILIO_NUMBER": NUMBER,
    }
    return machine | given | more


async def until(met: Callable[[], Awaitable[Any]]) -> Any:
    """Wait until something is so, and give it."""
    async with asyncio.timeout(PATIENCE):
        while not (found := await met()):  # noqa: ASYNC110  # another process: nobody here can tell us
            await asyncio.sleep(0.05)
        return found
