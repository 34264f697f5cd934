"""Brings a database to the shape that this code expects, in one transaction, at every start.

A new migration is a file in `versions`, written by hand or begun with `python -m storage.migrations`.
Alembic takes long to load, so it is left alone until there is something to change: which version this
code wants is told by the names of the files, and each comes after the one before.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from storage.database import Database, StorageError

if TYPE_CHECKING:
    from alembic.config import Config

HERE = Path(__file__).parent


class NewerDatabase(StorageError):
    """A later Takepart has changed this database."""


def config_for(conn: sa.Connection | None) -> "Config":
    """What Alembic needs to know; `env.py` takes the connection from it."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = conn
    return config


async def migrate(db: Database) -> None:
    """Make or change the tables as needed; raise NewerDatabase."""
    async with db.read() as conn:
        if not await conn.run_sync(_missing):
            return
    # Looked at again inside: another process may have begun at the same moment.
    async with db.alone() as conn:
        if await conn.run_sync(_missing):
            await conn.run_sync(bring)


def bring(conn: sa.Connection, revision: str = "head") -> None:
    """Make or change the tables up to a version."""
    from alembic import command

    command.upgrade(config_for(conn), revision)


def revisions() -> set[str]:
    """The versions of the tables that this code knows."""
    return {file.name.partition("_")[0] for file in (HERE / "versions").glob("[0-9]*_*.py")}


def current(conn: sa.Connection) -> str | None:
    """The version that Alembic has left in the database; None in a new one."""
    if not sa.inspect(conn).has_table("alembic_version"):
        return None
    found: str | None = conn.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return found


async def behind(db: Database) -> bool:
    """Whether the next start has tables to make or change; raise NewerDatabase."""
    async with db.read() as conn:
        return await conn.run_sync(_missing)


def _missing(conn: sa.Connection) -> bool:
    here, known = current(conn), revisions()
    if here and here not in known:
        raise NewerDatabase(
            "This database was last used by a newer Takepart: install that version again, "
            "or use a copy of the data from before."
        )
    return here != max(known)
