"""Note who is one person with whom, what a code is for, and wrong guesses."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("members", sa.Column("joined_to", sa.String(length=40), nullable=True))
    op.create_index("ix_members_joined_to", "members", ["joined_to"])
    op.add_column(
        "link_codes", sa.Column("kind", sa.String(length=40), nullable=False, server_default="link")
    )
    op.create_index("ix_link_codes_code_hash", "link_codes", ["code_hash"])
    op.create_table(
        "guesses",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("what", sa.String(length=40), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_guesses"),
    )
    op.create_index("ix_guesses_what_by_at", "guesses", ["what", "by", "at"])
