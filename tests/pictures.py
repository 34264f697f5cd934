"""Takes the pictures for the README: `make pictures`."""

import asyncio
import shutil
import tempfile
from pathlib import Path

from playwright.async_api import Page, async_playwright

from bot.app import App
from bot.example import fill
from bot.web.practice import routes
from tests.practising import port, settings

FOLDER = Path(__file__).parent.parent / "docs" / "pictures"
TALK = ("JOIN GARDEN", "1", "Pat", "DIARY", "The bench was warm in the sun.")


async def main() -> None:
    """Have the example group's beginning in a browser, and take its picture."""
    FOLDER.mkdir(exist_ok=True)
    chromium = shutil.which("chromium")
    with tempfile.TemporaryDirectory() as folder:
        app = App(settings(Path(folder)), pages=routes)
        await app.start()
        await fill(app.db, secrets=app.secrets, ids=app.ids, now=app.clock())
        async with port(app) as url, async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = await browser.new_page(base_url=url, viewport={"width": 1120, "height": 860})
            await page.goto("/practice")
            await _talk(page)
            await page.screenshot(path=FOLDER / "practice.png")
            await browser.close()
        await app.stop()


async def _talk(page: Page) -> None:
    answers = page.get_by_label("Telegram messages").locator(".takepart")
    for words in TALK:
        had = await answers.count()
        await page.get_by_label("Your message").fill(words)
        await page.get_by_role("button", name="Send", exact=True).click()
        await answers.nth(had).wait_for()
    await page.wait_for_timeout(500)


if __name__ == "__main__":
    asyncio.run(main())
