"""At most so many messages a week: what is beyond that comes together later, and nothing of it is lost."""

from datetime import timedelta

import pytest

from flows.events import Option, Question, Say
from storage.database import Database
from storage.secrets import Secrets
from storage.tables import groups, members
from tests.office import Office, ballot

DAY = timedelta(days=1)
BRIEF = Say(
    text="To read: the bus routes",
    question=Question(
        id="b9",
        name="acknowledge",
        text="",
        takes=("choice",),
        options=(Option(key="read", label="I have read it"),),
    ),
)


async def _briefs(office: Office, *words: str) -> list[str]:
    return [await office.write("mary", one, kind="brief", subject=one) for one in words]


@pytest.fixture
async def mary(db: Database, secrets: Secrets) -> Office:
    office = Office(db, secrets)
    await office.group()
    await office.member("mary")
    return office


async def test_the_last_of_the_week_takes_along_all_that_waits(mary: Office) -> None:
    await _briefs(mary, "one", "two", "three")
    assert await mary.send() == ["one", "2 things from us:\n\ntwo\n\nthree"]


async def test_what_is_beyond_the_week_waits_and_comes_as_one(mary: Office) -> None:
    await _briefs(mary, "one")
    await mary.send()
    mary.now += 3 * DAY
    await _briefs(mary, "two")
    assert await mary.send() == ["two"]
    await _briefs(mary, "three", "four")
    assert await mary.send(3.9 * 86400) == []
    assert await mary.send(0.2 * 86400) == ["2 things from us:\n\nthree\n\nfour"]


async def test_what_has_an_end_waits_for_half_of_its_time_at_most(mary: Office) -> None:
    await mary.change(groups, "g", settings={"messages_a_week": 1})
    await _briefs(mary, "one")
    await mary.send()
    await mary.poll()
    end = mary.now + 4 * DAY
    await mary.write("mary", "", say=ballot(), kind="poll", subject="p", expires_at=end)
    later = await _briefs(mary, "two")
    assert await mary.send(86400) == []
    together = await mary.send(86400)
    assert together == ["2 things from us:\n\nWhere shall we meet?\nText VOTE to take part.\n\ntwo"]
    assert (await mary.row(later[0])).state == "dropped"


async def test_what_ends_within_a_day_goes_at_once(mary: Office) -> None:
    await mary.change(groups, "g", settings={"messages_a_week": 1})
    await _briefs(mary, "one")
    await mary.send()
    await mary.poll()
    await mary.write("mary", "", say=ballot(), kind="poll", subject="p", expires_at=mary.now + DAY / 2)
    assert await mary.send() == ["Where shall we meet?"]


async def test_each_of_those_that_went_together_is_known_to_have_arrived(mary: Office) -> None:
    await mary.change(groups, "g", settings={"messages_a_week": 1})
    await mary.write("mary", "", say=BRIEF, kind="brief", subject="b9")
    await mary.write("mary", "one", kind="result", subject="one")
    assert await mary.send() == [
        "2 things from us:\n\none\n\nTo read: the bus routes\nText READ when you have read it."
    ]
    async with mary.db.read() as conn:
        rows = await conn.exec_driver_sql("SELECT kind, state FROM reached ORDER BY kind")
        assert [tuple(row) for row in rows] == [("brief", "sent"), ("result", "sent")]


@pytest.mark.parametrize(("wish", "rule"), [(0, 1), (None, 0), (5, 1)])
async def test_whoever_wishes_for_more_gets_each_by_itself(mary: Office, wish: int | None, rule: int) -> None:
    await mary.change(groups, "g", settings={"messages_a_week": rule})
    await mary.change(members, "mary", a_week=wish)
    await _briefs(mary, "one", "two", "three")
    assert await mary.send() == ["one", "two", "three"]


async def test_what_nobody_planned_is_not_counted(mary: Office) -> None:
    for words in ("moved", "moved again", "and back"):
        await mary.write("mary", words, kind="moved", subject="s")
    assert len(await mary.send()) == 3


async def test_a_member_is_written_to_on_their_days_only(mary: Office) -> None:
    await mary.change(members, "mary", days="thu sat")
    await _briefs(mary, "one")
    assert await mary.send(86400) == []  # it is a Tuesday
    assert await mary.send(86400) == ["one"]


async def test_the_result_of_a_vote_counts_with_its_vote(mary: Office) -> None:
    await _briefs(mary, "one", "two")
    await mary.send()
    await mary.write("mary", "The library was chosen", kind="result", subject="p")
    assert await mary.send() == ["The library was chosen"]


async def test_whoever_practises_sees_all_that_comes(mary: Office) -> None:
    await mary.change(members, "mary", practice=True)
    await _briefs(mary, "one", "two", "three")
    assert await mary.send() == ["one", "two", "three"]
