"""Column types that mean the same on SQLite and PostgreSQL, and the shapes that tables repeat."""

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator

# Constraints have names of their own, so that a migration can change them on any database.
meta = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY, SECOND = 86_400, 1_000_000  # seconds, microseconds


def micros(moment: datetime) -> int:
    """A moment as it is stored, to be counted with."""
    since = moment - EPOCH
    return (since.days * DAY + since.seconds) * SECOND + since.microseconds


class Moment(TypeDecorator[datetime]):
    """An aware UTC time as whole microseconds since 1970: sorts, compares and travels anywhere."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> int | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone was to be stored")
        return micros(value)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        return None if value is None else EPOCH + timedelta(microseconds=value)


def key() -> sa.Column[str]:
    """The primary key of a thing that has an id of its own."""
    return sa.Column("id", sa.String(40), primary_key=True)


def some(name: str) -> sa.Index:
    """An index of the rows that have this at all, where few do."""
    there = sa.text(f"{name} IS NOT NULL")
    return sa.Index(None, name, sqlite_where=there, postgresql_where=there)


def ref(
    name: str, to: str, *, null: bool = False, gone: str = "CASCADE", primary: bool = False
) -> sa.Column[str]:
    """A reference to the id of another table; `gone` says what happens when that row goes."""
    target = sa.ForeignKey(to + ".id", ondelete=gone)
    return sa.Column(name, sa.String(40), target, nullable=null, primary_key=primary)


def moment(name: str, *, null: bool = True) -> sa.Column[datetime]:
    return sa.Column(name, Moment, nullable=null)


def word(name: str, default: str | None = None, *, null: bool = False) -> sa.Column[str]:
    """A short word of ours: a state, a kind, a channel."""
    return sa.Column(name, sa.String(40), nullable=null, default=default)


def text(name: str, default: str | None = "", *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=null, default=default)


def flag(name: str, default: bool = False) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False, default=default)


def count(name: str, default: int | None = 0, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=null, default=default)


def json(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.JSON, nullable=True)


def sealed(name: str) -> sa.Column[bytes]:
    """Encrypted with the service's key; see `secrets`."""
    return sa.Column(name, sa.LargeBinary, nullable=True)


def keyed(name: str, *, unique: bool = False, null: bool = False) -> sa.Column[bytes]:
    """A keyed hash: finds an address or a provider's id again without holding it."""
    return sa.Column(name, sa.LargeBinary(32), nullable=null, unique=unique)
