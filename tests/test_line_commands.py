"""What staff do for somebody with a new phone, a PIN, or a namesake they were taken for."""

import io
import re
import sqlite3
from pathlib import Path

import pytest

from tests.terminal import Takepart


@pytest.fixture
def kind() -> str:
    """What commands say is the same on every kind of database."""
    return "sqlite"


@pytest.fixture
def sam(takepart: Takepart) -> str:
    takepart("group", "add", "GARDEN", "The Garden Group")
    return takepart("facilitator", "add", "GARDEN", "Sam", "--json").id


def test_a_code_to_come_back_has_seven_digits_and_is_kept_as_a_hash(
    takepart: Takepart, sam: str, tmp_path: Path
) -> None:
    made = takepart("member", "code", sam, "--json").json
    assert made["id"] == sam and re.fullmatch(r"[1-9]\d{6}", made["code"])
    with sqlite3.connect(tmp_path / "takepart.db") as kept:
        assert made["code"] not in "".join(kept.iterdump())


def test_a_code_is_said_with_how_to_use_it(takepart: Takepart, sam: str) -> None:
    said = takepart("member", "code", sam).out
    assert "Good once" in said and "take part already" in said


@pytest.mark.parametrize("command", [("member", "code", "{sam}"), ("invite", "GARDEN")])
def test_whoever_gives_a_code_away_stands_in_the_trail(
    takepart: Takepart, sam: str, command: tuple[str, ...]
) -> None:
    assert takepart(*(part.format(sam=sam) for part in command), "--by", "Sam").code == 0
    (first, *_) = takepart("audit", "GARDEN", "--json").json
    assert first["who"] == sam
    assert takepart(*(part.format(sam=sam) for part in command), "--by", "Nobody").code == 2


def test_codes_have_a_limit_a_day(takepart: Takepart, sam: str) -> None:
    said = [takepart("member", "code", sam).code for _ in range(21)]
    assert said == [0] * 20 + [2]


@pytest.mark.parametrize(("typed", "code"), [("7305\n", 0), ("73055\n", 2), ("seven\n", 2), ("\n", 2)])
def test_a_pin_is_four_numbers(
    takepart: Takepart, sam: str, monkeypatch: pytest.MonkeyPatch, typed: str, code: int
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    said = takepart("member", "pin", sam)
    assert said.code == code
    assert typed.strip() == "" or typed.strip() not in said.out + said.err


def test_a_pin_can_be_taken_away(takepart: Takepart, sam: str) -> None:
    assert takepart("member", "pin", sam, "--none", "--json").json == {"id": sam, "pin": False}


def test_who_was_never_joined_cannot_be_parted(takepart: Takepart, sam: str) -> None:
    said = takepart("member", "unjoin", sam)
    assert (said.code, said.err.count("\n")) == (2, 1)


def test_a_member_with_no_line_left_stands_so_in_the_list(
    takepart: Takepart, sam: str, tmp_path: Path
) -> None:
    with sqlite3.connect(tmp_path / "takepart.db") as kept:
        kept.execute("UPDATE members SET permission = 'member'")
    said = takepart("member", "list", "GARDEN").out
    assert "none left" in said and "takepart member code" in " ".join(said.split())
