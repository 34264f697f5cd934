"""The command as somebody at a terminal meets it: what is typed, what is printed, how it ends."""

import functools
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer

from bot import cli
from tests.stores import KEY


@dataclass
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def id(self) -> str:
        return str(self.json["id"])


Takepart = Callable[..., Said]
_build = cli.build


@functools.cache
def built() -> Any:
    """The command, put together once: that takes longer than most commands."""
    return typer.main.get_command(_build())


@pytest.fixture
def takepart(
    store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Takepart:
    """The command, on an empty store of its own."""
    monkeypatch.setattr(cli, "build", built)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TAKEPART_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("TAKEPART_DATABASE_URL", store_url)
    monkeypatch.setenv("TAKEPART_SECRET_KEY", KEY.get_secret_value())

    def run(*words: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["takepart", *words])
        capsys.readouterr()
        try:
            cli.main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return run
