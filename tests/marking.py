"""Puts what would do harm as markup wherever somebody writes or is called, for tests that open every page."""

import sqlalchemy as sa

from storage.tables import meta
from tests.console import Desk

MARK = (
    "<script>alert(1)</script>\"'><img src=x onerror=alert(1)><svg onload=alert(1)>"
    "[a](javascript:alert(1)) \u202egnirts " + "Supercalifragilistic" * 6
)
TAKEN = ("<script>alert", "<img src=x", "<svg onload", 'href="javascript')  # the mark taken for markup
WRITTEN = {  # the columns in which somebody's own words or names may stand, in whatever table
    *("name", "outside_name", "shown_name", "by", "text", "words", "typed", "note", "why", "sentence"),
    *("question", "label", "title", "changes", "decides", "purpose", "phrase"),
}
BODIES = ("replies", "texts", "proposals")  # of these the body is words too


async def mark(desk: Desk) -> None:
    """Have everything in the group say this, whoever wrote it."""
    async with desk.app.db.write() as conn:
        for table in meta.sorted_tables:
            own = WRITTEN | ({"body"} if table.name in BODIES else set())
            words = [one.name for one in table.columns if isinstance(one.type, sa.Text)]
            written = {name: MARK for name in words if name in own}
            if written:
                await conn.execute(sa.update(table).values(written))
        heard = "UPDATE contributions SET answers = replace(answers, 'Nobody', '<script>alert(1)')"
        await conn.execute(sa.text(heard))
