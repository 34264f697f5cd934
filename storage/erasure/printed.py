"""What of all that is held about somebody another person may print for them.

Printing it must not tell whoever prints it what the member gave without their name, or how they voted. On
their own phone the member reads both.
"""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.given.unnaming import TO_A_GIVER
from storage.lines.persons import everyone
from storage.tables import contributions, given

Row = Mapping[str, Any]

# The messages themselves say what was given and chosen, or when; thanks are for an answer to something given.
OWN_ALONE = frozenset({"ballots", "calls", "conversations", "events", "open_questions", "outbox", "thanks"})


async def for_others_eyes(
    conn: AsyncConnection, member: str, held: Mapping[str, list[Any]]
) -> dict[str, list[Any]]:
    """The same without what is the member's own secret."""
    unnamed = await _unnamed(conn, member)
    return {
        name: [row for row in rows if not _secret(name, row, unnamed)]
        for name, rows in held.items()
        if name not in OWN_ALONE
    }


def _secret(name: str, row: Row, unnamed: set[str]) -> bool:
    if name == "contributions":
        return row["id"] in unnamed
    if name == "reached":
        return row["kind"] in TO_A_GIVER
    return row.get("contribution_id") in unnamed or bool(row.get("unnamed"))


async def _unnamed(conn: AsyncConnection, member: str) -> set[str]:
    """What this member gave without their name, by id."""
    c, g = contributions.c, given.c
    theirs = sa.select(c.id).join(given, g.contribution_id == c.id).where(g.member_id.in_(everyone(member)))
    return set(await conn.scalars(theirs.where(c.unnamed)))
