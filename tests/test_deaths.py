"""What becomes of a message that was being sent when its process died, once or more often."""

from datetime import timedelta

import pytest

from channels.base import Delivery
from storage.database import Database
from storage.secrets import Secrets
from storage.sending import receipts
from storage.sending.claims import LEASE
from storage.tables import lines, outbox
from tests.office import Office


@pytest.fixture
async def office(db: Database, secrets: Secrets) -> Office:
    made = Office(db, secrets)
    await made.group()
    await made.member("eve", "telegram")
    await made.member("ann")
    return made


async def dies(office: Office, message: str, *, line: str, sent: bool = False) -> None:
    """A process has claimed the message and is gone; Twilio may have had the text from it."""
    row = await office.row(message)
    tried = row.sent_at or office.now
    await office.change(outbox, message, state="sending", sent_at=tried)
    await office.change(lines, line, leased_by="gone", leased_until=office.now - timedelta(seconds=1))
    if sent:
        office.sms.listed.append((f"SM{message}", line, "the same"))


@pytest.mark.parametrize("deaths", [1, 2, 5])
async def test_what_was_being_sent_at_each_death_goes_at_last(office: Office, deaths: int) -> None:
    message = await office.write("eve", "hello", channel="telegram")
    for _ in range(deaths):
        await dies(office, message, line="eve")
        assert await office.send() == []
    assert await office.send(3) == ["hello"]
    assert (await office.row(message)).tries == deaths + 1


async def test_what_each_process_dies_of_is_left_to_the_operator(office: Office) -> None:
    message = await office.write("eve", "hello", channel="telegram")
    for _ in range(8):
        await dies(office, message, line="eve")
        await office.send()
    assert await office.send(LEASE.total_seconds()) == []
    row = await office.row(message)
    assert row.state == "dead"
    assert "ended each time" in row.sentence


async def test_a_text_that_a_late_receipt_settled_is_not_taken_for_the_next_like_it(office: Office) -> None:
    first = await office.write("ann", "the same", "answer")
    await dies(office, first, line="ann")
    await office.send()
    office.now += timedelta(minutes=3)
    await dies(office, first, line="ann", sent=True)  # the second try of it, of which a receipt tells
    told = Delivery(outbox=first, provider_id=f"SM{first}", state="delivered", at=office.now)
    async with office.db.write() as conn:
        await receipts.receive(conn, told, now=office.now, ids=office.ids)
    second = await office.write("ann", "the same", "answer")
    await dies(office, second, line="ann")
    sent = [words for wait in (1, 61, 61) for words in await office.send(wait)]
    assert sent == ["the same"]
