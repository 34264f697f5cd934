"""Call whoever is to be asked about a silent member something else than a supporter."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    preferences = sa.table("preferences", *map(sa.column, ("name", "value")))
    p = preferences.c
    chosen = sa.update(preferences).where(p.name == "if_quiet", p.value == "supporter")
    op.execute(chosen.values(value="ask"))
    matters = sa.table("matters", sa.column("kind"))
    op.execute(sa.update(matters).where(matters.c.kind == "supporter").values(kind="whom to ask"))
    # What it says by the old names means something else now: who is in it goes on in the new one.
    versions = sa.table("flow_versions", sa.column("flow"))
    op.execute(sa.delete(versions).where(versions.c.flow == "keep-in-touch"))
