"""Note on which days, how often and how low a member would like to hear us."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.add_column("members", sa.Column("days", sa.String(length=40), nullable=False, server_default=""))
    op.add_column("members", sa.Column("a_week", sa.Integer(), nullable=True))
    op.add_column("members", sa.Column("lower", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index("ix_checkins_member_id", "checkins", ["member_id"])
    op.create_index("ix_needs_member_id", "needs", ["member_id"])
