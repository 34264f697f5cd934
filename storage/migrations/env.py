"""Run by Alembic: migrates the connection that `storage.migrations` handed over."""

from alembic import context

from storage.tables import meta

context.configure(connection=context.config.attributes["connection"], target_metadata=meta)
with context.begin_transaction():
    context.run_migrations()
