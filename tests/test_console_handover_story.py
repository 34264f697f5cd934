"""A member asks for a person by text: what they write appears in the page, and the answer arrives."""

import pytest
import sqlalchemy as sa
from playwright.async_api import Page as Tab
from playwright.async_api import expect

from storage.lines.addresses import row as line_row
from storage.members import people
from storage.tables import lines, reaches
from tests.fakes.telegram_people import Person
from tests.stores import migrated
from tests.test_console_poll_story import tab, tia
from tests.world import ADA, BEN, World, world

__all__ = ["migrated", "tab", "tia", "world"]

pytestmark = pytest.mark.browser


async def sam_helps(world: World) -> None:
    """Sam is the helper, and has a phone of their own."""
    (group,) = await world.rows("SELECT id FROM groups")
    now, secrets = world.clock(), world.app.secrets
    async with world.app.db.write() as conn:
        line = line_row(secrets, id="sam", channel="sms", address=BEN, now=now)
        await conn.execute(sa.insert(lines).values(line))
        reach = {"id": "sam", "member_id": "sam", "line_id": "sam", "channel": "sms"}
        await conn.execute(sa.insert(reaches).values(**reach, proved_at=now, heard_at=now))
        await people.name_helper(conn, group.id, "sam", phone="", secrets=secrets)


async def writes(world: World, tab: Tab, words: str) -> None:
    """Ada sends this, and some seconds later it stands in the page without its being loaded again."""
    await world.twilio.text(ADA, words)
    await world.until("SELECT 1 FROM handover_words WHERE text = :words", words=words)
    await tab.clock.fast_forward(4000)
    await expect(tab.locator("#said")).to_contain_text(words)


async def test_a_member_who_asks_for_a_person_is_answered_from_the_page(
    world: World, tia: Person, tab: Tab
) -> None:
    await sam_helps(world)
    assert "Sam will answer you here" in (await world.texts(ADA, "help"))[0]
    await tab.goto("/console/garden")
    await tab.get_by_role("link", name="People who wait for your answer by text: 1").click()
    await tab.get_by_role("link", name="Ada").click()
    answer = tab.get_by_label("Your answer")
    await answer.press_sequentially("I come ")
    await writes(world, tab, "The gate is locked")
    had = len(world.twilio.sent_to(ADA))
    await tab.keyboard.type("with the key.")
    await expect(answer).to_have_value("I come with the key.")
    await tab.get_by_role("button", name="Send", exact=True).click()
    await expect(tab.locator("main")).to_contain_text("Your answer is on its way.")
    assert await world.twilio.next_text(ADA, after=had) == "Sam: I come with the key."
    await writes(world, tab, "Thank you, it is open")
    await tab.get_by_role("button", name="End it").click()
    await expect(tab.locator("main")).to_contain_text("It is over, and they are told.")
    assert "Sam has finished helping you" in await world.twilio.next_text(ADA, after=had + 1)
