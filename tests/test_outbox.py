"""What is put in the outbox, what replaces what, and what receipts make of it."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from channels.base import Delivery, Result
from flows.events import Say
from storage.database import Database
from storage.members.groups import Complaint
from storage.running import undelivered
from storage.secrets import Secrets
from storage.sending import outbox, receipts
from storage.tables import lines, members
from storage.tables import outbox as box
from tests.office import Office, ballot


@pytest.fixture
async def office(db: Database, secrets: Secrets) -> Office:
    made = Office(db, secrets)
    await made.group()
    await made.member("ann")
    return made


async def said(office: Office, id_: str, state: str, code: str = "", *, sid: str = "SM1") -> bool:
    """The provider says something of a message."""
    told = Delivery(outbox=id_, provider_id=sid, state=state, code=code, sentence="So it is.")  # type: ignore[arg-type]  # a table's word
    async with office.db.write() as conn:
        return await receipts.receive(conn, told, now=office.now, ids=office.ids)


# Adding ------------------------------------------------------------------------------------------
async def test_the_same_message_is_added_once(office: Office) -> None:
    await office.write("ann", "brief", dedupe_key="brief:b:ann")
    await office.write("ann", "brief", dedupe_key="brief:b:ann")
    assert await office.send() == ["brief"]
    await office.write("ann", "brief", dedupe_key="brief:b:ann")
    assert await office.send() == []


async def test_four_photos_in_one_second_get_one_confirmation(office: Office) -> None:
    for n in range(1, 5):
        await office.write("ann", f"We have {n} photos.", "answer", merge="photos")
        assert await office.send(0.25) == []
    assert await office.send(2) == ["We have 4 photos."]


async def test_photos_of_one_batch_get_one_confirmation(office: Office) -> None:
    plain = {"line": "ann", "member": "ann", "channel": "sms", "klass": "answer"}
    rows = [
        outbox.Row(id=office.ids(), dedupe_key=str(n), say=Say(text=f"{n} photos", merge="photos"), **plain)  # type: ignore[arg-type]  # all are words
        for n in (1, 2, 3)
    ]
    async with office.db.write() as conn:
        assert await outbox.add(conn, rows, now=office.now) == 1
    assert await office.send(2) == ["3 photos"]


async def test_a_merged_confirmation_keeps_its_place(office: Office) -> None:
    await office.write("ann", "1 photo", "answer", merge="photos")
    await office.write("ann", "Next question", "answer")
    await office.write("ann", "2 photos", "answer", merge="photos")
    assert await office.send() == []
    assert await office.send(2) == ["2 photos", "Next question"]


async def test_a_photo_after_the_confirmation_is_confirmed_too(office: Office) -> None:
    await office.write("ann", "1 photo", "answer", merge="photos")
    assert await office.send(2) == ["1 photo"]
    await office.write("ann", "2 photos", "answer", merge="photos")
    assert await office.send(2) == ["2 photos"]


async def test_who_never_stops_sending_photos_is_answered_all_the_same(office: Office) -> None:
    heard: list[str] = []
    for n in range(1, 9):
        await office.write("ann", f"{n} photos", "answer", merge="photos")
        heard += await office.send(1.5)
    assert heard


async def test_a_say_comes_back_as_it_was_stored(office: Office) -> None:
    body = outbox.Body(say=ballot(), announce=Say(text="There is a vote."))
    assert outbox.unpacked(outbox.packed(body)) == body


async def test_undelivered_names_nobody(office: Office) -> None:
    office.channels["sms"].fails["ann"] = [Result(outcome="refused", sentence="It was too long.")]
    bad = await office.write("ann", "very private words")
    await office.send()
    async with office.db.read() as conn:
        (found,) = await undelivered.undelivered(conn)
    assert (found.id, found.state, found.sentence) == (bad, "failed", "It was too long.")
    assert "private" not in repr(found)


async def test_what_was_sent_cannot_be_retried(office: Office) -> None:
    sent = await office.write("ann", "hello")
    await office.send()
    async with office.db.write() as conn:
        with pytest.raises(Complaint, match="no message"):
            await undelivered.retry(conn, sent, now=office.now)


# Receipts ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("told", "state", "reached"),
    [
        ([], "sent", "sent"),
        (["sent"], "sent", "sent"),
        (["delivered"], "delivered", "delivered"),
        (["sent", "delivered", "sent"], "delivered", "delivered"),
        (["delivered", "failed"], "delivered", "delivered"),
        (["failed"], "failed", "failed"),
        (["stopped"], "failed", "failed"),
    ],
)
async def test_receipts_only_go_forward(office: Office, told: list[str], state: str, reached: str) -> None:
    sent = await office.write("ann", "brief", kind="brief", subject="b")
    await office.send()
    for word in told:
        assert await said(office, sent, word)
    assert (await office.row(sent)).state == state
    assert await office.reached("ann") == reached


async def test_18_what_was_sent_and_never_arrived_is_listed_with_the_reason(office: Office) -> None:
    sent = await office.write("ann", "brief", kind="brief", subject="b")
    await office.send()
    async with office.db.read() as conn:
        assert await undelivered.undelivered(conn) == []
    await said(office, sent, "failed", "30003")
    async with office.db.read() as conn:
        [found] = await undelivered.undelivered(conn)
    assert (found.id, found.state, await office.reached("ann")) == (sent, "failed", "failed")
    assert found.sentence


async def test_a_brief_waits_until_it_is_sent(office: Office) -> None:
    await office.write("ann", "brief", kind="brief", subject="b", not_before=office.now + timedelta(hours=1))
    assert await office.reached("ann") == "waiting"


async def test_a_receipt_for_a_message_of_somebody_else_is_ignored(office: Office) -> None:
    assert not await said(office, "nobody-knows-it", "delivered")


async def test_a_stop_told_afterwards_stops_the_member(office: Office) -> None:
    sent = await office.write("ann", "brief")
    await office.send()
    await said(office, sent, "stopped", "21610")
    async with office.db.read() as conn:
        assert await conn.scalar(sa.select(members.c.state)) == "stopped"
        assert await conn.scalar(sa.select(lines.c.stopped_at)) == office.now


async def test_a_receipt_settles_what_was_unclear(office: Office) -> None:
    office.channels["sms"].fails["ann"] = [Result(outcome="unclear")]
    lost = await office.write("ann", "hello")
    await office.send()
    await said(office, lost, "sent", sid="SM9")
    assert await office.send(3600) == []
    row = await office.row(lost)
    assert (row.state, row.provider_id) == ("sent", "SM9")


async def test_a_receipt_quicker_than_our_own_note_is_kept(office: Office) -> None:
    sms, send = office.channels["sms"], office.channels["sms"].send

    async def quick(parcel: object, *, outbox: str, load: object) -> Result:
        await said(office, outbox, "delivered")
        return await send(parcel, outbox=outbox, load=load)  # type: ignore[arg-type]  # handed on as it came

    sms.send = quick  # type: ignore[method-assign]  # the provider's callback comes first
    sent = await office.write("ann", "hello")
    await office.send()
    assert (await office.row(sent)).state == "delivered"


async def test_words_that_arrived_are_not_kept(office: Office) -> None:
    sent = await office.write("ann", "hello")
    await office.send()
    await said(office, sent, "delivered")
    assert (await office.row(sent)).body is None


async def test_a_failing_reminder_takes_nothing_back(office: Office) -> None:
    await office.write("ann", "brief", kind="brief", subject="b")
    await office.send()
    office.channels["sms"].fails["ann"] = [Result(outcome="refused")]
    await office.write("ann", "a reminder", kind="brief", subject="b")
    await office.send()
    assert await office.reached("ann") == "sent"


# Ringing out -------------------------------------------------------------------------------------
@pytest.fixture
async def call(office: Office) -> str:
    await office.member("vic", "voice")
    id_ = await office.write("vic", "brief", channel="voice", kind="brief", subject="b")
    assert await office.send() == ["brief"]
    return id_


async def not_heard(office: Office, call: str, how: str) -> None:
    if how == "unheard":  # answered, perhaps by a machine, and nobody pressed 1
        async with office.db.write() as conn:
            await receipts.unheard(conn, call, now=office.now, ids=office.ids)
    else:
        await said(office, call, how, sid=(await office.row(call)).provider_id or "SM1")


@pytest.mark.parametrize("how", ["no_answer", "busy", "failed", "unheard"])
async def test_who_did_not_hear_it_is_rung_once_more_the_next_morning(
    office: Office, call: str, how: str
) -> None:
    await not_heard(office, call, how)
    await not_heard(office, call, how)  # told twice
    assert (await office.row(call)).not_before == datetime(2026, 3, 4, 9, tzinfo=UTC)
    assert await office.send(20.9 * 3600) == []
    assert await office.send(0.2 * 3600) == ["brief"]
    await not_heard(office, call, how)
    assert (await office.row(call)).sentence == receipts.NOT_REACHED
    assert await office.reached("vic") == "not reachable"
    assert await office.send(24 * 3600) == []


async def test_nobody_is_rung_again_after_the_meeting(office: Office) -> None:
    await office.member("vic", "voice")
    soon = office.now + timedelta(hours=5)
    late = await office.write("vic", "brief", channel="voice", kind="brief", subject="b", expires_at=soon)
    await office.send()
    await said(office, late, "no_answer")
    assert (await office.row(late)).state == "failed"


async def test_a_call_that_was_heard_is_not_made_again(office: Office, call: str) -> None:
    await office.change(box, call, state="delivered")  # they pressed 1
    await not_heard(office, call, "unheard")
    assert await office.send(24 * 3600) == []
    assert (await office.row(call)).state == "delivered"
