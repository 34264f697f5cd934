"""The practice phone in a real browser: the example group's main story, by eye, by keyboard and by rule."""

import json
import sys
from asyncio.subprocess import PIPE, create_subprocess_exec
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import FilePayload, Page, async_playwright, expect

from bot.app import App
from tests.practising import Somebody, picture, port, until
from tests.stores import KEY, sqlite_url

pytestmark = pytest.mark.browser
VENDOR = Path(__file__).parent / "vendor"
PHONES = ("Telegram", "Texts", "Call")
PATIENCE = 20_000  # milliseconds; other tests may run at the same time


@pytest.fixture
async def page(app: App, chromium: str) -> AsyncIterator[Page]:
    """The page, with a microphone that needs no leave. Whatever is asked of another host fails the test."""
    async with port(app) as url, async_playwright() as playwright:
        microphone = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
        args = ["--no-sandbox", "--mute-audio", *microphone]
        browser = await playwright.chromium.launch(executable_path=chromium, args=args)
        context = await browser.new_context(base_url=url, permissions=["microphone"])
        found = await context.new_page()
        found.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        faults: list[str] = []
        found.on("pageerror", lambda error: faults.append(str(error)))
        found.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
        found.on("request", lambda asked: None if _ours(asked.url, url) else faults.append(asked.url))
        await found.goto("/practice")
        yield found
        await browser.close()
        assert not faults


async def test_the_whole_story_of_the_example_group(app: App, page: Page, tmp_path: Path) -> None:
    await join_by_text(page)
    await write_in_the_diary(page)
    await send_a_photo(page)
    await vote_by_key(page)
    await hear_the_brief(page)
    await until(app, "SELECT 1 FROM media WHERE state = 'stored' AND kind = 'photo'")
    poll, brief = [
        str(row[0]) for row in await until(app, "SELECT id FROM polls UNION ALL SELECT id FROM briefs")
    ]
    gifts = await says(tmp_path, "contributions", "GARDEN")
    given = {(one["flow"], one["channel"]): one for one in gifts}
    assert given["diary", "sms"]["text"] == "The bench was warm in the sun."
    assert given["photo", "telegram"]["media"][0]["kind"] == "photo"
    result = await says(tmp_path, "poll", "result", poll)
    assert (result["voted"], result["state"]) == (1, "open")
    states = [one["state"] for one in await says(tmp_path, "brief", "status", brief)]
    assert states.count("acknowledged") == 1


async def test_a_voice_message_is_recorded_with_the_microphone(app: App, page: Page) -> None:
    await page.get_by_role("button", name="Record a voice message").click()
    await page.wait_for_timeout(300)
    await page.get_by_role("button", name="Stop and send").click()
    await expect(page.get_by_label("Telegram messages")).to_contain_text("You sent voice message")


async def test_the_phone_rings_with_a_brief(app: App, page: Page) -> None:
    (cookie,) = await page.context.cookies()
    pat = Somebody(app, id=cookie["value"])
    await pat.joins_by_phone()
    await pat.is_rung()
    await expect(page.get_by_role("tab", name="Call (ringing)")).to_be_visible()
    await page.get_by_role("tab", name="Call").click()
    await page.get_by_role("button", name="Answer", exact=True).click()
    await press_for(page, "To hear our message")
    await expect(page.get_by_label("The call so far")).to_contain_text("What the garden needs")


async def test_it_can_be_used_with_the_keyboard_alone(page: Page) -> None:
    await page.get_by_role("tab", name="Telegram").focus()
    await page.keyboard.press("ArrowRight")
    await expect(page.get_by_role("tab", name="Texts")).to_be_focused()
    await page.keyboard.press("ArrowRight")
    await page.get_by_role("button", name="Ring Takepart").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="1", exact=True)).to_be_focused()
    await page.keyboard.press("1")
    await expect(page.get_by_label("The call so far")).to_contain_text("Welcome to The Garden Group")


async def test_a_restart_of_the_page_shows_what_was_written(page: Page) -> None:
    await text(page, "JOIN GARDEN")
    await expect(page.get_by_label("Text messages")).to_contain_text("2 parts, 202 characters")
    await page.reload()
    await page.get_by_role("tab", name="Texts").click()
    await expect(page.get_by_label("Text messages")).to_contain_text("JOIN GARDEN")


async def test_somebody_new_has_an_empty_phone(page: Page) -> None:
    await text(page, "JOIN GARDEN")
    await expect(page.get_by_label("Text messages")).to_contain_text("Would you like to join?")
    await page.get_by_role("button", name="Start as a new person").click()
    await page.get_by_role("tab", name="Texts").click()
    await expect(page.get_by_label("Text messages")).to_be_empty()


@pytest.mark.parametrize("phone", PHONES)
async def test_no_rule_of_accessibility_is_broken(page: Page, phone: str) -> None:
    await page.get_by_role("tab", name=phone).click()
    if phone == "Call":
        await page.get_by_role("button", name="Ring Takepart").click()
        await expect(page.get_by_role("button", name="Hang up")).to_be_visible()
    else:
        await page.get_by_role("tabpanel").get_by_role("textbox").fill("JOIN GARDEN")
        await page.get_by_role("button", name="Send", exact=True).click()
        await expect(page.get_by_role("tabpanel")).to_contain_text("Would you like to join?")
    for width in (320, 1280):
        await page.set_viewport_size({"width": width, "height": 800})
        # The page's own rules let no script in, so axe is run as the browser's tools would.
        found = "axe.run({resultTypes: ['violations']}).then(all => all.violations.map(one => one.id))"
        assert await page.evaluate(f"{(VENDOR / 'axe.min.js').read_text()}; {found}") == []
        assert await page.evaluate("document.documentElement.scrollWidth") <= width


async def test_everything_to_press_is_large_enough(page: Page) -> None:
    await page.get_by_role("tab", name="Call").click()
    await page.get_by_role("button", name="Ring Takepart").click()
    await expect(page.get_by_role("button", name="Hang up")).to_be_visible()
    for button in await page.locator("button:visible, label.file:visible, label.tick:visible").all():
        box = await button.bounding_box()
        assert box
        assert min(box["height"], box["width"]) >= 44, await button.inner_text()


async def join_by_text(page: Page) -> None:
    await text(page, "JOIN GARDEN")
    await expect(page.get_by_label("Text messages")).to_contain_text("Would you like to join?")
    await text(page, "1")
    await expect(page.get_by_label("Text messages")).to_contain_text("What would you like to be called?")
    await text(page, "Pat")
    await expect(page.get_by_label("Text messages")).to_contain_text("Welcome, Pat.")


async def write_in_the_diary(page: Page) -> None:
    await text(page, "DIARY")
    await expect(page.get_by_label("Text messages")).to_contain_text("put in your diary?")
    await text(page, "The bench was warm in the sun.")
    await expect(page.get_by_label("Text messages")).to_contain_text("How was that day?")
    await text(page, "5")
    await expect(page.get_by_label("Text messages")).to_contain_text("Your diary entry is kept, and")


async def send_a_photo(page: Page) -> None:
    log = page.get_by_label("Telegram messages")
    await page.get_by_role("tab", name="Telegram").click()
    await write(page, "JOIN GARDEN")
    await log.get_by_role("button", name="Join", exact=True).click()
    await expect(log).to_contain_text("What would you like to be called?")
    await write(page, "Tel")
    await log.get_by_role("button", name="Send photos").click()
    await expect(log).to_contain_text("Please send your photo.")
    photo = FilePayload(name="path.jpg", mimeType="image/jpeg", buffer=picture())
    await page.get_by_label("Send photos").locator("visible=true").set_input_files(photo)
    await log.get_by_role("button", name="That is all").click()
    await write(page, "The path behind the library")
    await expect(log).to_contain_text("That is kept, and")


async def vote_by_key(page: Page) -> None:
    said = page.get_by_label("The call so far")
    await page.get_by_role("tab", name="Call").click()
    await page.get_by_role("button", name="Ring Takepart").click()
    await expect(said).to_contain_text("Hello. This is Takepart.")
    await press_for(page, "To vote")
    await press_for(page, "For A bench in the shade")
    await expect(said).to_contain_text("Your vote is counted: A bench in the shade.")


async def hear_the_brief(page: Page) -> None:
    said = page.get_by_label("The call so far")
    await page.get_by_role("button", name="Hang up").click()
    await page.get_by_role("button", name="Ring Takepart").click()
    await expect(said).to_contain_text("Hello. This is Takepart.")
    if await said.get_by_text("For the main menu").count():
        await press_for(page, "For the main menu")
    await press_for(page, "To hear about the next session")
    await expect(said).to_contain_text("the garden behind the library")
    await press_for(page, "To tell us that you have heard it")
    await expect(said).to_contain_text("I have noted that you have heard it.")
    await page.get_by_role("button", name="Hang up").click()


async def press_for(page: Page, choice: str) -> None:
    """Press the key that the call names for a choice, the last time that it did."""
    line = page.get_by_label("The call so far").get_by_text(f"{choice}, press").last
    key = (await line.inner_text()).rstrip(".")[-1]
    steps = await page.get_by_label("The call so far").get_by_text("You press").count()
    await page.get_by_role("button", name=key, exact=True).click()
    await expect(page.get_by_label("The call so far").get_by_text("You press")).to_have_count(steps + 1)


async def text(page: Page, words: str) -> None:
    await page.get_by_role("tab", name="Texts").click()
    await page.get_by_label("Your text").fill(words)
    await page.get_by_label("Your text").press("Enter")
    await expect(page.get_by_label("Your text")).to_be_empty()


async def write(page: Page, words: str) -> None:
    await page.get_by_label("Your message").fill(words)
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.get_by_label("Your message")).to_be_empty()


async def says(folder: Path, *words: str) -> Any:
    """What a command prints with --json, beside the running service."""
    env = {
        "TAKEPART_DATABASE_URL": sqlite_url(folder / "takepart.db"),
        "TAKEPART_DATA_DIR": str(folder),
        "TAKEPART_SECRET_KEY": KEY.get_secret_value(),
    }
    process = await create_subprocess_exec(
        sys.executable, "-m", "bot", *words, "--json", stdout=PIPE, env=env
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    return json.loads(out)


def _ours(address: str, url: str) -> bool:
    return address.startswith((url, "blob:", "data:"))
