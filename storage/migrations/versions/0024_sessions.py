"""Note who is signed in to the pages, and the links and codes that let them in."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def _id(name: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=40), nullable=null)


def _at(name: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=null)


def _hash(name: str, *, null: bool = False) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(length=32), nullable=null)


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}"
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete="CASCADE")


def upgrade() -> None:
    op.drop_table("sessions")  # nothing wrote to it before
    op.create_table(
        "sessions",
        _id("id"),
        _hash("cookie_hash", null=True),
        _at("begun_at"),
        _at("seen_at"),
        _at("ends_at"),
        _at("before", null=True),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.UniqueConstraint("cookie_hash", name="uq_sessions_cookie_hash"),
    )
    op.create_index("ix_sessions_ends_at", "sessions", ["ends_at"])
    op.create_table(
        "session_members",
        _id("session_id"),
        _id("member_id"),
        _to("session_members", "session_id", "sessions"),
        _to("session_members", "member_id", "members"),
        sa.PrimaryKeyConstraint("session_id", "member_id", name="pk_session_members"),
    )
    op.create_index("ix_session_members_member_id", "session_members", ["member_id"])
    _sign_ins()


def _sign_ins() -> None:
    op.create_table(
        "sign_ins",
        _id("id"),
        _id("member_id"),
        _id("kind"),
        _hash("token_hash"),
        _id("line_id", null=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        _at("until"),
        _at("used_at", null=True),
        _to("sign_ins", "member_id", "members"),
        _to("sign_ins", "line_id", "lines"),
        sa.PrimaryKeyConstraint("id", name="pk_sign_ins"),
        sa.UniqueConstraint("token_hash", name="uq_sign_ins_token_hash"),
    )
    op.create_index("ix_sign_ins_member_id", "sign_ins", ["member_id"])
