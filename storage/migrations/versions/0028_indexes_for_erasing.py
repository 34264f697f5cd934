"""Find all that a member or a line left behind without walking past everybody else's."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"

OF_MEMBERS = (
    *("events", "outbox", "conversations", "calls", "consents", "thanks", "voted", "backings"),
    "handover_words",
)
OF_LINES = ("events", "conversations")
OF_SOME = (
    ("outbox", "subject_id"),
    ("lines", "at_member"),
    ("members", "name_media"),
    ("matters", "contribution_id"),
    ("entries", "contribution_id"),
)


def upgrade() -> None:
    for table in OF_MEMBERS:
        op.create_index(f"ix_{table}_member_id", table, ["member_id"])
    for table in OF_LINES:
        op.create_index(f"ix_{table}_line_id", table, ["line_id"])
    for table, column in OF_SOME:
        there = sa.text(f"{column} IS NOT NULL")
        name = f"ix_{table}_{column}"
        op.create_index(name, table, [column], sqlite_where=there, postgresql_where=there)
