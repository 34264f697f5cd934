"""A group's first page: what came in, what needs a person, what goes out next."""

from datetime import timedelta

from storage.care import alerts
from storage.care.alerts import Found
from storage.tables import contributions, given, matters, polls
from tests.console import Desk
from tests.test_console_helping import asks, member


async def test_today_names_what_needs_a_person_and_what_came_in(desk: Desk) -> None:
    await asks(desk)
    now, home = desk.clock(), desk.home.id
    async with desk.app.db.write() as conn:
        await alerts.raise_alert(conn, home, Found(words="Help me"), ids=desk.app.ids, now=now)
        gift = {"id": "c", "group_id": home, "flow": "diary", "channel": "sms", "shown_name": "Ada"}
        await conn.execute(contributions.insert().values(**gift, at=now, text="The bench was <b>warm</b>."))
        await conn.execute(given.insert().values(contribution_id="c", member_id="ada"))
        early = now.replace(hour=0, minute=0, second=0)  # without a name only its day is kept
        bare = {"id": "d", "group_id": home, "flow": "diary", "unnamed": True, "text": "Nobody asks."}
        await conn.execute(contributions.insert().values(**bare, at=early))
        question = {"id": "p", "group_id": home, "question": "Where shall we meet?", "opened_at": now}
        await conn.execute(polls.insert().values(**question, closes_at=now + timedelta(days=1)))
    page = await desk.sam.get("")
    assert "Alerts that somebody may be in danger: 1" in page.words
    assert "People who wait for your answer by text: 1" in page.words
    assert "Diary: 2" in page.words and "The bench was <b>warm</b>." in page.words
    assert "A vote closes: Where shall we meet?" in page.words and '/polls/p"' in page.text
    assert "Help me" not in page.words


async def test_a_matter_is_taken_off_the_list_by_its_own_group_alone(desk: Desk) -> None:
    async with desk.app.db.write() as conn:
        row = {"id": "m", "group_id": desk.home.id, "kind": "nobody known", "words": "Who are you?"}
        await conn.execute(matters.insert().values(**row, at=desk.clock()))
    other = await desk.group("ALLOT")
    kim = await desk.browser(await desk.staff(other, "Kim"), code="ALLOT")
    assert (await kim.send("/matters/m/done")).status == 404
    assert "Who are you?" in (await desk.sam.get("/matters")).words
    page = await desk.sam.send("/matters/m/done")
    assert "It is off the list." in page.words and "Who are you?" not in page.words


async def test_the_list_leads_to_where_a_thing_is_done_and_tells_no_more_than_the_day(desk: Desk) -> None:
    await member(desk)
    row = {"group_id": desk.home.id, "at": desk.clock(), "words": "takepart safety show 598"}
    async with desk.app.db.write() as conn:
        for id_, kind in (("a", "alert"), ("b", "asks in"), ("c", "name"), ("d", "passed on")):
            await conn.execute(matters.insert().values(**row, id=id_, kind=kind, unnamed=kind == "passed on"))
        await conn.execute(
            matters.insert().values(**row | {"words": ""}, id="e", kind="ending", member_id="ada")
        )
        gift = {"id": "g", "group_id": desk.home.id, "flow": "thought", "at": desk.clock()}
        await conn.execute(contributions.insert().values(**gift))
        await conn.execute(matters.insert().values(**row, id="f", kind="review", contribution_id="g"))
    page = await desk.sam.get("")
    assert "Alerts that nobody has looked at" not in page.words  # they stand above, with all others
    assert page.text.count('href="/console/garden/people/waiting"') == 2
    page = await desk.sam.get("/matters")
    assert "/people/ada/end" in page.text
    assert page.text.count("/done") == 3 and page.words.count("takepart safety show") == 1
    assert "Tuesday 3 March," not in page.words.partition("Words that they passed on")[2]
