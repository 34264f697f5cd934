"""After FORGET ME and `takepart tidy` no word of a member is left, in any table or file."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.effects import Change
from storage import clearing, erasing, leaving, removals
from storage.columns import meta
from storage.database import Database
from storage.leftovers import discard
from storage.tables import attachments, conversations, leftovers
from storage.tables import removals as asked
from tests.filling import fill
from tests.office import NOON

MARK = "Zqxjmark"  # stands in every place that may hold words, names or numbers of the member
SHORT = MARK[:4]
TALK = '{"frames": [{"answers": {"words": {"text": "Zqxjmark", "media": ["id0"]}}}]}'

OURS = {"address_hash", "channel", "guard", "kind", "leased_by", "line_id"}  # kinds, ids and keyed hashes
# What is not a member's: a row of these tables may stay, whatever becomes of the member.
NOT_THEIRS: Mapping[str, str] = {
    "alert_steps": "whom we alerted, and who saw to it",
    "alerts": "that there was one, by its number",
    "attachments": "files of briefs",
    "audit": "what was done, never what was said",
    "briefs": "the facilitators'",
    "flow_versions": "the group's questions",
    "groups": "the group",
    "guesses": "that somebody tried a code, for a day",
    "invitations": "for somebody who is not here yet",
    "leases": "processes",
    "leftovers": "hashes of files that are being removed",
    "marks": "the service's own",
    "meetings": "the group's",
    "options": "answers that anybody may choose",
    "polls": "the group's questions and counts",
    "problems": "kinds of errors and places in the program",
    "proposals": "the group's agenda: nobody is noted for one",
    "removals": "until the provider has removed what they name",
    "room_posts": "group chats",
    "rooms": "group chats",
    "safe_words": "the group's list",
    "senders": "the lanes",
    "sendings": "what goes to everybody",
    "spending": "counts",
    "texts": "what facilitators wrote",
}


@pytest.fixture
async def full(db: Database) -> AsyncIterator[Database]:
    """Something in every table, and in every row of the member `id0` the mark in each place for words."""
    await fill(db)
    async with db.write() as conn:
        await conn.execute(sa.delete(attachments))  # else a brief's file would be theirs too
        for table in meta.sorted_tables:
            if table.name not in NOT_THEIRS:
                await _mark(conn, table)
        theirs = conversations.c.member_id == "id0"
        await conn.execute(sa.update(conversations).where(theirs).values(state=TALK))
    yield db


async def _mark(conn: AsyncConnection, table: sa.Table) -> None:
    """The first row of each table is about the first member: put the mark wherever it can be."""
    keys = list(table.primary_key.columns)
    first = (await conn.execute(sa.select(*keys).order_by(*keys).limit(1))).one()
    values = {one.name: _marked(one) for one in table.columns if _holds_words(one)}
    if values:
        here = [key == value for key, value in zip(keys, first, strict=True)]
        await conn.execute(sa.update(table).where(*here).values(values))


def _holds_words(column: sa.Column[Any]) -> bool:
    """Keys say who, not what; a keyed hash finds nobody without the secret key."""
    if column.primary_key or column.foreign_keys or column.name in OURS:
        return False
    return isinstance(column.type, sa.String | sa.JSON | sa.LargeBinary)


def _marked(column: sa.Column[Any]) -> Any:
    match column.type:
        case sa.JSON():
            return {"text": MARK}
        case sa.LargeBinary():
            return MARK.encode()
        case sa.String():
            return MARK[: column.type.length]
    raise LookupError(column)


async def found(db: Database) -> list[str]:
    """The columns in which the mark still stands."""
    places = []
    async with db.read() as conn:
        for table in meta.sorted_tables:
            for row in (await conn.execute(sa.select(table))).mappings():
                places += [f"{table.name}.{name}" for name, value in row.items() if SHORT in _readable(value)]
    return sorted(places)


def _readable(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


async def forgotten(db: Database) -> None:
    """What FORGET ME does, and then `takepart tidy`, once Twilio has removed what it had."""
    async with db.write() as conn:
        await discard(conn, await leaving.change(conn, "id0", Change(to="erased"), NOON))
        lines = await removals.left_lines(conn)
    for line in lines:
        assert await db.transact(lambda conn: erasing.forget_line(conn, line, NOON))  # noqa: B023
    async with db.write() as conn:
        for done in (asked, leftovers):
            await conn.execute(sa.delete(done))
    await clearing.clear(db, NOON)
    await db.compact()


def in_files(folder: Path) -> list[str]:
    """The files of a SQLite database in which the mark stands."""
    return [path.name for path in folder.glob("takepart.db*") if MARK.encode() in path.read_bytes()]


async def test_no_table_keeps_anything_of_who_was_erased(full: Database, kind: str, tmp_path: Path) -> None:
    assert len(await found(full)) > 60
    assert in_files(tmp_path) or kind == "postgresql"
    await forgotten(full)
    assert await found(full) == []
    assert in_files(tmp_path) == []
