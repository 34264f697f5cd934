"""What the lanes of several processes share: holds, pauses, paces; and what each lets others know."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.sending.lanes import WIDTHS, Lanes
from bot.sending.pace import Gap, Speed
from channels.base import Parcel, Result
from storage.database import Database
from storage.keeping import holding
from storage.secrets import Secrets
from storage.sending import claims
from tests.office import QUICK, RETRY, Office

OURS = Result(outcome="ours", sentence="The token is wrong.")
THROTTLED = Result(outcome="throttled", wait=20)


@pytest.fixture
async def office(db: Database, secrets: Secrets) -> Office:
    made = Office(db, secrets)
    await made.group()
    for name in ("ann", "ben", "cyd", "dee"):
        await made.member(name)
    return made


def chats(office: Office, holder: str = "one", *, every: float = 1, burst: int = 3) -> Lanes:
    """Lanes that keep the pace of each chat, and no other."""
    slow = Speed(chat=Gap(every=every, burst=burst), room=Gap(every=3, burst=1))
    return office.open(holder, widths={name: replace(one, speed=slow) for name, one in WIDTHS.items()})


# Holds and pauses --------------------------------------------------------------------------------
async def test_nothing_goes_while_all_is_held_and_no_restart_lets_it_go(office: Office) -> None:
    async with office.db.write() as conn:
        await holding.hold(conn, "The data was restored.")
    await office.write("ann", "thanks", "answer")
    assert await office.send() == []
    office.lanes = office.open("two")
    assert await office.send() == []
    async with office.db.write() as conn:
        await holding.let_go(conn)
    assert await office.send() == ["thanks"]


async def test_a_pause_lets_no_answer_grow_too_old(office: Office) -> None:
    for name in ("ann", "ben"):
        office.sms.fails[name] = [OURS]
        await office.write(name, f"to {name}", "answer")
    assert await office.send() == []
    assert sorted(await office.send(20 * 60)) == ["to ann", "to ben"]


async def test_after_a_pause_an_answer_has_what_was_left_of_its_time(office: Office) -> None:
    office.sms.fails["ann"] = [OURS]
    await office.write("ann", "to ann", "answer")
    waits = await office.write("ben", "to ben", "answer", not_before=office.now + timedelta(minutes=40))
    await office.send()
    await office.send(30 * 60)
    assert (await office.row(waits)).expires_at == office.now + timedelta(minutes=15)


async def test_refusals_in_three_chats_pause_every_process(office: Office) -> None:
    for name in ("ann", "ben", "cyd"):
        office.sms.fails[name] = [THROTTLED]
        await office.write(name, f"to {name}", "answer")
    await office.send()
    office.lanes = office.open("two")
    await office.write("dee", "to dee", "answer")
    assert await office.send(19) == []
    assert len(await office.send(1)) == 4


# The pace of a chat ------------------------------------------------------------------------------
async def test_a_chat_gets_three_at_once_and_then_one_a_second_from_whichever_process(office: Office) -> None:
    for n in range(6):
        await office.write("ann", f"{n}", "answer")
    office.lanes = chats(office)
    assert await office.send() == ["0", "1", "2"]
    office.lanes = chats(office, "two")
    assert await office.send(0.9) == []
    assert await office.send(0.1) == ["3"]
    assert await office.send(2) == ["4", "5"]


async def test_one_busy_chat_does_not_slow_another(office: Office) -> None:
    office.lanes = chats(office, burst=1)
    for words in ("one", "two"):
        await office.write("ann", words, "answer")
    await office.write("ben", "to ben", "answer")
    assert sorted(await office.send()) == ["one", "to ben"]


async def test_what_is_no_message_keeps_the_pace_of_its_chat_in_every_process(office: Office) -> None:
    lanes = [chats(office, holder) for holder in ("one", "two")]
    began = office.now
    for one in (*lanes, *lanes):
        await one.turn("telegram", "-100")
    assert (office.now - began).total_seconds() == pytest.approx(9, abs=0.1)


async def test_a_chat_that_is_to_be_left_alone_is_so_by_every_process(office: Office) -> None:
    one, two = (chats(office, holder) for holder in ("one", "two"))
    began = office.now
    await one.turn("telegram", "-100", 20)
    for address, seconds in (("-200", 0), ("-100", 20)):
        office.now = began  # the other process asks at the same moment
        await two.turn("telegram", address)
        assert (office.now - began).total_seconds() == pytest.approx(seconds, abs=0.1)


async def test_two_processes_together_keep_the_senders_pace(office: Office) -> None:
    slow = {name: replace(one, speed=Speed(rate=2, burst=1)) for name, one in WIDTHS.items()}
    both = [office.open(holder, widths=slow) for holder in ("one", "two")]
    for n in range(20):
        await office.member(f"m{n}")
        await office.write(f"m{n}", f"to {n}", "answer")
    began = office.now
    while sum(await asyncio.gather(*(one.once() for one in both))):
        pass
    assert len(office.sms.sent) == 20
    assert (office.now - began).total_seconds() >= 9.5


# What others are told ----------------------------------------------------------------------------
async def test_each_outcome_is_told_once_it_is_noted(office: Office) -> None:
    told: Counter[tuple[str, str]] = Counter()
    office.lanes = office.open(noted=lambda *what: told.update([what]))
    office.sms.fails["ann"] = [RETRY]
    await office.write("ann", "to ann", "answer")
    await office.write("ben", "to ben", "answer")
    await office.send()
    assert told == {("sms", "retry"): 1, ("sms", "sent"): 1}


async def test_what_has_gone_is_noted_though_the_next_claim_fails(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, _ = [await office.write(name, f"to {name}", "answer") for name in ("ann", "ben")]
    claim = claims.claim

    async def once(*what: Any, **more: Any) -> list[claims.Claimed]:
        monkeypatch.setattr(claims, "claim", _broken)
        return await claim(*what, **more)

    monkeypatch.setattr(claims, "claim", once)
    lanes = office.open(widths={name: replace(one, answers=1) for name, one in QUICK.items()})
    with pytest.raises(RuntimeError):
        await lanes.run()
    assert (await office.row(gone)).state == "sent"


async def test_what_waits_for_its_turn_when_the_service_stops_keeps_its_place(office: Office) -> None:
    words = await office.write("ann", "one¶two", "answer")
    stopping = chats(office, burst=1, every=100)
    send = office.sms.send

    async def last(parcel: Parcel, **rest: Any) -> Result:
        running.cancel()
        return await send(parcel, **rest)

    office.sms.send = last  # type: ignore[method-assign]  # stopped while the first part goes
    running = asyncio.create_task(stopping.run())
    with pytest.raises(asyncio.CancelledError):
        await running
    row = await office.row(words)
    assert (row.state, row.progress, row.tries) == ("waiting", 1, 0)


async def _broken(*what: object, **more: object) -> None:
    raise RuntimeError
