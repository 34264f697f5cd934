"""Our numbers as Twilio has them: found however the list comes, set as asked, and trouble in a sentence."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientTimeout
from pydantic import SecretStr

from channels.base import Trouble
from channels.twilio import Account
from channels.twilio_numbers import Hook
from tests.fakes.twilio import NUMBER, FakeTwilio
from tests.fakes.twilio_numbers import SERVICE


@pytest.fixture
async def twilio() -> AsyncIterator[FakeTwilio]:
    async with FakeTwilio() as fake:
        yield fake


@pytest.fixture
async def client(twilio: FakeTwilio) -> AsyncIterator[Account]:
    account = Account(sid=twilio.sid, token=SecretStr(twilio.token), api_url=twilio.url)
    yield account
    await account.close()


async def test_a_number_is_asked_what_it_carries(twilio: FakeTwilio, client: Account) -> None:
    found = await client.numbers.find(NUMBER)
    assert found and found.carries == {"sms", "mms", "voice"}
    twilio.abilities["mms"] = False
    found = await client.numbers.find(NUMBER)
    assert found and found.carries == {"sms", "voice"}
    assert await client.numbers.find("+447700900777") is None


async def test_it_is_the_very_number_that_is_found_on_whatever_page(
    twilio: FakeTwilio, client: Account
) -> None:
    twilio.numbers.others = [f"{NUMBER}{n}" for n in range(3)]
    twilio.page_most = 2
    found = await client.numbers.find(NUMBER)
    assert found and found.number == NUMBER


async def test_only_what_is_named_is_set(twilio: FakeTwilio, client: Account) -> None:
    found = await client.numbers.find(NUMBER)
    assert found
    await client.numbers.set_hooks(found.sid, {"texts": Hook(url="https://a.example/t#rc=5", method="POST")})
    assert twilio.numbers.set == {NUMBER: {"sms_url": "https://a.example/t#rc=5", "sms_method": "POST"}}


@pytest.mark.parametrize(
    ("heeds_number", "instead"), [(False, f"the messaging service {SERVICE}"), (True, "")]
)
async def test_a_messaging_service_may_take_the_texts(
    heeds_number: bool, instead: str, twilio: FakeTwilio, client: Account
) -> None:
    twilio.numbers.service = {"use_inbound_webhook_on_number": heeds_number, "inbound_request_url": None}
    found = await client.numbers.find(NUMBER)
    assert found and (await client.numbers.with_service(found)).texts_instead == instead


async def test_what_stands_in_for_twilio_need_not_know_services(twilio: FakeTwilio, client: Account) -> None:
    found = await client.numbers.find(NUMBER)
    twilio.fail_next("services", status=404, code=20404)
    assert found and await client.numbers.with_service(found) == found


@pytest.mark.parametrize(
    ("status", "code", "says"),
    [
        (401, 20003, "SID and token"),
        (404, 20404, "does not know this account"),
        (403, 20005, "not active"),
        (429, 20429, "slow down"),
        (500, 0, "fault of its own"),
        (503, 20503, "away"),
    ],
)
async def test_each_fault_has_its_sentence(
    status: int, code: int, says: str, twilio: FakeTwilio, client: Account
) -> None:
    twilio.fail_next("numbers", status=status, code=code)
    with pytest.raises(Trouble, match=says):
        await client.numbers.find(NUMBER)


async def test_silence_and_nonsense_are_told_apart(client: Account, twilio: FakeTwilio) -> None:
    nobody = Account(sid=twilio.sid, token=SecretStr(twilio.token), api_url="http://127.0.0.1:9")
    with pytest.raises(Trouble, match="network"):
        await nobody.numbers.find(NUMBER)
    await nobody.close()
    twilio.fail_next("numbers", status=500, seconds=1)
    hasty = Account(
        sid=twilio.sid,
        token=SecretStr(twilio.token),
        api_url=twilio.url,
        timeout=ClientTimeout(total=0.2),
    )
    with pytest.raises(Trouble, match="network"):
        await hasty.numbers.find(NUMBER)
    await hasty.close()
    elsewhere = Account(sid="_sent/..", token=SecretStr(twilio.token), api_url=twilio.url)
    with pytest.raises(Trouble, match="does not know this account"):
        await elsewhere.numbers.find(NUMBER)
    await elsewhere.close()
