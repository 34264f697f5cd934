"""Say what each member has agreed to, in which wording, and whose membership was ended."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.add_column("members", sa.Column("agreed", sa.JSON(), nullable=True))
    op.add_column("members", sa.Column("ended_at", sa.BigInteger(), nullable=True))
    op.add_column("groups", sa.Column("wordings", sa.JSON(), nullable=True))
    _fill(op.get_bind())


def _fill(conn: sa.Connection) -> None:
    """Whoever joined has agreed to the wording of that day."""
    members = sa.table("members", sa.column("id"), sa.column("agreed", sa.JSON()))
    consents = sa.table("consents", *map(sa.column, ("member_id", "purpose", "wording", "at")))
    c = consents.c
    said = sa.select(c.member_id, c.wording).where(c.purpose == "join").order_by(c.at)
    for member, wording in conn.execute(said).all():
        agreed = sa.update(members).where(members.c.id == member)
        conn.execute(agreed.values(agreed={"join": wording}))
