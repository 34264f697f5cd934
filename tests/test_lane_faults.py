"""What the lanes make of what goes wrong: a provider that is away, a block, a fault of ours, a death."""

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa

from bot.intake.arriving import arrive
from channels.base import Delivery, Parcel, Result
from flows.events import Event
from storage.database import Database
from storage.lines.reaching import ways_to
from storage.running import undelivered
from storage.secrets import Secrets
from storage.sending import receipts, records
from storage.tables import members, reaches
from tests.office import RETRY, Office

UNCLEAR = Result(outcome="unclear")
LANDLINE = Result(outcome="unreachable", sentence="This is a landline.", no_texts=True)
OURS = Result(outcome="ours", sentence="The token is wrong.")


@pytest.fixture
async def office(db: Database, secrets: Secrets) -> Office:
    made = Office(db, secrets)
    await made.group()
    await made.member("ann")
    return made


async def test_a_failing_line_keeps_nobody_else_waiting(office: Office) -> None:
    await office.member("ben")
    office.channels["sms"].fails["ann"] = [RETRY] * 2
    await office.write("ann", "to ann", "answer")
    await office.write("ben", "to ben", "answer")
    assert await office.send() == ["to ben"]
    assert await office.send(2) == []
    assert await office.send(4) == ["to ann"]


async def test_what_comes_after_a_short_fault_keeps_its_place(office: Office) -> None:
    office.channels["sms"].fails["ann"] = [RETRY]
    await office.write("ann", "first", "answer")
    await office.send()
    await office.write("ann", "second", "answer")
    assert await office.send() == []
    assert await office.send(2) == ["first", "second"]


async def test_a_message_that_keeps_failing_lets_the_next_pass_and_is_kept_for_the_operator(
    office: Office,
) -> None:
    office.channels["sms"].fails["ann"] = [RETRY] * 8
    bad = await office.write("ann", "bad")
    for wait in (0, 2, 4, 13, 75):
        assert await office.send(wait) == []
    await office.write("ann", "good")
    office.channels["sms"].fails["ann"], later = [], office.channels["sms"].fails["ann"]
    assert await office.send() == ["good"]
    office.channels["sms"].fails["ann"] = later
    for wait in (1125, 9000, 72000):
        assert await office.send(wait) == []
    assert (await office.row(bad)).state == "dead"
    async with office.db.write() as conn:
        assert [one.id for one in await undelivered.undelivered(conn)] == [bad]
        await undelivered.retry(conn, bad, now=office.now)
    assert await office.send() == ["bad"]


async def test_an_answer_that_could_not_go_in_time_is_not_sent_next_day(office: Office) -> None:
    office.channels["sms"].fails["ann"] = [RETRY]
    late = await office.write("ann", "thanks", "answer")
    await office.send()
    assert await office.send(16 * 60) == []
    assert (await office.row(late)).state == "dead"


async def test_a_throttled_chat_waits_alone(office: Office) -> None:
    await office.member("ben")
    office.channels["sms"].fails["ann"] = [Result(outcome="throttled", wait=20)]
    await office.write("ann", "one", "answer")
    await office.write("ann", "two", "answer")
    await office.write("ben", "to ben", "answer")
    assert await office.send() == ["to ben"]
    assert await office.send(19) == []
    assert await office.send(1) == ["one", "two"]


async def test_a_block_stops_the_member(office: Office) -> None:
    office.channels["sms"].fails["ann"] = [Result(outcome="stopped", sentence="They sent STOP.")]
    await office.write("ann", "brief", kind="brief", subject="b")
    await office.write("ann", "more")
    assert await office.send() == []
    async with office.db.read() as conn:
        assert await conn.scalar(sa.select(members.c.state)) == "stopped"
    assert await office.reached("ann") == "not reachable"


async def test_a_fault_of_ours_pauses_the_lane_and_costs_no_try(office: Office) -> None:
    office.channels["sms"].fails["ann"] = [OURS, OURS]
    waiting = [await office.write("ann", words, "answer") for words in ("one", "two")]
    assert await office.send() == []
    async with office.db.read() as conn:
        assert (await records.paused(conn))["sms"][0] == "The token is wrong."
    assert await office.send(59) == []
    assert len(office.channels["sms"].fails["ann"]) == 1
    assert await office.send(1) == []
    assert await office.send(60) == ["one", "two"]
    assert [(await office.row(one)).tries for one in waiting] == [1, 1]
    async with office.db.read() as conn:
        assert await records.paused(conn) == {}


async def test_a_second_try_repeats_no_part_that_has_gone(office: Office) -> None:
    await office.write("ann", "one¶two¶three", "answer")
    sms = office.channels["sms"]
    send = sms.send

    async def fails_once(parcel: Parcel, **rest: object) -> Result:
        if parcel.params["body"] == "two":
            sms.send = send  # type: ignore[method-assign]  # only the first time
            return RETRY
        return await send(parcel, **rest)  # type: ignore[arg-type]  # handed on as it came

    sms.send = fails_once  # type: ignore[method-assign]  # a fault in the middle of a message
    assert await office.send() == ["one"]
    assert await office.send(2) == ["two", "three"]


async def test_an_address_that_moved_is_written_to_at_its_new_place(office: Office) -> None:
    await office.member("tom", "telegram", address="111")
    moved = Result(outcome="unreachable", moved_to="-100222")
    office.channels["telegram"].fails["111"] = [moved]
    await office.write("tom", "hello", "answer", channel="telegram")
    await office.send()
    await office.send(2)
    assert office.channels["telegram"].sent == [("-100222", "hello")]


async def test_an_unclear_text_is_asked_about_twice_before_it_is_sent_again(office: Office) -> None:
    office.sms.fails["ann"] = [UNCLEAR]
    lost = await office.write("ann", "hello")
    assert await office.send() == []
    assert await office.send(59) == []
    assert office.sms.asked == 0
    assert await office.send(1) == []
    assert (await office.row(lost)).outcome == "asked"
    assert await office.send(60) == ["hello"]
    assert office.sms.asked == 2


@pytest.mark.parametrize("asked", [1, 2])
async def test_14_an_unclear_text_that_is_listed_is_not_sent_again(office: Office, asked: int) -> None:
    office.sms.fails["ann"] = [UNCLEAR]
    lost = await office.write("ann", "hello", kind="brief", subject="b")
    await office.send()
    for _ in range(asked - 1):
        await office.send(60)
    office.sms.listed.append(("SM9", "ann", "hello"))
    assert await office.send(60) == []
    row = await office.row(lost)
    assert (row.state, row.provider_id, office.sms.asked) == ("sent", "SM9", asked)
    assert await office.send(3600) == []


async def test_the_same_words_sent_for_another_message_settle_nothing(office: Office) -> None:
    office.sms.fails["ann"] = [UNCLEAR]
    await office.write("ann", "Thank you.", "answer")
    await office.send()
    await office.write("ann", "Thank you.", "answer")
    assert await office.send() == ["Thank you."]
    office.sms.listed.append(("SM1", "ann", "Thank you."))
    assert await office.send(60) == []
    assert await office.send(60) == ["Thank you."]


async def test_what_is_unclear_twice_and_never_listed_is_for_the_operator(office: Office) -> None:
    office.sms.fails["ann"] = [UNCLEAR] * 2
    lost = await office.write("ann", "hello")
    for wait in (0, 60, 60):
        assert await office.send(wait) == []
    assert (await office.row(lost)).outcome == "unclear again"
    assert await office.send(60) == []
    assert (await office.row(lost)).state == "dead"


async def test_nothing_is_sent_again_while_the_provider_cannot_be_asked(office: Office) -> None:
    office.sms.fails["ann"], office.sms.away = [UNCLEAR], 3
    lost = await office.write("ann", "hello")
    for wait in (0, 60, 4, 13):
        assert await office.send(wait) == []
    assert (office.sms.asked, (await office.row(lost)).outcome) == (3, "unclear")
    office.sms.listed.append(("SM9", "ann", "hello"))
    assert await office.send(75) == []
    assert (await office.row(lost)).state == "sent"


async def test_a_receipt_settles_what_is_being_asked_about(office: Office) -> None:
    office.sms.fails["ann"] = [UNCLEAR]
    lost = await office.write("ann", "hello")
    for wait in (0, 60):
        await office.send(wait)
    came = Delivery(outbox=lost, provider_id="SM9", state="delivered")
    async with office.db.write() as conn:
        assert await receipts.receive(conn, came, now=office.now, ids=office.ids)
    assert await office.send(60) == []
    assert ((await office.row(lost)).state, office.sms.asked) == ("delivered", 1)


async def test_a_death_between_sending_and_noting_is_seen_and_tried_once_more(office: Office) -> None:
    sms, send = office.channels["sms"], office.channels["sms"].send

    async def dies(parcel: Parcel, **rest: object) -> Result:
        raise asyncio.CancelledError

    sms.send = dies  # type: ignore[method-assign]  # the process ends while the provider is called
    lost = await office.write("ann", "hello")
    await office.lanes.once()
    assert (await office.row(lost)).state == "sending"
    sms.send, office.lanes = send, office.open("two")  # type: ignore[method-assign]
    assert await office.send(29) == []  # the lease still runs
    assert await office.send(1) == []
    assert (await office.row(lost)).outcome == "unclear"
    assert await office.send(60) == []
    assert await office.send(60) == ["hello"]


# What a receipt brings later ---------------------------------------------------------------------
async def receipt(office: Office, of: str, state: str, sid: str = "SM1", **more: Any) -> None:
    came = Delivery(outbox=of, provider_id=sid, state=state, sentence="So it is.", **more)  # type: ignore[arg-type]
    async with office.db.write() as conn:
        await receipts.receive(conn, came, now=office.now, ids=office.ids)


async def test_a_fault_that_may_pass_is_tried_again_though_a_receipt_brought_it(office: Office) -> None:
    sent = await office.write("ann", "hello")
    await office.send()
    await receipt(office, sent, "later")
    assert await office.send(59) == []
    assert await office.send(1) == ["hello"]
    await receipt(office, sent, "later")  # of the first try, once more
    assert (await office.row(sent)).state == "sent"


@pytest.mark.parametrize("told", ["at once", "later"])
async def test_a_number_that_takes_no_texts_is_rung_until_one_comes_from_it(
    office: Office, told: str
) -> None:
    async with office.db.write() as conn:
        rung = {"id": "r", "member_id": "ann", "line_id": "ann", "channel": "voice", "rank": 1}
        await conn.execute(reaches.insert().values(**rung))
    office.sms.fails["ann"] = [LANDLINE] if told == "at once" else []
    sent = await office.write("ann", "hello")
    await office.send()
    if told == "later":
        await receipt(office, sent, "unreachable", no_texts=True)
    assert await ways(office) == ["voice"]
    text = Event(channel="sms", id="SM9", line="ann", at=office.now, kind="words", can=office.sms.can)
    async with office.db.write() as conn:
        await arrive(conn, [text], secrets=office.secrets, ids=office.ids, now=office.now)
    assert await ways(office) == ["sms", "voice"]


async def ways(office: Office) -> list[str]:
    """By what Ann would hear of something now."""
    async with office.db.read() as conn:
        return [way.channel for way in (await ways_to(conn, ["ann"], ("sms", "voice")))["ann"]]


async def test_a_fault_of_ours_that_a_receipt_brings_pauses_the_lane(
    office: Office,
) -> None:
    sent = await office.write("ann", "hello")
    await office.send()
    await receipt(office, sent, "ours")
    assert ((await office.row(sent)).state, (await office.row(sent)).tries) == ("waiting", 0)
    assert await office.send(59) == []
    assert await office.send(1) == ["hello"]
