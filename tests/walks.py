"""All the facilitators' pages one after the other, for tests and for pictures."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.web.console.desk import Page
from bot.web.console.pages import pages

NAME = re.compile(r"{(\w+)(?::\w+)?}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One page: where it is, and what a picture of it may be called."""

    page: Page
    at: str
    called: str


def stops(found: Mapping[str, str], code: str = "garden") -> Iterator[Stop]:
    """Each whole page that can be opened, once, with the examples for the names in addresses."""
    shown = set()
    for page in pages():
        if page.show and not page.part and page.show not in shown:
            shown.add(page.show)
            path = NAME.sub(lambda name: found[name[1]], page.path)
            called = NAME.sub(r"\1", page.path).strip("/").replace("/", "-")
            yield Stop(
                page=page,
                at=f"/console/{code}{path}" if page.group else f"/console{path}",
                called=called or ("today" if page.group else "groups"),
            )
