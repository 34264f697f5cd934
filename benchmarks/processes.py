"""Starts what is measured, each in a process on a core of its own, and reads what it has cost."""

import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks.crowd import KEY, url
from benchmarks.letters import BOT_TOKEN, NUMBER, PUBLIC, SECRET, SID, TOKEN
from bot.settings import Settings

CORES = sorted(os.sched_getaffinity(0))
SERVER, GENERATOR = CORES[0], CORES[-1]
NOWHERE = "http://127.0.0.1:9"  # nobody listens at the discard port
PATIENCE = 30  # seconds to start or to end
MB = 1024 * 1024


class Process:
    """One that runs and listens at `port`."""

    def __init__(self, pid: int, port: int) -> None:
        self.pid = pid
        self.port = port

    def cpu(self) -> float:
        """The seconds of processor time it has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def look(self) -> None:
        """Have a service that was started to be `seen` begin to look where its time goes."""
        os.kill(self.pid, signal.SIGUSR1)

    def resident(self) -> float:
        """The memory it holds, in MB."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / MB


@contextmanager
def folder() -> Iterator[Path]:
    """A folder that goes with the benchmark."""
    with tempfile.TemporaryDirectory(prefix="takepart-bench-") as made:
        yield Path(made)


@contextmanager
def yardstick() -> Iterator[Process]:
    """A server with neither engine nor store."""
    port = free_port()
    with _started("benchmarks.yardstick", str(port), "--core", str(SERVER), port=port, env={}) as process:
        yield process


@contextmanager
def service(
    data: Path, *, lanes: bool = False, api: str = NOWHERE, seen: Path | None = None
) -> Iterator[Process]:
    """The real service on the store in this folder; `api` is where its providers are, with `lanes` on.

    It writes to `seen` where its time went.
    """
    port = free_port()
    env = _settings(data, port, api)
    more = (*(("--lanes",) if lanes else ()), *(("--seen", str(seen)) if seen else ()))
    words = ("benchmarks.service", "--core", str(SERVER), *more)
    with _started(*words, port=port, env=env) as process:
        yield process


@contextmanager
def providers() -> Iterator[Process]:
    """A Bot API and a Twilio, beside the generator."""
    port = free_port()
    words = ("benchmarks.providers", str(port), "--core", str(GENERATOR))
    with _started(*words, port=port, env={}) as process:
        yield process


def settings(data: Path) -> Settings:
    """The service's settings, for one in this process."""
    return Settings.model_validate(_settings(data, free_port(), NOWHERE))


def generate_here() -> None:
    """Keep this process off the server's core."""
    os.sched_setaffinity(0, {GENERATOR})


def free_port() -> int:
    """A port that nobody uses."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _settings(data: Path, port: int, api: str) -> dict[str, str]:
    return {
        "TAKEPART_DATABASE_URL": url(data),
        "TAKEPART_DATA_DIR": str(data),
        "TAKEPART_PUBLIC_URL": PUBLIC,
        "TAKEPART_SECRET_KEY": KEY.get_secret_value(),
        "TAKEPART_PORT": str(port),
        "TELEGRAM_BOT_TOKEN": BOT_TOKEN,
        "TELEGRAM_API_URL": api,
        "TELEGRAM_WEBHOOK_SECRET": SECRET,
        "TWILIO_ACCOUNT_SID": SID,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_API_URL": api,
        "TWILIO_NUMBER": NUMBER,
    }


@contextmanager
def _started(*words: str, port: int, env: Mapping[str, str]) -> Iterator[Process]:
    """Run a module until the block ends; what it complains of is told where it does not start."""
    with tempfile.TemporaryFile() as told:
        process = subprocess.Popen(  # noqa: S603
            (sys.executable, "-m", *words), env={**os.environ, **env}, stdout=subprocess.PIPE, stderr=told
        )
        try:
            if not _ready(process):
                told.seek(0)
                raise RuntimeError(f"{words[0]} did not start:\n{told.read().decode()}")
            yield Process(process.pid, port)
        finally:
            _end(process)


def _ready(process: subprocess.Popen[bytes]) -> bool:
    """Wait for its one word."""
    if process.stdout is None or not select.select([process.stdout], [], [], PATIENCE)[0]:
        return False
    return process.stdout.readline().strip() == b"ready"


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let it finish, and no longer than that."""
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()
