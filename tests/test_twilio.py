"""What SMS and calls share: the signature, phone numbers, and what becomes of what is sent."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, get_args

import pytest
from aiohttp import ClientTimeout, web
from pydantic import SecretStr

from channels.base import Outcome, Parcel, Refused, Result
from channels.sms import SmsChannel
from channels.twilio import Account, phone_line
from channels.twilio_faults import FAULTS, outcome
from channels.voice import VoiceChannel
from flows.events import Say, Shown
from tests.fakes.twilio import NUMBER, SID, TOKEN, FakeTwilio
from tests.scenes import house
from tests.twilio_requests import NOW, PUBLIC, account, serving, webhook

LINE = "+447700900123"
FORM = {"MessageSid": "SM1", "From": LINE, "Body": "two\nlines & ünïcode", "NumMedia": "0"}


@pytest.fixture
async def twilio() -> AsyncIterator[FakeTwilio]:
    async with FakeTwilio(receipts=False) as fake:
        yield fake


@pytest.fixture
async def client(twilio: FakeTwilio) -> AsyncIterator[Account]:
    made = Account(sid=SID, token=SecretStr(TOKEN), api_url=twilio.url)
    yield made
    await made.close()


async def no_files(sha256: str) -> bytes:
    raise AssertionError("nothing is uploaded")


async def send(account: Account, to: str = LINE, body: str = "Hello.", **more: Any) -> Result:
    channel = SmsChannel(words=house(), account=account, number=NUMBER, public_url=PUBLIC, **more)
    (parcel,) = channel.encode(Say(text=body), to)
    return await channel.send(parcel, outbox="OUT 7", load=no_files)


# The signature


@pytest.mark.parametrize(
    "path", ["/twilio/sms", "/twilio/sms/status?o=OUT7", "/twilio/voice/step?n=1&q=a%2Fb"]
)
@pytest.mark.parametrize("public", [PUBLIC, "http://127.0.0.1:8000", "https://takepart.example:8443/under"])
def test_what_twilio_signed_is_taken(path: str, public: str) -> None:
    account().verify(webhook(path, FORM, public=public))


@pytest.mark.parametrize(
    ("signed", "ours"),
    [
        ("https://takepart.example:443", "https://takepart.example"),
        ("https://takepart.example", "https://takepart.example:8443"),
        ("http://takepart.example:80", "http://takepart.example"),
    ],
)
def test_twilio_may_name_the_port_or_leave_it_out(signed: str, ours: str) -> None:
    account().verify(replace(webhook("/twilio/sms", FORM, public=signed), url=f"{ours}/twilio/sms"))


def test_a_field_that_comes_twice_is_signed_with_each_value() -> None:
    once = webhook("/twilio/sms", {"a": "1", "b": "2"})
    account().verify(replace(once, body=b"b=2&a=1&a=1"))
    with pytest.raises(Refused):
        account().verify(replace(once, body=b"a=1&b=2&a=3"))


@pytest.mark.parametrize(
    "changed",
    [
        {"headers": {}},
        {"headers": {"x-twilio-signature": ""}},
        {"headers": {"x-twilio-signature": "AAAAAAAAAAAAAAAAAAAAAAAAAAA="}},
        {"headers": {"x-twilio-signature": "ü"}},
        {"body": b"MessageSid=SM1&From=%2B447700900999"},
        {"body": b""},
        {"body": b"\xff\xfe%ZZ"},
        {"body": b"a=1&" * 1000},
        {"url": f"{PUBLIC}/twilio/sms?o=1"},
        {"url": "http://takepart.example/twilio/sms"},
        {"url": "http://[broken/twilio/sms"},
    ],
)
def test_what_twilio_did_not_sign_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        account().verify(replace(webhook("/twilio/sms", FORM), **changed))


def test_signature_of_another_account_is_refused() -> None:
    with pytest.raises(Refused):
        account().verify(webhook("/twilio/sms", FORM, token="another"))


@pytest.mark.parametrize(
    ("number", "line"),
    [
        ("+447700900123", "+447700900123"),
        ("+12025550123", "+12025550123"),
        *((withheld, "") for withheld in ("", "anonymous", "Restricted", "unknown", "unavailable")),
        *((spelled, "") for spelled in ("+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253")),
        *(
            (false, "")
            for false in ("60300", "CHARITY", "+0123456789", "+44 7700 900123", "+44770090012345678")
        ),
        *((false, "") for false in ("client:ann", "sip:ann@example.org", "+٤٤٧٧٠٠٩٠٠١٢٣")),
    ],
)
def test_only_a_real_number_is_a_line(number: str, line: str) -> None:
    assert phone_line(number) == line


# What becomes of a message


@pytest.mark.parametrize("code", FAULTS)
async def test_every_error_has_an_outcome(code: str, twilio: FakeTwilio, client: Account) -> None:
    twilio.fail_next("messages", status=400, code=int(code))
    result = await send(client)
    assert (result.outcome, result.sentence) == (FAULTS[code].outcome, FAULTS[code].sentence)
    assert result.code == code
    assert result.sentence.endswith(".") and LINE not in result.sentence


def test_every_outcome_but_sent_and_unclear_is_in_the_catalogue() -> None:
    assert {fault.outcome for fault in FAULTS.values()} == set(get_args(Outcome)) - {"sent", "unclear"}


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (401, 0, "ours"),
        (403, 0, "ours"),
        (404, 20404, "ours"),
        (429, 20429, "throttled"),
        (500, 0, "retry"),
        (502, 0, "retry"),
        (503, 20503, "retry"),
        (504, 0, "unclear"),
        (302, 0, "ours"),
        (408, 0, "retry"),
        (400, 99999, "refused"),
        (418, 0, "refused"),
    ],
)
async def test_http_status_decides_where_no_code_does(
    status: int, code: int, expected: str, twilio: FakeTwilio, client: Account
) -> None:
    twilio.fail_next("messages", status=status, code=code)
    assert (await send(client)).outcome == expected
    assert (await send(client)).outcome == "sent"


async def test_seconds_to_wait_are_taken_over(twilio: FakeTwilio, client: Account) -> None:
    twilio.fail_next("messages", status=429, code=20429, headers={"Retry-After": "7"})
    assert (await send(client)).wait == 7


async def test_message_arrives_with_an_address_for_its_receipt(twilio: FakeTwilio, client: Account) -> None:
    result = await send(client, body="Grüße & 1 < 2 😀")
    (text,) = twilio.texts
    assert (result.outcome, result.id) == ("sent", text.sid)
    assert (text.to, text.from_, text.body) == (LINE, NUMBER, "Grüße & 1 < 2 😀")
    assert text.status_callback == f"{PUBLIC}/twilio/sms/status?o=OUT+7"


async def test_all_pictures_of_a_message_go_along(twilio: FakeTwilio, client: Account) -> None:
    channel = SmsChannel(
        words=house(),
        account=client,
        number=NUMBER,
        mms=True,
        media_url=lambda shown: f"{PUBLIC}/{shown.media}",
    )
    shown = tuple(Shown(kind="photo", media=name, type="image/png") for name in ("m1", "m2"))
    (parcel,) = channel.encode(Say(text="Two.", shown=shown), LINE)
    await channel.send(parcel, outbox="OUT7", load=no_files)
    assert twilio.texts[0].media == (f"{PUBLIC}/m1", f"{PUBLIC}/m2")
    assert twilio.texts[0].status_callback == ""


async def test_person_who_sent_stop_is_not_written_to(twilio: FakeTwilio, client: Account) -> None:
    await twilio.text(LINE, "stop")
    result = await send(client)
    assert (result.outcome, result.code) == ("stopped", "21610")
    await twilio.text(LINE, "START")
    assert (await send(client)).outcome == "sent"


async def test_wrong_token_is_our_fault_and_is_not_told(twilio: FakeTwilio) -> None:
    wrong = Account(sid=SID, token=SecretStr("mistyped"), api_url=twilio.url)
    result = await send(wrong)
    await wrong.close()
    assert result.outcome == "ours"
    assert "TWILIO_AUTH_TOKEN" in result.sentence and "mistyped" not in repr(result)


async def test_time_out_before_the_connection_is_tried_again_and_after_it_is_unclear(
    twilio: FakeTwilio, unused_tcp_port: int
) -> None:
    hurried = ClientTimeout(total=0.2)
    slow = Account(sid=SID, token=SecretStr(TOKEN), api_url=twilio.url, timeout=hurried)
    away = Account(sid=SID, token=SecretStr(TOKEN), api_url=f"http://127.0.0.1:{unused_tcp_port}")
    twilio.fail_next("messages", status=500, seconds=0.5)
    assert (await send(slow)).outcome == "unclear"
    assert (await send(away)).outcome == "retry"
    await asyncio.gather(slow.close(), away.close())


async def test_lost_or_senseless_answer_is_unclear() -> None:
    async def cut(request: web.Request) -> web.StreamResponse:
        assert request.transport
        request.transport.close()
        return web.Response()

    def senseless(body: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def answer(request: web.Request) -> web.StreamResponse:
            return web.Response(status=201, text=body)

        return answer

    for answer in (cut, *map(senseless, ("<html>", "[1, 2]", "null", "{}", '{"sid": null}'))):
        async with serving(answer) as origin:
            odd = account(api_url=origin)
            assert (await send(odd)).outcome == "unclear"
            await odd.close()


def test_unknown_code_has_a_sentence() -> None:
    assert outcome("12345") == Result(
        outcome="refused", code="12345", sentence="Twilio refused this with error 12345."
    )


async def test_phone_is_rung_with_addresses_for_answer_and_end(twilio: FakeTwilio, client: Account) -> None:
    channel = VoiceChannel(words=house(), account=client, number=NUMBER, public_url=PUBLIC)
    (parcel,) = channel.encode(Say(text="A brief."), LINE)
    result = await channel.send(parcel, outbox="OUT7", load=no_files)
    (ringing,) = twilio.ringing
    assert (result.outcome, result.id) == ("sent", ringing.sid)
    assert (ringing.to, ringing.from_, ringing.url) == (LINE, NUMBER, f"{PUBLIC}/twilio/voice?o=OUT7")
    assert ringing.status_callback == f"{PUBLIC}/twilio/voice/status?o=OUT7"
    twilio.fail_next("calls", status=400, code=21215)
    assert (await channel.send(parcel, outbox="OUT8", load=no_files)).outcome == "refused"


async def test_parcel_that_is_none_does_not_raise(client: Account) -> None:
    channel = VoiceChannel(words=house(), account=client, number=NUMBER, public_url=PUBLIC)
    parcel = Parcel(channel="voice", line="nonsense", method="call", params={"to": "nonsense"})
    assert (await channel.send(parcel, outbox="OUT7", load=no_files)).outcome == "unreachable"


# What Twilio lists of what we gave it


async def look(channel: SmsChannel | VoiceChannel, say: str = "Hello.", **more: Any) -> Result | None:
    (parcel,) = channel.encode(Say(text=say), LINE)
    return await channel.find(parcel, **{"since": NOW, "known": (), **more})


@pytest.fixture
def listed(twilio: FakeTwilio) -> FakeTwilio:
    twilio.clock = lambda: NOW
    return twilio


async def test_text_is_found_by_its_words_though_it_still_waits_at_twilio(
    listed: FakeTwilio, client: Account
) -> None:
    channel = SmsChannel(words=house(), account=client, number=NUMBER)
    assert await look(channel) is None
    await send(client)
    (text,) = listed.texts
    assert await look(channel) == Result(outcome="sent", id=text.sid)
    text.body = f"Sent from your Twilio trial account - {text.body}"
    assert await look(channel) == Result(outcome="sent", id=text.sid)


async def test_text_that_twilio_lists_as_failed_has_failed(listed: FakeTwilio, client: Account) -> None:
    await send(client)
    await listed.receipt(listed.texts[0], "undelivered", 30005)
    found = await look(SmsChannel(words=house(), account=client, number=NUMBER))
    assert found
    assert (found.outcome, found.id) == ("unreachable", listed.texts[0].sid)


@pytest.mark.parametrize(
    ("say", "more"),
    [
        ("Other words.", {}),
        ("Hello.", {"since": NOW + timedelta(minutes=1)}),
        ("Hello.", {"known": {"SM" + "0" * 31 + "1"}}),
    ],
)
async def test_another_text_is_not_taken_for_it(
    say: str, more: dict[str, Any], listed: FakeTwilio, client: Account
) -> None:
    await send(client)
    await send(client, "+447700900124", "Other words.")
    assert await look(SmsChannel(words=house(), account=client, number=NUMBER), say, **more) is None


async def test_what_the_person_wrote_is_not_taken_for_ours(listed: FakeTwilio, client: Account) -> None:
    await listed.text(LINE, "Hello.")
    assert await look(SmsChannel(words=house(), account=client, number=NUMBER)) is None


async def test_call_is_found_once(listed: FakeTwilio, client: Account) -> None:
    channel = VoiceChannel(words=house(), account=client, number=NUMBER, public_url=PUBLIC)
    (parcel,) = channel.encode(Say(text="Hello."), LINE)
    assert await look(channel) is None
    await channel.send(parcel, outbox="OUT7", load=no_files)
    sid = listed.ringing[0].sid
    assert await look(channel) == Result(outcome="sent", id=sid)
    assert await look(channel, known={sid}) is None


async def test_a_list_that_cannot_be_had_is_no_proof(listed: FakeTwilio, client: Account) -> None:
    listed.fail_next("lists", status=503, times=2)
    for channel in (
        SmsChannel(words=house(), account=client, number=NUMBER),
        VoiceChannel(words=house(), account=client, number=NUMBER, public_url=PUBLIC),
    ):
        found = await look(channel)
        assert found
        assert (found.outcome, found.id) == ("retry", "")
