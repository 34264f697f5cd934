"""A recording is heard and typed up by keyboard alone, and a journey seen as a picture, in a real browser."""

import pytest
from playwright.async_api import Browser, expect

from tests.console import Desk
from tests.gifts import JOURNEY, give, member, stored
from tests.stories import PATIENCE, reach

SEEKS = """sound => new Promise(done => {
    sound.addEventListener("loadedmetadata", () => { sound.currentTime = sound.duration / 2; });
    sound.addEventListener("seeked", () => done(sound.currentTime / sound.duration));
    sound.preload = "auto";
    sound.load();
})"""


@pytest.mark.browser
async def test_a_recording_is_typed_up_and_a_journey_is_seen(desk: Desk, chrome: Browser) -> None:
    await member(desk, "Mary")
    await give(desk, "mary", "1. I waited", flow="journey", answers=JOURNEY)
    await give(desk, "mary", flow="diary", files=[await stored(desk)])
    wrong: list[str] = []
    context = await chrome.new_context(base_url=desk.url)
    await context.add_cookies(desk.sam.cookies(desk.url))
    tab = await context.new_page()
    tab.set_default_timeout(PATIENCE)
    tab.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    await tab.goto("/console/garden/contributions")
    assert await tab.locator("audio").evaluate(SEEKS) == pytest.approx(0.5, abs=0.01)
    await reach(tab, "Type up recording 1")
    await tab.keyboard.press("Enter")
    await tab.wait_for_url("**/words")
    await reach(tab, "typed")
    await tab.keyboard.type("The bus was late.")
    await reach(tab, "Save what is written")
    await tab.keyboard.press("Enter")
    await expect(tab.get_by_text("What is said: The bus was late.")).to_be_visible(timeout=PATIENCE)
    await tab.goto("/console/garden/journeys")
    await tab.get_by_role("link", name="Journey by Mary").click()
    picture = tab.get_by_role("img", name="Journey by Mary: 3 moments.")
    await expect(picture).to_be_visible(timeout=PATIENCE)
    assert await picture.evaluate("one => one.complete && one.naturalWidth") == 960
    assert wrong == []
