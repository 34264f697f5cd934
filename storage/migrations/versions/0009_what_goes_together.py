"""Find what names a message, an event, a contribution or a line's calls without reading all there is."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_index("ix_outbox_event_id", "outbox", ["event_id"])
    kept = sa.text("contribution_id IS NOT NULL")
    op.create_index(
        "ix_events_contribution_id", "events", ["contribution_id"], sqlite_where=kept, postgresql_where=kept
    )
    op.create_index("ix_reached_outbox_id", "reached", ["outbox_id"])
    op.create_index("ix_calls_outbox_id", "calls", ["outbox_id"])
    op.create_index("ix_calls_line_id", "calls", ["line_id"])
    op.create_index("ix_problems_event_id", "problems", ["event_id"])
