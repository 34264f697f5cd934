"""Note what was hidden, by whom and why, and which words for a person came without a name."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def _to(column: str, other: str, gone: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_hidings_{column}", ondelete=gone)


def upgrade() -> None:
    op.add_column("matters", sa.Column("unnamed", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "hidings",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("contribution_id", sa.String(length=40), nullable=False),
        sa.Column("by_id", sa.String(length=40), nullable=True),
        sa.Column("why", sa.String(length=40), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=True),
        sa.Column("second_id", sa.String(length=40), nullable=True),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.Column("reviewed_at", sa.BigInteger(), nullable=True),
        _to("contribution_id", "contributions", "CASCADE"),
        _to("by_id", "members", "SET NULL"),
        _to("second_id", "members", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_hidings"),
    )
    op.create_index("ix_hidings_contribution_id", "hidings", ["contribution_id"])
