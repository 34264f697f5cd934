"""All rows of a database as plain values, read and written in the same way on every kind of database.

A row is a list of what JSON has, but for bytes, so that it can be written to a file as one line.
"""

import base64
import hashlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeDecorator, TypeEngine

from storage.columns import Moment, meta

Kind = Literal["text", "number", "real", "flag", "bytes", "json"]
Row = list[Any]
AT_ONCE = 1000

# The first that fits: a JSON column is passed on as the text that it is stored as.
KINDS: Sequence[tuple[type[TypeEngine[Any]], Kind]] = (
    (sa.JSON, "json"),
    (sa.LargeBinary, "bytes"),
    (sa.Boolean, "flag"),
    (Moment, "number"),
    (sa.Integer, "number"),
    (sa.Float, "real"),
    (sa.String, "text"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A table's name, and its columns with what is in them."""

    table: str
    columns: tuple[tuple[str, Kind], ...]


@dataclass(slots=True)
class Tally:
    """How many rows, and a sum of their hashes, for which their order does not matter."""

    rows: int = 0
    total: int = 0

    def add(self, line: bytes) -> None:
        self.rows += 1
        self.total = (self.total + int.from_bytes(hashlib.sha256(line).digest())) % 2**256

    @property
    def hash(self) -> str:
        return f"{self.total:064x}"


class _JsonText(TypeDecorator[str]):
    """JSON as it was written, and not what it means. SQLite would else give what is only a number as one."""

    impl = sa.Text
    cache_ok = True

    def column_expression(self, column: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
        return sa.cast(column, sa.Text)


class _ServerJson(_JsonText):
    """PostgreSQL wants to be told that a text is JSON."""

    cache_ok = True

    def bind_expression(self, bindparam: sa.BindParameter[str]) -> sa.ColumnElement[str]:
        return sa.cast(bindparam, sa.JSON)


TYPES: Mapping[Kind, type[TypeEngine[Any]]] = {
    "text": sa.Text,
    "number": sa.BigInteger,
    "real": sa.Float,
    "flag": sa.Boolean,
    "bytes": sa.LargeBinary,
}


def shapes() -> list[Shape]:
    """Every table as this version has it; what refers to another comes after it."""
    return [
        Shape(table=table.name, columns=tuple((column.name, kind_of(column)) for column in table.columns))
        for table in meta.sorted_tables
    ]


def kind_of(column: sa.Column[Any]) -> Kind:
    return next(kind for type_, kind in KINDS if isinstance(column.type, type_))


async def read(conn: AsyncConnection, shape: Shape) -> AsyncIterator[list[Row]]:
    """All rows of a table, many at a time, in no order."""
    found = await conn.stream(sa.select(_table(conn, shape)).execution_options(yield_per=AT_ONCE))
    texts = [n for n, (_, kind) in enumerate(shape.columns) if kind == "text"]
    async for part in found.partitions():
        yield [_plain(list(row), texts) for row in part]


async def write(conn: AsyncConnection, shape: Shape, rows: Sequence[Row]) -> None:
    """Insert rows."""
    names = [name for name, _ in shape.columns]
    if rows:
        made = [dict(zip(names, row, strict=True)) for row in rows]
        await conn.execute(sa.insert(_table(conn, shape)), made)


def line_of(shape: Shape, row: Row) -> bytes:
    """A row as a line of a file."""
    values = [
        base64.b64encode(value).decode() if kind == "bytes" and value is not None else value
        for value, (_, kind) in zip(row, shape.columns, strict=True)
    ]
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def row_of(shape: Shape, line: bytes) -> Row:
    """A line of a file as a row; raise ValueError."""
    return [
        base64.b64decode(value, validate=True) if kind == "bytes" and value is not None else value
        for value, (_, kind) in zip(json.loads(line), shape.columns, strict=True)
    ]


def _table(conn: AsyncConnection, shape: Shape) -> sa.TableClause:
    """Made from the shape alone: an older version's tables may be others than ours."""
    types = {**TYPES, "json": _ServerJson if conn.dialect.name == "postgresql" else _JsonText}
    return sa.table(shape.table, *(sa.column(name, types[kind]()) for name, kind in shape.columns))


def _plain(row: Row, texts: Sequence[int]) -> Row:
    """Without the sign 0, which PostgreSQL has in no text."""
    for n in texts:
        if row[n] and "\0" in row[n]:
            row[n] = row[n].replace("\0", "")
    return row
