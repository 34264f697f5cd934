"""Brings a database to the shape that this code expects, in one transaction, at every start.

A new migration is a file in `versions`, written by hand or begun with `python -m storage.migrations`.
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from storage.database import Database, StorageError


class NewerDatabase(StorageError):
    """A later Takepart has changed this database."""


def config_for(conn: sa.Connection | None) -> Config:
    """What Alembic needs to know; `env.py` takes the connection from it."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
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
    command.upgrade(config_for(conn), revision)


def revisions() -> set[str]:
    """The versions of the tables that this code knows."""
    script = ScriptDirectory.from_config(config_for(None))
    return {revision.revision for revision in script.walk_revisions()}


async def behind(db: Database) -> bool:
    """Whether the next start has tables to make or change; raise NewerDatabase."""
    async with db.read() as conn:
        return await conn.run_sync(_missing)


def _missing(conn: sa.Connection) -> bool:
    script = ScriptDirectory.from_config(config_for(conn))
    here = set(MigrationContext.configure(conn).get_current_heads())
    if here - revisions():
        raise NewerDatabase(
            "This database was last used by a newer Takepart: install that version again, "
            "or use a copy of the data from before."
        )
    return here != set(script.get_heads())
