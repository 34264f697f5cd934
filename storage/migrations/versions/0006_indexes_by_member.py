"""Find what a member has voted and got without reading what everybody has."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_index("ix_ballots_member_id", "ballots", ["member_id"])
    op.create_index("ix_reached_member_id", "reached", ["member_id"])
