"""Stories in a real browser: Sam's pages, while members of Sam's group write, ring and press buttons."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright, expect
from playwright.async_api import Page as Tab

from bot.web.staff_only import COOKIE
from storage.door import sessions
from storage.members.people import add_facilitator
from tests.fakes.telegram_people import Person
from tests.joining import joins, uses
from tests.world import ADA, World

GEORGE = "+441632960112"
MOST_TABS = 60
REACHED = """wanted => {
    const {id, innerText} = document.activeElement;
    return id === wanted || innerText.startsWith(wanted);
}"""
PATIENCE = 20_000  # milliseconds; other tests may run at the same time


@pytest.fixture
async def chrome(chromium: str) -> AsyncIterator[Browser]:
    """A browser without a window."""
    async with async_playwright() as playwright:
        made = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield made
        await made.close()


@pytest.fixture
async def tia(world: World) -> Person:
    """Tia, on Telegram, in a group with Ada, who texts, and George, who is rung."""
    home = await world.group(hours="0-24")
    tia = world.telegram.person("Tia")
    for name, channel, address in (
        ("Tia", "telegram", str(tia.id)),
        ("Ada", "sms", ADA),
        ("George", "voice", GEORGE),
    ):
        await joins(world.app, home.id, name, id_=name, agreed={}, heard_at=world.clock())
        await uses(world.app, name, channel=channel, address=address)
    return tia


@pytest.fixture
async def tab(world: World, tia: Person, chrome: Browser) -> Tab:
    """A page of Sam's, who runs the group. Its clock can be put forward."""
    (group,) = await world.rows("SELECT id FROM groups")
    async with world.app.db.write() as conn:
        ids, now = world.app.ids, world.clock()
        await add_facilitator(conn, id="sam", group=group.id, name="Sam", now=now)
        cookie = await sessions.begin(conn, world.app.secrets, ["sam"], ids=ids, now=now)
    context = await chrome.new_context(base_url=world.url)
    await context.add_cookies([{"name": COOKIE, "value": cookie, "url": world.url}])
    await context.clock.install()
    tab = await context.new_page()
    tab.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    return tab


async def reach(tab: Tab, wanted: str) -> None:
    """Press Tab until the field, link or button with this id or name has the focus."""
    for _ in range(MOST_TABS):
        await tab.keyboard.press("Tab")
        if await tab.evaluate(REACHED, wanted):
            return
    raise AssertionError(f"no key leads to {wanted}")


async def shows(tab: Tab, place: str, *words: str) -> None:
    """Some seconds later this place of the page says these words, without the page being loaded again."""
    await tab.clock.fast_forward(10_000)
    for said in words:
        await expect(tab.locator(place)).to_contain_text(said)
