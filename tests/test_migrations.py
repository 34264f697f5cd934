"""The versions of the tables are told without Alembic: by the names of its files, one after the other."""

import subprocess
import sys

import sqlalchemy as sa
from alembic.script import ScriptDirectory

from storage.migrations import bring, config_for, revisions


def test_the_names_of_the_files_are_alembics_versions_in_their_order() -> None:
    chain = ScriptDirectory.from_config(config_for(None)).walk_revisions()
    assert [one.revision for one in chain] == sorted(revisions(), reverse=True)


def test_a_start_loads_nothing_large_that_it_may_not_need() -> None:
    large = ("alembic", "asyncpg", "obstore", "PIL")
    code = f"import sys, bot.app, bot.cli; print([name for name in {large} if name in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_whoever_was_to_be_asked_still_is_by_the_new_name() -> None:
    with sa.create_engine("sqlite://").begin() as conn:
        bring(conn, "0022")
        conn.exec_driver_sql("PRAGMA foreign_keys = OFF")
        conn.exec_driver_sql("INSERT INTO preferences VALUES ('ada', 'if_quiet', 'supporter', 0)")
        conn.exec_driver_sql(
            "INSERT INTO matters (id, group_id, kind, words, question, unnamed, at) "
            "VALUES ('m', 'g', 'supporter', 'My niece', '', 0, 0)"
        )
        bring(conn, "0023")
        found = conn.exec_driver_sql("SELECT value, kind FROM preferences, matters").all()
    assert found == [("ask", "whom to ask")]
