"""A Twilio of the tests' own, over a real socket: its API, its webhooks, its phones.

    async with FakeTwilio(service="http://127.0.0.1:8000") as twilio:
        # the service runs with TWILIO_API_URL=twilio.url and twilio's sid, token and number
        await twilio.text("+447700900123", "JOIN ABC")
        reply = await twilio.next_text("+447700900123")
        call = await twilio.ring("+447700900123")  # see tests/fakes/twilio_calls
        twilio.fail_next("messages", status=503)

Webhooks are signed by the SDK's own validator, for `public` where that differs from `service`. By hand:
`python -m tests.fakes.twilio --port 9009 --service http://127.0.0.1:8000`, then POST to /_text and /_ring.
"""

import argparse
import asyncio
import itertools
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from aiohttp import ClientError, ClientSession, ClientTimeout, web
from twilio.request_validator import RequestValidator

from tests.fakes.twilio_api import Stand, application
from tests.fakes.twilio_calls import Call
from tests.fakes.twilio_numbers import Numbers
from tests.fakes.twilio_parts import (
    HELP_WORDS,
    PATIENCE,
    ROOT,
    START_WORDS,
    STOP_WORDS,
    Failure,
    Reply,
    Ringing,
    Text,
    inbound_fields,
    receipt_fields,
    unanswered_fields,
)

SID = "AC" + "0" * 31 + "1"
TOKEN = "fake-token-of-the-tests"
NUMBER = "+447700900001"


def _now() -> datetime:
    return datetime.now(UTC)


class FakeTwilio:
    """See the module. `landlines` cannot receive texts, `stopped` have sent STOP."""

    def __init__(
        self,
        *,
        service: str = "",
        public: str = "",
        sid: str = SID,
        token: str = TOKEN,
        number: str = NUMBER,
        voice_number: str = "",
        abilities: Mapping[str, bool] | None = None,
        receipts: bool = True,
        advanced_optout: bool = False,
        heeds_stop: bool = True,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self.service, self.public = service, public or service
        self.sid, self.token, self.number = sid, token, number
        self.voice_number = voice_number or number
        self.abilities = dict(abilities or {"sms": True, "mms": True, "voice": True})
        self.receipts, self.advanced_optout = receipts, advanced_optout
        self.clock = clock
        self.numbers = Numbers(self)
        self.page_most = 1000  # rows of a list on one page
        self.heeds_stop = heeds_stop
        self.texts: list[Text] = []
        self.ringing: list[Ringing] = []
        self.calls: list[Call] = []
        self.files: dict[str, tuple[bytes, str]] = {}
        self.removed: set[str] = set()  # the ids of texts and calls that the service had removed
        self.recorded: dict[str, str] = {}  # the call, by the path of a recording
        self.missing: dict[str, int] = {}  # so many 404s before a file is there
        self.stopped: set[str] = set()
        self.landlines: set[str] = set()
        self.redirect_files_to = ""  # another origin; "" serves files at once
        self.requests: list[tuple[str, str, str]] = []  # method, path, Authorization
        self.failures: dict[str, list[Failure]] = {}
        self.told: Callable[[Text | Ringing], None] = lambda thing: None  # before the service is answered
        self.stand: Stand = lambda request, handler: handler(request)  # between the service and the answers
        self.url = ""
        self._signer = RequestValidator(token)
        self._ids = itertools.count(1)
        self._changed = asyncio.Condition()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._runner: web.AppRunner | None = None
        self._session: ClientSession | None = None

    async def __aenter__(self) -> "FakeTwilio":
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()

    async def start(self, port: int = 0) -> None:
        """Open the port; `url` is what TWILIO_API_URL is to be."""
        self._session = ClientSession(timeout=ClientTimeout(total=30))
        self._runner = web.AppRunner(application(self), access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Close everything."""
        for task in list(self._tasks):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        if self._session:
            await self._session.close()
        if self._runner:
            await self._runner.cleanup()

    # What a test does

    async def text(
        self, from_: str, body: str, *, media: Sequence[tuple[bytes, str]] = (), sid: str = ""
    ) -> Reply:
        """Somebody sends a text, with pictures as (bytes, type). The same `sid` again is a repeat."""
        urls = tuple(self.keep_media(content, type) for content, type in media)
        sid = sid or self.new_id("MM" if media else "SM")
        text = Text(
            sid=sid,
            to=self.number,
            from_=from_,
            body=body,
            at=self.clock(),
            direction="inbound",
            media=urls,
            status="received",
        )
        if all(known.sid != sid for known in self.texts):
            self.texts.append(text)
        fields = inbound_fields(self.sid, text, [type for _, type in media])
        optout = self._heed(from_, body)
        if optout and self.advanced_optout:
            fields["OptOutType"] = optout
        status, answer = await self.post(f"{self.public}/twilio/sms", fields)
        return Reply(status=status, body=answer)

    def sent_to(self, to: str) -> list[str]:
        """The words of all texts that the service has sent to a number."""
        return [text.body for text in self.texts if text.to == to and text.direction == "outbound-api"]

    async def next_text(self, to: str, *, after: int = 0, wait: float = PATIENCE) -> str:
        """The text number `after` (from 0) that was sent to a number, as soon as it is there."""
        await self._until(lambda: len(self.sent_to(to)) > after, wait, f"no text came to {to}")
        return self.sent_to(to)[after]

    async def receipt(self, text: Text, status: str, code: int | None = None) -> None:
        """Tell the service what became of a text."""
        text.status, text.error_code = status, code
        if text.status_callback:
            await self.post(text.status_callback, receipt_fields(self.sid, text))

    async def ring(self, from_: str, *, direction: str = "inbound") -> Call:
        """Somebody rings the number; the call that comes back stands at the first wait."""
        call = Call(
            self,
            sid=self.new_id("CA"),
            account=self.sid,
            from_=from_,
            to=self.voice_number,
            direction=direction,
            status_url=f"{self.public}/twilio/voice/status",
        )
        self.calls.append(call)
        return await call.begin(f"{self.public}/twilio/voice")

    async def answer(self, to: str, *, by: str = "human", wait: float = PATIENCE) -> Call:
        """Lift the phone that the service rings, once it does; `by` may be "machine_start"."""
        ringing = await self._rung(to, wait)
        call = Call(
            self,
            sid=ringing.sid,
            account=self.sid,
            from_=ringing.from_,
            to=to,
            direction="outbound-api",
            status_url=ringing.status_callback,
            answered_by=by,
        )
        self.calls.append(call)
        return await call.begin(ringing.url)

    async def ignore(self, to: str, status: str = "no-answer", *, wait: float = PATIENCE) -> None:
        """Let the phone ring: "no-answer", "busy" or "failed"."""
        ringing = await self._rung(to, wait)
        if ringing.status_callback:
            await self.post(ringing.status_callback, unanswered_fields(self.sid, ringing, status))

    def fail_next(self, kind: str, *, status: int = 500, code: int = 0, times: int = 1, **more: Any) -> None:
        """Let the next requests for "messages", "calls", "files", "numbers", "set" or "services" fail."""
        self.failures.setdefault(kind, []).append(Failure(status=status, code=code, times=times, **more))

    async def settle(self) -> None:
        """Wait until all receipts that are due have been delivered."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    # What the API and the calls need

    def keep_media(self, content: bytes, type: str) -> str:
        """Store a picture: its address at the API, named as Twilio names it."""
        path = f"{ROOT.format(sid=self.sid)}/Messages/{self.new_id('MM')}/Media/{self.new_id('ME')}"
        self.files[path] = (content, type)
        return f"https://api.twilio.com{path}"

    def keep_recording(self, content: bytes, call: str = "") -> tuple[str, str]:
        """Store a recording of a call: its id and its address at the API."""
        sid = self.new_id("RE")
        path = f"{ROOT.format(sid=self.sid)}/Recordings/{sid}"
        self.files[path], self.recorded[path] = (content, "audio/x-wav"), call
        return sid, f"https://api.twilio.com{path}"

    def new_id(self, kind: str) -> str:
        """An id as Twilio makes them: two letters and 32 figures."""
        return f"{kind}{next(self._ids):032x}"

    async def post(self, url: str, fields: Mapping[str, str]) -> tuple[int, str]:
        """A signed webhook. It goes to `service`, whatever public address it is signed for."""
        assert self._session is not None, "the fake is not started"
        headers = {
            "X-Twilio-Signature": self._signer.compute_signature(url, fields),
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "User-Agent": "TwilioProxy/1.1",
        }
        body = urlencode(fields)
        try:
            async with self._session.post(self._reach(url), data=body, headers=headers) as answer:
                return answer.status, await answer.text()
        except ClientError:
            return 502, ""

    async def get(self, url: str) -> bytes:
        """A signed request for something to play."""
        assert self._session is not None, "the fake is not started"
        headers = {"X-Twilio-Signature": self._signer.compute_signature(url, {})}
        async with self._session.get(self._reach(url), headers=headers) as answer:
            assert answer.status == 200, f"what is to be played answers {answer.status}"
            return await answer.read()

    async def made(self, thing: Text | Ringing) -> None:
        """The service created a text or a call; receipts follow by themselves."""
        self.told(thing)
        if isinstance(thing, Text):
            self.texts.append(thing)
            if self.receipts:
                task = asyncio.create_task(self._receipts(thing))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        else:
            self.ringing.append(thing)
        async with self._changed:
            self._changed.notify_all()

    async def _receipts(self, text: Text) -> None:
        await self.receipt(text, "sent")
        await self.receipt(text, "delivered")

    async def _rung(self, to: str, wait: float) -> Ringing:
        def waiting() -> list[Ringing]:
            return [ringing for ringing in self.ringing if ringing.to == to and not ringing.taken]

        await self._until(lambda: bool(waiting()), wait, f"nobody rings {to}")
        ringing = waiting()[0]
        ringing.taken = True
        return ringing

    async def _until(self, met: Any, wait: float, otherwise: str) -> None:
        try:
            async with asyncio.timeout(wait), self._changed:
                await self._changed.wait_for(met)
        except TimeoutError:
            raise AssertionError(otherwise) from None

    def _heed(self, from_: str, body: str) -> str:
        """Twilio's own reading of the stop words, where it is on: it blocks the number whatever we do."""
        if not self.heeds_stop:
            return ""
        word = body.strip().upper()
        if word in STOP_WORDS:
            self.stopped.add(from_)
            return "STOP"
        if word in START_WORDS:
            self.stopped.discard(from_)
            return "START"
        return "HELP" if word in HELP_WORDS else ""

    def _reach(self, url: str) -> str:
        if self.public and url.startswith(self.public):
            return self.service + url.removeprefix(self.public)
        return url


async def _serve(port: int, service: str, number: str) -> None:
    twilio = FakeTwilio(service=service, number=number)
    await twilio.start(port)
    sys.stdout.write(
        f"TWILIO_API_URL={twilio.url} TWILIO_ACCOUNT_SID={twilio.sid} "
        f"TWILIO_AUTH_TOKEN={twilio.token} TWILIO_NUMBER={twilio.number}\n"
    )
    sys.stdout.flush()
    try:
        await asyncio.Event().wait()
    finally:
        await twilio.stop()


def main() -> None:
    """Run the fake until it is stopped."""
    parser = argparse.ArgumentParser(description="A Twilio to try things with.")
    parser.add_argument("--port", type=int, default=9009)
    parser.add_argument("--service", default="http://127.0.0.1:8000", help="where Takepart listens")
    parser.add_argument("--number", default=NUMBER)
    given = parser.parse_args()
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(given.port, given.service, given.number))


if __name__ == "__main__":
    main()
