"""Say what a vote will change; find the words that came with it without reading all that was given."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.add_column("polls", sa.Column("changes", sa.Text(), nullable=False, server_default=""))
    some = sa.text("poll_id IS NOT NULL")
    op.create_index(
        "ix_contributions_poll_id", "contributions", ["poll_id"], sqlite_where=some, postgresql_where=some
    )
