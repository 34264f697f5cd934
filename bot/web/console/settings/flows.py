"""The flows in use: what opens each, what is kept of it and who reads it, and how it looks and sounds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from starlette.responses import Response

from bot.sending.forecast import version_name
from bot.web.console.desk import Desk, Page
from bot.web.console.phones import Phones, talked
from bot.web.console.walking import walk
from flows.state import Group
from flows.steps import MENU, Flow, KeepStep
from flows.wording import pick

SHELVES = (("Ways to take part", MENU), ("Each member's own choices", "me"))
OTHERS = "Opened by a word alone"
ITSELF = "What happens by itself"
AUDIENCES = {
    "facilitators": "who runs the group: {readers}",
    "group": "everybody in the group",
    "outside": "everybody, also outside the group",
    "": "whoever its giver chooses",
}
SHOWN = 12  # signs of a version, which are enough to tell it from all others


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One flow in a list or on its page. `words` open it; `kept` is the kind that is kept of it, if any."""

    name: str
    called: str
    words: tuple[str, ...]
    kept: str
    readers: str
    version: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A flow in one language and form, on three phones."""

    name: str
    phones: Phones


async def listed(desk: Desk) -> Response:
    group = await _group(desk)
    shelved = {flow.name for flows in desk.app.flows.shelves.values() for flow in flows}
    every = desk.app.flows.current
    rest = [every[name] for name in sorted(every) if name not in shelved]
    parts = [
        *((heading, desk.app.flows.shelves.get(shelf, ())) for heading, shelf in SHELVES),
        (OTHERS, tuple(one for one in rest if one.words)),
        (ITSELF, tuple(one for one in rest if not one.words)),
    ]
    found = [(heading, [_way(flow, group) for flow in flows]) for heading, flows in parts]
    return desk.page("settings/flows.html", parts=found)


async def one(desk: Desk) -> Response:
    flow = desk.app.flows.current.get(desk.path["flow"]) or desk.missing()
    group = await _group(desk)
    versions = list(_versions(desk, flow, group))
    return desk.page("settings/flow.html", flow=_way(flow, group), versions=versions)


async def _group(desk: Desk) -> Group:
    """The group as members meet it, with its own names and wording."""
    async with desk.read() as conn:
        return (await desk.app.views.load(conn, [desk.home.id], desk.now))[desk.home.id]


def _versions(desk: Desk, flow: Flow, group: Group) -> Iterator[Version]:
    """In each of the group's languages, its own first, and in easy words."""
    languages: Sequence[str] = tuple(dict.fromkeys([desk.home.language, *group.rules.languages]))
    for language, form in [*((language, "plain") for language in languages), (languages[0], "easy")]:
        told = walk(desk.app, flow.name, group, now=desk.now, language=language, form=form)
        phones = talked(desk.app, told, group=desk.home, language=language)
        yield Version(name=version_name(desk.app.flows, language, form), phones=phones)


def _way(flow: Flow, group: Group) -> Way:
    called = pick(flow.menu or flow.title, "en", "plain")
    keep = flow.keep
    return Way(
        name=flow.name,
        called=called[:1].upper() + called[1:],
        words=tuple(word.upper() for word in flow.words),
        kept=keep.flow if keep else "",
        readers=_readers(keep, group) if keep else "",
        version=flow.version[:SHOWN],
        source=flow.source,
    )


def _readers(keep: KeepStep, group: Group) -> str:
    audience = "" if keep.audience_from else keep.audience
    return AUDIENCES[audience].format(readers=" and ".join(group.readers) or "nobody yet")


PAGES = (
    Page("/settings/flows", show=listed),
    Page("/settings/flows/{flow}", show=one),
)
