"""Note what somebody entered for a member, until it was read back to them."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_table(
        "entries",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("member_id", sa.String(length=40), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("contribution_id", sa.String(length=40), nullable=True),
        sa.Column("poll_id", sa.String(length=40), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["contribution_id"], ["contributions.id"], name="fk_entries_contribution_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name="fk_entries_member_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["poll_id"], ["polls.id"], name="fk_entries_poll_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_entries"),
    )
    op.create_index("ix_entries_member_id", "entries", ["member_id"])
    op.add_column("members", sa.Column("read_back", sa.Boolean(), nullable=False, server_default=sa.false()))
