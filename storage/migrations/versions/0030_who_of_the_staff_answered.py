"""Who of those who run a group wrote what was said in a hand-over."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    with op.batch_alter_table("handover_words") as words:
        words.add_column(sa.Column("who_id", sa.String(length=40), nullable=True))
        words.create_foreign_key(
            "fk_handover_words_who_id", "members", ["who_id"], ["id"], ondelete="SET NULL"
        )
        words.create_index("ix_handover_words_who_id", ["who_id"])
