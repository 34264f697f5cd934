"""What SMS and calls share: Twilio's signature, forms and phone numbers, and its one client."""

import hmac
import re
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from aiohttp import ClientSession, ClientTimeout, encode_basic_auth
from multidict import MultiDict
from pydantic import SecretStr
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.http.response import Response
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from yarl import URL

from channels.base import Inbound, Refused, Result, Unreadable
from channels.twilio_faults import Busy, outcome, outcome_of
from channels.twilio_media import Files
from channels.twilio_numbers import Numbers
from channels.twilio_removing import Removing

HOME = "https://api.twilio.com"
TIMEOUT = ClientTimeout(total=30, connect=10, sock_connect=5, sock_read=20)

_NUMBER = re.compile(r"\+[1-9]\d{6,14}")
# What comes in place of a withheld number: ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN and UNAVAILABLE
# spelled on a keypad. They look like numbers and belong to nobody.
_WITHHELD = frozenset({"+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253"})
_MOST_WAIT = 300.0
_UNTOLD = "Twilio could not be asked whether it had gone."


class Http(AsyncTwilioHttpClient):  # type: ignore[misc]  # the library ships no types
    """The SDK's client with what it lacks: a time-out that holds, lists in forms, another address.

    The session is made on first use, inside the running loop. Nothing is logged: the SDK's own
    client would log addresses that hold phone numbers.
    """

    def __init__(self, home: str = HOME, timeout: ClientTimeout = TIMEOUT) -> None:
        super().__init__(pool_connections=False)
        self._home = urlsplit(home)
        self._timeout = timeout
        self._open: ClientSession | None = None

    def live(self) -> ClientSession:
        """The open session."""
        if self._open is None or self._open.closed:
            self._open = ClientSession(timeout=self._timeout)
        return self._open

    def address(self, url: str) -> str:
        """The same address at the provider that is set: its scheme, host and port, the path kept."""
        return urlsplit(url)._replace(scheme=self._home.scheme, netloc=self._home.netloc).geturl()

    async def request(
        self,
        method: str,
        url: str,
        params: Mapping[str, object] | None = None,
        data: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  # the SDK names it so
        allow_redirects: bool = False,
    ) -> Response:
        """What the SDK calls for each request; the session's own time-outs always hold."""
        async with self.live().request(
            method,
            URL(self.address(url), encoded=True),
            params=_pairs(params),
            data=_pairs(data),
            headers={**(headers or {}), **({"Authorization": encode_basic_auth(*auth)} if auth else {})},
            allow_redirects=allow_redirects,
        ) as answer:
            if answer.status == 429:
                raise Busy(_seconds(answer.headers.get("Retry-After", "")))
            text = await answer.text(errors="replace")
            reads = method != "DELETE"
            if reads and answer.status in (200, 201) and not text.lstrip().startswith("{"):
                raise ValueError("the answer is not Twilio's")  # the SDK would stumble over it anyhow
            return Response(answer.status, text, answer.headers)

    async def close(self) -> None:
        """Close the session, if there is one."""
        if self._open is not None:
            await self._open.close()


class Account:
    """One Twilio account. `api_url` stands in for https://api.twilio.com where it is set.

    `media_origins` are further origins that a stored file may be redirected to.
    """

    def __init__(
        self,
        *,
        sid: str,
        token: SecretStr,
        api_url: str = "",
        media_origins: Collection[str] = (),
        timeout: ClientTimeout = TIMEOUT,
    ) -> None:
        self._http = Http(api_url or HOME, timeout)
        self._validator = RequestValidator(token.get_secret_value())
        # A mapping that is not empty keeps the SDK from reading regions out of our environment.
        self._client = Client(
            sid, token.get_secret_value(), http_client=self._http, environment={"TWILIO_ACCOUNT_SID": sid}
        )
        self.numbers = Numbers(self._client)
        self.files = Files(
            session=self._http.live,
            authorization=encode_basic_auth(sid, token.get_secret_value()),
            home=api_url or HOME,
            others=media_origins,
        )
        self.removing = Removing(self._client, self.files)

    def verify(self, request: Inbound) -> None:
        """Raise Refused unless Twilio signed this address with this form."""
        signature = request.headers.get("x-twilio-signature", "")
        try:
            signed = self._signed(request, signature)
        except ValueError:  # an address that is none, or a form of too many fields
            signed = False
        if not (signature and signed):
            raise Refused("The request does not carry Twilio's signature.")

    def _signed(self, request: Inbound, signature: str) -> bool:
        fields = MultiDict(_fields(request.body))
        # Nearly always it is the address just as it stands; the SDK always tries two forms of it.
        usual = self._validator.compute_signature(request.url, fields)
        if hmac.compare_digest(usual.encode(), signature.encode()):
            return True
        return bool(self._validator.validate(request.url, fields, signature))

    async def hand_over(self, make: Callable[[Client], Awaitable[Any]]) -> Result:
        """Let `make` create a message or call with the SDK; whatever happens is a Result."""
        try:
            made = await make(self._client)
        except Exception as error:
            return outcome_of(error)
        return Result(outcome="sent", id=made.sid) if made.sid else outcome_of(ValueError("it has no id"))

    async def listed(self, read: Callable[[Client], Awaitable[list[Any]]]) -> list[Any] | None:
        """What one of Twilio's lists says, read with the SDK; None where it can't be asked."""
        try:
            return await read(self._client)
        except Exception:
            return None

    async def find(
        self,
        read: Callable[[Client], Awaitable[list[Any]]],
        *,
        since: datetime,
        known: Collection[str],
        fits: Callable[[Any], bool] = lambda _: True,
    ) -> Result | None:
        """The first that we created since then of those listed, newest first; see `base.Lists.find`."""
        listed = await self.listed(read)
        if listed is None:
            return Result(outcome="retry", sentence=_UNTOLD)
        found = [
            one
            for one in listed
            if one.direction == "outbound-api"
            and one.sid not in known
            and one.date_created
            and one.date_created >= since
            and fits(one)
        ]
        return _became(found[-1]) if found else None

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()


def form(request: Inbound) -> dict[str, str]:
    """The form's fields; raise Unreadable where the body is no form."""
    try:
        return dict(_fields(request.body))
    except ValueError as error:
        raise Unreadable("The body is not a form.") from error


def query(request: Inbound) -> dict[str, str]:
    """What the address carries behind its question mark: our own marks, given back by Twilio."""
    return dict(parse_qsl(urlsplit(request.url).query))


def phone_line(number: str) -> str:
    """The line of a caller or sender; "" where they withheld it, or no phone could be answered."""
    return number if _NUMBER.fullmatch(number) and number not in _WITHHELD else ""


@lru_cache(maxsize=1)
def _fields(body: bytes) -> list[tuple[str, str]]:
    """Only the last form is kept: it is decoded as soon as it is verified."""
    return parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=500)


def _became(one: Any) -> Result:
    """What a listed message or call came to; calls tell what else there is to know by their own status."""
    if one.status in ("failed", "undelivered") and (code := getattr(one, "error_code", None)):
        return replace(outcome(str(code)), id=one.sid)
    return Result(outcome="sent", id=one.sid)


def _pairs(fields: Mapping[str, object] | None) -> list[tuple[str, str]] | None:
    """A form as aiohttp takes it: a list becomes one field for each of its members."""
    if not fields:
        return None
    return [
        (name, str(one))
        for name, value in fields.items()
        for one in (value if isinstance(value, list | tuple) else [value])
    ]


def _seconds(retry_after: str) -> float:
    return min(float(retry_after), _MOST_WAIT) if retry_after.isdecimal() else 1.0
