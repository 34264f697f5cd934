"""Conversations as members have them: each transcript is replayed and must read as it stands.

After a change that is meant: `pytest tests/test_transcripts.py --write-transcripts`; read the difference.
"""

from pathlib import Path

import pytest

from tests.scenes import shipped
from tests.transcripts import CHANNELS, FOLDER, replay, sections

FILES = sorted(FOLDER.glob("*.txt"))


def read(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def settle(file: Path, played: str, *, write: bool) -> None:
    if write:
        file.write_text(played, encoding="utf-8")
    assert played == read(file)


@pytest.mark.parametrize("file", [pytest.param(file, id=file.stem) for file in FILES])
async def test_the_conversation_goes_as_written(file: Path, request: pytest.FixtureRequest) -> None:
    settle(file, await replay(read(file)), write=request.config.getoption("--write-transcripts"))


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("flow", sorted(shipped().current))
def test_every_flow_has_a_transcript_on_every_channel(flow: str, channel: str) -> None:
    file = FOLDER / f"{flow.replace(' ', '-')}.txt"
    _, found = sections(read(file))
    assert any(one.channel == channel and any(line[:2] == "> " for line in one.lines) for one in found)
