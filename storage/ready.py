"""Statements that every batch of turns runs, made ready once for each kind of database.

What SQLAlchemy does anew for each execution and each row costs more than the row. Hand in the same
statement each time; all rows of one call have the same names.
"""

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import repeat
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.inline import Inline

# How long lists are made: each length is another statement to make ready.
LENGTHS = (1, 2, 4, *range(8, 128, 8), *(128 * 2**n for n in range(10)))

Statement = sa.Select[Any] | sa.Insert | sa.Update
Convert = Callable[[Any], Any]
Places = tuple[tuple[int, Convert], ...]  # those whose values the database has in another form


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A statement in the words of one kind of database. `names`: whose value goes to each place.

    `row` makes what is found a tuple that has the names of the columns.
    """

    text: str
    names: tuple[str, ...]
    fixed: Mapping[str, Any]  # values that nobody hands in
    converts: Places
    results: Places
    row: Callable[[Iterable[Any]], Any]

    def values(self, row: Mapping[str, Any]) -> tuple[Any, ...]:
        """What one row puts in the statement's places."""
        given = {**self.fixed, **row} if self.fixed else row
        return tuple(_converted([given[name] for name in self.names], self.converts))


def among(name: str) -> sa.BindParameter[Any]:
    """In a statement: a list that is handed in by this name."""
    return sa.bindparam(name, expanding=True)


async def write(conn: AsyncConnection, statement: Statement, rows: Sequence[Mapping[str, Any]]) -> int | None:
    """Execute a statement for each row; how many rows it changed, None where the database does not say."""
    if not rows:
        return 0
    ready = _ready(statement, conn.dialect, tuple(rows[0]), ())
    values = [ready.values(row) for row in rows]
    if file := _file(conn):
        with _told(conn):
            return file.executemany(ready.text, values).rowcount
    await conn.exec_driver_sql(ready.text, values)
    return None


async def read(conn: AsyncConnection, statement: Statement, **given: Any) -> Sequence[Any]:
    """The rows that a statement finds, as plain tuples with the names of its columns."""
    lists = {name: _padded(value) for name, value in given.items() if isinstance(value, list)}
    if any(not value for value in lists.values()):
        return []
    ready = _ready(statement, conn.dialect, tuple(given), tuple((n, len(v)) for n, v in lists.items()))
    single = {f"{name}_{n}": one for name, value in lists.items() for n, one in enumerate(value, 1)}
    values = ready.values(given | single)
    if file := _file(conn):
        with _told(conn):
            found: Sequence[Any] = file.execute(ready.text, values).fetchall()
    else:
        found = (await conn.exec_driver_sql(ready.text, values)).all()
    if not ready.results:
        return [ready.row(row) for row in found]
    return [ready.row(_converted(list(row), ready.results)) for row in found]


def _file(conn: AsyncConnection) -> sqlite3.Connection | None:
    """The plain connection to a file, which needs nothing between."""
    sync = conn.sync_connection
    driver = sync.connection.driver_connection if sync else None
    return driver.plain if isinstance(driver, Inline) else None


@contextmanager
def _told(conn: AsyncConnection) -> Iterator[None]:
    """Errors are told as SQLAlchemy tells them."""
    try:
        yield
    except sqlite3.Error as error:
        raise sa.exc.DBAPIError.instance(
            None, None, error, sqlite3.Error, hide_parameters=True, dialect=conn.dialect
        ) from error


def _padded(values: list[Any]) -> list[Any]:
    """Filled up with its last to one of a few lengths, so that few statements have to be made ready."""
    length = next((one for one in LENGTHS if one >= len(values)), len(values))
    return values + list(repeat(values[-1], length - len(values))) if values else values


def _converted(values: list[Any], places: Places) -> list[Any]:
    for place, convert in places:
        values[place] = convert(values[place])
    return values


@lru_cache(maxsize=512)
def _ready(
    statement: Statement, dialect: sa.Dialect, names: tuple[str, ...], lengths: tuple[tuple[str, int], ...]
) -> Ready:
    if lengths:
        lists = {name: [None] * length for name, length in lengths}
        statement = statement.params(dict.fromkeys(names) | lists)
    keys = list(names) if isinstance(statement, sa.Insert) else None
    compiled = statement.compile(
        dialect=dialect, column_keys=keys, compile_kwargs={"render_postcompile": bool(lengths)}
    )
    wide = {f"{name}_{n + 1}": compiled.binds[name] for name, length in lengths for n in range(length)}
    binds = {name: bind for name, bind in compiled.binds.items() if name not in dict(lengths)} | wide
    places = tuple(compiled.positiontup or ())
    columns = list(statement.selected_columns) if isinstance(statement, sa.Select) else []
    defaults = {column.name: _default(column) for column in compiled.insert_prefetch}
    return Ready(
        text=compiled.string,
        names=places,
        fixed={name: binds[name].value for name in places if name in binds and name not in (*names, *wide)}
        | defaults,
        converts=_places([binds[name].type.dialect_impl(dialect).bind_processor(dialect) for name in places]),
        results=_places([_reader(column, dialect) for column in columns]),
        row=_named([column.key for column in columns]),
    )


def _named(columns: Sequence[str | None]) -> Callable[[Iterable[Any]], Any]:
    """Makes a row of plain values a tuple with these names; a column without one has its place for a name."""
    kind: Any = namedtuple  # whose names are usually written out
    made: Callable[[Iterable[Any]], Any] = kind("row", [name or "" for name in columns], rename=True)._make
    return made


def _reader(column: Any, dialect: sa.Dialect) -> Convert | None:
    found: Convert | None = column.type.dialect_impl(dialect).result_processor(dialect, None)
    return found


def _places(converts: Sequence[Convert | None]) -> Places:
    return tuple((place, convert) for place, convert in enumerate(converts) if convert)


def _default(column: sa.Column[Any]) -> Any:
    """What stands in a column that no row names; our tables know plain values alone."""
    default = column.default
    if not isinstance(default, sa.ColumnDefault) or not default.is_scalar:
        raise TypeError(f"{column.name} has no plain default")
    return default.arg
