"""Every page there is, in the order of the bar at the top."""

from collections.abc import Sequence

from starlette.routing import BaseRoute

from bot.web.console import (
    briefs,
    calendars,
    choosing,
    contributions,
    exports,
    helping,
    journeys,
    meetings,
    messages,
    people,
    polls,
    safety,
    settings,
    signing_in,
    starting,
    today,
)
from bot.web.console.desk import Page, Service
from bot.web.console.door import Door

MODULES = (
    choosing,
    signing_in,
    today,
    starting,
    contributions,
    exports,
    polls,
    journeys,
    people,
    messages,
    helping,
    safety,
    settings,
    briefs,
    calendars,
    meetings,
)


def pages() -> Sequence[Page]:
    """All of them; the first whose address fits is asked."""
    return [page for module in MODULES for page in module.PAGES]


def routes(app: Service) -> list[BaseRoute]:
    """Everything below /console."""
    return Door(app).routes(pages())
