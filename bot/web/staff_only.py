"""Lets in only who is signed in to the facilitators' pages, and knows them by their cookie."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from storage.database import Database
from storage.door import sessions
from storage.door.sessions import Session
from storage.secrets import Secrets

COOKIE = "takepart_session"
SIGN_IN = "/console/sign-in"
SIGNED_OUT = "You are signed out. Load this page again, and sign in."
AWAY = "The data cannot be reached just now. Please try again in a minute."


class Keeps(Protocol):
    """What it takes to know somebody."""

    @property
    def clock(self) -> Callable[[], datetime]: ...
    @property
    def db(self) -> Database: ...
    @property
    def secrets(self) -> Secrets: ...


async def signed_in(keeps: Keeps, request: Request) -> Session | None:
    """Who is signed in by this browser; that they are here is noted."""
    cookie = request.cookies.get(COOKIE, "")
    if not cookie:
        return None
    now = keeps.clock()
    async with keeps.db.read() as conn:
        found = await sessions.find(conn, keeps.secrets, cookie, now=now)
    if found and sessions.to_note(found, now):
        async with keeps.db.write() as conn:
            await sessions.seen(conn, found, now=now)
    return found


class StaffOnly:
    """Stands before a page at which somebody tries things out, and before what its scripts send."""

    def __init__(self, app: ASGIApp, service: Keeps) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            known = await signed_in(self._service, Request(scope))
        except (SQLAlchemyError, OSError):
            answer: ASGIApp = JSONResponse({"error": AWAY}, 503)
        else:
            answer = self._app if known else _refusal(scope)
        await answer(scope, receive, send)


def _refusal(scope: Scope) -> Response:
    """The way to sign in, for whoever opens the page itself."""
    if scope["method"] == "GET" and scope["path"].count("/") == 1:
        return RedirectResponse(f"{SIGN_IN}?next={scope['path']}", 303)
    return JSONResponse({"error": SIGNED_OUT}, 403)
