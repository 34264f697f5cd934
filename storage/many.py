"""Runs a statement for many rows, made ready once.

What SQLAlchemy does anew for each row costs more than writing the row.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

Statement = sa.Insert | sa.Update
Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A statement in the words of one kind of database. `names`: whose value goes to each place."""

    text: str
    names: tuple[str, ...]
    converts: tuple[tuple[int, Convert], ...]  # the places whose values are stored in another form
    fixed: Mapping[str, Any]  # values that no row gives

    def values(self, row: Mapping[str, Any]) -> tuple[Any, ...]:
        """What one row puts in the statement's places."""
        found = list(itemgetter(*self.names)({**self.fixed, **row} if self.fixed else row))
        for place, convert in self.converts:
            found[place] = convert(found[place])
        return tuple(found)


async def run(conn: AsyncConnection, statement: Statement, rows: Sequence[Mapping[str, Any]]) -> None:
    """Execute a statement for each row; all have the same names. Hand in the same statement each time."""
    if rows:
        ready = _ready(statement, conn.dialect, tuple(rows[0]))
        await conn.exec_driver_sql(ready.text, [ready.values(row) for row in rows])


@lru_cache(maxsize=256)
def _ready(statement: Statement, dialect: sa.Dialect, names: tuple[str, ...]) -> Ready:
    keys = list(names) if isinstance(statement, sa.Insert) else None
    compiled = statement.compile(dialect=dialect, column_keys=keys)
    places = tuple(compiled.positiontup or ())
    converts = [compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect) for name in places]
    given = {name: bind.value for name, bind in compiled.binds.items() if name not in names}
    defaults = {column.name: _default(column) for column in compiled.insert_prefetch}
    return Ready(
        text=compiled.string,
        names=places,
        converts=tuple((place, convert) for place, convert in enumerate(converts) if convert),
        fixed=given | defaults,
    )


def _default(column: sa.Column[Any]) -> Any:
    """What stands in a column that no row names; our tables know plain values alone."""
    default = column.default
    if not isinstance(default, sa.ColumnDefault) or not default.is_scalar:
        raise TypeError(f"{column.name} has no plain default")
    return default.arg
