"""What leaves by the lanes, when, and what becomes of what can't."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot.sending.lanes import Lanes
from channels.base import Delivery, Parcel, Result
from flows.events import Say
from storage.database import Database
from storage.secrets import Secrets
from storage.sending import outbox, receipts
from storage.tables import ballots, lines, members, open_questions, polls, reaches
from tests.office import RETRY, Office, ballot
from tests.world import ADA, World

BACK = "To go back to what you were doing, text BACK."


@pytest.fixture
async def office(db: Database, secrets: Secrets) -> Office:
    made = Office(db, secrets)
    await made.group()
    await made.member("ann")
    return made


async def test_an_answer_goes_before_notices_and_each_class_keeps_its_order(office: Office) -> None:
    await office.write("ann", "notice 1")
    await office.write("ann", "notice 2")
    await office.write("ann", "answer 1", "answer")
    await office.write("ann", "answer 2", "answer")
    assert await office.send() == ["answer 1", "answer 2", "notice 1", "notice 2"]


async def test_a_message_is_sent_once_and_to_the_right_address(office: Office) -> None:
    await office.member("ben", address="+447700900123")
    sent = await office.write("ben", "hello", "answer")
    await office.send()
    assert await office.send(3600) == []
    assert office.channels["sms"].sent == [("+447700900123", "hello")]
    assert (await office.row(sent)).provider_id == "SM1"


# Hours, stops, pauses ----------------------------------------------------------------------------
async def test_at_night_answers_go_and_notices_wait_for_the_morning(office: Office) -> None:
    office.now = datetime(2026, 3, 3, 22, tzinfo=UTC)
    await office.write("ann", "brief")
    await office.write("ann", "thanks", "answer")
    assert await office.send() == ["thanks"]
    assert await office.send(10.9 * 3600) == []  # 8:54
    assert await office.send(0.2 * 3600) == ["brief"]


async def test_a_members_own_hours_count(office: Office) -> None:
    await office.change(members, "ann", hours="14-16")
    await office.write("ann", "brief")
    assert await office.send() == []
    assert await office.send(2 * 3600) == ["brief"]


async def test_what_would_be_out_of_date_by_morning_is_not_sent(office: Office) -> None:
    office.now = datetime(2026, 3, 3, 22, tzinfo=UTC)
    soon = office.now + timedelta(hours=10)
    late = await office.write("ann", "brief", kind="brief", subject="b", expires_at=soon)
    assert await office.send() == []
    assert (await office.row(late)).state == "dropped"
    assert await office.reached("ann") == "failed"


@pytest.mark.parametrize(
    ("table", "change"),
    [
        (members, {"state": "stopped"}),
        (members, {"state": "left"}),
        (members, {"state": "paused"}),
        (members, {"never_first": True}),
        (lines, {"stopped_at": datetime(2026, 3, 3, tzinfo=UTC)}),
        (reaches, {"may_start": False}),
        (reaches, {"retired_at": datetime(2026, 3, 3, tzinfo=UTC)}),
    ],
)
async def test_a_notice_never_goes_against_a_wish(
    office: Office, table: sa.Table, change: dict[str, object]
) -> None:
    held = await office.write("ann", "brief", kind="brief", subject="b")
    await office.change(table, "ann", **change)  # after it was queued
    assert await office.send() == []
    assert (await office.row(held)).state == "dropped"
    assert await office.reached("ann") == "not reachable"


async def test_the_confirmation_of_a_stop_still_goes(office: Office) -> None:
    await office.change(members, "ann", state="stopped")
    await office.write("ann", "You won't hear from us again.", "answer")
    assert await office.send() == ["You won't hear from us again."]


@pytest.mark.parametrize(("carrier_stops", "sent"), [(True, []), (False, ["stopped"])])
async def test_a_number_that_the_carrier_stopped_gets_no_answer(
    office: Office, carrier_stops: bool, sent: list[str]
) -> None:
    office.carrier_stops = carrier_stops
    office.lanes = office.open()
    await office.change(lines, "ann", stopped_at=office.now)
    await office.write("ann", "stopped", "answer")
    assert await office.send() == sent


async def test_a_pause_holds_notices_until_it_ends(office: Office) -> None:
    await office.change(members, "ann", state="paused", paused_until=office.now + timedelta(hours=3))
    await office.write("ann", "news")
    assert await office.send(3 * 3600 - 1) == []
    assert await office.send(1) == ["news"]


# In the middle of something ----------------------------------------------------------------------
async def test_nobody_is_interrupted_in_the_middle_of_an_answer(office: Office) -> None:
    await office.busy("ann")
    await office.write("ann", "news")
    await office.write("ann", "next question", "answer")
    assert await office.send() == ["next question"]
    assert await office.send(60) == []
    await office.busy("ann", minutes=0, frame=False)
    async with office.db.write() as conn:
        await outbox.release(conn, ["ann"], now=office.now)
    assert await office.send() == ["news"]


async def test_after_ten_quiet_minutes_a_notice_tells_the_way_back(office: Office) -> None:
    await office.busy("ann")
    await office.write("ann", "news")
    assert await office.send() == []
    assert await office.send(600) == [f"{BACK}\n\nnews"]


async def test_a_long_notice_is_cut_and_the_rest_waits_for_more(office: Office) -> None:
    office.channels["sms"].longest = 4
    await office.write("ann", "one two")
    assert await office.send() == ["one "]
    assert (await office.talk("ann")).rest == "two"


async def test_a_notice_held_back_goes_once_the_diary_entry_is_kept(world: World) -> None:
    await world.group()
    await world.joined(ADA)
    (reach,) = await world.rows("SELECT member_id, line_id FROM reaches WHERE channel = 'sms'")
    await world.texts(ADA, "diary")
    row = outbox.Row(
        id=world.app.ids(),
        line=reach.line_id,
        member=reach.member_id,
        channel="sms",
        klass="notice",
        dedupe_key="news",
        say=Say(text="Some news."),
    )
    async with world.app.db.write() as conn:
        await outbox.add(conn, [row], now=world.clock())
    world.app.lanes.wake()
    await world.until("SELECT 1 FROM outbox WHERE held")
    await world.texts(ADA, "It rained.", "3")
    await world.met(lambda: any("Some news." in text for text in world.twilio.sent_to(ADA)))


# Polls -------------------------------------------------------------------------------------------
async def ask(office: Office) -> str:
    await office.poll()
    return await office.write(
        "ann", "", say=ballot(), announce=Say(text="There is a vote."), kind="poll", subject="p"
    )


async def asked_of(office: Office) -> int:
    async with office.db.read() as conn:
        return await conn.scalar(sa.select(sa.func.count()).select_from(open_questions)) or 0


async def test_a_poll_becomes_the_question_that_bare_words_answer(office: Office) -> None:
    await ask(office)
    assert await office.send() == ["Where shall we meet?"]
    asked = (await office.talk("ann")).asked
    assert asked and asked.poll == "p"
    assert await asked_of(office) == 1


async def test_a_poll_is_only_announced_to_somebody_in_a_flow(office: Office) -> None:
    await office.busy("ann", minutes=0)
    await ask(office)
    assert await office.send() == [f"{BACK}\n\nThere is a vote."]
    assert (await office.talk("ann")).asked is None


async def test_17_who_has_voted_is_not_asked(office: Office) -> None:
    asked = await ask(office)
    async with office.db.write() as conn:
        await conn.execute(ballots.insert().values(poll_id="p", member_id="ann", choices=["a"]))
    assert await office.send() == []
    assert (await office.row(asked)).sentence == "They have voted already."


async def test_a_poll_that_has_closed_is_not_asked(office: Office) -> None:
    await ask(office)
    await office.change(polls, "p", closes_at=office.now)
    assert await office.send() == []
    assert (await office.talk("ann")).asked is None


async def test_the_result_goes_though_the_question_still_waits_for_somebody(office: Office) -> None:
    await office.member("ben")
    await ask(office)
    await office.change(polls, "p", state="closed")
    await office.write("ben", "Library won.", kind="result", subject="p")
    assert await office.send() == ["Library won."]


async def test_a_poll_that_never_arrived_is_not_an_open_question(office: Office) -> None:
    office.channels["sms"].fails["ann"] = [Result(outcome="refused", sentence="No.")]
    await ask(office)
    await office.send()
    assert (await office.talk("ann")).asked is None
    assert await asked_of(office) == 0
    assert await office.reached("ann") == "failed"


async def test_a_second_try_asks_a_poll_once(office: Office) -> None:
    office.channels["sms"].fails["ann"] = [RETRY]
    await ask(office)
    await office.send()
    assert await office.send(3) == ["Where shall we meet?"]
    assert (await office.talk("ann")).before == ()


# Calls -------------------------------------------------------------------------------------------
async def test_nobody_is_rung_twice_in_a_row(office: Office) -> None:
    await office.member("vic", "voice")
    await office.write("vic", "call 1", channel="voice")
    await office.write("vic", "call 2", channel="voice")
    assert await office.send() == ["call 1"]
    assert await office.send(2 * 3600 - 1) == []
    assert await office.send(1) == ["call 2"]


@pytest.mark.parametrize("state", ["no_answer", "busy"])
async def test_who_did_not_answer_is_left_in_peace_too(office: Office, state: Any) -> None:
    await office.member("vic", "voice")
    first = await office.write("vic", "call 1", channel="voice")
    await office.write("vic", "call 2", channel="voice")
    await office.send()
    missed = Delivery(outbox=first, provider_id="CA1", state=state)
    async with office.db.write() as conn:
        await receipts.receive(conn, missed, now=office.now, ids=office.ids)
    assert await office.send(3600) == []
    assert await office.send(3600) == ["call 2"]


async def test_what_comes_up_after_a_call_may_ring_again(office: Office) -> None:
    await office.member("vic", "voice")
    await office.write("vic", "call 1", channel="voice")
    await office.send()
    office.now += timedelta(minutes=1)
    await office.write("vic", "call 2", channel="voice")
    assert await office.send(60) == ["call 2"]


async def test_what_would_be_out_of_date_is_told_in_a_second_call(office: Office) -> None:
    await office.member("vic", "voice")
    await office.write("vic", "call 1", channel="voice")
    await office.write("vic", "call 2", channel="voice", expires_at=office.now + timedelta(hours=1))
    assert await office.send() == ["call 1"]
    assert await office.send(120) == ["call 2"]


async def test_who_never_wants_a_call_is_not_rung(office: Office) -> None:
    await office.member("vic", "voice", never_ring=True)
    await office.write("vic", "call", channel="voice")
    assert await office.send() == []


# Practice, and the loop --------------------------------------------------------------------------
async def test_practice_lines_get_what_the_provider_would_have_got(office: Office) -> None:
    await office.member("pat", "sms", address="practice:pat")
    await office.write("pat", "hello", "answer")
    assert await office.send() == []
    assert office.practice.got == [("pat", "hello")]


async def test_the_loop_sends_when_woken_and_finishes_what_it_began(office: Office) -> None:
    sms, send, began = office.channels["sms"], office.channels["sms"].send, asyncio.Event()

    async def slowly(parcel: Parcel, **rest: object) -> Result:
        began.set()
        await asyncio.sleep(0.05)
        return await send(parcel, **rest)  # type: ignore[arg-type]  # handed on as it came

    sms.send = slowly  # type: ignore[method-assign]  # a provider that takes its time
    running = asyncio.create_task(office.lanes.run())
    sent = await office.write("ann", "hello", "answer")
    office.lanes.wake()
    await began.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (await office.row(sent)).state == "sent"


async def test_two_processes_send_a_message_once(office: Office) -> None:
    other: Lanes = office.open("two")
    for n in range(20):
        await office.member(f"m{n}")
        await office.write(f"m{n}", f"to {n}", "answer")
    while sum(await asyncio.gather(office.lanes.once(), other.once())):
        pass
    assert sorted(line for line, _ in office.channels["sms"].sent) == sorted(f"m{n}" for n in range(20))


async def test_no_words_reach_the_log(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    office.channels["sms"].fails["ann"] = [RETRY]
    await office.write("ann", "a secret", "answer")
    await office.send()
    await office.send(2)
    said = capsys.readouterr()
    assert "message" in said.out and "a secret" not in said.out + said.err
