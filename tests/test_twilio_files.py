"""Photos and recordings: fetched from Twilio and nowhere else, and no more of them than is wanted."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from pydantic import SecretStr

from channels.base import FetchLater, FetchRefused
from channels.twilio import Account
from tests.fakes.twilio import SID, TOKEN, FakeTwilio
from tests.twilio_requests import account, serving

HOST = "https://api.twilio.com"


@pytest.fixture
async def twilio() -> AsyncIterator[FakeTwilio]:
    async with FakeTwilio(receipts=False) as fake:
        yield fake


@pytest.fixture
async def client(twilio: FakeTwilio) -> AsyncIterator[Account]:
    made = Account(sid=SID, token=SecretStr(TOKEN), api_url=twilio.url)
    yield made
    await made.close()


async def test_recording_is_fetched_once_it_is_there_and_then_deleted(
    twilio: FakeTwilio, client: Account
) -> None:
    _, ref = twilio.keep_recording(b"sound")
    twilio.missing[ref.removeprefix(HOST)] = 1
    with pytest.raises(FetchLater):
        await client.files.fetch(ref, most=100)
    assert await client.files.fetch(ref, most=100) == b"sound"
    assert await client.files.discard(ref)
    assert ref.removeprefix(HOST) not in twilio.files


async def test_file_may_be_as_large_as_the_limit_and_no_larger(twilio: FakeTwilio, client: Account) -> None:
    ref = twilio.keep_media(b"x" * 200_000, "image/jpeg")
    assert len(await client.files.fetch(ref, most=200_000)) == 200_000
    with pytest.raises(FetchRefused):
        await client.files.fetch(ref, most=199_999)


async def test_size_is_counted_where_the_server_does_not_say_it() -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        for _ in range(64):
            await answer.write(b"x" * 65536)
        return answer

    async with serving(endless) as origin:
        lying = account(api_url=origin)
        with pytest.raises(FetchRefused):
            await lying.files.fetch(f"{origin}/file", most=100_000)
        await lying.close()


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
async def test_file_that_may_still_come_is_asked_for_later(
    status: int, twilio: FakeTwilio, client: Account
) -> None:
    ref = twilio.keep_media(b"x", "image/jpeg")
    twilio.fail_next("files", status=status)
    with pytest.raises(FetchLater):
        await client.files.fetch(ref, most=100)


async def test_file_that_is_gone_for_good_is_refused(twilio: FakeTwilio, client: Account) -> None:
    twilio.fail_next("files", status=410)
    with pytest.raises(FetchRefused):
        await client.files.fetch(twilio.keep_media(b"x", "image/jpeg"), most=100)


async def test_token_stays_behind_on_the_way_to_the_store(twilio: FakeTwilio) -> None:
    seen: list[tuple[str, str | None]] = []

    async def store(request: web.Request) -> web.StreamResponse:
        seen.append((request.raw_path, request.headers.get("Authorization")))
        return web.Response(body=b"photo")

    async with serving(store) as origin:
        twilio.redirect_files_to = origin
        client = Account(sid=SID, token=SecretStr(TOKEN), api_url=twilio.url, media_origins=[origin])
        assert await client.files.fetch(twilio.keep_media(b"photo", "image/jpeg"), most=100) == b"photo"
        await client.close()
    ((path, authorization),) = seen
    assert authorization is None
    assert path.endswith("?Expires=1&Signature=a%2Fb%3D")


@pytest.mark.parametrize(
    "elsewhere",
    [
        "",
        "http://169.254.169.254",
        "https://evil.example",
        "https://twiliocdn.com.evil",
        "http://mms.twiliocdn.com",
    ],
)
async def test_redirect_to_a_host_that_is_not_twilios_is_not_followed(
    elsewhere: str, twilio: FakeTwilio, client: Account
) -> None:
    asked: list[str] = []

    async def trap(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        return web.Response(body=b"a secret")

    async with serving(trap) as origin:
        twilio.redirect_files_to = elsewhere or origin
        with pytest.raises(FetchRefused):
            await client.files.fetch(twilio.keep_media(b"photo", "image/jpeg"), most=100)
    assert not asked


async def test_redirect_in_circles_ends() -> None:
    async def circle(request: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": "/again"})

    async with serving(circle) as origin:
        client = account(api_url=origin)
        with pytest.raises(FetchRefused):
            await client.files.fetch(f"{HOST}/x", most=100)
        await client.close()


@pytest.mark.parametrize(
    "ref",
    [
        "",
        "photo.jpg",
        "/2010-04-01/Accounts",
        "http://api.twilio.com/x",
        "https://api.twilio.com:8443/x",
        "https://api.twilio.com@evil.example/x",
        "https://evil.example\\@api.twilio.com/x",
        "https://user:pass@api.twilio.com/x",
        "https://api.twilio.com.evil.example/x",
        "https://evilapi.twilio.com/x",
        "https://evil.example/api.twilio.com",
        "https://media.twiliocdn.com/x",
        "http://127.0.0.1:1/x",
        "http://[::1]/x",
        "http://localhost/x",
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "ftp://api.twilio.com/x",
        "https://api.twilio.com/x\r\nHost: evil",
        "//api.twilio.com/x",
    ],
)
@pytest.mark.parametrize("api_url", ["", "http://127.0.0.1:9"])
async def test_file_that_is_not_at_twilio_is_refused(ref: str, api_url: str) -> None:
    client = account(api_url=api_url)
    with pytest.raises(FetchRefused):
        await client.files.fetch(ref, most=100)
    with pytest.raises(FetchRefused):
        await client.files.discard(ref)
    await client.close()


async def test_provider_that_is_away_is_asked_later(unused_tcp_port: int) -> None:
    away = account(api_url=f"http://127.0.0.1:{unused_tcp_port}")
    with pytest.raises(FetchLater):
        await away.files.fetch(f"{HOST}/x", most=100)
    assert not await away.files.discard(f"{HOST}/x")
    await away.close()
