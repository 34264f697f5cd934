"""Run by Alembic: migrates the connection that `storage.migrations` handed over."""

from typing import Any, Literal

from alembic import context

from storage.columns import Moment
from storage.tables import meta


def spelled(kind: str, item: Any, autogen: object) -> str | Literal[False]:
    """How a column's type is written in a new migration: as the database knows it."""
    return "sa.BigInteger()" if kind == "type" and isinstance(item, Moment) else False


context.configure(
    connection=context.config.attributes["connection"], target_metadata=meta, render_item=spelled
)
with context.begin_transaction():
    context.run_migrations()
