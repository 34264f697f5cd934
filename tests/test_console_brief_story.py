"""A brief from beginning to end: written, scheduled, delivered, acknowledged by text and on the phone."""

import pytest
from playwright.async_api import Page as Tab
from playwright.async_api import expect

from tests.fakes.telegram_people import Person
from tests.stories import GEORGE, shows
from tests.world import ADA, World

pytestmark = pytest.mark.browser
LONG = "Two of the routes that we use may change, and we have to say by May which of the stops we need most."


async def plan(tab: Tab) -> None:
    """A meeting in three days: a brief that goes three days before it goes at once."""
    await tab.goto("/console/garden/meetings")
    await tab.get_by_role("button", name="Plan a meeting").click()
    await tab.get_by_label("What is it about?").fill("Travel")
    await tab.get_by_label("Day").fill("2026-03-13")
    await tab.get_by_label("Time").fill("14:00")
    await tab.get_by_role("button", name="Plan it").click()
    await expect(tab.locator("main")).to_contain_text("It is planned for Friday 13 March at 2pm.")


async def write(tab: Tab) -> None:
    """The words, and beside them what they will be like as they are typed."""
    await tab.get_by_role("button", name="Write a brief").click()
    beside = tab.locator("#beside")
    await tab.get_by_label("Words").first.fill(f"# Getting about\n\n{LONG}")
    await tab.clock.fast_forward(1000)
    await expect(beside).to_contain_text("Sentences to shorten: English")
    await tab.get_by_label("Words").first.fill("# Getting about\n\nTwo bus routes may change.")
    await tab.clock.fast_forward(1000)
    await expect(beside).not_to_contain_text("Sentences to shorten")
    await expect(beside).to_contain_text("Text READ when you have read it.")
    await tab.get_by_role("button", name="Keep as a draft").click()
    await expect(tab.locator("main")).to_contain_text("It reaches 3 people")


async def hears_it(world: World) -> None:
    call = await world.twilio.answer(GEORGE)
    assert "Two bus routes" not in call.said  # whoever lifts the phone
    await call.press("1")
    assert "Two bus routes may change." in call.said
    await call.press("5")
    assert "I have noted that you have heard it." in call.said
    await call.hang_up()


async def test_a_brief_is_written_scheduled_delivered_and_acknowledged(
    world: World, tia: Person, tab: Tab
) -> None:
    await plan(tab)
    await write(tab)
    await tab.get_by_role("button", name="Schedule it").click()
    await expect(tab.locator("main")).to_contain_text("It goes out on Tuesday 10 March")
    text = await world.twilio.next_text(ADA)
    assert text.startswith("To read before Travel, Friday 13 March at 2pm:\nGetting about")
    await world.met(lambda: any("Two bus routes may change." in said for said in tia.heard()))
    await hears_it(world)
    assert "read Getting about" in (await world.texts(ADA, "READ"))[0]
    await shows(tab, "main", "Not reached: 0", "Have got it: 1", "Have read or heard it: 2", "Tia")
    await tab.get_by_role("link", name="Have read or heard it: 2").click()
    for who in ("Ada", "George"):
        row = tab.get_by_role("row", name=who)
        await expect(row).to_contain_text("They told us that they have read or heard it")
