"""Journeys: each as a picture, all of them together, and both as tables and in words."""

from typing import Any

from starlette.responses import Response

from bot.drawing import journeys
from bot.drawing.journeys import Scale
from bot.web.console.answers import drawing
from bot.web.console.contributions import called
from bot.web.console.desk import Desk, Page
from storage.given import browsing
from storage.given.browsing import Wanted
from storage.given.journeys import FLOW, Journey, journey

TITLE = "Journeys together"


async def listed(desk: Desk) -> Response:
    """All journeys of a page, together and one by one."""
    several, older = await _several(desk)
    counted, scale = _counted(desk, several), _scale(desk)
    table = journeys.counted(counted, scale)
    here = f"?{desk.request.url.query}" if desk.after else ""
    return desk.page(
        "journeys/listed.html",
        several=several,
        counted=counted,
        table=table,
        columns=["It felt", *(f"Moment {at}" for at in range(1, len(table[0][1]) + 1))],
        sentence=journeys.summed_up(counted, scale),
        in_words={one.id: journeys.in_words(one, scale) for one in several},
        lines={one.id: journeys.small(one, scale) for one in several},
        picture=f"{desk.address}/journeys/together.svg{here}",
        **desk.turned(older),
    )


async def together(desk: Desk) -> Response:
    """The picture of all."""
    several, _ = await _several(desk)
    counted, scale = _counted(desk, several), _scale(desk)
    sentence = journeys.summed_up(counted, scale)
    return drawing(journeys.together(counted, scale, title=TITLE, sentence=sentence), "journeys")


async def show(desk: Desk) -> Response:
    one = await _one(desk)
    scale = _scale(desk)
    values: dict[str, Any] = {"one": one, "scale": scale, "questions": _questions(desk)}
    return desk.page("journeys/one.html", sentence=journeys.in_words(one, scale), title=_title(one), **values)


async def picture(desk: Desk) -> Response:
    """The picture of one."""
    one = await _one(desk)
    drawn = journeys.picture(one, _scale(desk), title=_title(one), questions=_questions(desk))
    return drawing(drawn, f"journey-{one.id}")


async def _several(desk: Desk) -> tuple[list[Journey], str]:
    wanted = Wanted(flow=FLOW)
    async with desk.read() as conn:
        shelf = await browsing.browse(conn, desk.home.id, wanted, desk.after)
    return [journey(one) for one in shelf.found], shelf.older


async def _one(desk: Desk) -> Journey:
    async with desk.read() as conn:
        found = await browsing.find(conn, desk.home.id, desk.path["journey"])
    if found is None or found.flow != FLOW:
        desk.missing()
    return journey(found)


def _counted(desk: Desk, several: list[Journey]) -> list[Journey]:
    """Practice is not counted, unless the group is only for that."""
    return [one for one in several if desk.home.practice or not one.practice]


def _scale(desk: Desk) -> Scale:
    return called.scale(desk.app.flows, FLOW, desk.home.language)


def _questions(desk: Desk) -> dict[str, str]:
    return called.questions(desk.app.flows, FLOW, desk.home.language)


def _title(one: Journey) -> str:
    return f"Journey by {one.name}" if one.name else "Journey without a name"


PAGES = (
    Page("/journeys", show=listed),
    Page("/journeys/together.svg", show=together, part=True),
    Page("/journeys/{journey}", show=show),
    Page("/journeys/{journey}/picture.svg", show=picture, part=True),
)
