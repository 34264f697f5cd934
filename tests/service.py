"""`takepart serve` in a process of its own, as an operator runs it, and the commands beside it."""

import asyncio
import json
import os
import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from aiohttp import ClientError, ClientSession

from tests import log_lines
from tests.fakes.telegram import TOKEN, BotApi
from tests.fakes.twilio import NUMBER, SID, FakeTwilio
from tests.fakes.twilio import TOKEN as AUTH

PATIENCE = 20.0
OURS = ("TAKEPART", "TWILIO", "TELEGRAM")


class Service:
    """One process, which can be stopped, killed and started again on the same port."""

    def __init__(self, env: dict[str, str], port: int) -> None:
        self.env, self.url = env, f"http://127.0.0.1:{port}"
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        """The process's id."""
        assert self._process
        return self._process.pid

    async def begin(self) -> None:
        """Start it, and wait for nothing."""
        self._process = await self._run("serve", stdout=asyncio.subprocess.DEVNULL)

    async def start(self) -> None:
        """Start it, and wait until it is ready."""
        await self.begin()
        await until(self.ready)

    async def stop(self) -> int:
        """Tell it to end; what it ended with."""
        assert self._process
        self._process.terminate()
        return await asyncio.wait_for(self._process.wait(), PATIENCE)

    def strike(self) -> None:
        """End it at once, in the middle of whatever it does."""
        assert self._process
        with suppress(ProcessLookupError):
            self._process.kill()

    async def kill(self) -> None:
        """End it at once, and wait until it is gone."""
        self.strike()
        assert self._process
        await self._process.wait()

    async def says(self, *words: str) -> Any:
        """What a command prints with --json."""
        process = await self._run(*words, "--json", stdout=asyncio.subprocess.PIPE)
        out, _ = await process.communicate()
        assert process.returncode == 0, words
        return json.loads(out)

    async def ready(self) -> bool:
        """Whether it says that it works."""
        try:
            async with ClientSession() as session, session.get(self.url + "/health/ready") as answer:
                return answer.status == 200
        except ClientError:
            return False

    async def _run(self, *words: str, stdout: int) -> asyncio.subprocess.Process:
        command = (sys.executable, "-m", "bot", *words)
        return await asyncio.create_subprocess_exec(
            *command, env=self.env, stdout=stdout, stderr=log_lines.standard_error(), cwd=Path.cwd()
        )


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
