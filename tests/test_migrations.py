"""The versions of the tables are told without Alembic: by the names of its files, one after the other."""

import subprocess
import sys

from alembic.script import ScriptDirectory

from storage.migrations import config_for, revisions


def test_the_names_of_the_files_are_alembics_versions_in_their_order() -> None:
    chain = ScriptDirectory.from_config(config_for(None)).walk_revisions()
    assert [one.revision for one in chain] == sorted(revisions(), reverse=True)


def test_a_start_loads_nothing_large_that_it_may_not_need() -> None:
    large = ("alembic", "asyncpg", "obstore", "PIL")
    code = f"import sys, bot.app, bot.cli; print([name for name in {large} if name in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
