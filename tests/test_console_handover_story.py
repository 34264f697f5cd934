"""A member asks for a person by text: what they write appears in the page, and the answer arrives."""

import pytest
from playwright.async_api import Page as Tab
from playwright.async_api import expect

from storage.members import people
from tests.fakes.telegram_people import Person
from tests.joining import uses
from tests.stories import shows
from tests.world import ADA, BEN, World

pytestmark = pytest.mark.browser


async def sam_helps(world: World) -> None:
    """Sam is the helper, and has a phone of their own."""
    (group,) = await world.rows("SELECT id FROM groups")
    await uses(world.app, "sam", address=BEN)
    async with world.app.db.write() as conn:
        await people.name_helper(conn, group.id, "sam", phone="", secrets=world.app.secrets)


async def writes(world: World, tab: Tab, words: str) -> None:
    """Ada sends this, and some seconds later it stands in the page without its being loaded again."""
    await world.twilio.text(ADA, words)
    await world.until("SELECT 1 FROM handover_words WHERE text = :words", words=words)
    await shows(tab, "#said", words)


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
