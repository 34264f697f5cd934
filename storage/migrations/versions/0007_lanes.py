"""Name the lane of each message, the pace of senders and chats, and what a group may spend in a day."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    lanes()
    paces()
    limits()


def lanes() -> None:
    op.add_column("outbox", sa.Column("lane", sa.String(length=40), nullable=False, server_default=""))
    op.execute(
        "UPDATE outbox SET lane = CASE WHEN (SELECT kind FROM lines WHERE lines.id = outbox.line_id) "
        "= 'practice' THEN 'practice' ELSE channel END"
    )
    op.drop_index("ix_outbox_class_state_not_before", "outbox")
    op.create_index(
        "ix_outbox_state_lane_class_not_before", "outbox", ["state", "lane", "class", "not_before"]
    )
    op.drop_index("ix_lines_due_at", "lines")


def paces() -> None:
    op.add_column("lines", sa.Column("next_slot", sa.BigInteger(), nullable=True))
    op.add_column("senders", sa.Column("wait_until", sa.BigInteger(), nullable=True))
    op.add_column("senders", sa.Column("refusals", sa.JSON(), nullable=True))
    op.drop_column("senders", "seen")


def limits() -> None:
    for name, usual in (("daily_segments", "2000"), ("daily_minutes", "600")):
        op.add_column("groups", sa.Column(name, sa.Integer(), nullable=False, server_default=usual))
    op.drop_column("spending", "told")
