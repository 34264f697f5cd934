"""Briefs go out by themselves: on time, once to each, in the right words."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from bot.sending.scheduler import Scheduler
from flows.effects import Change
from flows.events import Shown
from storage.database import Database
from storage.members import leaving
from storage.members.groups import Complaint
from storage.sessions import briefing, meetings
from storage.sessions.meetings import Content
from storage.tables import media, outbox
from tests.gatherings import MEETING, TEXTS, Gathering, brief, meeting, status, went


async def test_a_brief_goes_out_when_it_is_due_and_not_before(garden: Gathering) -> None:
    member = await garden.join("sms")
    await brief(garden, await meeting(garden))
    garden.now = MEETING.replace(day=9, hour=9, minute=59)
    await garden.tick()
    assert await garden.sent("brief") == {}
    garden.later(minutes=1)
    await garden.tick()
    assert member in await garden.sent("brief")


CLOCKS = [  # meeting, --before, hours, when it goes; all in UTC
    ((2026, 3, 31, 13), "3d", "9-20", (2026, 3, 28, 10)),  # clocks go forward on the 29th
    ((2026, 3, 31, 13), "2d", "9-20", (2026, 3, 29, 9)),
    ((2026, 3, 29, 9), "6h", "9-20", (2026, 3, 29, 8)),  # 3:00 before the change is night
    ((2026, 10, 27, 14), "3d", "9-20", (2026, 10, 24, 9)),  # clocks go back on the 25th
    ((2026, 10, 27, 14), "2d", "9-20", (2026, 10, 25, 10)),
    ((2026, 10, 25, 10), "6h", "9-20", (2026, 10, 25, 9)),
    ((2026, 3, 31, 13), "2d", "11-20", (2026, 3, 29, 10)),
    ((2026, 3, 31, 13), "2d", "0-24", (2026, 3, 29, 9)),
]


@pytest.mark.parametrize(("at", "before", "hours", "goes"), CLOCKS)
async def test_a_brief_goes_at_a_good_local_hour_whatever_the_clocks_do(
    db: Database, at: tuple[int, ...], before: str, hours: str, goes: tuple[int, ...]
) -> None:
    garden = await Gathering(db).found(hours=hours)
    _, (planned,) = await brief(garden, await meeting(garden, _utc(at)), before)
    assert planned.at == _utc(goes)


def _utc(parts: tuple[int, ...]) -> datetime:
    year, month, day, hour = parts
    return datetime(year, month, day, hour, tzinfo=UTC)


async def test_every_member_gets_it_once_however_often_the_clock_wakes(garden: Gathering) -> None:
    people = [await garden.join("sms") for _ in range(7)]
    await brief(garden, await meeting(garden))
    garden.later(days=8)
    await asyncio.gather(*(garden.scheduler(most=2).tick() for _ in range(3)))
    await garden.tick()
    assert (await garden.sent("brief")).keys() == set(people)
    assert await garden.count(outbox) == 7


async def test_a_process_that_dies_half_way_leaves_nobody_out_and_nobody_twice(
    garden: Gathering, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [await garden.join("sms") for _ in range(5)]
    await brief(garden, await meeting(garden))
    garden.later(days=8)
    dying = garden.scheduler(most=2)
    stored = 0

    def die_later() -> None:
        nonlocal stored
        stored += 1
        if stored == 2:
            raise SystemExit

    monkeypatch.setattr(dying, "_wake_lanes", die_later)
    with pytest.raises(SystemExit):
        await dying.tick()
    assert len(await garden.sent("brief")) == 4
    garden.later(minutes=2)
    await garden.tick()
    assert (await garden.sent("brief")).keys() == set(people)
    assert await garden.count(outbox) == 5


async def test_a_sending_that_fails_holds_nothing_else_up(
    garden: Gathering, monkeypatch: pytest.MonkeyPatch
) -> None:
    await garden.join("sms")
    bad, _ = await brief(garden, await meeting(garden))
    good, _ = await brief(garden, await meeting(garden))
    garden.later(days=8)
    monkeypatch.setattr("bot.sending.scheduler.brief_content", _failing_for(bad))
    await garden.tick()
    assert await garden.count(outbox, outbox.c.subject_id == good) == 1
    monkeypatch.undo()
    garden.later(minutes=1)
    await garden.tick()
    assert await garden.count(outbox, outbox.c.subject_id == bad) == 1


def _failing_for(bad: str) -> Any:
    async def content(conn: Any, brief_id: str) -> Content | None:
        if brief_id == bad:
            raise RuntimeError
        return await meetings.brief_content(conn, brief_id)

    return content


@pytest.mark.parametrize("days", [0, 1, -1])
async def test_the_loop_wakes_by_itself_whatever_becomes_of_the_hosts_clock(
    garden: Gathering, days: int
) -> None:
    await garden.join("sms")
    await brief(garden, await meeting(garden))
    loop = asyncio.create_task(garden.scheduler().run())
    await asyncio.sleep(0.05)
    garden.later(days=8)
    with time_machine.travel(datetime.now(UTC) + timedelta(days=days), tick=True):
        async with asyncio.timeout(5):
            while not await garden.sent("brief"):  # noqa: ASYNC110  # what is awaited is a row
                await asyncio.sleep(0.01)
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)
    assert garden.woken


async def test_telegram_gets_the_whole_text_its_files_and_a_button(garden: Gathering) -> None:
    member = await garden.join("telegram")
    picture = {"id": "m1", "kind": "photo", "state": "stored", "type": "image/png", "sha256": "ab"}
    await _add_media(garden, picture)
    id_, _ = await brief(garden, await meeting(garden), files=[("m1", "map.png")])
    garden.later(days=8)
    await garden.tick()
    say = (await garden.sent("brief"))[member][1].say
    assert say.text.startswith("To read before Travel, Thursday 12 March at 2pm:\nGetting about")
    assert say.text.endswith("Buses are late.\n\nSo are trains.")
    assert say.question and (say.question.id, say.question.options[0].key) == (id_, "read")
    assert say.shown == (Shown(kind="photo", media="m1", type="image/png", sha256="ab", name="map.png"),)


async def _add_media(garden: Gathering, row: dict[str, str]) -> None:
    async with garden.db.write() as conn:
        await conn.execute(media.insert().values(**row, at=garden.now))


async def test_a_text_says_first_what_must_be_known(garden: Gathering) -> None:
    member = await garden.join("sms")
    await brief(garden, await meeting(garden))
    garden.later(days=8)
    await garden.tick()
    say = (await garden.sent("brief"))[member][1].say
    first, title, how = say.text.split("\n")[:3]
    assert (first, title) == ("To read before Travel, Thursday 12 March at 2pm:", "Getting about")
    assert "READ" in how
    assert not say.shown


ALL = TEXTS | {("en", "easy"): "Easy words.", ("cy", "plain"): "Geiriau."}
VERSIONS = [
    ("en", "plain", TEXTS, "Buses are late.", ""),
    ("en", "easy", ALL, "Easy words.", ""),
    ("en", "easy", TEXTS, "Buses are late.", "We do not have this in an easy version."),
    ("cy", "plain", ALL, "Geiriau.", ""),
    ("cy", "easy", ALL, "Geiriau.", "We do not have this in an easy version."),
    ("pl", "plain", ALL, "Buses are late.", "We do not have this in your language."),
    ("pl", "easy", ALL, "Easy words.", "We do not have this in your language."),
]


@pytest.mark.parametrize(("language", "form", "texts", "words", "note"), VERSIONS)
async def test_each_gets_the_nearest_version_and_is_told_where_it_is_not_theirs(
    garden: Gathering, language: str, form: str, texts: dict[tuple[str, str], str], words: str, note: str
) -> None:
    member = await garden.join("voice", language=language, form=form)
    await brief(garden, await meeting(garden), texts=texts)
    garden.later(days=8)
    await garden.tick()
    said = (await garden.sent("brief"))[member][1].say.text
    assert words in said
    assert ("We do not have" in said) == bool(note)
    assert note in said


async def test_a_reminder_goes_only_to_those_who_have_not_read_it(garden: Gathering) -> None:
    reader, other = await garden.join("sms"), await garden.join("sms")
    await brief(garden, await meeting(garden), "3d", "1d")
    garden.now = MEETING - timedelta(days=2)
    await garden.tick()
    await went(garden, reader, "acknowledged")
    await went(garden, other)
    garden.now = MEETING - timedelta(days=1)
    await garden.tick()
    sent = await garden.sent("brief")
    assert sent[reader][1].say.text.startswith("To read before")
    assert sent[other][1].say.text.startswith("A reminder: to read before")
    assert await garden.count(outbox) == 3


async def test_who_stops_while_a_brief_waits_is_not_said_to_be_getting_it(garden: Gathering) -> None:
    member = await garden.join("sms")
    id_, _ = await brief(garden, await meeting(garden))
    garden.later(days=8)
    await garden.tick()
    async with garden.db.write() as conn:
        await leaving.change(conn, member, Change(to="stopped"), garden.now)
        (said,) = await briefing.became(conn, id_, ["sms"], garden.now)
    assert (said.state, said.why) == ("not reachable", leaving.UNWANTED)


async def test_whoever_is_one_person_under_several_ids_is_listed_with_what_became_of_it(
    garden: Gathering,
) -> None:
    staff = await garden.join("sms", permission="facilitator")
    for _ in range(2):
        await garden.join(joined_to=staff, state="joined")
    id_, _ = await brief(garden, await meeting(garden))
    garden.later(days=8)
    await garden.tick()
    assert await status(garden, id_) == {staff: ("sms", "waiting")}


async def test_nobody_gets_a_reminder_together_with_what_it_reminds_of(garden: Gathering) -> None:
    held, other = await garden.join("sms"), await garden.join("sms")
    await brief(garden, await meeting(garden), "3d", "1d")
    garden.now = MEETING - timedelta(days=2)
    await garden.tick()
    await went(garden, other)
    garden.now = MEETING - timedelta(days=1)
    await garden.tick()
    assert await garden.count(outbox, outbox.c.member_id == held) == 1
    assert await garden.count(outbox, outbox.c.member_id == other) == 2


async def test_two_sendings_whose_time_has_passed_go_out_as_one(garden: Gathering) -> None:
    member = await garden.join("sms")
    garden.now = MEETING - timedelta(hours=4)
    await brief(garden, await meeting(garden), "3d", "1d", "1h")
    await garden.tick()
    assert await garden.count(outbox) == 1
    await went(garden, member)
    garden.now = MEETING - timedelta(hours=1)
    await garden.tick()
    assert await garden.count(outbox) == 2


async def test_a_brief_for_a_meeting_that_has_been_is_refused(garden: Gathering) -> None:
    of = await meeting(garden)
    garden.now = MEETING + timedelta(minutes=1)
    with pytest.raises(Complaint, match="has been"):
        await brief(garden, of)


async def test_nothing_goes_out_after_the_meeting_though_we_were_away(garden: Gathering) -> None:
    await garden.join("sms")
    await brief(garden, await meeting(garden))
    garden.now = MEETING + timedelta(hours=1)
    await garden.tick()
    assert await garden.sent("brief") == {}


async def test_the_status_has_a_line_for_every_member(garden: Gathering) -> None:
    texter, silent, stopped = (
        await garden.join("sms"),
        await garden.join(),
        await garden.join("sms", state="stopped"),
    )
    staff = await garden.join(permission="facilitator")
    id_, _ = await brief(garden, await meeting(garden))
    assert set((await status(garden, id_)).values()) == {(None, "waiting")}
    garden.later(days=8)
    await garden.tick()
    await went(garden, texter, "delivered")
    now = await status(garden, id_)
    assert now == {
        texter: ("sms", "delivered"),
        silent: (None, "not reachable"),
        stopped: (None, "not reachable"),
    }
    assert staff not in now


async def test_a_way_that_is_off_or_refused_is_passed_over(garden: Gathering) -> None:
    member = await garden.join("telegram", "sms")
    practising = await garden.join("telegram", line="practice", practice=True)
    await brief(garden, await meeting(garden))
    garden.later(days=8)
    only_texts: Scheduler = garden.scheduler(channels=["sms"])
    await only_texts.tick()
    sent = await garden.sent("brief")
    assert {one: channel for one, (channel, _) in sent.items()} == {member: "sms", practising: "telegram"}
