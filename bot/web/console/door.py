"""Who comes in to the pages, and what they are told where something goes wrong."""

import hashlib
import hmac
import math
import secrets as chance
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bot.logs import place
from bot.web.console.desk import Desk, Missing, Page, Service
from bot.web.console.templating import HEADERS, Pages
from bot.web.staff_only import COOKIE, SIGN_IN, signed_in
from storage.database import StorageError
from storage.door.sessions import LASTS, Session
from storage.members.groups import Complaint, Home, find_group
from storage.secrets import Unsigned

BEFORE = "takepart_visitor"  # of those who are not signed in yet
TOKEN = "token"  # noqa: S105  # the name of a form's field
MOST_FIELDS = 200
MOST_FILES = 20
MOST_UNKEPT = 1024 * 1024  # bytes of a form that is read of somebody who is not signed in any more
FEWEST = 12  # characters that are shown again where a form is refused: fewer are soon typed


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is shown in place of the page that was asked for."""

    status: int
    heading: str
    sentence: str


NOT_HERE = Refusal(404, "There is no such page here", "The address may be wrong, or it is of another group.")
FORGED = Refusal(403, "This was not done", "The page was open for too long. Load it again.")
SIGNED_OUT = Refusal(403, "You are signed out", "Nothing was changed. Sign in, then do it again.")
TOO_LARGE = Refusal(413, "That is too much", "What you sent is too large. A file may have 20 MB.")
UNREADABLE = Refusal(400, "This could not be read", "Nothing was changed. Go back, and try again.")
AWAY = Refusal(
    503, "The data cannot be reached", "Nothing was changed. Members' messages wait. Try again in a minute."
)
BROKEN = Refusal(500, "Something went wrong here", "It is noted. Go back, and try again.")


class Refused(Exception):
    """The page that was asked for is not given. `written`: what would be lost with a form."""

    def __init__(self, why: Refusal, written: Sequence[str] = ()) -> None:
        super().__init__(why.sentence)
        self.why, self.written = why, written


class Door:
    """Opens the pages to those who may see them."""

    def __init__(self, app: Service) -> None:
        self._app = app
        self._pages = Pages(app.secrets, safe=(app.settings.public_url or "").startswith("https:"))

    def routes(self, pages: Sequence[Page]) -> list[BaseRoute]:
        """The pages' addresses, and one sentence for every other address below /console."""
        rest = Page("{rest:path}", show=_nowhere, do=_nowhere, group=False, anyone=True)
        return [self._route(page) for page in (*pages, rest)]

    def _route(self, page: Page) -> Route:
        async def serve(request: Request) -> Response:
            try:
                return await self._answer(page, request)
            except Missing:
                return self._plain(NOT_HERE)
            except Refused as refused:
                return self._plain(refused.why, refused.written)
            except Complaint as complaint:
                return self._plain(Refusal(409, "This cannot be done", str(complaint)))
            except (HTTPException, UnicodeError, ClientDisconnect):
                return self._plain(UNREADABLE)
            except (SQLAlchemyError, StorageError, OSError) as error:
                structlog.get_logger().error("page_without_data", error=type(error).__name__)
                return self._plain(AWAY)
            except Exception as error:
                structlog.get_logger().error("page_failed", error=type(error).__name__, at=place(error))
                return self._plain(BROKEN)

        below = "/console/{group}" if page.group else "/console"
        methods = [*(["GET"] if page.show else []), *(["POST"] if page.do else [])]
        return Route(f"{below}{page.path}", serve, methods=methods)

    async def _answer(self, page: Page, request: Request) -> Response:
        if _unreadable(request):
            raise Missing
        session = await signed_in(self._app, request)
        if session is None and not page.anyone:
            if request.method == "POST":
                raise Refused(SIGNED_OUT, await self._unkept(request))
            return _to_sign_in(request)
        key, answer_key = self._key(request)
        home = await self._home(page, request, session)
        posted = request.method == "POST"
        given = await self._given(page, request, key) if posted else None
        desk = Desk(
            request,
            self._app,
            self._pages,
            session=session,
            home=home,
            token=self._app.secrets.sign(key),
            given=given,
            said=self._pages.remembered(request),
        )
        serve = (page.do if posted else page.show) or _nowhere
        try:
            answer = await serve(desk)
        finally:
            await request.close()
        if posted:
            self._app.lanes.wake()  # for what it may have put into the outbox
        if answer_key:
            self._pages.keep(answer, BEFORE, answer_key, LASTS)
        return answer

    async def _home(self, page: Page, request: Request, session: Session | None) -> Home | None:
        """The group of the address, if it is theirs to see."""
        if page.owner and not (session and session.owner):
            raise Missing
        if not page.group:
            return None
        async with self._app.db.read() as conn:
            try:
                home = await find_group(conn, request.path_params["group"])
            except Complaint:
                raise Missing from None
        if (
            session is None
            or not session.acting_in(home.id)
            or request.path_params["group"] != home.code.lower()
        ):
            raise Missing
        return home

    async def _unkept(self, request: Request) -> list[str]:
        """What somebody wrote on a page of ours until they were signed out."""
        if _length(request) > MOST_UNKEPT or not _from_here(request, self._app.settings.public_url or ""):
            return []
        try:
            return _written(await request.form(max_files=MOST_FILES, max_fields=MOST_FIELDS))
        finally:
            await request.close()

    def _key(self, request: Request) -> tuple[str, str]:
        """What forms of this browser are bound to, and a new value for its cookie where it has none."""
        held = request.cookies.get(COOKIE, "") or request.cookies.get(BEFORE, "")
        fresh = "" if held else chance.token_urlsafe(32)
        return hashlib.sha256((held or fresh).encode()).hexdigest(), fresh

    async def _given(self, page: Page, request: Request, key: str) -> FormData:
        """A form, from a page of ours that this browser was given."""
        if _length(request) > page.most:
            raise Refused(TOO_LARGE)
        if not _from_here(request, self._app.settings.public_url or ""):
            raise Refused(FORGED)
        given = await request.form(max_files=MOST_FILES, max_fields=MOST_FIELDS, max_part_size=page.most)
        token = given.get(TOKEN)
        try:
            bound = self._app.secrets.unsign(token if isinstance(token, str) else "", most=LASTS)
        except Unsigned:
            raise Refused(FORGED, _written(given)) from None
        if not hmac.compare_digest(bound, key):
            raise Refused(FORGED, _written(given))
        return given

    def _plain(self, why: Refusal, written: Sequence[str] = ()) -> Response:
        """A page that needs no data."""
        values: dict[str, Any] = {"heading": why.heading, "sentence": why.sentence, "written": written}
        return self._pages.answer("plain.html", values, status=why.status)


def _to_sign_in(request: Request) -> Response:
    open_page = urlsplit(request.headers.get("hx-current-url", "")).path
    sign_in = f"{SIGN_IN}?next={quote(open_page or request.url.path)}"
    if "hx-request" in request.headers:  # else the page to sign in would be put into the one that is open
        return Response(status_code=401, headers={**HEADERS, "HX-Redirect": sign_in})
    return RedirectResponse(sign_in, 303)


def _written(given: FormData) -> list[str]:
    """The words in a form, without what was only chosen."""
    words = [one for name, one in given.multi_items() if name != TOKEN and isinstance(one, str)]
    return [one for one in words if len(one) >= FEWEST]


def _length(request: Request) -> float:
    """How many bytes a form has; endless where it does not say."""
    length = request.headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdecimal() else math.inf


def _from_here(request: Request, public_url: str) -> bool:
    """Whether a browser says that a page of ours sent this; older ones may say nothing."""
    site = request.headers.get("sec-fetch-site")
    if site not in (None, "same-origin", "none"):
        return False
    origin = request.headers.get("origin")
    if origin in (None, "null"):  # a browser that tells nobody where its user is
        return origin is None or site == "same-origin"
    return urlsplit(origin).netloc in (request.headers.get("host"), urlsplit(public_url).netloc or None)


def _unreadable(request: Request) -> bool:
    """Whether the address has a zero byte, which no id and no words have and not every database takes."""
    words = (*request.path_params.values(), *(value for _, value in request.query_params.multi_items()))
    return any("\0" in one for one in words)


async def _nowhere(desk: Desk) -> Response:
    raise Missing
