"""Every page of the console by the rules: for screen readers, keyboards and phones, whatever people wrote.

It opens whatever is in the registry, so a new page is looked at by itself. A new name in a page's address
needs its example in `tests/full_group.py`.
"""

from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage
from playwright.async_api import Page as Tab

from tests.console import Desk
from tests.full_group import fill
from tests.marking import mark
from tests.plenty import plenty
from tests.walks import Stop, stops

pytestmark = pytest.mark.browser
HERE = Path(__file__).parent
RULES = "\n".join((HERE / name).read_text(encoding="utf-8") for name in ("vendor/axe.min.js", "rules.js"))
WIDE, NARROW = 1280, 320


async def watched(context: BrowserContext, desk: Desk, wrong: list[str]) -> Tab:
    """A page that tells of whatever runs in it, goes elsewhere or is not found."""
    tab = await context.new_page()
    tab.on("dialog", lambda one: wrong.append(f"{tab.url} ran {one.message}"))
    tab.on("console", lambda one: wrong.append(f"{tab.url}: {one.text}") if is_wrong(one) else None)
    tab.on("request", lambda one: None if one.url.startswith(desk.url) else wrong.append(one.url))
    return tab


def is_wrong(said: ConsoleMessage) -> bool:
    """Whether the browser complains; not of a form that was answered with its mistakes."""
    return said.type == "error" and "status of 422" not in said.text


async def faults(tab: Tab, stop: Stop) -> list[str]:
    """What is wrong with a page on a phone and on a desk."""
    answer = await tab.goto(stop.at)
    found = [] if answer and answer.status == 200 else ["it is not there"]
    await tab.set_viewport_size({"width": NARROW, "height": 800})
    found += await tab.evaluate("everyRule(false)")
    await tab.set_viewport_size({"width": WIDE, "height": 800})
    found += await tab.evaluate("everyRule(true)")
    return [f"{stop.at}: {one}" for one in found]


async def mistaken(tab: Tab, stop: Stop) -> list[str] | None:
    """What is wrong with a page whose form was sent with nothing in it; None where that is no mistake."""
    if not (stop.page.do and await tab.evaluate("emptied()")):
        return None
    async with tab.expect_navigation():
        await tab.evaluate("document.getElementById('emptied').requestSubmit()")
    if not (await tab.title()).startswith("Error: "):
        return None
    return [f"{stop.at} sent empty: {one}" for one in await tab.evaluate("wrongSummary()")]


async def test_every_page_obeys_the_rules_at_both_widths(desk: Desk, chrome: Browser) -> None:
    """Even where everything that anybody wrote is markup, a very long word, and turns the writing round."""
    known = await plenty(desk, await fill(desk))
    await mark(desk)
    wrong: list[str] = []
    context = await chrome.new_context(base_url=desk.url)
    await context.add_init_script(RULES)
    stranger = await watched(context, desk, wrong)
    for stop in stops(known):
        if stop.page.anyone:
            wrong += await faults(stranger, stop)
    await context.add_cookies(desk.sam.cookies(desk.url))
    sam, forms = await watched(context, desk, wrong), 0
    for stop in stops(known):
        if not stop.page.anyone:
            wrong += await faults(sam, stop)
            found = await mistaken(sam, stop)
            forms += found is not None
            wrong += found or []
    assert not wrong, "\n".join(wrong)
    assert forms > 10
