"""Keep what a group has settled in one place: its settings."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    with op.batch_alter_table("groups") as groups:
        groups.drop_column("languages")
        groups.drop_column("admission")
        groups.drop_column("retention_days")
