"""FORGET ME: what somebody gave goes here, at the providers and from the files, whatever dies meanwhile."""

import re
from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.rounds.removing import Remover
from channels.twilio_removing import Trace
from flows.effects import Change
from storage.columns import meta
from storage.database import Database
from storage.erasure import removals
from storage.erasure.register import Register
from storage.files.leftovers import discard
from storage.files.media import MediaStore
from storage.keeping import backups, copying
from storage.keeping.backups import Backup
from storage.members.leaving import change
from storage.secrets import Secrets
from storage.tables import members, outbox
from tests.erased import gone
from tests.fakes.twilio_calls import sound
from tests.office import NOON, Office
from tests.stores import ON_SQLITE
from tests.world import ADA, BEN, World

ERASED = {"members", "lines", "contributions", "media"}  # of whose rows some go with somebody


@pytest.fixture
async def office(db: Database, secrets: Secrets) -> Office:
    made = Office(db, secrets)
    await made.group()
    return made


async def forget(world: World, number: str) -> str:
    """Somebody asks for it by text; the last answer that they get."""
    return (await world.texts(number, "forget me", "1"))[-1]


def at_twilio(world: World, number: str) -> list[str]:
    """The words of texts with a number that Twilio still has."""
    there = [text for text in world.twilio.texts if text.sid not in world.twilio.removed]
    return [text.body for text in there if number in (text.to, text.from_)]


async def test_texts_calls_and_recordings_go_at_twilio_too(world: World) -> None:
    await world.group()
    await world.joined(ADA)
    await world.joined(BEN, name="Ben")
    call = await world.twilio.ring(ADA)
    await call.say_words("share a thought")
    await call.record(sound(2), 2, key="#")
    await call.hang_up()
    assert "It is erased" in await forget(world, ADA)
    await world.app.remover.once()
    await world.met(lambda: call.sid in world.twilio.removed)
    await gone(world)
    assert at_twilio(world, ADA) == []
    assert not world.twilio.files
    assert len(at_twilio(world, BEN)) == 6


FEW = {  # tables with so few rows that to walk past all of them holds nobody up
    *("alert_steps", "alerts", "handovers", "hidings", "joined_members", "payments", "replies"),
    *("safe_contacts", "sign_ins", "attachments", "exports"),
}
SEEN_TO = ("matters", "done_by")  # by staff, whom nobody erases on a busy day


def test_all_that_goes_with_somebody_is_found_by_an_index() -> None:
    """A database looks for it in each table that may name them, while every turn waits."""
    for table in meta.sorted_tables:
        indexed = [list(one.columns) for one in table.indexes]
        kinds = (sa.PrimaryKeyConstraint, sa.UniqueConstraint)
        unique = [list(one.columns) for one in table.constraints if isinstance(one, kinds)]
        found = {columns[0].name for columns in indexed + unique if columns}
        for key in (key for key in table.foreign_keys if key.column.table.name in ERASED):
            assert table.name in FEW or key.parent.name in found or (table.name, key.parent.name) == SEEN_TO


@ON_SQLITE
async def test_whoever_is_erased_is_looked_for_by_an_index(office: Office) -> None:
    await office.member("ann")
    said: list[tuple[str, Any]] = []
    async with office.db.write() as conn:

        @sa.event.listens_for(conn.sync_connection, "before_cursor_execute")
        def note(_: Any, cursor: Any, statement: str, values: Any, *more: Any) -> None:
            said.append((statement, values))

        await change(conn, "ann", Change(to="erased"), NOON)
        sa.event.remove(conn.sync_connection, "before_cursor_execute", note)
        plans = [await conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {one}", values) for one, values in said]
        steps = [step for plan in plans for *_, step in plan]
    assert not [step for step in steps if re.search("SCAN (events|outbox|conversations|calls)", step)]


async def test_the_answer_and_the_line_are_gone_once_it_was_said(world: World) -> None:
    await world.group()
    await world.joined(ADA)
    await forget(world, ADA)
    await gone(world)
    for table in ("lines", "outbox", "members", "reaches", "consents", "given", "calls"):
        assert await world.count(table) == 0, table
    assert not [row for row in await world.rows("SELECT body, line_id FROM events") if any(row)]


async def test_who_was_erased_can_come_back_as_somebody_new(world: World) -> None:
    await world.group()
    await world.joined(ADA)
    await forget(world, ADA)
    await world.joined(ADA, name="Ada again")
    await gone(world)
    welcome = next(words for words in at_twilio(world, ADA) if "Welcome" in words)
    assert welcome.startswith("Welcome, Ada again")
    assert [row.name for row in await world.rows("SELECT name FROM members")] == ["Ada again"]


async def test_a_recording_goes_at_twilio_as_soon_as_it_is_stored_here(world: World) -> None:
    await world.group()
    await world.joined(ADA)
    call = await world.twilio.ring(ADA)
    await call.say_words("share a thought")
    await call.record(sound(2), 2, key="#")
    await world.until("SELECT 1 FROM media WHERE state = 'stored'")
    await world.met(lambda: not world.twilio.files)
    await call.hang_up()


async def test_of_a_stopped_line_only_the_keyed_hash_stays_until_it_starts(world: World) -> None:
    await world.group()
    await world.joined(ADA)
    for words in ("STOP", "forget me", "1"):  # the carrier lets no answer through
        await world.twilio.text(ADA, words)
    await gone(world)
    (line,) = await world.rows("SELECT address, stopped_at FROM lines")
    assert line.address is None
    assert line.stopped_at
    await world.twilio.text(ADA, "START")
    await world.until("SELECT 1 FROM lines WHERE address IS NOT NULL")


async def test_what_others_were_told_of_it_goes_with_it(world: World) -> None:
    await world.group()
    await world.joined(ADA)
    await world.joined(BEN, name="Ben")
    await world.texts(ADA, "thought", "The quokka sleeps", "2")
    tess = world.telegram.person("Tess")
    for words in ("JOIN GARDEN", "1", "Tess", "others"):
        await world.writes(tess, words)
    assert (await world.texts(BEN, "others"))[0].startswith("Ada: The quokka sleeps")
    await forget(world, ADA)
    await gone(world)
    assert await world.rows("SELECT id FROM outbox WHERE body LIKE '%quokka%'") == []
    assert not [words for words in at_twilio(world, BEN) if "quokka" in words]


async def test_a_call_that_is_only_known_at_twilio_goes_too(world: World) -> None:
    await world.group()
    await world.joined(ADA)
    call = await world.twilio.ring(ADA)
    await call.hang_up()
    async with world.app.db.write() as conn:  # as where the service was away when they rang
        await conn.execute(sa.text("DELETE FROM calls"))
    await forget(world, ADA)
    await world.app.remover.once()
    await world.met(lambda: call.sid in world.twilio.removed)
    await gone(world)


async def test_what_twilio_can_not_remove_at_once_is_tried_until_it_is_gone(world: World) -> None:
    await world.group()
    await world.joined(ADA)
    world.twilio.fail_next("removals", status=500, times=4)
    world.twilio.fail_next("lists", status=503, times=1)
    await forget(world, ADA)
    await world.app.remover.once()
    await world.until("SELECT 1 FROM removals WHERE tries > 0 AND sentence != ''")
    await gone(world)
    assert at_twilio(world, ADA) == []


async def test_on_a_shared_line_only_what_is_theirs_goes(world: World) -> None:
    await world.group()
    await world.group("MARKET", name="Market Group")
    await world.joined(ADA)
    await world.joined(ADA, code="MARKET", name="Ada of the market")
    await world.texts(ADA, "thought", "Fewer stalls", "1")
    (market,) = await world.rows("SELECT id FROM members WHERE name = 'Ada'")
    async with world.app.db.write() as conn:
        await discard(conn, await change(conn, market.id, Change(to="erased"), world.clock()))
    await gone(world)
    there = at_twilio(world, ADA)
    assert "Fewer stalls" in there
    assert [words for words in there if "Welcome, Ada of the market" in words]
    assert not [words for words in there if "Welcome, Ada." in words or "Welcome, Ada!" in words]
    assert await world.texts(ADA, "menu")


async def test_two_who_were_found_to_be_one_person_are_erased_as_one(office: Office) -> None:
    await office.member("ada")
    await office.member("adah", joined_to="ada", state="joined")
    await office.member("ben")
    async with office.db.write() as conn:
        await change(conn, "adah", Change(to="erased"), office.now)
    async with office.db.read() as conn:
        assert list(await conn.scalars(sa.select(members.c.id))) == ["ben"]


async def test_of_three_on_one_landline_one_can_be_erased(world: World) -> None:
    for code in ("GARDEN", "MARKET", "LIBRARY"):
        await world.group(code, name=f"{code.title()} Group")
        await world.joined(ADA, code=code, name=code.title())
    assert "It is erased" in await forget(world, ADA)
    assert [row.name for row in await world.rows("SELECT name FROM members ORDER BY id")] == [
        "Garden",
        "Market",
    ]


async def test_32_a_restored_backup_brings_nobody_back_who_was_erased(
    office: Office, files: MediaStore, secrets: Secrets, register: Register, tmp_path: Path
) -> None:
    await register.keep(office.db)
    await office.member("ada")
    await office.member("ben")
    await backups.write(tmp_path / "b.zip", office.db, files, secrets, now=NOON, overwrite=False)
    async with office.db.write() as conn:
        await change(conn, "ada", Change(to="erased"), office.now)
    backup = Backup.open(tmp_path / "b.zip", secrets)
    await copying.restore(office.db, backup, files, register, now=NOON)
    async with office.db.read() as conn:
        assert list(await conn.scalars(sa.select(members.c.id))) == ["ben"]
        assert await removals.left_lines(conn) == ["ada"]


class Provider:
    """Notes what it is asked to remove."""

    def __init__(self) -> None:
        self.removed: list[str] = []

    async def message(self, sid: str) -> None:
        self.removed.append(sid)

    async def call(self, sid: str) -> None:
        self.removed.append(sid)

    async def file(self, address: str) -> None:
        self.removed.append(address)

    async def of(self, number: str, ours: Collection[str], until: datetime) -> Sequence[Trace]:
        return ()


async def test_what_a_dead_process_had_taken_up_is_removed_by_the_next(office: Office) -> None:
    await office.member("ada")
    sent = await office.write("ada", "Hello")
    async with office.db.write() as conn:
        await conn.execute(sa.update(outbox).where(outbox.c.id == sent).values(provider_id="SM1"))
        await change(conn, "ada", Change(to="erased"), office.now)
    async with office.db.write() as conn:  # and is never heard of again
        assert await removals.claim(conn, office.secrets, ("message",), now=office.now, most=1)
    provider = Provider()
    remover = Remover(
        db=office.db,
        secrets=office.secrets,
        provider=provider,
        numbers=["+441632960001"],
        clock=lambda: office.now,
    )
    await remover.once()
    assert provider.removed == []
    office.now += removals.LEASE
    await remover.once()
    assert provider.removed == ["SM1"]
    async with office.db.read() as conn:
        assert await removals.stuck(conn) == []
