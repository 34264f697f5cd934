"""Keep what is said while a person helps a member, and let turns know that somebody does."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("members", sa.Column("handover", sa.String(length=40), nullable=True))
    state()
    words()


def state() -> None:
    """Which number helpers know it by, where its answers go, and when it was taken up and last heard."""
    with op.batch_alter_table("handovers") as batch:
        batch.add_column(sa.Column("mark", sa.Integer(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("line_id", sa.String(length=40), nullable=True))
        batch.add_column(sa.Column("channel", sa.String(length=40), nullable=False, server_default=""))
        for name in ("due_at", "taken_at", "heard_at"):
            batch.add_column(sa.Column(name, sa.BigInteger(), nullable=True))
        batch.create_foreign_key("fk_handovers_line_id", "lines", ["line_id"], ["id"], ondelete="SET NULL")
        batch.create_index("ix_handovers_member_id", ["member_id"])


def words() -> None:
    op.create_table(
        "handover_words",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("handover_id", sa.String(length=40), nullable=False),
        sa.Column("member_id", sa.String(length=40), nullable=False),
        sa.Column("by", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("media", sa.JSON(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["handover_id"], ["handovers.id"], name="fk_handover_words_handover_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name="fk_handover_words_member_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_handover_words"),
    )
    op.create_index("ix_handover_words_handover_id", "handover_words", ["handover_id"])
