"""Note whom to alert, what an alert is about, and each step that was taken."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def _id(name: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=40), nullable=null)


def _at(name: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=null)


def _to(table: str, column: str, other: str, gone: str = "CASCADE") -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}"
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete=gone)


def upgrade() -> None:
    op.drop_table("alerts")  # nothing wrote to it before
    with op.batch_alter_table("safe_words") as batch:
        batch.add_column(sa.Column("dropped", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "safe_contacts",
        _id("group_id"),
        _id("member_id"),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("any_hour", sa.Boolean(), nullable=False),
        _to("safe_contacts", "group_id", "groups"),
        _to("safe_contacts", "member_id", "members"),
        sa.PrimaryKeyConstraint("group_id", "member_id", name="pk_safe_contacts"),
    )
    _alerts()
    _words()
    _steps()


def _alerts() -> None:
    op.create_table(
        "alerts",
        _id("id"),
        _id("group_id"),
        _id("number"),
        _id("member_id", null=True),
        _id("line_id", null=True),
        sa.Column("practice", sa.Boolean(), nullable=False),
        _id("state"),
        _at("at"),
        _at("due_at", null=True),
        _id("seen_by", null=True),
        _at("seen_at", null=True),
        _to("alerts", "group_id", "groups"),
        _to("alerts", "member_id", "members", "SET NULL"),
        _to("alerts", "line_id", "lines", "SET NULL"),
        _to("alerts", "seen_by", "members", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_alerts"),
    )
    for column in ("state", "member_id", "line_id"):
        op.create_index(f"ix_alerts_{column}", "alerts", [column])


def _words() -> None:
    op.create_table(
        "alert_words",
        _id("id"),
        _id("alert_id"),
        _id("gift", null=True),
        _id("event_id", null=True),
        sa.Column("words", sa.Text(), nullable=False),
        _at("at"),
        _to("alert_words", "alert_id", "alerts"),
        _to("alert_words", "event_id", "events", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_alert_words"),
    )
    for column in ("alert_id", "gift", "event_id"):
        op.create_index(f"ix_alert_words_{column}", "alert_words", [column])


def _steps() -> None:
    op.create_table(
        "alert_steps",
        _id("id"),
        _id("alert_id"),
        _id("contact_id", null=True),
        _id("what"),
        _id("channel", null=True),
        _id("line_id", null=True),
        _id("outbox_id", null=True),
        _at("at"),
        _to("alert_steps", "alert_id", "alerts"),
        _to("alert_steps", "contact_id", "members", "SET NULL"),
        _to("alert_steps", "line_id", "lines", "SET NULL"),
        _to("alert_steps", "outbox_id", "outbox", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_alert_steps"),
    )
    for column in ("alert_id", "outbox_id"):
        op.create_index(f"ix_alert_steps_{column}", "alert_steps", [column])
