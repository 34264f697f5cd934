"""What stands at the port: the doors that providers knock at, and behind them the pages.

A page passes through a framework that costs more than a webhook's own part in a turn.
"""

from collections.abc import Mapping

from starlette.types import ASGIApp, Receive, Scope, Send


class Front:
    """Posts to a door's address go straight through it, everything else to the pages."""

    def __init__(self, doors: Mapping[str, ASGIApp], pages: ASGIApp) -> None:
        self._doors = doors
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        post = scope["type"] == "http" and scope["method"] == "POST"
        door = self._doors.get(scope["path"]) if post else None
        await (door or self._pages)(scope, receive, send)
