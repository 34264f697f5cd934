"""What every test stands on: no settings of the machine's own, and a browser where there is one."""

import gc
import logging
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import settings

from tests import log_lines

ROOT = Path(__file__).parent.parent
# No test asserts a time; in CI the same examples are tried each time.
settings.register_profile("takepart", deadline=None, derandomize="CI" in os.environ)
settings.register_profile("long", deadline=None, max_examples=5000)  # pytest --hypothesis-profile long
settings.load_profile("takepart")
pytest_plugins = [
    "tests.buckets",
    "tests.console",
    "tests.gatherings",
    "tests.longest_first",
    "tests.practising",
    "tests.service",
    "tests.stores",
    "tests.stories",
    "tests.terminal",
    "tests.world",
]
pytest.register_assert_rewrite(*pytest_plugins)  # before one of them loads another
OURS = ("TAKEPART_", "TELEGRAM_", "TWILIO_", "AWS_")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-transcripts", action="store_true", help="write the transcripts anew")
    parser.addoption(
        "--crashes", type=int, default=30, help="how often the service is killed in a crash test"
    )
    parser.addoption("--seed", type=int, default=1, help="what chance begins with, where a test leaves to it")


def pytest_collection_finish() -> None:
    """What was loaded stays to the end: looking for garbage in it would cost each test its share."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="session")
def no_real_accounts() -> Iterator[None]:
    """Take the machine's settings away, so that no test can write to a real person."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.upper().startswith(OURS)]:
            patch.delenv(name)
        yield


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Iterator[None]:
    """A command that sends the log to its own standard error does not send later tests' there."""
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    structlog.reset_defaults()
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


@pytest.fixture(autouse=True, scope="session")
def log_is_watched() -> Iterator[None]:
    """Look at every line that any test makes the service log."""
    plain = logging.getLogRecordFactory()
    with pytest.MonkeyPatch.context() as patch:
        log_lines.watch(patch)
        yield
    logging.setLogRecordFactory(plain)


@pytest.fixture(autouse=True)
def nobody_in_the_log() -> Iterator[None]:
    """No line of this test's holds what could be a member's words, name or number."""
    yield
    assert log_lines.faults() == []


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where the system's Chromium is; the test is skipped where there is none."""
    finder = ROOT / ".ci" / "chromium"
    found = subprocess.run([finder, "--find"], capture_output=True, text=True, check=True).stdout.strip()
    if not found:
        pytest.skip("no Chromium on this machine")
    return found
