"""Meetings that move or are cancelled take their briefs along, and whoever was told hears of it."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.sending import forecast
from storage.members.groups import Complaint
from storage.sending import forecasting
from storage.sessions import meetings
from storage.sessions.meetings import Planned
from storage.tables import outbox, sendings
from tests.gatherings import MEETING, Gathering, brief, meeting, status, went


async def move(garden: Gathering, of: str, at: datetime) -> list[Planned]:
    async with garden.db.write() as conn:
        found = await meetings.find_meeting(conn, of)
        return await meetings.move_meeting(conn, found, at, ids=garden.ids, now=garden.now)


async def cancel(garden: Gathering, of: str) -> None:
    async with garden.db.write() as conn:
        found = await meetings.find_meeting(conn, of)
        await meetings.cancel_meeting(conn, found, ids=garden.ids, now=garden.now)


async def test_a_brief_moves_with_its_meeting(garden: Gathering) -> None:
    await garden.join("sms")
    of = await meeting(garden)
    await brief(garden, of)
    (planned,) = await move(garden, of, MEETING + timedelta(days=7))
    assert planned.at == datetime(2026, 3, 16, 10, tzinfo=UTC)
    garden.later(days=8)
    await garden.tick()
    assert await garden.sent("brief") == {}
    assert await garden.sent("moved") == {}, "nobody had been told of it"


async def test_those_who_were_told_hear_that_the_meeting_has_moved(garden: Gathering) -> None:
    told, held = await garden.join("sms"), await garden.join("sms")
    of = await meeting(garden)
    await brief(garden, of)
    garden.later(days=8)
    await garden.tick()
    await went(garden, told)
    news = forecast.of(garden.home.id, "moved", at=garden.now, until=MEETING, subject=of)
    async with garden.db.read() as conn:
        foretold = await forecasting.prospects(conn, news, channels=("sms",), staff=True)
    await move(garden, of, MEETING + timedelta(hours=1))
    await garden.tick()
    assert [one.recipient.member for one in foretold] == [told]
    moved = await garden.sent("moved")
    assert moved.keys() == {told}
    assert moved[told][1].say.text == "The session “Travel” has moved. It is now Thursday 12 March at 3pm."
    sent = await garden.sent("brief")
    assert "at 2pm" in sent[told][1].say.text
    assert "at 3pm" in sent[held][1].say.text, "what had not gone out names the new time"
    assert await garden.count(outbox, outbox.c.kind == "brief") == 2


async def test_moving_twice_tells_only_the_last_time(garden: Gathering) -> None:
    told = await garden.join("sms")
    of = await meeting(garden)
    await brief(garden, of)
    garden.later(days=8)
    await garden.tick()
    await went(garden, told)
    for hours in (1, 2):
        await move(garden, of, MEETING + timedelta(hours=hours))
        garden.later(seconds=1)
        await garden.tick()
    assert await garden.count(outbox, outbox.c.kind == "moved") == 1
    assert "at 4pm" in (await garden.sent("moved"))[told][1].say.text


async def test_a_cancelled_meeting_tells_those_who_were_told_and_sends_nothing_more(
    garden: Gathering,
) -> None:
    told, held = await garden.join("sms"), await garden.join("sms")
    of = await meeting(garden)
    id_, _ = await brief(garden, of, "3d", "1d")
    garden.later(days=8)
    await garden.tick()
    await went(garden, told)
    await cancel(garden, of)
    assert await status(garden, id_) == {told: ("sms", "sent"), held: (None, "cancelled")}
    await garden.tick()
    garden.now = MEETING - timedelta(hours=20)
    await garden.tick()
    assert (await garden.sent("cancelled")).keys() == {told}
    assert held not in await garden.sent("brief")
    assert await garden.count(sendings, sendings.c.state == "waiting") == 0
    with pytest.raises(Complaint, match="was cancelled"):
        await cancel(garden, of)
