"""Photos and recordings: the files themselves, and a page for each with what is written down beside it."""

from typing import Any

import structlog
from starlette.responses import Response

from bot.exporting.folder import ENDINGS
from bot.web.console.answers import SANDBOX, named
from bot.web.console.contributions import called
from bot.web.console.desk import Desk, Page
from bot.web.console.forms import Form, Words
from bot.web.ranges import part
from storage.files import kept
from storage.files.kept import Kept
from storage.files.media import Lost
from storage.given import browsing, listening, typing, whose
from storage.given.whose import Of
from storage.members.groups import Complaint

SEEN = ("image/", "audio/")  # what a browser shows or plays; all else it only keeps
UNKNOWN = "application/octet-stream"
SMALL = "image/jpeg"
SAVED = "It is saved."
ALARM = "It is saved. These words may mean danger: whoever is alerted in this group is told."
HEARD = "It is marked as heard or seen."


class Typed(Form):
    typed = Words("What is said in it", most=typing.LONGEST, rows=10)


async def whole(desk: Desk) -> Response:
    """The file as it is kept, or a part of it."""
    file, _ = await _file(desk)
    type_ = file.type if file.type in ENDINGS else UNKNOWN
    return await _given(desk, file, file.sha256, type_)


async def small(desk: Desk) -> Response:
    """A photo as a list shows it."""
    file, _ = await _file(desk)
    if file.kind != "photo":
        desk.missing()
    return await _given(
        desk, file, file.thumb_sha256 or file.sha256, SMALL if file.thumb_sha256 else file.type
    )


async def _given(desk: Desk, file: Kept, sha256: str | None, type_: str) -> Response:
    if not sha256:
        desk.missing()
    try:
        data = await desk.app.files.load(sha256)
    except Lost as error:
        structlog.get_logger().error("file_lost", media=file.id, sentence=str(error))
        desk.missing()
    found = part(data, desk.request.headers.get("range", ""))
    name = f"{file.kind}-{file.id}.{ENDINGS.get(type_, 'bin')}"
    headers = {**SANDBOX, **found.headers, **named(name, shown=type_.startswith(SEEN))}
    return Response(found.data, found.status, headers=headers, media_type=type_)


async def show(desk: Desk) -> Response:
    return await _page(desk, None)


async def type_up(desk: Desk) -> Response:
    """Keep what was typed beside it."""
    form = desk.form(Typed)
    if not form.validate():
        return await _page(desk, form)
    file, of = await _file(desk)
    try:
        async with desk.write() as conn:
            alarmed = await typing.type_up(
                conn,
                desk.home.id,
                file.id,
                form.typed.data,
                desk.me.member,
                safe_words=desk.app.flows.safe_words,
                ids=desk.app.ids,
                now=desk.now,
            )
    except Complaint as complaint:
        form.complain("typed", complaint)
        return await _page(desk, form)
    return desk.go(_back(of, file), said=ALARM if alarmed else SAVED)


async def heard(desk: Desk) -> Response:
    """Mark it, without words."""
    file, of = await _file(desk)
    async with desk.write() as conn:
        await listening.hear(
            conn,
            desk.home.id,
            file.id,
            desk.me.member,
            safe_words=desk.app.flows.safe_words,
            ids=desk.app.ids,
            now=desk.now,
        )
    return desk.go(_back(of, file), said=HEARD)


async def _file(desk: Desk) -> tuple[Kept, Of]:
    """The file that the address names, and what it came with, in this group."""
    id_ = desk.path["file"]
    async with desk.read() as conn:
        of = await whose.find(conn, id_, group=desk.home.id)
        file = await kept.find(conn, id_)
    if of is None or file is None:
        desk.missing()
    return file, of


def _back(of: Of, file: Kept) -> str:
    return f"/contributions/{of.id}" if of.kind == "contribution" else f"/files/{file.id}/words"


async def _page(desk: Desk, form: Typed | None) -> Response:
    file, of = await _file(desk)
    if file.kind == "file":
        desk.missing()
    async with desk.read() as conn:
        gift = await browsing.find(conn, desk.home.id, of.id) if of.kind == "contribution" else None
        seen = (await typing.seen_by(conn, desk.home.id, [file.id])).get(file.id)
        names = await browsing.names(conn, [seen.who] if seen else [])
    made = form or Typed(data={"typed": file.typed})
    if file.kind == "photo":
        made.typed.label.text = "What it shows, for people who cannot see it"
    values: dict[str, Any] = {
        "it": file,
        "of": of,
        "one": gift,
        "seen": seen,
        "names": names,
        "called": called,
    }
    return desk.page("contributions/file.html", form=made, **values)


PAGES = (
    Page("/files/{file}", show=whole, part=True),
    Page("/files/{file}/small", show=small, part=True),
    Page("/files/{file}/heard", do=heard),
    Page("/files/{file}/words", show=show, do=type_up),
)
