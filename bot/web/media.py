"""Stored files for those who hold a signed address: Twilio plays them, the practice phone shows them."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from flows.events import Shown
from storage.database import Database
from storage.files import kept
from storage.files.media import Lost, MediaStore
from storage.files.media_place import Away
from storage.secrets import Secrets, Unsigned

LASTS = timedelta(hours=24)  # a message that waits for the carrier may be fetched so much later
LATER = "This file cannot be shown at the moment. Please try again in a minute."
HEADERS = {
    "Cache-Control": "private, max-age=3600",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}


class Links:
    """Addresses of stored files that hold for a day. `base` is our public address, "" for this host."""

    def __init__(self, secrets: Secrets, base: str) -> None:
        self._secrets = secrets
        self._base = base

    def __call__(self, shown: Shown) -> str:
        return f"{self._base}/media/{self._secrets.sign(shown.media)}"


def routes(
    *, db: Database, store: MediaStore, secrets: Secrets, fetch: Callable[[str], Awaitable[str | None]]
) -> list[Route]:
    """`fetch` gives a file's hash, bringing what has only just been recorded; None where it can't."""

    async def file(request: Request) -> Response:
        try:
            id_ = secrets.unsign(request.path_params["signed"], most=LASTS)
        except Unsigned:
            return PlainTextResponse("This address is wrong or too old.", 403)
        try:
            sha256 = await fetch(id_)
            data = await store.load(sha256) if sha256 else None
        except Away:
            return PlainTextResponse(LATER, 503, {"Retry-After": "60"})
        except Lost as error:
            structlog.get_logger().error("file_lost", media=id_, sentence=str(error))
            data = None
        if data is None:
            return PlainTextResponse("This file is not here.", 404)
        async with db.read() as conn:
            known = await kept.find(conn, id_)
        return Response(data, media_type=known.type if known else None, headers=HEADERS)

    return [Route("/media/{signed}", file)]
