"""Meetings in the pages: planned, moved and cancelled, as a month and as a file for other calendars."""

from datetime import UTC, datetime, timedelta
from typing import Any

from icalendar import Calendar

from storage import tables
from storage.members import needs
from storage.sessions import meetings
from storage.sessions.meetings import NewBrief
from storage.tables import outbox, reached
from tests.console import Desk
from tests.joining import joins, uses

# The clock of these tests says Tuesday 10 March 2026, 11:00.
PLANNED: dict[str, Any] = {"title": "Travel", "day": "2026-03-19", "at": "14:00"}
AT = datetime(2026, 3, 19, 14, tzinfo=UTC)


async def member(desk: Desk, name: str, **more: Any) -> str:
    """Somebody who gets texts."""
    id_ = await joins(desk.app, desk.home.id, name, **more)
    await uses(desk.app, id_)
    return id_


async def planned(desk: Desk, title: str = "Travel", at: datetime = AT) -> str:
    async with desk.app.db.write() as conn:
        ids, now = desk.app.ids, desk.clock()
        return await meetings.add_meeting(conn, desk.home, title, at, ids=ids, now=now)


async def told(desk: Desk, meeting: str, name: str) -> None:
    """This member has had a brief of the meeting, and a second one waits to go to them."""
    who = await member(desk, name)
    async with desk.app.db.write() as conn:
        found, now = await meetings.find_meeting(conn, meeting), desk.clock()
        new = NewBrief(meeting=found, title="Buses", texts={("en", "plain"): "Late."}, befores=["1d"])
        brief, _ = await meetings.add_brief(conn, new, ids=desk.app.ids, now=now)
        common = {"line_id": who, "member_id": who, "group_id": desk.home.id, "channel": "sms", "lane": "sms"}
        row = {"id": "o", "class": "notice", "dedupe_key": f"brief:{brief}:1d:{who}", "kind": "brief"}
        times = {"not_before": now + timedelta(days=1), "created_at": now}
        await conn.execute(outbox.insert().values(subject_id=brief, **common, **row, **times))
        state = {"kind": "brief", "subject_id": brief, "member_id": who, "state": "sent", "at": now}
        await conn.execute(reached.insert().values(state))


async def test_a_meeting_is_planned_and_stands_in_list_and_month(desk: Desk) -> None:
    page = await desk.sam.send("/meetings/new", **PLANNED)
    assert page.status == 200 and "It is planned for Thursday 19 March at 2pm." in page.words
    assert "Thursday 19 March, 14:00" in (await desk.sam.get("/meetings")).words
    page = await desk.sam.get("/meetings/month")
    assert "<h1>Meetings in March 2026</h1>" in page.text and "Travel" in page.words
    assert "Travel" not in (await desk.sam.get("/meetings/month", month="2026-05")).words
    (trace,) = await desk.rows("SELECT who, did FROM audit")
    assert tuple(trace) == (desk.sam_id, "planned a meeting")


WRONG = [
    ({"title": ""}, "Write what members will call it."),
    ({"title": "x" * 201}, "This is too long"),
    ({"day": "2026-03-09"}, "That time has passed."),
    ({"day": "soon"}, "Day must be a day such as 2026-03-03."),
    ({"at": "25:00"}, "Time must be a time such as 14:00."),
    ({"day": "", "at": ""}, "Choose the day."),
]


async def test_what_cannot_be_is_said_and_what_was_typed_is_kept(desk: Desk) -> None:
    for wrong, says in WRONG:
        title = "<b>Travel</b>"
        page = await desk.sam.send("/meetings/new", **PLANNED | {"title": title} | wrong)
        assert page.status == 422 and says in page.words, wrong
        assert "<title>Error: " in page.text and "<b>" not in page.text
        if "title" not in wrong:
            assert "&lt;b&gt;Travel&lt;/b&gt;" in page.text
    assert await desk.rows("SELECT id FROM meetings") == []


async def test_moving_says_what_will_happen_and_does_it(desk: Desk) -> None:
    meeting = await planned(desk)
    page = await desk.sam.get(f"/meetings/{meeting}/move")
    assert "Nobody has been told the old time yet" in page.words
    await told(desk, meeting, "Ada")
    page = await desk.sam.get(f"/meetings/{meeting}/move")
    assert "1 message with its briefs is waiting to go out." in page.words
    assert "Those who were told the old time hear the new one." in page.words
    assert 'value="2026-03-19"' in page.text and 'value="14:00"' in page.text
    page = await desk.sam.send(f"/meetings/{meeting}/move", day="2026-03-19", at="14:00")
    assert page.status == 422 and "The meeting is at that time already." in page.words
    page = await desk.sam.send(f"/meetings/{meeting}/move", day="2026-03-26", at="10:30")
    assert "It is moved to Thursday 26 March at 10:30am." in page.words
    assert await desk.rows("SELECT id FROM outbox") == []
    assert await desk.rows("SELECT kind FROM sendings WHERE kind = 'moved' AND state = 'waiting'")


async def test_cancelling_asks_first_and_can_be_done_once(desk: Desk) -> None:
    meeting = await planned(desk)
    await told(desk, meeting, "Ada")
    page = await desk.sam.get(f"/meetings/{meeting}/cancel")
    assert "hear that it will not take place" in page.words and "1 person" in page.words
    page = await desk.sam.send(f"/meetings/{meeting}/cancel")
    assert "It is cancelled." in page.words and "Move it" not in page.words
    page = await desk.sam.send(f"/meetings/{meeting}/cancel")
    assert page.status == 409 and "That meeting was cancelled" in page.words


async def test_what_people_need_stands_beside_the_meeting(desk: Desk) -> None:
    meeting = await planned(desk)
    ada = await member(desk, "<i>Ada</i>")
    async with desk.app.db.write() as conn:
        for kind, words in (("bsl", ""), ("other", "a chair <script>")):
            await needs.add(conn, ada, kind, words, ids=desk.app.ids, now=desk.clock())
    page = await desk.sam.get(f"/meetings/{meeting}")
    assert "British Sign Language" in page.words and "a chair <script>" in page.words
    assert "<i>" not in page.text and 'rowspan="2"' in page.text


async def test_a_calendar_file_says_what_has_changed(desk: Desk) -> None:
    meeting = await planned(desk, "Buses, trains; and Ŵyn")
    await planned(desk, "Food")
    name = f"/meetings/{meeting}/meeting.ics"
    page = await desk.sam.get(name)
    assert page.headers["Content-Type"] == "text/calendar; charset=utf-8"
    first = _events(page.text)[0]
    assert (first["uid"], first["summary"]) == (f"{meeting}@takepart", "Buses, trains; and Ŵyn")
    assert (first["dtstart"].dt, first["sequence"], first["status"]) == (AT, 0, "CONFIRMED")
    assert first["dtstamp"].dt.utcoffset() == timedelta()
    await desk.sam.send(f"/meetings/{meeting}/move", day="2026-04-02", at="10:00")
    (moved,) = _events((await desk.sam.get(name)).text)
    assert (moved["dtstart"].dt.hour, moved["sequence"]) == (9, 1)  # summer time by then
    await desk.sam.send(f"/meetings/{meeting}/cancel")
    whole = _events((await desk.sam.get("/meetings/calendar.ics")).text)
    assert [(one["sequence"], one["status"]) for one in whole] == [(0, "CONFIRMED"), (2, "CANCELLED")]


def _events(text: str) -> list[Any]:
    return list(Calendar.from_ical(text).walk("VEVENT"))


async def test_meetings_of_other_groups_are_not_there(desk: Desk) -> None:
    meeting = await planned(desk)
    other = await desk.group("OTHER")
    kim = await desk.browser(await desk.staff(other, "Kim"), code="OTHER")
    for path in ("", "/move", "/cancel", "/meeting.ics"):
        assert (await kim.get(f"/meetings/{meeting}{path}")).status == 404
    for path in ("/move", "/cancel"):
        sent = await kim.send(f"/meetings/{meeting}{path}", day="2026-04-02", at="10:00")
        assert sent.status == 404
    assert "VEVENT" not in (await kim.get("/meetings/calendar.ics")).text


async def test_past_meetings_are_paged_and_a_wrong_month_is_this_one(desk: Desk) -> None:
    async with desk.app.db.write() as conn:
        for n in range(51):
            row = {"id": f"m{n:02}", "group_id": desk.home.id, "title": f"Past {n:02}."}
            at = desk.clock() - timedelta(days=n + 1)
            await conn.execute(tables.meetings.insert().values(**row, at=at))
    page = await desk.sam.get("/meetings")
    assert "Past 49." in page.words and "Past 50." not in page.words and "Older ones" in page.words
    page = await desk.sam.get("/meetings", before="m49")
    assert "Past 50." in page.words and "Past 49." not in page.words
    assert "March 2026" in (await desk.sam.get("/meetings/month", month="9999-13")).words
