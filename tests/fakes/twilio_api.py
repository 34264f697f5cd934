"""The fake Twilio's HTTP side: the few resources that Takepart uses, with their documented errors."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aiohttp import encode_basic_auth, web
from yarl import URL

from tests.fakes.twilio_parts import BODY_LIMIT, ROOT, ApiError, Failure, Ringing, Text, date_words

if TYPE_CHECKING:
    from tests.fakes.twilio import FakeTwilio
    from tests.fakes.twilio_calls import Call

_NUMBER = re.compile(r"\+[1-9]\d{6,14}")
_ACCOUNT = "/2010-04-01/Accounts/{account}"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Stand = Callable[[web.Request, Handler], Awaitable[web.StreamResponse]]


def application(twilio: "FakeTwilio") -> web.Application:
    """The routes, all behind the account's own name and token."""
    api, numbers = Api(twilio), twilio.numbers

    @web.middleware
    async def stand(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await twilio.stand(request, handler)

    app = web.Application(client_max_size=30 * 1024 * 1024, middlewares=[stand])
    app.add_routes(
        [
            web.post(f"{_ACCOUNT}/Messages.json", api.guarded("messages", api.create_message)),
            web.get(f"{_ACCOUNT}/Messages.json", api.guarded("lists", api.list_messages)),
            web.get(f"{_ACCOUNT}/Messages/{{message}}/Media.json", api.guarded("lists", api.list_media)),
            web.post(f"{_ACCOUNT}/Calls.json", api.guarded("calls", api.create_call)),
            web.get(f"{_ACCOUNT}/Calls.json", api.guarded("lists", api.list_calls)),
            web.get(f"{_ACCOUNT}/IncomingPhoneNumbers.json", api.guarded("numbers", numbers.listed)),
            web.post(f"{_ACCOUNT}/IncomingPhoneNumbers/{{number}}.json", api.guarded("set", numbers.update)),
            web.get("/v1/Services", api.guarded("services", numbers.services)),
            web.get("/v1/Services/{service}/PhoneNumbers", api.guarded("services", numbers.members)),
            web.get(f"{_ACCOUNT}/Messages/{{message}}/Media/{{file}}", api.guarded("files", api.file)),
            web.delete(f"{_ACCOUNT}/Messages/{{message}}/Media/{{file}}", api.guarded("files", api.delete)),
            web.get(f"{_ACCOUNT}/Recordings/{{file}}", api.guarded("files", api.file)),
            web.delete(f"{_ACCOUNT}/Recordings/{{file}}", api.guarded("files", api.delete)),
            web.get(f"{_ACCOUNT}/Recordings.json", api.guarded("lists", api.list_recordings)),
            web.delete(f"{_ACCOUNT}/Messages/{{sid}}.json", api.guarded("removals", api.remove)),
            web.delete(f"{_ACCOUNT}/Calls/{{sid}}.json", api.guarded("removals", api.remove)),
            web.post("/_text", api.drive_text),
            web.post("/_ring", api.drive_ring),
            web.post("/_call/{call}/{deed}", api.drive_call),
            web.get("/_sent", api.show_sent),
        ]
    )
    return app


class Api:
    """The resources of one fake."""

    def __init__(self, twilio: "FakeTwilio") -> None:
        self._twilio = twilio

    def guarded(self, kind: str, handler: Handler) -> Handler:
        """Check the credentials, play out scripted failures, and word errors as Twilio does."""

        async def handle(request: web.Request) -> web.StreamResponse:
            given = request.headers.get("Authorization", "")
            self._twilio.requests.append((request.method, request.path, given))
            account = request.match_info.get("account", self._twilio.sid)
            if given != self._credentials() or account != self._twilio.sid:
                return _error(401, 20003, "Authenticate")
            failure = self._failure(kind)
            if failure and not failure.after:
                return await _fail(failure)
            try:
                answer = await handler(request)
            except ApiError as error:
                return _error(error.status, error.code, str(error))
            return await _fail(failure) if failure else answer

        return handle

    async def create_message(self, request: web.Request) -> web.StreamResponse:
        """POST Messages.json."""
        form = await request.post()
        to, from_, body = (str(form.get(name, "")) for name in ("To", "From", "Body"))
        media = tuple(str(url) for url in form.getall("MediaUrl", []))
        self._check_message(to, from_, body, media)
        text = Text(
            sid=self._twilio.new_id("MM" if media else "SM"),
            to=to,
            from_=from_,
            body=body,
            media=media,
            at=self._twilio.clock(),
            status_callback=str(form.get("StatusCallback", "")),
        )
        await self._twilio.made(text)
        return web.json_response(self._message(text), status=201)

    def _check_message(self, to: str, from_: str, body: str, media: tuple[str, ...]) -> None:
        twilio = self._twilio
        faults = [
            (not to, 21604, "A 'To' phone number is required."),
            (not from_, 21603, "A 'From' phone number is required."),
            (not body and not media, 21619, "A text message body or media urls must be specified."),
            (not _NUMBER.fullmatch(to), 21211, "The 'To' number is not a valid phone number."),
            (from_ != twilio.number, 21659, "The 'From' number is not a Twilio phone number."),
            (to == from_, 21266, "'To' and 'From' number cannot be the same."),
            (
                len(body) > BODY_LIMIT,
                21617,
                "The concatenated message body exceeds the 1600 character limit.",
            ),
            (bool(media) and not twilio.abilities["mms"], 21620, "Invalid media URL(s)."),
            (to in twilio.landlines, 21614, "The 'To' number is not a valid mobile number."),
            (to in twilio.stopped, 21610, "Attempt to send to unsubscribed recipient."),
        ]
        for wrong, code, message in faults:
            if wrong:
                raise ApiError(400, code, message)

    async def list_messages(self, request: web.Request) -> web.StreamResponse:
        """GET Messages.json, filtered by To, From and DateSent."""
        query = request.query
        found = [
            text
            for text in self._twilio.texts
            if text.sid not in self._twilio.removed
            and query.get("To", text.to) == text.to
            and query.get("From", text.from_) == text.from_
            and _dated(text.at, query.get("DateSent", ""), query.get("DateSent>", ""))
        ]
        newest = sorted(found, key=lambda text: text.at, reverse=True)
        return self._page(request, "messages", [self._message(text) for text in newest])

    async def list_media(self, request: web.Request) -> web.StreamResponse:
        """GET Media.json: the pictures of one message."""
        sid = request.match_info["message"]
        paths = [URL(url).path for text in self._twilio.texts if text.sid == sid for url in text.media]
        found = [
            {
                "sid": path.rpartition("/")[2],
                "content_type": self._twilio.files[path][1],
                "uri": f"{path}.json",
            }
            for path in paths
        ]
        return self._page(request, "media_list", found)

    async def list_calls(self, request: web.Request) -> web.StreamResponse:
        """GET Calls.json, filtered by To and From: the calls that the service asked for, then those to it."""
        query = request.query
        asked = [self._ringing(ringing) for ringing in reversed(self._twilio.ringing)]
        came = [self._came(call) for call in self._twilio.calls if call.direction == "inbound"]
        found = [
            one
            for one in (*asked, *came)
            if one["sid"] not in self._twilio.removed
            and query.get("To", one["to"]) == one["to"]
            and query.get("From", one["from"]) == one["from"]
        ]
        return self._page(request, "calls", found)

    async def list_recordings(self, request: web.Request) -> web.StreamResponse:
        """GET Recordings.json, filtered by CallSid."""
        wanted, twilio = request.query.get("CallSid", ""), self._twilio
        paths = [path for path, call in twilio.recorded.items() if path in twilio.files and call == wanted]
        found = [{"sid": path.rpartition("/")[2], "call_sid": wanted} for path in paths]
        return self._page(request, "recordings", found)

    async def remove(self, request: web.Request) -> web.StreamResponse:
        """DELETE of a message or a call; one that goes on is not removed."""
        sid, twilio = request.match_info["sid"], self._twilio
        things: list[Any] = [*twilio.texts, *twilio.ringing, *twilio.calls]
        known = {one.sid for one in things}
        if sid not in known - twilio.removed:
            raise ApiError(404, 20404, "The requested resource was not found")
        if any(call.sid == sid and not call.over for call in twilio.calls):
            raise ApiError(409, 20009, "Cannot delete this resource because it has not finished")
        twilio.removed.add(sid)
        return web.Response(status=204)

    async def create_call(self, request: web.Request) -> web.StreamResponse:
        """POST Calls.json."""
        form = await request.post()
        to, from_, url = (str(form.get(name, "")) for name in ("To", "From", "Url"))
        faults = [
            (not to, 21201, "No 'To' number is specified."),
            (not from_, 21213, "Caller phone number is required."),
            (not _NUMBER.fullmatch(to), 21217, "Phone number does not appear to be valid."),
            (from_ != self._twilio.voice_number, 21210, "'From' phone number not verified."),
            (not url.startswith(("http://", "https://")), 21205, "Url is not a valid URL."),
        ]
        for wrong, code, message in faults:
            if wrong:
                raise ApiError(400, code, message)
        ringing = Ringing(
            sid=self._twilio.new_id("CA"),
            to=to,
            from_=from_,
            url=url,
            at=self._twilio.clock(),
            status_callback=str(form.get("StatusCallback", "")),
        )
        await self._twilio.made(ringing)
        return web.json_response(self._ringing(ringing), status=201)

    async def file(self, request: web.Request) -> web.StreamResponse:
        """A picture or recording; a recording may be asked for as .wav."""
        path = request.path.removesuffix(".wav")
        if path not in self._twilio.files:
            raise ApiError(404, 20404, "The requested resource was not found")
        if self._twilio.missing.get(path, 0) > 0:
            self._twilio.missing[path] -= 1
            raise ApiError(404, 20404, "The requested resource was not found")
        if self._twilio.redirect_files_to:
            where = f"{self._twilio.redirect_files_to}/files{path}?Expires=1&Signature=a%2Fb%3D"
            return web.Response(status=307, headers={"Location": where})
        content, type = self._twilio.files[path]
        return web.Response(body=content, content_type=type)

    async def delete(self, request: web.Request) -> web.StreamResponse:
        """A file that is not wanted any more."""
        if self._twilio.files.pop(request.path.removesuffix(".json"), None) is None:
            raise ApiError(404, 20404, "The requested resource was not found")
        return web.Response(status=204)

    def _credentials(self) -> str:
        return encode_basic_auth(self._twilio.sid, self._twilio.token)

    def _failure(self, kind: str) -> Failure | None:
        waiting = self._twilio.failures.get(kind, [])
        if not waiting:
            return None
        waiting[0].times -= 1
        return waiting.pop(0) if waiting[0].times <= 0 else waiting[0]

    def _message(self, text: Text) -> dict[str, Any]:
        path = f"{ROOT.format(sid=self._twilio.sid)}/Messages/{text.sid}"
        return {
            "account_sid": self._twilio.sid,
            "api_version": "2010-04-01",
            "body": text.body,
            "date_created": date_words(text.at),
            "date_sent": date_words(None if text.status == "queued" else text.at),
            "date_updated": date_words(text.at),
            "direction": text.direction,
            "error_code": text.error_code,
            "error_message": None,
            "from": text.from_,
            "messaging_service_sid": None,
            "num_media": str(len(text.media)),
            "num_segments": "1",
            "price": None,
            "price_unit": "GBP",
            "sid": text.sid,
            "status": text.status,
            "subresource_uris": {"media": f"{path}/Media.json"},
            "to": text.to,
            "uri": f"{path}.json",
        }

    def _ringing(self, ringing: Ringing) -> dict[str, Any]:
        return {
            "sid": ringing.sid,
            "to": ringing.to,
            "from": ringing.from_,
            "date_created": date_words(ringing.at),
            "status": "in-progress" if ringing.taken else "queued",
            "direction": "outbound-api",
        }

    def _came(self, call: "Call") -> dict[str, Any]:
        when = date_words(self._twilio.clock())
        known = {"sid": call.sid, "to": call.to, "from": call.from_, "date_created": when}
        return known | {"status": "completed" if call.over else "in-progress", "direction": "inbound"}

    def _page(self, request: web.Request, name: str, rows: list[dict[str, Any]]) -> web.Response:
        """One page of a list, with the address of the next."""
        here, most = request.rel_url, self._twilio.page_most
        size, number = min(int(here.query.get("PageSize", "50")), most), int(here.query.get("Page", "0"))
        start = number * size
        more = str(here.update_query(Page=number + 1)) if len(rows) > start + size else None
        listed = {name: rows[start : start + size], "page": number, "page_size": size}
        return web.json_response(listed | {"next_page_uri": more, "uri": str(here)})

    # By hand: what a person at a keyboard does with the fake

    async def drive_text(self, request: web.Request) -> web.StreamResponse:
        """POST {"from", "body"}: somebody sends a text."""
        wanted = await request.json()
        reply = await self._twilio.text(wanted["from"], wanted["body"])
        return web.json_response({"status": reply.status, "body": reply.body})

    async def drive_ring(self, request: web.Request) -> web.StreamResponse:
        """POST {"from"}: somebody rings. POST {"to"}: somebody lifts the phone that we ring."""
        wanted = await request.json()
        ring = self._twilio.answer(wanted["to"]) if "to" in wanted else self._twilio.ring(wanted["from"])
        call = await ring
        return web.json_response({"call": call.sid, "heard": call.heard, "waits": call.waits})

    async def drive_call(self, request: web.Request) -> web.StreamResponse:
        """POST /_call/SID/press {"keys"}, /say {"words"}, /silence, /hang_up."""
        found = [call for call in self._twilio.calls if call.sid == request.match_info["call"]]
        if not found:
            raise web.HTTPNotFound
        call, wanted = found[0], await request.json() if request.can_read_body else {}
        deeds: dict[str, Callable[[], Awaitable[object]]] = {
            "press": lambda: call.press(wanted["keys"]),
            "say": lambda: call.say_words(wanted["words"]),
            "silence": call.silence,
            "hang_up": call.hang_up,
        }
        await deeds[request.match_info["deed"]]()
        return web.json_response({"call": call.sid, "heard": call.heard, "waits": call.waits})

    async def show_sent(self, request: web.Request) -> web.StreamResponse:
        """GET: every text, newest last."""
        return web.json_response([self._message(text) for text in self._twilio.texts])


async def _fail(failure: Failure) -> web.StreamResponse:
    await asyncio.sleep(failure.seconds)
    answer = _error(failure.status, failure.code, "A fault by script")
    answer.headers.update(failure.headers)
    return answer


def _error(status: int, code: int, message: str) -> web.Response:
    more = f"https://www.twilio.com/docs/errors/{code}"
    body = {"code": code or None, "message": message, "more_info": more, "status": status}
    return web.json_response(body, status=status)


def _dated(at: datetime, on: str, since: str) -> bool:
    day = at.date().isoformat()
    return (not on or day == on[:10]) and (not since or day >= since[:10])
