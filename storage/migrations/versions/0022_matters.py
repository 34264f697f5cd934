"""Find what needs a person, and codes, without walking past all that there ever were."""

from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.create_index("ix_matters_member_id", "matters", ["member_id"])
    op.create_index("ix_matters_group_id_done_at", "matters", ["group_id", "done_at"])
    op.create_index("ix_matters_at", "matters", ["at"])
    op.create_index("ix_link_codes_member_id", "link_codes", ["member_id"])
