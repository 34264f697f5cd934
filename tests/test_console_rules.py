"""Every page of the console by the rules: for screen readers, for keyboards, for phones, for privacy.

It opens whatever is in the registry, so a new page is looked at by itself. A new name in a page's address
needs its example in `tests/full_group.py`.
"""

from pathlib import Path

import pytest
from playwright.async_api import Page as Tab
from playwright.async_api import async_playwright

from tests.console import Desk
from tests.full_group import fill
from tests.walks import stops

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
# All that it finds in order is a megabyte of each page, which stays in the browser.
BROKEN = "axe.run({resultTypes: ['violations']}).then(found => found.violations.map(one => one.id))"
WIDTHS = (320, 1280)
MOST_TABS = 400


async def faults(tab: Tab, width: int) -> list[str]:
    """What is wrong with the page that is open."""
    said: list[str] = await tab.evaluate(BROKEN)
    headings = await tab.locator("h1").count()
    wide = await tab.evaluate("document.documentElement.scrollWidth")
    said += [f"{headings} h1"] * (headings != 1) + [f"{wide} px wide"] * (wide > width)
    said += ["no title"] * (not await tab.title())
    charts = await tab.locator("main figure svg, main .chart svg").count()
    tables = await tab.locator("main table").count()
    return said + [f"{charts} charts, {tables} tables"] * (charts > tables)


@pytest.mark.browser
async def test_every_page_obeys_the_rules_at_both_widths(desk: Desk, chromium: str) -> None:
    known = await fill(desk)
    wrong: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = await browser.new_context(base_url=desk.url)
        await context.add_init_script(AXE)
        await context.add_cookies(desk.sam.cookies(desk.url))
        tab = await context.new_page()
        tab.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        tab.on("response", lambda got: wrong.append(got.url) if got.status >= 400 else None)
        tab.on("request", lambda asked: None if asked.url.startswith(desk.url) else wrong.append(asked.url))
        for stop in stops(known):
            answer = await tab.goto(stop.at)
            wrong += [f"{stop.at}: {answer.status}"] if answer and answer.status != 200 else []
            for width in WIDTHS:
                await tab.set_viewport_size({"width": width, "height": 800})
                wrong += [f"{stop.at} at {width}: {fault}" for fault in await faults(tab, width)]
        await browser.close()
    assert not wrong, "\n".join(wrong)
