"""Find who is one person with somebody without walking past all who are not."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    some = sa.text("joined_to IS NOT NULL")
    op.drop_index("ix_members_joined_to", "members")
    op.create_index(
        "ix_members_joined_to", "members", ["joined_to"], sqlite_where=some, postgresql_where=some
    )
