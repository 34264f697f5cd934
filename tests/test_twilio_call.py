"""A telephone at the fake Twilio, our channel in between: whole calls over a real socket."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr

from channels.base import Inbound
from channels.twilio import Account
from channels.voice import VoiceChannel, step_of
from flows.events import Event, Option, Question, Say, Shown
from tests.fakes.twilio import NUMBER, SID, TOKEN, FakeTwilio
from tests.fakes.twilio_calls import APPLICATION_ERROR, SOUND
from tests.scenes import house
from tests.twilio_requests import NOW

LINE = "+447700900123"
PUBLIC = "https://takepart.example"
MENU = Question(
    id="Q1",
    name="what",
    text="",
    takes=("choice",),
    options=(
        Option(key="diary", label="Diary", spoken="To write in your diary"),
        Option(key="vote", label="Vote"),
    ),
)
OPEN = Question(id="Q2", name="entry", text="", takes=("text",))


class Service:
    """Answers each step with the next thing of a list, and keeps the events."""

    def __init__(self, account: Account, *says: Say) -> None:
        self.says, self.events, self.missed = list(says), list[Event](), list[str]()
        self.voice = VoiceChannel(
            words=house(),
            account=account,
            number=NUMBER,
            public_url=PUBLIC,
            media_url=lambda shown: f"{PUBLIC}/media/{shown.media}",
        )

    async def handle(self, request: web.Request) -> web.Response:
        inbound = Inbound(
            url=f"{PUBLIC}{request.raw_path}",
            headers={name.lower(): value for name, value in request.headers.items()},
            body=await request.read(),
        )
        self.voice.verify(inbound)
        if request.path.startswith("/media/"):
            return web.Response(body=SOUND, content_type="audio/wav")
        if request.path.endswith("/status"):
            events, missed = self.voice.decode_status(inbound, NOW)
            self.events += events
            self.missed += [missed.state] if missed else []
            return web.Response()
        (event,) = self.voice.decode(inbound, NOW)
        self.events.append(event)
        say = self.says.pop(0) if self.says else Say(text="Goodbye.", ends=True)
        return web.Response(text=self.voice.answer((say,), step=step_of(event)), content_type="text/xml")


class Exchange:
    """The fake, and a service that says `says`."""

    def __init__(self, twilio: FakeTwilio, service: Service) -> None:
        self.twilio, self.service = twilio, service

    def will(self, *says: Say) -> "Exchange":
        self.service.says = list(says)
        return self

    @property
    def came(self) -> list[tuple[str, str, str]]:
        """The events so far: id, kind and value or words."""
        return [(e.id.rpartition(":")[2], e.kind, e.value or e.text) for e in self.service.events]


@pytest.fixture
async def exchange() -> AsyncIterator[Exchange]:
    async with FakeTwilio(public=PUBLIC, receipts=False) as twilio:
        account = Account(sid=SID, token=SecretStr(TOKEN), api_url=twilio.url)
        service = Service(account)
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", service.handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        twilio.service = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield Exchange(twilio, service)
        await runner.cleanup()
        await account.close()


async def test_caller_chooses_records_and_hangs_up(exchange: Exchange) -> None:
    exchange.will(Say(text="Hello.", question=MENU), Say(text="Your day?", question=OPEN), Say(text="Kept."))
    call = await exchange.twilio.ring(LINE)
    assert call.said == "Hello. To write in your diary, press 1. For Vote, press 2."
    await call.press("1")
    assert (call.heard[-1], call.waits) == ("[tone]", "Record")
    await call.record(SOUND, seconds=4, key="#")
    assert call.said == "Kept."
    await call.hang_up()
    assert exchange.came == [
        ("0", "call", ""),
        ("1", "press", "1"),
        ("2", "media", "#"),
        ("end", "hangup", "42"),
    ]
    (sound,) = exchange.service.events[2].attachments
    assert await exchange.service.voice.fetch(sound.ref, most=100_000) == SOUND


async def test_caller_speaks_or_stays_silent(exchange: Exchange) -> None:
    call = await exchange.will(*[Say(text="Hello.", question=MENU)] * 3).twilio.ring(LINE)
    await call.silence()
    await call.say_words("the vote please")
    assert exchange.came[1:] == [("1", "silence", ""), ("2", "words", "the vote please")]


@pytest.mark.parametrize("deed", ["silence", "key"])
async def test_empty_recording_is_silence(deed: str, exchange: Exchange) -> None:
    call = await exchange.will(Say(text="Your day?", question=OPEN), Say(text="Still there?")).twilio.ring(
        LINE
    )
    await (call.silence() if deed == "silence" else call.press("#"))
    assert exchange.came[1:] == [("1", "silence", "")]
    assert call.said == "Still there?"


async def test_hanging_up_keeps_what_was_said(exchange: Exchange) -> None:
    call = await exchange.will(Say(text="Your day?", question=OPEN)).twilio.ring(LINE)
    await call.record(SOUND, seconds=4, hang_up=True)
    assert call.over
    assert exchange.came[1:] == [("1", "media", "hangup"), ("end", "hangup", "42")]


async def test_recording_is_heard_back(exchange: Exchange) -> None:
    shown = Shown(kind="voice", media="m1", type="audio/wav")
    call = await exchange.will(Say(text="You said:", shown=(shown,))).twilio.ring(LINE)
    assert call.played == [SOUND]


async def test_call_ends_after_goodbye_and_after_being_put_through(exchange: Exchange) -> None:
    call = await exchange.will(Say(text="One moment.", dial="+447700900999")).twilio.ring(LINE)
    assert (call.dialled, call.waits) == (["+447700900999"], "Dial")
    await call.dial_ends("no-answer")
    assert call.over
    assert exchange.came[1:] == [("1", "silence", "dialled:no-answer"), ("end", "hangup", "42")]


async def test_somebody_answers_when_we_ring(exchange: Exchange) -> None:
    await ring_out(exchange)
    call = await exchange.will(Say(text="Hello.", question=MENU)).twilio.answer(LINE)
    await call.press("2")
    assert exchange.came[:2] == [("0", "call", "out"), ("1", "press", "2")]
    assert [event.line for event in exchange.service.events] == [LINE] * 3
    assert exchange.service.events[0].question == "OUT7"


async def test_machine_answers_when_we_ring(exchange: Exchange) -> None:
    await ring_out(exchange)
    call = await exchange.will(Say(text="Please ring us.", ends=True)).twilio.answer(LINE, by="machine_start")
    assert call.over
    assert exchange.came == [("0", "call", "machine"), ("end", "hangup", "42")]


async def test_nobody_answers_when_we_ring(exchange: Exchange) -> None:
    await ring_out(exchange)
    await exchange.twilio.ignore(LINE, "busy")
    assert exchange.service.missed == ["busy"]


async def ring_out(exchange: Exchange) -> None:
    async def load(media: str) -> bytes:
        raise AssertionError("nothing is uploaded")

    voice = exchange.service.voice
    (parcel,) = voice.encode(Say(text="A brief for you."), LINE)
    assert (await voice.send(parcel, outbox="OUT7", load=load)).outcome == "sent"


# The fake keeps Twilio's rules, so that a test cannot pass that a real call would not


@pytest.mark.parametrize(
    ("deed", "more"),
    [("press", {"keys": "12"}), ("press", {"keys": "a"}), ("record", {"content": SOUND, "seconds": 1})],
)
async def test_what_a_real_call_would_not_take_fails(
    deed: str, more: dict[str, Any], exchange: Exchange
) -> None:
    call = await exchange.will(Say(text="Hello.", question=MENU)).twilio.ring(LINE)
    with pytest.raises(AssertionError):
        await getattr(call, deed)(**more)


async def test_service_that_fails_is_heard_as_a_fault(exchange: Exchange) -> None:
    exchange.twilio.service = "http://127.0.0.1:9"
    call = await exchange.twilio.ring(LINE)
    assert (call.said, call.fault, call.over) == (APPLICATION_ERROR, "11200", True)
