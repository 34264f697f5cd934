"""A poll from beginning to end: made by keyboard alone, voted on by three ways, while its page is open."""

from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa
from playwright.async_api import Page as Tab
from playwright.async_api import async_playwright, expect

from bot.web.staff_only import COOKIE
from storage.door import sessions
from storage.lines.addresses import row as line_row
from storage.members.people import add_facilitator
from storage.tables import lines, members, reaches
from tests.fakes.telegram_people import Person
from tests.stores import migrated
from tests.world import ADA, World, world

__all__ = ["migrated", "world"]

pytestmark = pytest.mark.browser
GEORGE = "+441632960112"
MOST_TABS = 60
PATIENCE = 20_000  # milliseconds; other tests may run at the same time


async def member(world: World, group: str, name: str, channel: str, address: str) -> None:
    """Somebody who has joined, and uses this line."""
    now, secrets = world.clock(), world.app.secrets
    async with world.app.db.write() as conn:
        row = {"id": name, "group_id": group, "name": name, "agreed": {}, "heard_at": now}
        await conn.execute(sa.insert(members).values(**row, joined_at=now))
        await conn.execute(
            sa.insert(lines).values(line_row(secrets, id=name, channel=channel, address=address, now=now))
        )
        reach = {"id": name, "member_id": name, "line_id": name, "channel": channel}
        await conn.execute(sa.insert(reaches).values(**reach, proved_at=now, heard_at=now))


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
        await member(world, home.id, name, channel, address)
    return tia


@pytest.fixture
async def tab(world: World, tia: Person, chromium: str) -> AsyncIterator[Tab]:
    """A page of Sam's, who runs the group. Its clock can be put forward."""
    (group,) = await world.rows("SELECT id FROM groups")
    async with world.app.db.write() as conn:
        ids, now = world.app.ids, world.clock()
        await add_facilitator(conn, id="sam", group=group.id, name="Sam", now=now)
        cookie = await sessions.begin(conn, world.app.secrets, ["sam"], ids=ids, now=now)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = await browser.new_context(base_url=world.url)
        await context.add_cookies([{"name": COOKIE, "value": cookie, "url": world.url}])
        await context.clock.install()
        tab = await context.new_page()
        tab.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        yield tab
        await browser.close()


async def reach(tab: Tab, wanted: str) -> None:
    """Press Tab until the field, link or button with this name has the focus."""
    for _ in range(MOST_TABS):
        await tab.keyboard.press("Tab")
        if await tab.evaluate(
            "w => [document.activeElement.id, document.activeElement.innerText].includes(w)", wanted
        ):
            return
    raise AssertionError(f"no key leads to {wanted}")


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


async def shows(tab: Tab, *words: str) -> None:
    """Some seconds later the page says this, without being loaded again."""
    await tab.clock.fast_forward(4000)
    for said in words:
        await expect(tab.locator("#turnout")).to_contain_text(said)


async def test_a_poll_is_made_by_keyboard_and_voted_on_by_three_ways_while_its_page_is_open(
    world: World, tia: Person, tab: Tab
) -> None:
    await tab.goto("/console/garden/polls")
    await open_by_keyboard(tab)
    assert "1 Library\n2 Town hall" in await world.twilio.next_text(ADA)
    await world.met(lambda: any("Where shall we meet?" in said for said in tia.heard()))
    await shows(tab, "0 of 3 people have voted.")
    await world.texts(ADA, "2")
    await shows(tab, "1 of 3 people has voted.", "By text")
    tia.presses("Library")
    await world.until("SELECT 1 FROM ballots WHERE channel = 'telegram'")
    await by_phone(world)
    await shows(tab, "3 of 3 people have voted.", "On Telegram", "By phone")
    await reach(tab, "Close the vote now")
    await tab.keyboard.press("Enter")
    await tab.wait_for_url("**/close")
    await reach(tab, "Close the vote and tell everybody")
    await tab.keyboard.press("Enter")
    await expect(tab.locator("main")).to_contain_text("Library won with 2 of 3 votes.")
    await world.met(lambda: any("The vote has closed" in said for said in world.twilio.sent_to(ADA)))
    await world.met(lambda: any("Library: 2 votes, 67%" in said for said in tia.heard()))
