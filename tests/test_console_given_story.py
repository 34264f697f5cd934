"""A recording is heard and typed up by keyboard alone, and a journey seen as a picture, in a real browser."""

import pytest
from playwright.async_api import Page as Tab
from playwright.async_api import async_playwright, expect

from bot.web.staff_only import COOKIE
from tests.console import Desk, desk
from tests.gifts import JOURNEY, give, member, stored
from tests.stores import migrated

__all__ = ["desk", "migrated"]

MOST_TABS = 60
PATIENCE = 20_000  # milliseconds; other tests may run at the same time
SEEKS = """sound => new Promise(done => {
    sound.addEventListener("loadedmetadata", () => { sound.currentTime = sound.duration / 2; });
    sound.addEventListener("seeked", () => done(sound.currentTime / sound.duration));
    sound.preload = "auto";
    sound.load();
})"""


async def tabs_to(tab: Tab, words: str) -> None:
    """Press the tabulator until what is so called has the focus."""
    wanted = (
        tab.get_by_role("link", name=words)
        .or_(tab.get_by_label(words))
        .or_(tab.get_by_role("button", name=words))
    )
    for _ in range(MOST_TABS):
        await tab.keyboard.press("Tab")
        if await wanted.first.evaluate("one => one === document.activeElement"):
            return
    raise AssertionError(f"no way by keyboard to {words}")


@pytest.mark.browser
async def test_a_recording_is_typed_up_and_a_journey_is_seen(desk: Desk, chromium: str) -> None:
    await member(desk, "Mary")
    await give(desk, "mary", "1. I waited", flow="journey", answers=JOURNEY)
    await give(desk, "mary", flow="diary", files=[await stored(desk)])
    wrong: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = await browser.new_context(base_url=desk.url)
        held = next(one for one in desk.sam.client.cookie_jar if one.key == COOKIE)
        await context.add_cookies([{"name": COOKIE, "value": held.value, "url": desk.url}])
        tab = await context.new_page()
        tab.set_default_timeout(PATIENCE)
        tab.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        await tab.goto("/console/garden/contributions")
        assert await tab.locator("audio").evaluate(SEEKS) == pytest.approx(0.5, abs=0.01)
        await tabs_to(tab, "Type up recording 1")
        await tab.keyboard.press("Enter")
        await tab.wait_for_url("**/words")
        await tabs_to(tab, "What is said in it")
        await tab.keyboard.type("The bus was late.")
        await tabs_to(tab, "Save what is written")
        await tab.keyboard.press("Enter")
        await expect(tab.get_by_text("What is said: The bus was late.")).to_be_visible(timeout=PATIENCE)
        await tab.goto("/console/garden/journeys")
        await tab.get_by_role("link", name="Journey by Mary").click()
        picture = tab.get_by_role("img", name="Journey by Mary: 3 moments.")
        await expect(picture).to_be_visible(timeout=PATIENCE)
        assert await picture.evaluate("one => one.complete && one.naturalWidth") == 960
        await browser.close()
    assert wrong == []
