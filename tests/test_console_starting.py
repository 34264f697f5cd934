"""What is left of a group's first hour, at the top of its first page."""

from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from storage.running import beginnings
from storage.sessions.drafting import NewPoll
from storage.sessions.meetings import NewBrief, add_brief, add_meeting, find_meeting
from storage.sessions.polls import open_poll
from storage.tables import groups, members
from tests.console import Desk, desk_in
from tests.joining import uses

TELEGRAM = {"TELEGRAM_BOT_TOKEN": "1:a", "TELEGRAM_API_URL": "http://127.0.0.1:9"}
ALL = (
    "Give the group an outside name",
    "Read what people agree to when they join",
    "Name who helps members",
    "Name who is told when somebody may be in danger",
    "Turn on Telegram, or texts and calls",
    "Let Takepart know your own phone",
    "Invite the first member",
    "Plan a meeting and send its first brief",
    "Ask the first question",
    "Make a backup, and then one each night",
)


TRIED = ("Hello. This is how", "Sam Reed can read it", "will answer you here", "alert 000")  # in this order


async def test_a_new_group_is_told_what_is_left_and_where_it_is_done(desk: Desk) -> None:
    page = await desk.sam.get("")
    assert "What is left to set up: 10 of 10" in page.words
    assert [one for one in ALL if one not in page.words] == []
    for path in ("/settings/group", "/settings/consent/join", "/settings/helper", "/settings/safety"):
        assert f'href="/console/garden{path}"' in page.text
    assert 'href="/console/my-page"' in page.text and "Try it on me" not in page.words


async def test_what_may_stay_as_it_is_is_left_no_more(desk: Desk) -> None:
    page = await desk.sam.post("/start/outside-name/right", token=await desk.sam.token(""))
    assert "It stays as it is." in page.words and ALL[0] not in page.words and "9 of 10" in page.words
    assert (await desk.sam.post("/start/helper/right", token=await desk.sam.token(""))).status == 404
    kim = await desk.browser(await desk.staff(await desk.group("ALLOT"), "Kim"), code="ALLOT")
    assert ALL[0] in (await kim.get("")).words


async def test_what_is_done_goes_off_the_list_until_it_is_empty(tmp_path: Path, migrated: Path) -> None:
    async with desk_in(tmp_path, migrated, **TELEGRAM) as desk:
        await _known_by_telegram(desk)
        page = await desk.sam.get("")
        assert ALL[4] not in page.words and ALL[5] not in page.words
        assert page.words.count("Try it on me") == 5
        tried = [await _tried(desk, what) for what in ("hello", "wording", "helper", "danger")]
        assert [words in sent for words, sent in zip(TRIED, tried, strict=True)] == [True] * 4
        assert (await desk.sam.post("/start/nothing/try", token=await desk.sam.token(""))).status == 404
        await desk.sam.send("/settings/helper", who=desk.sam_id)
        await desk.sam.send("/settings/safety", who=desk.sam_id)
        await desk.sam.send("/settings/consent/join", en_text="We keep your words. Sam reads them.")
        await _begun(desk)
        page = await desk.sam.get("")
        assert "What is left to set up" not in page.words


async def _tried(desk: Desk, what: str) -> str:
    """What Sam gets who tries this on themselves."""
    page = await desk.sam.post(f"/start/{what}/try", token=await desk.sam.token(""))
    assert "It is on its way to you on Telegram." in page.words
    ((body,), *_) = await desk.rows("SELECT body FROM outbox WHERE kind = 'trial' ORDER BY id DESC")
    return str(body)


async def _known_by_telegram(desk: Desk) -> None:
    """Sam joined by a chat."""
    await uses(desk.app, desk.sam_id, channel="telegram", address="77")


async def _begun(desk: Desk) -> None:
    """A name, a member, a brief, a question and a backup."""
    now, ids = desk.clock(), desk.app.ids
    ask = NewPoll(group=desk.home.id, question="Where?", options=("Here", "There"))
    async with desk.app.db.write() as conn:
        await conn.execute(sa.update(groups).values(outside_name="Garden"))
        await conn.execute(members.insert().values(id="ada", group_id=desk.home.id, name="Ada"))
        await open_poll(conn, ask, ids=ids, now=now)
        meeting = await add_meeting(conn, desk.home, "Session", now + timedelta(days=9), ids=ids, now=now)
        texts = {("en", "plain"): "The path floods."}
        brief = NewBrief(
            meeting=await find_meeting(conn, meeting), title="Read", texts=texts, befores=("3d",)
        )
        await add_brief(conn, brief, ids=ids, now=now)
        await beginnings.backed_up(conn, now)
