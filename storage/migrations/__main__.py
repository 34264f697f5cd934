"""Begins a migration from how the tables now differ: `python -m storage.migrations "Add a note"`."""

import sys
import tempfile
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory

from storage.migrations import config_for


def begin(message: str) -> None:
    """Write the next file in `versions`; read it and mend it before it is used."""
    with tempfile.TemporaryDirectory() as folder:
        engine = sa.create_engine(f"sqlite:///{Path(folder) / 'empty.db'}")
        with engine.begin() as conn:
            config = config_for(conn)
            command.upgrade(config, "head")
            last = ScriptDirectory.from_config(config).get_current_head() or "0"
            command.revision(config, message, autogenerate=True, rev_id=f"{int(last) + 1:04}")
        engine.dispose()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit('Say what it changes: python -m storage.migrations "Add a note"')
    begin(sys.argv[1])
