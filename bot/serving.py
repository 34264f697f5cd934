"""Runs the service behind its port until it is told to end."""

import asyncio
import gc
import signal
import socket
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from types import FrameType
from typing import Any, Protocol

import uvicorn
from starlette.types import ASGIApp
from uvicorn.loops.auto import auto_loop_factory

GRACE = 20  # seconds that requests under way may take when the service ends
OFTEN = (20_000, 20, 50)  # new things until the collector looks at the youngest, the next and all


class PortTaken(Exception):
    """We cannot listen where we are to listen: one sentence for the operator."""


class Service(Protocol):
    """What is run: its pages are there once it has started."""

    @property
    def web(self) -> ASGIApp: ...
    async def start(self) -> None: ...
    async def stop(self) -> None: ...


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run to the end on the quickest loop there is: uvloop, where it is installed."""
    with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
        runner.run(work)


async def serve(service: Service, host: str, port: int, *, ready: Callable[[], None] = lambda: None) -> None:
    """Start, open the port last, end in the reverse order; `ready` is called once the port is open.

    Raise PortTaken before anything begins to send.
    """
    listening = _reserve(host, port)
    try:
        await service.start()
        _settle()
        try:
            await Server(service.web, ready).serve(sockets=[listening])
        finally:
            await service.stop()
    finally:
        listening.close()


def _settle() -> None:
    """What was made to start with stays: looking for garbage in it would cost each turn its share."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*OFTEN)


class Server(uvicorn.Server):
    """Tells when it is up. Nothing of a request is logged: addresses carry ids of calls and messages."""

    def __init__(self, web: ASGIApp, ready: Callable[[], None] = lambda: None) -> None:
        super().__init__(
            uvicorn.Config(
                web,
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=GRACE,
                lifespan="off",
            )
        )
        self._ready = ready

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End. Unlike uvicorn we do not raise the signal again, which would end us half-way through."""
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the port, then say so."""
        await super().startup(sockets=sockets)
        if self.started:
            self._ready()


def _reserve(host: str, port: int) -> socket.socket:
    with ExitStack() as opened:
        try:
            family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            listening = opened.enter_context(socket.socket(family, kind, proto))
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            listening.listen(256)
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise PortTaken(
                f"Port {port} of {host} cannot be used ({why}): stop what uses it, or set TAKEPART_PORT."
            ) from error
        opened.pop_all()
    return listening
