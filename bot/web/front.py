"""What stands at the port: the doors that providers knock at, and behind them the pages.

A page passes through a framework that costs more than a webhook's own part in a turn.
"""

from collections.abc import Mapping
from urllib.parse import quote

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class Front:
    """Posts to a door's address go straight through it, everything else to the pages.

    An address that ends in a slash leads to the one without, here and on no other host.
    """

    def __init__(self, doors: Mapping[str, ASGIApp], pages: ASGIApp) -> None:
        self._doors = doors
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = scope["method"] if scope["type"] == "http" else ""
        door = self._doors.get(scope["path"]) if method == "POST" else None
        bare = scope["path"].strip("/") if method == "GET" and scope["path"].endswith("/") else ""
        page = RedirectResponse(f"/{quote(bare)}", 308) if bare else self._pages
        await (door or page)(scope, receive, send)
