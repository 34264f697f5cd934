"""Photos and recordings that wait at Twilio: fetched with a size limit, only from its own hosts."""

import re
from collections.abc import Callable, Collection
from contextlib import AbstractAsyncContextManager
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientResponse, ClientSession
from yarl import URL

from channels.base import FetchLater, FetchRefused

_API = re.compile(r"api(\.[a-z0-9-]+)*\.twilio\.com")
_STORE = re.compile(r"([a-z0-9-]+\.)+(twilio|twiliocdn)\.com")
# Where messaging media are kept for accounts that don't enforce sign-in on media addresses.
_OPEN_STORE = ("s3-external-1.amazonaws.com", "/media.twiliocdn.com/")
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_HOPS = 5
_CHUNK = 64 * 1024


class Files:
    """The account's stored files. `home` is the API's address, `others` are origins it may name.

    An address comes from a signed webhook, a redirect from anywhere: both are checked, so that no
    other host is asked and none but the API's own ever sees the account's token.
    """

    def __init__(
        self,
        *,
        session: Callable[[], ClientSession],
        authorization: str,
        home: str,
        others: Collection[str] = (),
    ) -> None:
        self._session = session
        self._authorization = authorization
        self._home = URL(home).origin()
        self._netloc = urlsplit(home).netloc
        self._others = frozenset(URL(other).origin() for other in others)

    async def fetch(self, ref: str, *, most: int) -> bytes:
        """The file's bytes, at most `most`; FetchLater while it may still come, else FetchRefused."""
        start = url = self._first(ref)
        try:
            for _ in range(_MOST_HOPS):
                async with self._ask("GET", url, trusted=url.origin() == start.origin()) as answer:
                    if answer.status not in _REDIRECTS:
                        return await _read(answer, most)
                    url = self._next(url, answer.headers.get("Location", ""))
        except (ClientError, TimeoutError, OSError) as error:
            raise FetchLater("Twilio could not be reached for a file.") from error
        raise FetchRefused("The file was redirected too often.")

    async def discard(self, ref: str) -> bool:
        """Delete the file at Twilio, once it is stored here; whether it is gone there."""
        url = self._first(ref)
        try:
            async with self._ask("DELETE", url, trusted=True) as answer:
                return answer.status in (200, 204, 404)
        except (ClientError, TimeoutError, OSError):
            return False

    def _ask(self, method: str, url: URL, *, trusted: bool) -> AbstractAsyncContextManager[ClientResponse]:
        headers = {"Authorization": self._authorization} if trusted else {}
        return self._session().request(method, url, headers=headers, allow_redirects=False)

    def _first(self, ref: str) -> URL:
        """The address to begin at. A provider that stands in for Twilio is asked in its place."""
        url = _parsed(ref)
        if _is_api(url) and not _is_api(self._home):
            here = urlsplit(ref)._replace(scheme=self._home.scheme, netloc=self._netloc)
            return URL(here.geturl(), encoded=True)
        if url.origin() == self._home or _is_api(url):
            return url
        raise FetchRefused("The file is not at Twilio's address.")

    def _next(self, url: URL, location: str) -> URL:
        try:
            target = url.join(URL(location, encoded=True))
        except ValueError as error:
            raise FetchRefused("The file was redirected to an address that is none.") from error
        target = _parsed(str(target))
        if target.origin() in {self._home, *self._others} or _is_store(target):
            return target
        raise FetchRefused("The file was redirected to a host that is not Twilio's.")


def _parsed(address: str) -> URL:
    """The address, with nothing in it that reads as one host and leads to another."""
    try:
        url = URL(address, encoded=True)
        usable = url.host is not None and url.user is None and url.password is None and url.port
    except ValueError:
        usable = False
    if not usable or "\\" in address or any(c.isspace() for c in address):
        raise FetchRefused("The file's address cannot be used.")
    return url


def _is_api(url: URL) -> bool:
    return url.scheme == "https" and url.port == 443 and bool(_API.fullmatch(url.host or ""))


def _is_store(url: URL) -> bool:
    if url.scheme != "https" or url.port != 443:
        return False
    host, folder = _OPEN_STORE
    return bool(_STORE.fullmatch(url.host or "")) or (url.host == host and url.path.startswith(folder))


async def _read(answer: ClientResponse, most: int) -> bytes:
    if answer.status in (401, 403, 404, 408, 425, 429) or answer.status >= 500:
        # A recording answers 404 for some seconds; a short-lived address that ran out is made anew.
        raise FetchLater(f"Twilio answered {answer.status} for a file.")
    if answer.status != 200:
        raise FetchRefused(f"Twilio answered {answer.status} for a file.")
    if (answer.content_length or 0) > most:
        raise FetchRefused("The file is too large.")
    body = bytearray()
    async for chunk in answer.content.iter_chunked(_CHUNK):
        body += chunk
        if len(body) > most:
            raise FetchRefused("The file is too large.")
    return bytes(body)
