"""Puts rows into every table there is, with the oddest values that each column may have."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import sqlalchemy as sa

from storage.columns import Moment, meta
from storage.database import Database
from storage.keeping.holding import DOUBT, HELD

ROWS = 3  # of each table
WORDS = ("", "Ada", 'Ŵyn\'s 🌳\r\n"quoted"', "\u2028 line", "=1+1", "null", '{"a": 1}', "x" * 3000)
ANSWERS: Sequence[Any] = (None, {}, {"entry": {"text": "Ŵyn 🌳", "n": 1.5}}, ["a", None, True], "null", 0)
# Whoever holds a lease holds it where the rows come from, and not where they go.
LEASES = frozenset({"leased_by", "leased_until"})
# What lets somebody in to the pages, and what was written out, is not to come back to life elsewhere.
KEYS = frozenset({"sessions", "session_members", "sign_ins", "exports", "export_parts"})
OURS = frozenset({HELD, DOUBT})
THEN = datetime(2026, 3, 3, 12, 0, 0, 123456, tzinfo=UTC)


async def fill(db: Database, *, seed: int = 1) -> None:
    """Some rows in each table, each of which refers to rows that are there."""
    chance = Random(seed)
    made: dict[str, list[dict[str, Any]]] = {}
    async with db.write() as conn:
        for table in meta.sorted_tables:
            columns = [column for column in table.columns if column.name not in LEASES]
            rows = [{one.name: _value(one, n, made, chance) for one in columns} for n in range(ROWS)]
            made[table.name] = rows if table.name != "leases" else []
            if made[table.name]:
                await conn.execute(sa.insert(table), rows)


async def everything(db: Database) -> Mapping[str, Sequence[str]]:
    """All that is there and that a copy must have, table by table."""
    found: dict[str, list[str]] = {}
    async with db.read() as conn:
        for table in meta.sorted_tables:
            if table.name in KEYS:
                continue
            rows = (await conn.execute(sa.select(table))).mappings().all()
            theirs = [row for row in rows if table.name != "marks" or row["name"] not in OURS]
            found[table.name] = sorted(repr(_kept(dict(row))) for row in theirs)
    return found


async def keys(db: Database) -> int:
    """How much there is of what must not come along: sessions, links, codes, exports."""
    async with db.read() as conn:
        tables = [sa.select(sa.func.count()).select_from(meta.tables[name]) for name in sorted(KEYS)]
        return sum([await conn.scalar(table) or 0 for table in tables])


def _kept(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in LEASES}


def _value(column: sa.Column[Any], n: int, made: Mapping[str, Any], chance: Random) -> Any:
    """The second row is as empty as it may be."""
    if column.nullable and n == 1:
        return None
    for key in column.foreign_keys:
        return made[key.column.table.name][n][key.column.name]
    if column.primary_key or column.unique or _in_unique(column):
        return _own(column, n)
    return _odd(column, chance)


def _odd(column: sa.Column[Any], chance: Random) -> Any:
    match column.type:
        case Moment():
            return THEN + timedelta(microseconds=chance.randrange(10**12))
        case sa.JSON():
            return chance.choice(ANSWERS)
        case sa.Boolean():
            return chance.random() < 0.5
        case sa.Integer():
            return chance.randrange(-(2**31), 2**31)
        case sa.Float():
            return chance.random()
        case sa.LargeBinary():
            return chance.randbytes(32)
        case sa.String():
            return chance.choice(WORDS)[: column.type.length]
    raise LookupError(f"nothing is made up for {column}")


def _own(column: sa.Column[Any], n: int) -> Any:
    """A value that no other row has."""
    if isinstance(column.type, sa.Integer):
        return n
    return bytes([n]) * 32 if isinstance(column.type, sa.LargeBinary) else f"{column.name[:2]}{n}"


def _in_unique(column: sa.Column[Any]) -> bool:
    sets = [one for one in column.table.constraints if isinstance(one, sa.UniqueConstraint)]
    return any(column.name in one.columns for one in sets)
