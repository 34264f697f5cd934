"""Takes the pictures for the README and the guides, of every page: `make pictures`."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.async_api import Browser, Page, ViewportSize, async_playwright

from bot.app import App
from bot.practice.example import fill as fill_example
from bot.web.practice import routes
from storage.secrets import Secrets
from storage.store import open_store
from tests.console import Desk, desk_in
from tests.fakes.twilio import SID
from tests.full_group import fill
from tests.plenty import plenty
from tests.practising import port, settings
from tests.stores import KEY, sqlite_url
from tests.walks import Stop, stops

FOLDER = Path(__file__).parent.parent / "docs" / "pictures"
TALK = ("JOIN GARDEN", "1", "Pat", "DIARY", "The bench was warm in the sun.")
WIDE, NARROW = ViewportSize(width=1280, height=800), ViewportSize(width=390, height=800)
ON_PHONES = ("today", "contributions", "polls-poll", "meetings-briefs-brief", "people")
HIGHEST = 1600  # of a long page its beginning is enough
COLOURS = 96  # pages are flat, so that more would only be larger
# All channels are on; nothing is sent, as nothing runs.
ACCOUNTS = {
    "TAKEPART_PUBLIC_URL": "https://takepart.example",
    "TELEGRAM_BOT_TOKEN": "1:a",
    "TWILIO_ACCOUNT_SID": SID,
    "TWILIO_AUTH_TOKEN": "made up",
    "TWILIO_NUMBER": "+441632960000",
}


async def main() -> None:
    """Have the practice phone and every page of the facilitators' in a browser, and take their pictures."""
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.png"):
        old.unlink()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--lang=en-GB"]
        )
        await _phone(browser)
        await _console(browser)
        await browser.close()


async def _phone(browser: Browser) -> None:
    """The practice phone with the example group's beginning."""
    with tempfile.TemporaryDirectory() as folder:
        app = App(settings(Path(folder)), pages=routes)
        await app.start()
        await fill_example(app.db, secrets=app.secrets, ids=app.ids, now=app.clock())
        async with port(app) as url:
            page = await browser.new_page(base_url=url, viewport={"width": 1120, "height": 860})
            await page.goto("/practice")
            await _talk(page)
            _keep(await page.screenshot(), "practice")
        await app.stop()


async def _talk(page: Page) -> None:
    answers = page.get_by_label("Telegram messages").locator(".takepart")
    for words in TALK:
        had = await answers.count()
        await page.get_by_label("Your message").fill(words)
        await page.get_by_role("button", name="Send", exact=True).click()
        await answers.nth(had).wait_for()
    await page.wait_for_timeout(500)


async def _console(browser: Browser) -> None:
    """The facilitators' pages with a group in which everything has happened."""
    async with _lived_in() as (desk, places):
        stranger = await browser.new_page(base_url=desk.url, viewport=WIDE, locale="en-GB")
        context = await browser.new_context(base_url=desk.url, viewport=WIDE, locale="en-GB")
        await context.add_cookies(desk.sam.cookies(desk.url))
        sam = await context.new_page()
        for stop in places:
            tab = stranger if stop.page.anyone else sam
            await tab.goto(stop.at)
            await _shot(tab, stop.called)
            if stop.called in ON_PHONES:
                await tab.set_viewport_size(NARROW)
                await _shot(tab, f"{stop.called}-on-a-phone")
                await tab.set_viewport_size(WIDE)


@asynccontextmanager
async def _lived_in() -> AsyncIterator[tuple[Desk, Sequence[Stop]]]:
    with tempfile.TemporaryDirectory() as kept, tempfile.TemporaryDirectory() as folder:
        migrated = Path(kept) / "takepart.db"
        await (await open_store(sqlite_url(migrated), Secrets(KEY))).close()
        async with desk_in(Path(folder), migrated, **ACCOUNTS) as desk:
            known = await plenty(desk, await fill(desk))
            yield desk, [stop for stop in stops(known) if stop.page.path or stop.page.group]


async def _shot(tab: Page, called: str) -> None:
    await tab.wait_for_load_state("networkidle")
    await tab.evaluate("document.fonts.ready")
    _keep(await tab.screenshot(full_page=True), called)


def _keep(png: bytes, called: str) -> None:
    """A picture with few colours, which makes it small."""
    with Image.open(BytesIO(png)) as image:
        top = image.crop((0, 0, image.width, min(image.height, HIGHEST)))
        few = top.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        few.save(FOLDER / f"{called}.png", optimize=True)


if __name__ == "__main__":
    asyncio.run(main())
