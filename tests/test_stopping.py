"""STOP and START from the whole way round: the line, the member, the carrier, and the one confirmation."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from flows.effects import Change
from storage.members import leaving
from storage.tables import lines, members, reaches
from tests.world import ADA, World, open_world


@pytest.fixture
async def our_own(tmp_path: Path, migrated: Path) -> AsyncIterator[World]:
    """A number whose carrier leaves stop words to us."""
    async with open_world(tmp_path, migrated, TAKEPART_SMS_OPTOUT="ours") as opened:
        opened.twilio.heeds_stop = False
        yield opened


async def test_who_stopped_as_a_stranger_is_answered_again_once_they_start(world: World) -> None:
    await world.group()
    await world.twilio.text(ADA, "STOP")
    await world.until("SELECT 1 FROM lines WHERE stopped_at IS NOT NULL")
    await world.twilio.text(ADA, "START")
    await world.until("SELECT 1 FROM lines WHERE stopped_at IS NULL")
    await world.joined(ADA)


async def test_who_stopped_by_leaving_is_welcomed_back(world: World) -> None:
    world.twilio.advanced_optout = True  # it marks START, and confirms only what it had blocked itself
    await world.group()
    await world.joined(ADA)
    assert "You will not hear from us" in (await world.texts(ADA, "LEAVE", "2"))[-1]
    assert "Welcome back" in (await world.texts(ADA, "START"))[0]
    assert "What would you like to do?" in (await world.texts(ADA, "START"))[0]


async def test_a_start_opens_the_line_again_for_who_came_back_by_another_way(world: World) -> None:
    await world.group()
    await world.joined(ADA)
    await world.twilio.text(ADA, "STOP")
    await world.until("SELECT 1 FROM lines WHERE stopped_at IS NOT NULL")
    async with world.app.db.write() as conn:
        await conn.execute(sa.update(members).values(state="active"))  # by START in Telegram
    await world.twilio.text(ADA, "START")
    await world.until("SELECT 1 FROM lines WHERE stopped_at IS NULL")


async def test_who_blocks_the_bot_ends_that_way_alone_and_opens_it_again(world: World) -> None:
    await world.group()
    await world.joined(ADA)
    (linked,) = await world.texts(ADA, "LINK")
    ada = world.telegram.person("Ada")
    await world.writes(ada, re.findall(r"\b\d{6}\b", linked)[0])
    ada.blocks()
    (shut,) = await world.until("SELECT kind FROM lines WHERE stopped_at IS NOT NULL")
    assert shut.kind == "telegram"
    assert (await world.rows("SELECT state FROM members"))[0].state == "active"
    ada.unblocks()
    opened = "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM lines WHERE stopped_at IS NOT NULL)"
    await world.until(opened)
    async with world.app.db.write() as conn:
        await conn.execute(sa.update(lines).values(stopped_at=world.clock()))  # we missed that they are back
    await world.writes(ada, "menu")
    await world.until(opened.replace("NULL)", "NULL AND kind = 'telegram')"))


async def test_3_the_confirmation_of_a_stop_goes_out_although_nothing_else_does(our_own: World) -> None:
    await our_own.group()
    await our_own.joined(ADA)
    assert "will not hear from us any more" in (await our_own.texts(ADA, "STOP"))[0]
    assert (await our_own.rows("SELECT state FROM members"))[0].state == "stopped"
    assert "Welcome back" in (await our_own.texts(ADA, "START"))[0]


async def test_a_start_on_a_shared_phone_lifts_the_stop_word_and_nobodys_own_stop(our_own: World) -> None:
    home = await our_own.group()
    await our_own.joined(ADA)
    async with our_own.app.db.write() as conn:
        line = await conn.scalar(sa.select(reaches.c.line_id).limit(1))
        for name in ("ben", "cay"):
            await conn.execute(members.insert().values(id=name, group_id=home.id, name=name.title()))
            await conn.execute(reaches.insert().values(id=name, member_id=name, line_id=line, channel="sms"))
        await leaving.change(conn, "ben", Change(to="stopped"), our_own.clock())  # by LEAVE, for himself
    states = sa.select(members.c.name).where(members.c.state == "stopped").order_by(members.c.name)

    async def stopped() -> list[str]:
        async with our_own.app.db.read() as conn:
            return list(await conn.scalars(states))

    await our_own.texts(ADA, "STOP")
    assert await stopped() == ["Ada", "Ben", "Cay"]
    await our_own.texts(ADA, "START")
    assert await stopped() == ["Ben"]
