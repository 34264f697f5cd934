"""Cells and names of files that do no harm where they are opened, and tables that go straight into a ZIP."""

import csv
import io
import re
import unicodedata
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from bot.exporting.folder import ENDINGS, plain_cell
from storage.given.reading import moment

MARK = "\ufeff"  # tells spreadsheets that a table is UTF-8
LONGEST = 40  # letters of one word in the name of a file


class Table:
    """A table on its way into a ZIP; `rows` counts what was put in."""

    def __init__(self, into: io.TextIOWrapper, columns: Sequence[str]) -> None:
        self._rows = csv.writer(into)
        self._columns = columns
        self.rows = 0
        self._rows.writerow(columns)

    def add(self, **row: Any) -> None:
        """Put in one row by its columns' names; what is not given is empty."""
        self._rows.writerow([plain_cell(_words(row.get(name))) for name in self._columns])
        self.rows += 1


@contextmanager
def table(archive: zipfile.ZipFile, name: str, columns: Sequence[str]) -> Iterator[Table]:
    """A table in the ZIP, written as it comes."""
    with (
        archive.open(name, "w", force_zip64=True) as raw,
        io.TextIOWrapper(raw, "utf-8", newline="") as words,
    ):
        words.write(MARK)
        yield Table(words, columns)


def counted(archive: zipfile.ZipFile, name: str) -> int:
    """How many rows a table in the ZIP has, read as a spreadsheet would; the heads are not counted."""
    with archive.open(name) as raw, io.TextIOWrapper(raw, "utf-8-sig", newline="") as words:
        return sum(1 for _ in csv.reader(words)) - 1


def file_name(day: str, flow: str, name: str, number: int, type_: str) -> str:
    """What a photo or recording is called: its day, what it is, who gave it, and a number of its own."""
    who = slug(name) or "without-a-name"
    return f"media/{day}-{slug(flow) or 'gift'}-{who}-{number:05}.{ENDINGS.get(type_, 'bin')}"


def slug(words: str) -> str:
    """Words as a part of a file's name on any machine: no path, no sign that means something there."""
    bare = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", bare)[:LONGEST].strip("-")


def _words(value: Any) -> Any:
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value
