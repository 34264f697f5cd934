"""Drop columns that nobody ever wrote; find open hand-overs without walking past those that are over."""

from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.drop_column("lines", "greeted_at")
    op.drop_column("link_codes", "tries")
    op.create_index("ix_handovers_closed_at", "handovers", ["closed_at"])
