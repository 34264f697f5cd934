"""Contributions: what came in, read, heard, typed up, answered, and hidden where that must be."""

from bot.web.console.contributions.files import PAGES as FILES
from bot.web.console.contributions.listed import PAGES as LISTED
from bot.web.console.contributions.one import PAGES as ONE
from bot.web.console.contributions.seen_to import PAGES as SEEN_TO

PAGES = (*LISTED, *ONE, *SEEN_TO, *FILES)
