"""The people of a group on the facilitators' pages."""

from typing import Any

import pytest

from storage.members import groups
from storage.tables import matters, members, polls
from storage.tables import options as choices
from tests.console import Desk, desk_in
from tests.test_console_helping import member

SCRIPT = "<script>alert(1)</script>"


async def test_the_list_finds_people_and_shows_no_whole_number(desk: Desk) -> None:
    await member(desk)
    await member(desk, "ben", "Ben 100%", "+447700900102")
    page = await desk.sam.get("/people")
    assert "Ada" in page.words and "…101" in page.words and "+447700900101" not in page.text
    page = await desk.sam.get("/people", words="100%")
    assert "Ben 100%" in page.words and "Ada" not in page.words
    page = await desk.sam.get("/people", state="stopped")
    assert "Nobody is found." in page.words
    assert (await desk.sam.get("/people", state="nonsense")).status == 422


async def test_a_long_list_goes_on_by_name(desk: Desk) -> None:
    async with desk.app.db.write() as conn:
        rows = [{"id": f"m{n:02}", "group_id": desk.home.id, "name": f"Name {n:02}"} for n in range(60)]
        await conn.execute(members.insert(), rows)
    page = await desk.sam.get("/people")
    assert "Name 49" in page.words and "Name 55" not in page.words
    page = await desk.sam.get("/people", after="m49")
    assert "Name 50" in page.words and "Name 59" in page.words and "Name 49" not in page.words


async def test_each_look_at_a_persons_page_is_noted(desk: Desk) -> None:
    await member(desk)
    assert "ending in 101" in (await desk.sam.get("/people/ada")).words
    page = await desk.sam.send("/people/ada/numbers")
    assert "+447700900101" in page.words
    did = [row[0] for row in await desk.rows("SELECT did FROM audit WHERE subject = 'ada' ORDER BY id")]
    assert "looked at somebody's page" in did and "looked at their numbers" in did


async def test_wishes_and_needs_are_noted_as_they_asked(desk: Desk) -> None:
    await member(desk)
    page = await desk.sam.send("/people/ada/wish", name="hours", value="never")
    assert page.status == 422 and "can't be that" in page.words and 'value="never"' in page.text
    page = await desk.sam.send("/people/ada/wish", name="hours", value="10-16")
    assert "Noted." in page.words and "10-16" in page.words
    page = await desk.sam.send("/people/ada/need", kind="other")
    assert page.status == 422 and "Say what they need." in page.words
    page = await desk.sam.send("/people/ada/need", kind="large print", words=SCRIPT)
    assert SCRIPT not in page.text and "&lt;script&gt;" in page.text
    (need,) = await desk.rows("SELECT id FROM needs")
    page = await desk.sam.send(f"/people/ada/need/{need[0]}", met="no")
    assert "Say what it waits for." in page.words
    page = await desk.sam.send(f"/people/ada/need/{need[0]}", met="no", review="2020-01-01", why="A printer")
    assert page.status == 422 and "That time has passed" in page.words
    page = await desk.sam.send(f"/people/ada/need/{need[0]}", met="yes", why="Sent in 18 point")
    assert "yes: Sent in 18 point" in page.words
    await desk.sam.send("/people/ada/need", kind="bsl")
    assert "British Sign Language" in (await desk.sam.get("/people")).words


async def test_something_is_entered_for_a_member_and_their_vote(desk: Desk) -> None:
    await member(desk)
    async with desk.app.db.write() as conn:
        poll = {"id": "p", "group_id": desk.home.id, "question": "Where?", "opened_at": desk.clock()}
        await conn.execute(polls.insert().values(**poll))
        rows = [
            {"poll_id": "p", "key": key, "label": label} for key, label in (("a", "Here"), ("b", "There"))
        ]
        await conn.execute(choices.insert(), rows)
    page = await desk.sam.send("/people/ada/enter", flow="thought", audience="facilitators", words="")
    assert page.status == 422 and "There is nothing in it" in page.words
    file = {"file": ("../../etc/x.png", b"no picture", "image/png")}
    page = await desk.sam.send("/people/ada/enter", files=file, flow="photo", audience="group", words="")
    assert page.status == 422 and "cannot go along" in page.words and 'href="#file"' in page.text
    given: dict[str, Any] = {"flow": "thought", "audience": "group", "words": "The bus stop has no seat."}
    page = await desk.sam.send("/people/ada/enter", **given)
    assert "Kept as theirs." in page.words
    page = await desk.sam.send("/people/ada/vote/p", chosen=["b"])
    assert "Counted." in page.words
    assert [row[0] for row in await desk.rows("SELECT text FROM contributions")] == [given["words"]]
    assert (await desk.rows("SELECT count(*) FROM ballots"))[0][0] == 1


async def test_who_asks_is_let_in_and_a_name_is_typed(desk: Desk) -> None:
    await member(desk)
    async with desk.app.db.write() as conn:
        await conn.execute(members.update().where(members.c.id == "ada").values(state="waiting"))
        row = {"id": "m", "group_id": desk.home.id, "member_id": "ada", "at": desk.clock()}
        await conn.execute(matters.insert().values(**row, kind="asks in"))
        await conn.execute(matters.insert().values(**row | {"id": "n"}, kind="name"))
    assert "Ada" in (await desk.sam.get("/people/waiting")).words
    page = await desk.sam.send("/people/ada/name", name=" ")
    assert page.status == 422 and "Type what they would like to be called." in page.words
    page = await desk.sam.send("/people/ada/name", name="\u200b")
    assert page.status == 422 and "all of them visible" in page.words
    assert "Their name is noted." in (await desk.sam.send("/people/ada/name", name="Ada Lovelace")).words
    assert "They are in" in (await desk.sam.send("/people/ada/let-in")).words
    assert [tuple(row) for row in await desk.rows("SELECT name, state FROM members WHERE id = 'ada'")] == [
        ("Ada Lovelace", "active")
    ]


async def test_stopping_and_forgetting_ask_first(desk: Desk) -> None:
    await member(desk)
    assert "as if they had sent STOP" in (await desk.sam.get("/people/ada/stop")).words
    assert "nothing more from us" in (await desk.sam.send("/people/ada/stop")).words
    page = await desk.sam.send("/people/ada/forget")
    assert page.status == 422 and "Tick this" in page.words
    assert "Erased." in (await desk.sam.send("/people/ada/forget", sure="y")).words
    assert (await desk.sam.get("/people/ada")).status == 404


async def test_a_membership_ends_when_two_say_so(desk: Desk) -> None:
    await member(desk)
    why = "She shared what others told the group"
    assert "Nothing has ended yet" in (await desk.sam.send("/people/ada/end", why=why)).words
    assert "Nothing has ended yet" in (await desk.sam.send("/people/ada/end", why=why)).words
    assert len(await desk.rows("SELECT 1 FROM matters WHERE kind = 'ending'")) == 1
    kim = await desk.browser(await desk.staff(desk.home, "Kim"))
    assert "Their membership has ended." in (await kim.send("/people/ada/end", why=why)).words


@pytest.mark.parametrize("path", ["", "/wish", "/need", "/enter", "/stop", "/forget", "/end", "/refuse"])
async def test_a_member_of_another_group_is_not_there(desk: Desk, path: str) -> None:
    await member(desk)
    kim = await desk.browser(await desk.staff(await desk.group("ALLOT"), "Kim"), code="ALLOT")
    assert (await kim.get(f"/people/ada{path}")).status == 404


async def test_invitations_and_the_poster_name_every_way_in(tmp_path: Any, migrated: Any) -> None:
    accounts = {
        "TWILIO_ACCOUNT_SID": "AC1",
        "TWILIO_AUTH_TOKEN": "t",
        "TWILIO_NUMBER": "+441632960000",
        "TWILIO_API_URL": "http://127.0.0.1:9",
    }
    async with desk_in(tmp_path, migrated, **accounts) as desk:
        page = await desk.sam.get("/people/poster")
        assert "JOIN GARDEN" in page.words and "+44 1632 960000" in page.words and "<svg" in page.text
        assert " style=" not in page.text and "opens a text" in page.words and "Telegram" not in page.words
        page = await desk.sam.send("/people/invite", name="Ada")
        assert "An invitation for Ada" in page.words and "It works once" in page.words
        assert (await desk.rows("SELECT count(*) FROM invitations"))[0][0] == 1
        await member(desk)
        assert "goes to them by text" in (await desk.sam.get("/people/ada")).words
        page = await desk.sam.send("/people/ada/stop")
        assert "nothing goes to them" in page.words and "goes to them by" not in page.words
        assert "<td>none</td>" in (await desk.sam.get("/people", state="stopped")).text
        async with desk.app.db.write() as conn:
            await groups.settle(conn, desk.home.id, {"door": "invitation"})
        assert "code opens nothing" in (await desk.sam.get("/people/invite")).words
