"""Hand-overs and alerts on the facilitators' pages."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot.sending import notices
from bot.ways import house
from storage.care import alerts
from storage.care.alerts import Found
from storage.tables import handover_words, handovers, matters, members
from tests.console import Desk
from tests.joining import joins, uses

SCRIPT = "<script>alert(1)</script>"


async def member(desk: Desk, id_: str = "ada", name: str = "Ada", number: str = "+447700900101") -> None:
    """Somebody who takes part by text; member, line and reach have one id."""
    await joins(desk.app, desk.home.id, name, id_=id_)
    await uses(desk.app, id_, address=number)


def looks(text: str) -> str:
    """Where a page looks for news by itself."""
    return text.partition('hx-get="')[2].partition('"')[0]


async def asks(desk: Desk, words: str = "The gate is locked") -> None:
    """Ada asked for a person, in these words."""
    now = desk.clock() - timedelta(minutes=5)
    await member(desk)
    async with desk.app.db.write() as conn:
        over: dict[str, Any] = {"id": "h", "member_id": "ada", "line_id": "ada", "channel": "sms", "mark": 1}
        await conn.execute(handovers.insert().values(**over, opened_at=now, heard_at=now))
        said = {"id": "w", "handover_id": "h", "member_id": "ada", "by": "member", "text": words}
        await conn.execute(handover_words.insert().values(**said, media=[], at=now))
        await conn.execute(sa.update(members).where(members.c.id == "ada").values(handover="h"))


async def test_a_member_who_asked_for_a_person_is_answered_and_let_go(desk: Desk) -> None:
    await asks(desk)
    page = await desk.sam.get("/messages/handovers")
    assert "Ada" in page.words and "waits for an answer" in page.words
    page = await desk.sam.get("/messages/handovers/h")
    assert "The gate is locked" in page.words
    assert (await desk.sam.get(looks(page.text))).status == 204  # so nobody is torn from what they read
    page = await desk.sam.send("/messages/handovers/h/answer", words="I come with the key.")
    assert "on its way" in page.words and "I come with the key." in page.words
    assert "<strong>Sam Reed</strong>" in page.text  # whoever wrote, whether or not the helper
    before = looks(page.text)
    (sent,) = await desk.rows("SELECT body FROM outbox WHERE class = 'answer'")
    assert "Sam" in sent[0] and "I come with the key." in sent[0]
    page = await desk.sam.send("/messages/handovers/h/close")
    assert "It is over" in page.words and "Nobody waits" in page.words
    assert "It is over since" in (await desk.sam.get(before)).words
    page = await desk.sam.send("/messages/handovers/h/answer", words="One more thing")
    assert page.status == 422 and "One more thing</textarea>" in page.text  # what was typed is kept
    did = {row[0] for row in await desk.rows("SELECT did FROM audit WHERE subject = 'h'")}
    assert did == {"read a hand-over", "answered in a hand-over", "ended a hand-over"}


async def test_who_asked_when_nobody_could_be_told_is_answered_from_the_list(desk: Desk) -> None:
    await member(desk)
    asked = {"id": "m", "group_id": desk.home.id, "member_id": "ada", "kind": "help"}
    async with desk.app.db.write() as conn:
        at = desk.clock() - timedelta(hours=1)
        await conn.execute(matters.insert().values(**asked, at=at))
    assert "/people/ada/write" in (await desk.sam.get("/matters")).text
    page = await desk.sam.send("/people/ada/write", words=" ")
    assert page.status == 422 and not await desk.rows("SELECT 1 FROM handovers")
    page = await desk.sam.send("/people/ada/write", words="What is it about?")
    assert "Your answer is on its way." in page.words and "What is it about?" in page.words
    ((over, body),) = await desk.rows(
        "SELECT m.handover, o.body FROM members m JOIN outbox o ON o.member_id = m.id"
    )
    assert page.at.endswith(over) and "text DONE" in body
    assert not await desk.rows("SELECT 1 FROM matters WHERE done_at IS NULL")
    await desk.sam.send(f"/messages/handovers/{over}/close")
    page = await desk.sam.send("/people/ada/write", words="One more thing")
    assert page.status == 422 and "do not wait for a person any more" in page.words


async def test_an_answer_without_words_is_not_sent_and_what_members_write_is_text(desk: Desk) -> None:
    await asks(desk, SCRIPT)
    page = await desk.sam.send("/messages/handovers/h/answer", words="  ")
    assert page.status == 422 and "Write what they are to read." in page.words
    assert page.text.count("<title>Error: ") == 1
    assert SCRIPT not in page.text and "&lt;script&gt;" in page.text
    assert not await desk.rows("SELECT 1 FROM outbox")


async def test_the_words_of_an_alert_are_shown_only_when_asked_for(desk: Desk) -> None:
    await member(desk)
    async with desk.app.db.write() as conn:
        said = Found(words="He hits me", member="ada", line="ada")
        alert = await alerts.raise_alert(conn, desk.home.id, said, ids=desk.app.ids, now=desk.clock())
    page = await desk.sam.get("/safety")
    assert "Nobody has looked yet" in page.words
    page = await desk.sam.get(f"/safety/{alert}")
    assert "He hits me" not in page.words and "Ada" not in page.words
    page = await desk.sam.send(f"/safety/{alert}/words")
    assert "He hits me" in page.words
    page = await desk.sam.send(f"/safety/{alert}/who", why="")
    assert page.status == 422 and "+447700900101" not in page.text
    page = await desk.sam.send(f"/safety/{alert}/who", why="to ring her")
    assert "Ada" in page.words and "+447700900101" in page.words
    page = await desk.sam.send(f"/safety/{alert}/seen")
    assert "Nobody else is told" in page.words and "Sam Reed looks at it" in page.words
    trail = await desk.rows("SELECT did, why FROM audit WHERE subject = :id", id=alert)
    assert ("alert's sender looked up", "to ring her") in [tuple(row) for row in trail]


async def test_what_another_group_has_is_not_there(desk: Desk) -> None:
    await asks(desk)
    other = await desk.group("ALLOT")
    kim = await desk.browser(await desk.staff(other, "Kim"), code="ALLOT")
    for path in ("/messages/handovers/h", "/messages/handovers/h/words", "/safety/h"):
        assert (await kim.get(path)).status == 404
    assert (await kim.send("/messages/handovers/h/close")).status == 404
    assert await desk.rows("SELECT 1 FROM handovers WHERE closed_at IS NULL")


@pytest.mark.parametrize("channel", ["sms", "telegram"])
async def test_26_what_an_alert_says_to_do_can_be_done_as_it_stands(desk: Desk, channel: str) -> None:
    async with desk.app.db.write() as conn:
        said = Found(words="He hits me")
        await alerts.raise_alert(conn, desk.home.id, said, ids=desk.app.ids, now=desk.clock())
    ((number,),) = await desk.rows("SELECT number FROM alerts")
    told = notices.alert(house(), f"{desk.url}/console", "a", number, "The Garden Group", channel).text
    page = await desk.sam.get(told.rpartition(": ")[2].removeprefix(desk.url))
    assert 'href="/console/garden/safety"' in page.text
    assert f"Alert {number}" in (await desk.sam.get("/safety")).words
