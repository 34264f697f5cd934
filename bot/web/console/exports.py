"""Getting a group's things out as a ZIP: asked for with its purpose, written beside, fetched within a day."""

from collections.abc import AsyncIterator, Sequence
from typing import get_args

from starlette.responses import Response, StreamingResponse

from bot.exporting.cells import slug
from bot.web.console.answers import named, no_news
from bot.web.console.desk import Desk, Page
from bot.web.console.forms import Choice, Form, Line, Tick
from bot.web.console.templating import HEADERS
from storage.files.media import MediaStore
from storage.keeping import exports
from storage.keeping.exports import Export, Part, Reach

AT = "/export"
REACHES = {
    "inside": "To work with it, among those who run the group",
    "outside": "To show it to others: only what its givers agreed to show outside the group",
}


class Wanted(Form):
    purpose = Line("What it is for", "Say what it is for.", most=300, hint="It is noted, and stands in it.")
    reach = Choice("Who will see it", "Choose who will see it.", choices=REACHES)
    practice = Tick("Practice too")


async def listed(desk: Desk) -> Response:
    return await _page(desk, Wanted())


async def ask(desk: Desk) -> Response:
    form = desk.form(Wanted)
    if not form.validate():
        return await _page(desk, form)
    reach: Reach = "outside" if form.reach.data == get_args(Reach)[1] else "inside"
    async with desk.write() as conn:
        id_ = await exports.ask(
            conn,
            desk.home.id,
            by=desk.me.member,
            purpose=form.purpose.data,
            reach=reach,
            practice=form.practice.data,
            ids=desk.app.ids,
            now=desk.now,
        )
        await desk.trace(conn, "asked to write the group out", subject=id_, why=form.purpose.data)
    desk.app.exporting.wake()
    return desk.go(AT, said="It is being written. You may leave this page and come back.")


async def so_far(desk: Desk) -> Response:
    """The list alone, for a page that is open."""
    async with desk.read() as conn:
        found = await exports.list_of(conn, desk.home.id)
    if desk.query.get("had") == _had(found):
        return no_news()
    return desk.page("exports/so_far.html", found=found, had=_had(found), reaches=REACHES)


async def fetch(desk: Desk) -> Response:
    """The ZIP itself, piece by piece. That somebody fetched it is noted."""
    async with desk.write() as conn:
        one = await exports.find(conn, desk.home.id, desk.path["export"])
        if one is None or one.state != "ready":
            desk.missing()
        pieces = await exports.parts(conn, one.id)
        await desk.trace(conn, "fetched what was written out", subject=one.id)
    headers = {**HEADERS, **named(_name(desk, one)), "Content-Length": str(one.bytes)}
    return StreamingResponse(_stream(desk.app.files, pieces), media_type="application/zip", headers=headers)


async def _stream(files: MediaStore, pieces: list[Part]) -> AsyncIterator[bytes]:
    for one in pieces:
        yield await files.load(one.sha256)


def _name(desk: Desk, one: Export) -> str:
    return f"{slug(desk.home.code)}-{one.asked_at.date().isoformat()}.zip"


async def _page(desk: Desk, form: Wanted) -> Response:
    async with desk.read() as conn:
        found = await exports.list_of(conn, desk.home.id)
    return desk.page("exports/list.html", form=form, found=found, had=_had(found), reaches=REACHES)


def _had(found: Sequence[Export]) -> str:
    """What a page knows of them."""
    return ".".join(f"{one.id}-{one.state}-{one.written}" for one in found)


PAGES = (
    Page(AT, show=listed, do=ask),
    Page(AT + "/so-far", show=so_far, part=True),
    Page(AT + "/{export}/fetch", show=fetch, part=True),
)
