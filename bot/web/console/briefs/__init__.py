"""Briefs: written with all their versions, looked at, tried, let go, and who has had them."""

from bot.web.console.briefs import one, reached, writing

PAGES = (*writing.PAGES, *one.PAGES, *reached.PAGES)
