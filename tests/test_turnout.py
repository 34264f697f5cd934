"""What the pages know of a poll: drafts, its words in other languages, who has voted, who is reminded."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from flows.polls import Worded
from storage.members.groups import Complaint
from storage.sessions import drafting, polls, turnout
from storage.sessions.drafting import NewPoll
from storage.sessions.turnout import Turnout
from storage.tables import ballots, outbox, reached, texts
from tests.gatherings import NOW, Gathering

WELSH = {("cy", "plain"): Worded(question="Ble?", options=("Llyfrgell", "Caffi"), changes="popeth")}


def asked(garden: Gathering, **more: Any) -> NewPoll:
    return NewPoll(group=garden.home.id, question="Where?", options=("Library", "Café"), **more)


async def opened(garden: Gathering, **more: Any) -> str:
    async with garden.db.write() as conn:
        return await polls.open_poll(conn, asked(garden, **more), ids=garden.ids, now=garden.now)


async def vote(garden: Gathering, poll: str, *people: str, channel: str = "sms") -> None:
    row = {"poll_id": poll, "choices": ["1"], "at": garden.now, "channel": channel}
    async with garden.db.write() as conn:
        await conn.execute(sa.insert(ballots), [{**row, "member_id": member} for member in people])


async def seen(garden: Gathering, poll: str) -> Turnout:
    async with garden.db.read() as conn:
        found = await turnout.turnout(conn, garden.home.id, poll, garden.now)
    assert found is not None
    return found


async def test_a_draft_is_asked_of_nobody_until_it_is_opened(garden: Gathering) -> None:
    member = await garden.join("sms")
    new = asked(garden, secret=True, changes="The day.", decides="all of us", versions=WELSH)
    async with garden.db.write() as conn:
        poll = await drafting.keep(conn, new, ids=garden.ids, now=NOW)
    await garden.tick()
    async with garden.db.write() as conn:
        assert await polls.tally(conn, poll, now=NOW) is None
        assert await garden.sent("poll") == {}
        kept = await drafting.find(conn, garden.home.id, poll)
        assert kept == replace(new, changes="The day")
        await polls.open_draft(conn, garden.home.id, poll, ids=garden.ids, now=NOW)
    await garden.tick()
    assert member in await garden.sent("poll")


async def test_a_draft_is_written_anew_in_its_place_and_not_once_it_is_open(garden: Gathering) -> None:
    shorter = asked(garden, several=True)
    async with garden.db.write() as conn:
        poll = await drafting.keep(conn, asked(garden, versions=WELSH), ids=garden.ids, now=NOW)
        assert await drafting.keep(conn, shorter, ids=garden.ids, now=NOW, poll=poll) == poll
        assert await drafting.find(conn, garden.home.id, poll) == shorter
        await polls.open_draft(conn, garden.home.id, poll, ids=garden.ids, now=NOW)
        for change in (
            drafting.keep(conn, shorter, ids=garden.ids, now=NOW, poll=poll),
            drafting.drop(conn, garden.home.id, poll),
            polls.open_draft(conn, garden.home.id, poll, ids=garden.ids, now=NOW),
        ):
            with pytest.raises(Complaint, match="open already"):
                await change
    assert await garden.count(texts) == 0


async def test_a_draft_that_would_close_in_the_past_by_now_is_not_opened(garden: Gathering) -> None:
    new = asked(garden, closes_at=NOW + timedelta(hours=1))
    async with garden.db.write() as conn:
        poll = await drafting.keep(conn, new, ids=garden.ids, now=NOW)
        later = NOW + timedelta(hours=2)
        with pytest.raises(Complaint, match="past"):
            await polls.open_draft(conn, garden.home.id, poll, ids=garden.ids, now=later)


@pytest.mark.parametrize(
    ("version", "says"),
    [
        (Worded(question="Ble?", options=("Llyfrgell",)), "at least two"),
        (Worded(question="Ble?", options=("a", "b", "c")), "the same 2 options"),
        (Worded(question=" ", options=("a", "b")), "question"),
        (Worded(question="Ble?", options=("a", "b"), changes="x" * 301), "at most 300"),
    ],
)
async def test_a_version_that_people_could_not_answer_is_refused(
    garden: Gathering, version: Worded, says: str
) -> None:
    async with garden.db.write() as conn:
        with pytest.raises(Complaint, match=says):
            await drafting.keep(
                conn, asked(garden, versions={("cy", "plain"): version}), ids=garden.ids, now=NOW
            )


async def test_the_turnout_is_told_by_channel_with_who_has_not_voted(garden: Gathering) -> None:
    ann, bob = await garden.join("sms", name="Ann"), await garden.join("voice", name="Bob")
    cy = await garden.join("sms", name="Cy")
    await garden.join("sms", name="Practice", practice=True)
    poll = await opened(garden)
    await vote(garden, poll, ann)
    await vote(garden, poll, bob, channel="voice")
    found = await seen(garden, poll)
    assert (found.voted, found.eligible, found.by) == (2, 3, (("sms", 1), ("voice", 1)))
    assert (found.waiting, found.names) == (1, ("Cy",))
    await vote(garden, poll, cy)
    assert (await seen(garden, poll)).names == ()


async def test_who_voted_in_secret_is_not_told_before_five_have(garden: Gathering) -> None:
    people = [await garden.join("sms", name=f"Member {n}") for n in range(6)]
    poll = await opened(garden, secret=True)
    await vote(garden, poll, *people[:4])
    few = await seen(garden, poll)
    assert (few.voted, few.by, few.names, few.waiting, few.kept_back) == (4, None, (), 2, True)
    await vote(garden, poll, people[4])
    assert (await seen(garden, poll)).names == ("Member 5",)


async def test_who_has_not_voted_is_reminded_once(garden: Gathering) -> None:
    ann, bob, cy = [await garden.join("sms") for _ in range(3)]
    poll = await opened(garden)
    async with garden.db.write() as conn:
        with pytest.raises(Complaint, match="still going out"):
            await polls.remind(conn, garden.home.id, poll, ids=garden.ids, now=garden.now)
    await garden.tick()
    await garden.change(outbox, outbox.c.member_id != cy, state="delivered")
    await garden.change(reached, reached.c.member_id != cy, state="delivered")
    await vote(garden, poll, ann)
    async with garden.db.write() as conn:
        await polls.remind(conn, garden.home.id, poll, ids=garden.ids, now=garden.now)
        with pytest.raises(Complaint, match="already"):
            await polls.remind(conn, garden.home.id, poll, ids=garden.ids, now=garden.now)
    await garden.tick()
    again = outbox.c.dedupe_key.contains(":again:")
    assert await garden.count(outbox, again, outbox.c.member_id == bob) == 1
    assert await garden.count(outbox, again) == 1  # Cy hears of the vote itself only now


async def test_polls_are_listed_a_page_at_a_time_the_newest_first(
    garden: Gathering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turnout, "PAGE", 2)
    made = []
    for _ in range(3):
        garden.later(minutes=1)
        made.append(await opened(garden))
    async with garden.db.read() as conn:
        first, older = await turnout.listed(conn, garden.home.id, garden.now)
        rest, end = await turnout.listed(conn, garden.home.id, garden.now, older)
        assert ([one.id for one in (*first, *rest)], end) == (made[::-1], "")
        assert await turnout.listed(conn, "another", garden.now) == ([], "")
        assert await turnout.turnout(conn, "another", made[0], garden.now) is None


async def test_everybody_is_asked_in_their_own_words_and_told_where_there_are_none(garden: Gathering) -> None:
    welsh = await garden.join("sms", language="cy")
    easy = await garden.join("telegram", form="easy")
    plain = await garden.join("sms")
    await opened(garden, changes="the day", decides="all of us", versions=WELSH)
    await garden.tick()
    said = {member: body.say for member, (_, body) in (await garden.sent("poll")).items()}
    asked = {
        member: [one.label for one in say.question.options] for member, say in said.items() if say.question
    }
    assert asked == {welsh: ["Llyfrgell", "Caffi"], easy: ["Library", "Café"], plain: ["Library", "Café"]}
    assert "Ble?" in said[welsh].text and "popeth" in said[welsh].text
    assert "What this vote will change: the day.\nWho decides: all of us." in said[plain].text
    assert ["easy version" in said[member].text for member in (easy, plain, welsh)] == [True, False, False]
