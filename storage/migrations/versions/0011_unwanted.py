"""Note what somebody does not want from us, by channel and purpose."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "unwanted",
        sa.Column("member_id", sa.String(length=40), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name="fk_unwanted_member_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("member_id", "channel", "purpose", name="pk_unwanted"),
    )
