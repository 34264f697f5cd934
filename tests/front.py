"""One public address before several processes: what comes goes to any of them that is there."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from itertools import cycle
from types import TracebackType
from typing import Self

CHUNK = 65536


class Front:
    """Passes each connection on to the next port that takes it. `async with` opens it."""

    def __init__(self, ports: Sequence[int]) -> None:
        self._ports = cycle(ports)
        self._number = len(ports)
        self.url = ""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._pass_on, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(self._number):
            with suppress(OSError):
                there, back = await asyncio.open_connection("127.0.0.1", next(self._ports))
                await asyncio.gather(_copy(reader, back), _copy(there, writer))
                break
        writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Until one side ends; then the other is ended too."""
    with suppress(OSError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
    writer.close()
