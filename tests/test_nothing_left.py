"""After FORGET ME and `takepart tidy` no word of a member is left, in any table or file."""

import io
import zipfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from PIL import Image
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.commands import tidying
from bot.commands.base import Here
from bot.exporting import folder as export
from flows.effects import Change
from storage.columns import meta
from storage.database import Database
from storage.erasure import erasing, removals
from storage.files.leftovers import discard
from storage.given.reading import list_contributions
from storage.keeping import backups
from storage.members import leaving
from storage.members.groups import find_group
from storage.running import clearing
from storage.tables import attachments, contributions, conversations, given, leftovers, members
from storage.tables import removals as asked
from tests.erased import gone
from tests.fakes.telegram_people import Person
from tests.fakes.twilio_calls import sound
from tests.filling import fill
from tests.office import NOON
from tests.world import ADA, BEN, World

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


NAME, WORD = "Zelphina", "quokka"
FIFTY = 50


def photo() -> bytes:
    out = io.BytesIO()
    Image.effect_noise((200, 150), 60).convert("RGB").save(out, "JPEG")
    return out.getvalue()


async def lives(world: World) -> Person:
    """Zelphina gives whatever there is to give: by text and phone, and as somebody else on Telegram."""
    home = await world.group()
    await world.joined(ADA, name=NAME)
    await world.texts(ADA, "thought", f"A {WORD} by the pond", "1", "diary", f"The {WORD} again", "3")
    await world.texts(ADA, f"I meant the {WORD}", "journey", f"First the {WORD}")
    call = await world.twilio.ring(ADA)
    await call.say_words("share a thought")
    await call.record(sound(2), 2, key="#")
    await call.hang_up()
    tess = world.telegram.person(NAME)
    for words in ("JOIN GARDEN", "1", NAME):
        await world.writes(tess, words)
    tess.sends_photo(photo(), f"My {WORD}")
    await world.until("SELECT 1 FROM media WHERE kind = 'photo' AND state = 'stored'")
    await world.until("SELECT 1 FROM media WHERE kind = 'voice' AND state = 'stored'")
    async with world.app.db.write() as conn:
        for member in (await conn.scalars(sa.select(members.c.id))).all():
            await give(conn, world, home.id, member)
    return tess


async def give(conn: AsyncConnection, world: World, group: str, member: str) -> None:
    """Fifty contributions more."""
    ids = [world.app.ids() for _ in range(FIFTY)]
    words = {"text": WORD, "answers": {"entry": {"text": WORD}}, "shown_name": NAME, "channel": "sms"}
    rows = [{"id": id_, "group_id": group, "flow": "thought", "at": world.clock(), **words} for id_ in ids]
    await conn.execute(sa.insert(contributions), rows)
    await conn.execute(sa.insert(given), [{"contribution_id": id_, "member_id": member} for id_ in ids])


def kept(folder: Path) -> int:
    """How many files there are."""
    return sum(path.is_file() for path in folder.rglob("*"))


async def write_out(world: World, folder: Path) -> None:
    """Export the group, and make a backup, both as files that can be looked into."""
    app, backup = world.app, folder / "backup.zip"
    async with app.db.read() as conn:
        home = await find_group(conn, "GARDEN")
        found = await list_contributions(conn, home.id)
    await export.write(folder / "out", home, found, app.files.load, now=world.clock())
    await backups.write(backup, app.db, app.files, app.secrets, now=world.clock(), overwrite=False)
    with zipfile.ZipFile(backup) as archive:
        archive.extractall(folder / "backup")


def holding(folder: Path, *words: str) -> list[str]:
    """The files in which something of hers stands."""
    marks = [word.encode() for word in words or (NAME, WORD, ADA[3:])]
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path.name for path in files if any(mark in path.read_bytes() for mark in marks)]


def _here(world: World) -> Here:
    """What `takepart tidy` works on."""
    app = world.app
    return Here(settings=app.settings, db=app.db, secrets=app.secrets, ids=app.ids, now=world.clock())


async def test_tidying_says_that_a_line_has_to_wait_until_the_call_is_over(world: World) -> None:
    await world.group()
    await world.joined(ADA)
    call = await world.twilio.ring(ADA)
    await world.texts(ADA, "forget me", "1")
    assert (await tidying.clear_away(_here(world))).waiting == 1
    await call.hang_up()
    assert (await tidying.clear_away(_here(world))).waiting == 0


async def test_what_others_heard_by_phone_goes_when_tidying(world: World) -> None:
    await world.group()
    await world.joined(ADA)
    await world.joined(BEN, name="Ben")
    await world.texts(ADA, "thought", f"A {WORD} by the pond", "2")
    over, on = [await (await world.twilio.ring(BEN)).say_words("hear the others") for _ in range(2)]
    await on.press("0")
    await over.hang_up()
    await world.texts(ADA, "forget me", "1")
    heard = "SELECT 1 FROM call_steps WHERE answer LIKE :word"
    assert len(await world.rows(heard, word=f"%{WORD}%")) == 2
    await tidying.clear_away(_here(world))
    assert await world.rows(heard, word=f"%{WORD}%") == []


async def test_nothing_is_left_of_somebody_who_gave_fifty_things(world: World, tmp_path: Path) -> None:
    tess = await lives(world)
    assert holding(tmp_path)
    assert kept(tmp_path / "media") == 3  # a recording, a photo and its small one
    await world.texts(ADA, "forget me", "1")
    await world.writes(tess, "forget me")
    await world.writes(tess, "1")
    await gone(world)
    await tidying.clear_away(_here(world))
    await write_out(world, tmp_path)
    assert holding(tmp_path) == []
    assert kept(tmp_path / "media") == 0
    assert not world.twilio.files


async def test_nothing_is_left_of_one_thing_that_was_taken_back(world: World, tmp_path: Path) -> None:
    await world.group()
    await world.joined(ADA)
    tess = world.telegram.person("Tess")
    for words in ("JOIN GARDEN", "1", "Tess"):
        await world.writes(tess, words)
    tess.sends_photo(photo(), f"My {WORD}")
    await world.until("SELECT 1 FROM media WHERE state = 'stored'")
    await world.texts(ADA, "thought", f"A {WORD} by the pond", "1")
    assert holding(tmp_path, WORD)
    await world.texts(ADA, "undo")
    await world.writes(tess, "undo")
    await world.until("SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM leftovers)")
    await world.app.db.compact()
    await write_out(world, tmp_path)
    assert holding(tmp_path, WORD) == []
    assert kept(tmp_path / "media") == 0
