"""A poll from beginning to end: made by keyboard alone, voted on by three ways, while its page is open."""

import pytest
from playwright.async_api import Page as Tab
from playwright.async_api import expect

from tests.fakes.telegram_people import Person
from tests.stories import GEORGE, reach, shows
from tests.world import ADA, World

pytestmark = pytest.mark.browser


async def open_by_keyboard(tab: Tab) -> None:
    await reach(tab, "Write a poll")
    await tab.keyboard.press("Enter")
    await tab.wait_for_url("**/polls/new")
    for field, words in (
        ("question", "Where shall we meet?"),
        ("options", "Library\nTown hall"),
        ("changes", "where we meet from May"),
        ("decides", "all of us"),
    ):
        await reach(tab, field)
        await tab.keyboard.type(words)
    await reach(tab, "Keep it and look at it")
    await tab.keyboard.press("Enter")
    await tab.wait_for_url("**/polls/drafts/*")
    await expect(tab.locator("main")).to_contain_text("It reaches 3 people")
    await reach(tab, "Open the poll and ask everybody")
    await tab.keyboard.press("Enter")
    await expect(tab.locator("main")).to_contain_text("It is open.")


async def by_phone(world: World) -> None:
    call = await world.twilio.answer(GEORGE)
    await call.press("1")
    assert "What this vote will change: where we meet from May." in call.said
    await call.press("1")
    assert "Your vote is counted: Library." in call.said
    await call.hang_up()


async def test_a_poll_is_made_by_keyboard_and_voted_on_by_three_ways_while_its_page_is_open(
    world: World, tia: Person, tab: Tab
) -> None:
    await tab.goto("/console/garden/polls")
    await open_by_keyboard(tab)
    assert "1 Library\n2 Town hall" in await world.twilio.next_text(ADA)
    await world.met(lambda: any("Where shall we meet?" in said for said in tia.heard()))
    await shows(tab, "#turnout", "0 of 3 people have voted.")
    await world.texts(ADA, "2")
    await shows(tab, "#turnout", "1 of 3 people has voted.", "By text")
    tia.presses("Library")
    await world.until("SELECT 1 FROM ballots WHERE channel = 'telegram'")
    await by_phone(world)
    await shows(tab, "#turnout", "3 of 3 people have voted.", "On Telegram", "By phone")
    await reach(tab, "Close the vote now")
    await tab.keyboard.press("Enter")
    await tab.wait_for_url("**/close")
    await reach(tab, "Close the vote and tell everybody")
    await tab.keyboard.press("Enter")
    await expect(tab.locator("main")).to_contain_text("Library won with 2 of 3 votes.")
    await world.met(lambda: any("The vote has closed" in said for said in world.twilio.sent_to(ADA)))
    await world.met(lambda: any("Library: 2 votes, 67%" in said for said in tia.heard()))
