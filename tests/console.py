"""The facilitators' pages for a test: a service of its own at a port, and browsers that are signed in.

async def test_something(desk: Desk) -> None:
    page = await desk.sam.get("/polls")
    page = await desk.sam.send("/polls/new", question="Where?", options="Here\\nThere")
    assert page.status == 200 and "Where?" in page.text
"""

import re
import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from aiohttp import ClientSession, CookieJar, FormData
from playwright._impl._api_structures import SetCookieParam

from bot.app import App
from bot.web.staff_only import COOKIE
from storage.door import sessions
from storage.members.groups import Home, add_group
from storage.members.people import add_facilitator
from storage.tables import members
from tests.practising import port, settings
from tests.world import TUESDAY, Clock

Files = Mapping[str, tuple[str, bytes, str]]  # name of the file, bytes, type, by field
NONE: Files = {}
NO_HEADERS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Got:
    """An answer; `text` is the page as it came, `at` the path at which the browser is now."""

    status: int
    text: str
    at: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def words(self) -> str:
        """What somebody reads: without markup, with single blanks."""
        bare = re.sub(r"<(script|style|title)\b.*?</\1>|<[^>]+>", " ", self.text, flags=re.DOTALL)
        return " ".join(unescape(bare).split())


class Browser:
    """One person's browser. Paths are below the group's pages, whole addresses begin with /console."""

    def __init__(self, client: ClientSession, code: str) -> None:
        self.client = client
        self._below = f"/console/{code.lower()}"
        self.last: Got | None = None

    def cookies(self, url: str) -> list[SetCookieParam]:
        """What a browser with a window is to hold, to be signed in like this one."""
        return [{"name": one.key, "value": one.value, "url": url} for one in self.client.cookie_jar]

    def path(self, path: str) -> str:
        return path if path.startswith(("/console", "/practice")) else self._below + path

    async def get(self, path: str, *, follow: bool = True, **query: str) -> Got:
        """Open a page."""
        async with self.client.get(self.path(path), params=query, allow_redirects=follow) as answer:
            self.last = await _got(answer)
        return self.last

    async def send(
        self,
        path: str,
        *,
        follow: bool = True,
        files: Files = NONE,
        **fields: Any,
    ) -> Got:
        """Fill in the form of a page and send it: the page is opened first, as it has the token."""
        token = await self.token(path)
        return await self.post(path, follow=follow, files=files, token=token, **fields)

    async def token(self, path: str) -> str:
        """What a form of this page is sent with; of the group's first page where it has none of its own."""
        for where in (path, "/console"):
            found = re.search(r'name="token" value="([^"]+)"', (await self.get(where)).text)
            if found:
                return found[1]
        raise AssertionError("no page has a token")

    async def post(
        self,
        path: str,
        *,
        follow: bool = True,
        files: Files = NONE,
        headers: Mapping[str, str] = NO_HEADERS,
        **fields: Any,
    ) -> Got:
        """Send just this. A field with several values is a list."""
        form = FormData(default_to_multipart=bool(files))
        for name, value in fields.items():
            for one in value if isinstance(value, Sequence) and not isinstance(value, str) else [value]:
                form.add_field(name, str(one))
        for name, (file, data, type_) in files.items():
            form.add_field(name, data, filename=file, content_type=type_)
        where = self.path(path)
        async with self.client.post(where, data=form, headers=headers, allow_redirects=follow) as answer:
            self.last = await _got(answer)
        return self.last


async def _got(answer: Any) -> Got:
    body = await answer.read()
    text = body.decode("utf-8", "replace")
    return Got(
        status=answer.status, text=text, at=answer.url.path_qs, headers=dict(answer.headers), body=body
    )


class Desk:
    """The service at `url` with the group GARDEN, run by Sam, whose browser is signed in."""

    sam: Browser
    sam_id: str

    def __init__(self, app: App, url: str, clock: Clock, home: Home, keep: AsyncExitStack) -> None:
        self.app = app
        self.url = url
        self.clock = clock
        self.home = home
        self._keep = keep

    async def browser(self, *who: str, code: str = "GARDEN") -> Browser:
        """A browser that is signed in as these members; as nobody where none is named."""
        cookies = {}
        if who:
            async with self.app.db.write() as conn:
                now, ids = self.clock(), self.app.ids
                cookies[COOKIE] = await sessions.begin(conn, self.app.secrets, who, ids=ids, now=now)
        client = ClientSession(self.url, cookies=cookies, cookie_jar=CookieJar(unsafe=True))
        await self._keep.enter_async_context(client)
        return Browser(client, code)

    async def group(self, code: str, **more: Any) -> Home:
        async with self.app.db.write() as conn:
            now = self.clock()
            return await add_group(conn, id=self.app.ids(), code=code, name=code.title(), now=now, **more)

    async def staff(self, home: Home, name: str, permission: str = "facilitator") -> str:
        """Add somebody who runs a group; their id."""
        id_ = self.app.ids()
        async with self.app.db.write() as conn:
            await add_facilitator(conn, id=id_, group=home.id, name=name, now=self.clock())
            await conn.execute(sa.update(members).where(members.c.id == id_).values(permission=permission))
        return id_

    async def rows(self, sql: str, **values: Any) -> Sequence[sa.Row[*tuple[Any, ...]]]:
        """What a SELECT finds in the store."""
        async with self.app.db.read() as conn:
            return (await conn.execute(sa.text(sql), values)).all()


@asynccontextmanager
async def desk_in(folder: Path, migrated: Path, **more: str) -> AsyncIterator[Desk]:
    """The pages of a service with no provider and nothing running, which is quick; `more` are settings."""
    async with AsyncExitStack() as keep:
        shutil.copy(migrated, folder / "takepart.db")
        clock = Clock(TUESDAY)
        app = App(settings(folder, **more), clock=clock)
        await app.open()
        keep.push_async_callback(app.stop)
        url = await keep.enter_async_context(port(app))
        async with app.db.write() as conn:
            home = await add_group(conn, id=app.ids(), code="GARDEN", name="The Garden Group", now=clock())
        made = Desk(app, url, clock, home, keep)
        made.sam_id = await made.staff(home, "Sam Reed")
        made.sam = await made.browser(made.sam_id)
        yield made


@pytest.fixture
async def desk(tmp_path: Path, migrated: Path) -> AsyncIterator[Desk]:
    """The pages of the Garden Group, with Sam at them."""
    async with desk_in(tmp_path, migrated) as made:
        yield made
