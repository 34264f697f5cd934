"""Find whose a file is, the replies to what was given, and who did something to it, by their ids."""

from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.create_index("ix_contribution_media_media_id", "contribution_media", ["media_id"])
    op.create_index("ix_replies_contribution_id", "replies", ["contribution_id"])
    op.create_index("ix_audit_subject", "audit", ["subject"])
