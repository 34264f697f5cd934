"""One request of somebody who is signed in: what a page may see, and how it answers."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import KW_ONLY, dataclass
from datetime import timedelta
from typing import Any, NoReturn, Protocol, TypeVar
from urllib.parse import urlencode

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.datastructures import FormData, QueryParams
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.exporting.loop import Exporting
from bot.sending import forecast
from bot.sending.lanes import Lanes
from bot.web.console import phones
from bot.web.console.forms import Form
from bot.web.console.templating import Pages
from flows.sentences import Sentences
from storage.database import Database
from storage.door.sessions import Session, Staff
from storage.erasure import auditing
from storage.files.media import MediaStore
from storage.members.groups import Home
from storage.secrets import Secrets
from storage.turning.views import Views

F = TypeVar("F", bound=Form)
MOST = 256 * 1024  # bytes of a form without files
AFTER = "after"  # what a list begins after, in an address
WRONG = 422  # what was typed can't be used


class Service(forecast.Service, phones.Service, Protocol):
    """What the pages need of the service."""

    @property
    def db(self) -> Database: ...
    @property
    def secrets(self) -> Secrets: ...
    @property
    def files(self) -> MediaStore: ...
    @property
    def lanes(self) -> Lanes: ...
    @property
    def views(self) -> Views: ...
    @property
    def exporting(self) -> Exporting: ...


class Missing(Exception):
    """There is no such page for this person, whether or not there is one for others."""


class Desk:
    """Where a page of one group is made. `home` is the group, `me` the person as they act in it."""

    def __init__(
        self,
        request: Request,
        app: Service,
        pages: Pages,
        *,
        session: Session | None,
        home: Home | None,
        token: str,
        given: FormData | None,
        said: str = "",
    ) -> None:
        self.request = request
        self.app = app
        self.now = app.clock()
        self.given = given
        self.token = token
        self._pages = pages
        self._session = session
        self._home = home
        self._said = said

    @property
    def session(self) -> Session:
        """Who is signed in."""
        if self._session is None:
            raise Missing
        return self._session

    @property
    def signed_in(self) -> bool:
        """Whether anybody is, on a page that is for anyone."""
        return self._session is not None

    @property
    def home(self) -> Home:
        """The group that this page is of."""
        if self._home is None:
            raise Missing
        return self._home

    @property
    def me(self) -> Staff:
        """Who is here, as they act in this group."""
        found = self.session.acting_in(self.home.id) if self._home else self.session.members[0]
        if found is None:
            raise Missing
        return found

    @property
    def path(self) -> Mapping[str, str]:
        """What stands in the places of the page's address."""
        return self.request.path_params

    @property
    def query(self) -> QueryParams:
        return self.request.query_params

    @property
    def after(self) -> str:
        """After which place of a long list this page begins; "" for its beginning."""
        return self.query.get(AFTER, "")

    @property
    def asked(self) -> list[tuple[str, str]]:
        """What the address asks for, whatever place of the list it is."""
        return [(name, value) for name, value in self.query.items() if value and name != AFTER]

    def turned(self, older: str) -> Mapping[str, Any]:
        """The foot of a long list: where it goes on after the place `older`, and where it begins.

        Each is "" where there is no such page, or it is this one.
        """
        here, asked = self.request.url.path, self.asked
        newest = f"{here}?{urlencode(asked)}" if asked else here
        return {
            "older": f"{here}?{urlencode([*asked, (AFTER, older)])}" if older else "",
            "newest": newest if self.after else "",
        }

    @property
    def address(self) -> str:
        """Below which this group's pages are."""
        return f"/console/{self.home.code.lower()}" if self._home else "/console"

    @property
    def sentences(self) -> Sentences:
        """What the house says, for what staff send from here."""
        return Sentences(self.app.flows.phrases)

    @property
    def channels(self) -> list[str]:
        """Those that are on here."""
        return list(self.app.senders.on)

    def read(self) -> AbstractAsyncContextManager[AsyncConnection]:
        return self.app.db.read()

    def write(self) -> AbstractAsyncContextManager[AsyncConnection]:
        return self.app.db.write()

    def form(self, kind: type[F], **begins: Any) -> F:
        """A form as it was sent, or as it begins."""
        return kind(self.given) if self.given is not None else kind(data=begins)

    def page(self, template: str, *, status: int = 200, form: Form | None = None, **values: Any) -> Response:
        """A whole page, or a part of one where the template is such.

        With a form in which something is to be mended it says so: what was typed stays.
        """
        common = {
            "home": self._home,
            "session": self._session,
            "address": self.address,
            "token": self.token,
            "now": self.now,
            "here": self.request.url.path,
            "said": self._said,
            "form": form,
        }
        status = WRONG if form is not None and form.mistakes else status
        return self._pages.answer(template, common | values, status=status)

    def go(self, path: str, *, said: str = "") -> Response:
        """On to another page of this group; `said` is told there once."""
        return self._pages.remember(RedirectResponse(f"{self.address}{path}", 303), said)

    def keep(self, answer: Response, name: str, value: str, lasts: timedelta, *paths: str) -> Response:
        """Let the browser keep something below these paths; with no value, let it go."""
        for path in paths:
            self._pages.keep(answer, name, value, lasts if value else timedelta(), path=path)
        return answer

    async def trace(self, conn: AsyncConnection, did: str, *, subject: str = "", why: str = "") -> None:
        """Note who did what to whom, in the transaction in which it is done."""
        noted = {"group": self.home.id, "did": did, "subject": subject, "who": self.me.member, "why": why}
        await auditing.record(conn, ids=self.app.ids, now=self.now, **noted)

    def missing(self) -> NoReturn:
        """There is no such thing in this group."""
        raise Missing


Serve = Callable[[Desk], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Page:
    """One address below a group's, or below /console itself where it is of no `group`.

    `show` answers who looks, `do` who sends its form, which may have `most` bytes. `anyone` may come
    before signing in; `owner` keeps a page for those who look after all groups. A `part` is no whole page
    but something that pages are made of, such as a list that changes by itself, or a file.
    """

    path: str
    _: KW_ONLY
    show: Serve | None = None
    do: Serve | None = None
    group: bool = True
    anyone: bool = False
    owner: bool = False
    part: bool = False
    most: int = MOST
