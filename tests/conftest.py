"""What every test stands on: no settings of the machine's own, and a browser where there is one."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
pytest_plugins = ["tests.stores", "tests.practising"]
OURS = ("TAKEPART_", "TELEGRAM_", "TWILIO_")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-transcripts", action="store_true", help="write the transcripts anew")


@pytest.fixture(autouse=True, scope="session")
def no_real_accounts() -> Iterator[None]:
    """Take the machine's settings away, so that no test can write to a real person."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.upper().startswith(OURS)]:
            patch.delenv(name)
        yield


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where the system's Chromium is; the test is skipped where there is none."""
    finder = ROOT / ".ci" / "chromium"
    found = subprocess.run([finder, "--find"], capture_output=True, text=True, check=True).stdout.strip()
    if not found:
        pytest.skip("no Chromium on this machine")
    return found
