"""Polls: written, looked at on three phones, tried and opened; their turnout, their result, what was said."""

from bot.web.console.polls.looking import PAGES as LOOKING
from bot.web.console.polls.running import PAGES as RUNNING
from bot.web.console.polls.writing import PAGES as WRITING

PAGES = (*WRITING, *LOOKING, *RUNNING)
