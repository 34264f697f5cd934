"""What the pages do in a browser that runs no scripts, and how a file leaves them."""

import csv
import io
import zipfile
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.console import Desk
from tests.full_group import fill

pytestmark = pytest.mark.browser
WRITTEN = {
    "The question": "Shall we meet outside?",
    "What people can choose": "Outside\nInside",
    "What will this vote change?": "where we meet",
    "Who decides in the end?": "all of us",
}
PATIENCE = 20_000  # milliseconds; other tests may run at the same time


async def test_without_scripts_everything_can_be_done(desk: Desk, chrome: Browser) -> None:
    """A vote is written and opened, and a member is answered."""
    await fill(desk)
    context = await chrome.new_context(base_url=desk.url, java_script_enabled=False)
    await context.add_cookies(desk.sam.cookies(desk.url))
    tab = await context.new_page()
    main = tab.locator("main")
    await tab.goto("/console/garden/polls/new")
    await tab.keyboard.press("Tab")
    await tab.keyboard.press("Enter")
    await expect(main).to_be_focused()  # past the bar at the top
    await tab.get_by_role("button", name="Keep it and look at it").click()
    await expect(main).to_contain_text("There is something to mend")
    for field, words in WRITTEN.items():
        await tab.get_by_label(field).first.fill(words)
    await tab.get_by_role("button", name="Keep it and look at it").click()
    await expect(main).to_contain_text("On a call")
    await tab.get_by_role("button", name="Open the poll and ask everybody").click()
    await expect(main).to_contain_text("0 of 2 people have voted.")
    await tab.goto("/console/garden/messages/handovers/h")
    await tab.get_by_label("Your answer").fill("I come with the key.")
    await tab.get_by_role("button", name="Send", exact=True).click()
    await expect(main.locator("#said")).to_contain_text("I come with the key.")


async def test_what_was_given_is_written_out_and_fetched(desk: Desk, chrome: Browser, tmp_path: Path) -> None:
    await fill(desk)
    context = await chrome.new_context(base_url=desk.url)
    await context.add_cookies(desk.sam.cookies(desk.url))
    tab = await context.new_page()
    await tab.goto("/console/garden/contributions")
    await tab.get_by_role("link", name="Get everything out as a file").click()
    await tab.get_by_label("What it is for").fill("Our yearly report")
    await tab.get_by_label("To work with it").check()
    await tab.get_by_role("button", name="Write it out").click()
    assert await desk.app.exporting.once()
    await tab.reload()
    async with tab.expect_download() as coming:
        await tab.get_by_role("link", name="Fetch it").click(timeout=PATIENCE)
    await (await coming.value).save_as(tmp_path / "garden.zip")
    with zipfile.ZipFile(tmp_path / "garden.zip") as archive:
        text = archive.read("contributions.csv").decode("utf-8-sig")
    written = sorted(row["words"] for row in csv.DictReader(io.StringIO(text)))
    assert written == sorted(row.text for row in await desk.rows("SELECT text FROM contributions"))
