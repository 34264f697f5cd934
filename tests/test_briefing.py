"""Briefs from the pages: drafts that nobody gets, planned once, sent again to those they have not reached."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from storage import tables
from storage.members.groups import Complaint
from storage.sessions import briefing, meetings, planner
from storage.sessions.briefing import Brief
from storage.sessions.meetings import NewBrief
from storage.tables import attachments, media, outbox, reached, sendings, texts
from tests.gatherings import NOW, Gathering
from tests.stores import ON_SQLITE

MEETING = NOW + timedelta(days=10)
CHANNELS = ("telegram", "sms", "voice")


async def drafted(garden: Gathering, *befores: str, brief: str = "", **more: Any) -> str:
    async with garden.db.write() as conn:
        known = await planner.ahead(conn, garden.home.id, garden.now)
        title, ids = "Travel", garden.ids
        made = (
            known[0].id
            if known
            else await meetings.add_meeting(conn, garden.home, title, MEETING, ids=ids, now=garden.now)
        )
        new = NewBrief(
            meeting=await meetings.find_meeting(conn, made),
            title="Buses",
            texts=more.pop("texts", {("en", "plain"): "Late."}),
            befores=befores or ("3d",),
            **more,
        )
        return await briefing.keep_draft(conn, new, ids=garden.ids, now=garden.now, brief=brief)


async def found(garden: Gathering, brief: str) -> Brief:
    async with garden.db.read() as conn:
        one = await briefing.find_brief(conn, garden.home.id, brief)
    assert one
    return one


async def scheduled(garden: Gathering, brief: str) -> None:
    one = await found(garden, brief)
    async with garden.db.write() as conn:
        await briefing.schedule(conn, one, garden.now)


async def again(garden: Gathering, brief: str, *, ring: bool = False) -> int:
    one = await found(garden, brief)
    async with garden.db.write() as conn:
        number = await briefing.send_again(conn, one, ring=ring, ids=garden.ids, now=garden.now)
    await garden.tick()
    return number


async def gone(garden: Gathering) -> tuple[str, str, str]:
    """A brief that has gone out: it reached the first member and neither of the others."""
    one = await garden.join("sms")
    two = await garden.join("sms", "voice")
    await garden.join("sms", state="stopped")
    brief = await drafted(garden)
    await scheduled(garden, brief)
    garden.later(days=8)
    await garden.tick()
    await garden.change(outbox, outbox.c.member_id == one, state="sent")
    await garden.change(reached, reached.c.member_id == one, state="sent")
    await garden.change(outbox, outbox.c.member_id == two, state="failed", sentence="No such number.")
    await garden.change(reached, reached.c.member_id == two, state="failed")
    return brief, one, two


async def test_nobody_gets_a_draft_and_once_planned_it_goes_when_due(garden: Gathering) -> None:
    await garden.join("sms")
    brief = await drafted(garden)
    garden.later(days=8)
    await garden.tick()
    assert await garden.count(outbox) == 0
    await scheduled(garden, brief)
    await garden.tick()
    assert await garden.count(outbox, outbox.c.subject_id == brief) == 1
    with pytest.raises(Complaint, match="not a draft"):
        await drafted(garden, brief=brief)


async def test_a_changed_draft_keeps_nothing_of_what_it_was(garden: Gathering) -> None:
    async with garden.db.write() as conn:
        for id_ in ("kept", "dropped"):
            row = {
                "id": id_,
                "kind": "file",
                "type": "application/pdf",
                "sha256": id_,
                "state": "stored",
                "at": NOW,
            }
            await conn.execute(media.insert().values(row))
    files = [("kept", "a.pdf"), ("dropped", "b.pdf")]
    brief = await drafted(garden, "3d", "1d", texts={("en", "plain"): "A", ("cy", "plain"): "B"}, files=files)
    assert await drafted(garden, "1w", brief=brief, files=files[:1]) == brief
    one = await found(garden, brief)
    assert ([goes.before for goes in one.goes], [file.media for file in one.files]) == (["1w"], ["kept"])
    assert await garden.count(texts) == 1 and await garden.count(media) == 1
    async with garden.db.write() as conn:
        await briefing.drop_draft(conn, brief)
    assert [await garden.count(table) for table in (texts, media, sendings, attachments)] == [0] * 4


@ON_SQLITE
async def test_a_draft_that_could_not_go_before_its_meeting_stays_a_draft(garden: Gathering) -> None:
    brief = await drafted(garden, "3d")
    await garden.change(tables.meetings, sa.true(), at=garden.now.replace(hour=23))
    garden.later(hours=12, minutes=30)
    with pytest.raises(Complaint, match="cannot go out before the meeting"):
        await scheduled(garden, brief)
    assert (await found(garden, brief)).state == "draft"


async def test_it_goes_again_to_those_alone_whom_it_has_not_reached(garden: Gathering) -> None:
    brief, one, two = await gone(garden)
    assert await again(garden, brief) == 2
    waiting = sa.and_(outbox.c.state == "waiting", outbox.c.channel == "sms")
    assert await garden.count(outbox, outbox.c.member_id == two, waiting) == 1
    assert await garden.count(outbox, outbox.c.member_id == one) == 1
    async with garden.db.read() as conn:
        listed = await briefing.became(conn, brief, CHANNELS, garden.now)
    assert [(status.state, status.why) for status in listed] == [
        ("sent", ""),
        ("waiting", ""),
        ("not reachable", "They asked us to stop."),
    ]


async def test_those_who_may_be_rung_are_rung(garden: Gathering) -> None:
    brief, _, two = await gone(garden)
    await again(garden, brief, ring=True)
    assert await garden.count(outbox, outbox.c.channel == "voice") == 1
    assert await garden.count(outbox, outbox.c.channel == "voice", outbox.c.member_id == two) == 1


@ON_SQLITE
async def test_what_goes_again_names_the_new_time_when_its_meeting_moves(garden: Gathering) -> None:
    brief, _, two = await gone(garden)
    await again(garden, brief)
    async with garden.db.write() as conn:
        meeting = (await briefing.find_brief(conn, garden.home.id, brief) or pytest.fail("gone")).meeting
        at = MEETING + timedelta(days=7)
        await meetings.move_meeting(conn, meeting, at, ids=garden.ids, now=garden.now)
    await garden.tick()
    _, body = (await garden.sent("brief"))[two]
    assert "Thursday 19 March" in body.say.text
    assert await garden.count(outbox, outbox.c.member_id == two, outbox.c.kind == "brief") == 2


@ON_SQLITE
async def test_when_all_are_reached_there_is_nothing_to_send_again(garden: Gathering) -> None:
    await garden.join("sms")
    brief = await drafted(garden)
    await scheduled(garden, brief)
    with pytest.raises(Complaint, match="not gone out yet"):
        await again(garden, brief)
    garden.later(days=8)
    await garden.tick()
    with pytest.raises(Complaint, match="on its way"):
        await again(garden, brief)


@ON_SQLITE
async def test_a_cancelled_brief_goes_to_nobody(garden: Gathering) -> None:
    await garden.join("sms")
    brief = await drafted(garden)
    await scheduled(garden, brief)
    async with garden.db.write() as conn:
        await briefing.cancel_brief(conn, await found(garden, brief), garden.now)
    garden.later(days=8)
    await garden.tick()
    assert await garden.count(outbox) == 0


async def test_lists_of_meetings_are_in_pages_that_leave_nothing_out(
    garden: Gathering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planner, "PAGE", 2)
    async with garden.db.write() as conn:
        for days in (3, 1, 2, 2, 5):
            at = NOW + timedelta(days=days)
            await meetings.add_meeting(conn, garden.home, f"{days}", at, ids=garden.ids, now=garden.now)
    listed = {}
    for read, now in ((planner.ahead, NOW), (planner.past, NOW + timedelta(days=9))):
        pages: list[str] = []
        last = ""
        async with garden.db.read() as conn:
            while page := await read(conn, garden.home.id, now, after=last):
                pages, last = [*pages, *(one.title for one in page)], page[-1].id
        listed[read.__name__] = "".join(pages)
    assert listed == {"ahead": "12235", "past": "53221"}
