"""All the facilitators' pages one after the other, for tests and for pictures."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.web.console.desk import Page
from bot.web.console.pages import pages

NAME = re.compile(r"{(\w+)(?::\w+)?}")
AGAIN = {  # pages that look quite different for another example: the one that stands in its place
    "/polls/{poll}": ("poll", "closed"),
    "/files/{file}/words": ("file", "recording"),
    "/contributions/{gift}": ("gift", "hidden"),
    "/contributions/{gift}/review": ("gift", "hidden"),
}


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
            yield _stop(page, page.path, found, code)
            name, other = AGAIN.get(page.path, ("", ""))
            if other in found:
                yield _stop(page, page.path.replace(name + "}", other + "}"), found, code)


def _stop(page: Page, path: str, found: Mapping[str, str], code: str) -> Stop:
    at = NAME.sub(lambda name: found[name[1]], path)
    called = NAME.sub(r"\1", path).strip("/").replace("/", "-")
    return Stop(
        page=page,
        at=f"/console/{code}{at}" if page.group else f"/console{at}",
        called=called or ("today" if page.group else "groups"),
    )
