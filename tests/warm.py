"""Starts `takepart` commands in a moment: from a process that has loaded everything already.

Each is a process of its own all the same, which runs the command from its beginning.
"""

import asyncio
import gc
import json
import os
import subprocess
import sys
import threading
from typing import Any

from tests import log_lines


class Warm:
    """The process that others are made from, until it is closed."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            (sys.executable, "-m", "tests.warm"),
            cwd=log_lines.ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        self._turn = threading.Lock()

    async def begin(self, env: dict[str, str], *words: str, out: str) -> int:
        """Start a command that is told this and prints to that file; its process id."""
        err = log_lines.standard_error().name
        return await self._answer({"env": env, "words": words, "out": out, "err": err})

    async def ended(self, pid: int) -> int:
        """Wait until a command has ended; with what."""
        return await self._answer(pid)

    def close(self) -> None:
        """End, once all that was made from it has ended."""
        self._process.communicate()

    async def _answer(self, order: Any) -> int:
        return await asyncio.to_thread(self._ask, order)

    def _ask(self, order: Any) -> int:
        assert self._process.stdin and self._process.stdout
        with self._turn:
            self._process.stdin.write(f"{json.dumps(order)}\n")
            return int(self._process.stdout.readline())


def main() -> None:
    """Carry out orders: one begins a command, a process id is waited for."""
    from bot import app, cli  # noqa: F401  # the one that takes long to load

    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        order = json.loads(line)
        if isinstance(order, int):
            _, status = os.waitpid(order, 0)
            answer = os.waitstatus_to_exitcode(status)
        elif not (answer := os.fork()):
            _become(**order)
            return cli.main()
        print(answer, flush=True)  # noqa: T201  # it is what the tests read


def _become(env: dict[str, str], words: list[str], out: str, err: str) -> None:
    """The process that somebody would have who types this."""
    for number, path, how in ((0, os.devnull, os.O_RDONLY), (1, out, os.O_WRONLY), (2, err, os.O_WRONLY)):
        os.dup2(os.open(path, how), number)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = ["takepart", *words]


if __name__ == "__main__":
    main()
