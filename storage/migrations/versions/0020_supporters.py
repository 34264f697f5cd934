"""Know a supporter's own phone, by a code that the member gave them."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.add_column("supporters", sa.Column("code_hash", sa.LargeBinary(length=32), nullable=True))
    op.add_column("supporters", sa.Column("code_until", sa.BigInteger(), nullable=True))
    for column in ("member_id", "line_id", "code_hash"):
        op.create_index(f"ix_supporters_{column}", "supporters", [column])
