"""Let a problem be seen to without a replay."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("problems", sa.Column("done_at", sa.BigInteger(), nullable=True))
