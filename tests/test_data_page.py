"""The page about data names every column of every table: why it is there, how long, and who sees it."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from storage.tables import meta

PAGE = (Path(__file__).parent.parent / "docs" / "data.md").read_text(encoding="utf-8")
SECTION = re.compile(r"^### (\w+)\n(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| (`.+?) \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
OTHERS = ("Telegram", "Twilio", "the phone companies", "the host", "the bucket", "backups")


def told(page: str) -> Mapping[str, list[str]]:
    """The columns that have a row with all of its cells, by table."""
    return {
        table: [name for cells in ROW.findall(body) for name in re.findall(r"`(\w+)`", cells[0])]
        for table, body in SECTION.findall(page)
    }


@pytest.mark.parametrize("table", sorted(meta.tables))
def test_every_column_has_its_row(table: str) -> None:
    named = told(PAGE).get(table, [])
    lacking = [column.name for column in meta.tables[table].columns if column.name not in named]
    assert lacking == [], f"docs/data.md says nothing of these columns of {table}"


def test_nothing_is_told_of_that_is_not_there() -> None:
    there = {(table.name, column.name) for table in meta.sorted_tables for column in table.columns}
    named = [(table, column) for table, columns in told(PAGE).items() for column in columns]
    assert sorted(set(named) - there) == []
    assert len(named) == len(set(named))


@pytest.mark.parametrize("who", OTHERS)
def test_whoever_else_handles_words_is_named(who: str) -> None:
    assert re.search(rf"^\| {who}", PAGE, flags=re.MULTILINE)


def test_a_column_without_a_row_is_found() -> None:
    without = re.sub(r"`address`, ", "", PAGE).replace("| `address` |", "| |")
    assert "address" not in told(without)["lines"]
