"""Starts `takepart serve` again and again in a moment: from a process that has loaded everything already.

Each service is a process of its own all the same, which runs the command from its beginning.
"""

import asyncio
import json
import os
import sys
from types import TracebackType
from typing import Any, Self

from tests import log_lines


class Warm:
    """The process that others are made from. `async with` begins and ends it."""

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.warm"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log_lines.standard_error(),
        )
        self._turn = asyncio.Lock()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        await self._process.wait()

    async def begin(self, env: dict[str, str]) -> int:
        """Start a service that is told this; its process id."""
        return await self._asked(env)

    async def gone(self, pid: int) -> None:
        """Wait until a service that was ended is no more."""
        await self._asked(pid)

    async def _asked(self, order: Any) -> int:
        assert self._process.stdin and self._process.stdout
        async with self._turn:
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            return int(await self._process.stdout.readline())


def main() -> None:
    """Carry out orders: settings begin a service, a process id is waited for."""
    from bot import app, cli  # noqa: F401  # the one that takes long to load

    for line in sys.stdin:
        order = json.loads(line)
        pid = order if isinstance(order, int) else os.fork()
        if pid == 0:
            _serve(order)
        if pid == order:
            os.waitpid(pid, 0)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


def _serve(env: dict[str, str]) -> None:
    from bot import cli

    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = ["takepart", "serve"]
    try:
        cli.main()
    finally:
        os._exit(1)


if __name__ == "__main__":
    main()
