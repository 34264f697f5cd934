"""Note files that nobody needs any more, and find by its hash who names a file."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "leftovers",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("leased_until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("sha256", name="pk_leftovers"),
    )
    op.create_index("ix_media_sha256", "media", ["sha256"])
    op.create_index("ix_media_thumb_sha256", "media", ["thumb_sha256"])
