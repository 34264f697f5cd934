"""Polls as members and facilitators meet them: opened, sent, counted, closed, forgotten where secret."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from flows.state import Answer, Conversation, Frame
from storage.database import Database
from storage.members.groups import Complaint
from storage.sessions.drafting import NewPoll
from storage.sessions.polls import Tally, close_poll, open_poll, tally
from storage.tables import (
    ballots,
    contributions,
    conversations,
    events,
    outbox,
    polls,
    reached,
    reaches,
    sendings,
    voted,
)
from storage.turning.states import packed, unpacked
from tests.gatherings import NOW, Gathering


async def opened(garden: Gathering, **asked: Any) -> str:
    options = asked.pop("options", ("Library", "Café"))
    new = NewPoll(group=garden.home.id, question="Where shall we meet?", options=options, **asked)
    async with garden.db.write() as conn:
        return await open_poll(conn, new, ids=garden.ids, now=garden.now)


async def vote(garden: Gathering, poll: str, member: str, *keys: str) -> None:
    async with garden.db.write() as conn:
        row = {"poll_id": poll, "member_id": member, "choices": list(keys), "at": garden.now}
        await conn.execute(sa.insert(ballots).values(row))


async def standing(garden: Gathering, poll: str, *, practice: bool = False) -> Tally:
    async with garden.db.read() as conn:
        found = await tally(conn, poll, now=garden.now, practice=practice)
    assert found is not None
    return found


async def closed(garden: Gathering, poll: str) -> Tally:
    async with garden.db.write() as conn:
        assert await close_poll(conn, poll, ids=garden.ids, now=garden.now)
    return await standing(garden, poll)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["Library"], "at least two"),
        (["Library", "library "], "alike"),
        (["Library", "Library."], "alike"),
        (["Library", " "], "no words"),
        (["Yes", "No"], "YES"),
        (["Go on", "Stop"], "STOP"),
        ([str(n) for n in range(21)], "20 options at most"),
        (["Library", "x" * 201], "longer than"),
    ],
)
async def test_options_that_people_could_not_answer_are_refused(
    garden: Gathering, options: list[str], says: str
) -> None:
    with pytest.raises(Complaint, match=says):
        await opened(garden, options=options)
    assert await garden.count(polls) == 0


async def test_a_poll_that_would_close_in_the_past_is_refused(garden: Gathering) -> None:
    with pytest.raises(Complaint, match="past"):
        await opened(garden, closes_at=NOW - timedelta(minutes=1))


async def test_every_member_is_asked_once_by_the_way_they_like_best(garden: Gathering) -> None:
    texter, caller = await garden.join("sms", "voice"), await garden.join("voice", "sms")
    staff = await garden.join("telegram", permission="facilitator")
    poll = await opened(garden)
    await garden.tick()
    await garden.tick()
    asked = await garden.sent("poll")
    assert {member: channel for member, (channel, _) in asked.items()} == {texter: "sms", caller: "voice"}
    assert staff not in asked
    body = asked[texter][1]
    assert body.say.question and body.say.question.id == poll
    assert [option.label for option in body.say.question.options] == ["Library", "Café"]
    assert body.announce and "text VOTE" in body.announce.text


async def test_staff_are_asked_and_counted_only_where_the_poll_says_so(garden: Gathering) -> None:
    await garden.join("sms")
    staff = await garden.join("telegram", permission="facilitator")
    poll = await opened(garden, staff=True)
    await garden.tick()
    assert staff in await garden.sent("poll")
    assert (await standing(garden, poll)).eligible == 2


async def test_while_a_poll_is_open_only_the_turnout_is_known(garden: Gathering) -> None:
    member, _ = await garden.join("sms"), await garden.join("sms")
    poll = await opened(garden)
    await vote(garden, poll, member, "1")
    now = await standing(garden, poll)
    assert (now.counts, now.voted, now.eligible, now.lines) == (None, 1, 2, ())


async def test_closing_counts_and_tells_everybody(garden: Gathering) -> None:
    people = [await garden.join("sms"), await garden.join("telegram"), await garden.join("voice")]
    staff = await garden.join("sms", permission="facilitator")
    poll = await opened(garden)
    for member, key in zip(people, "112", strict=True):
        await vote(garden, poll, member, key)
    result = await closed(garden, poll)
    assert (result.counts, result.voted, result.eligible) == ({"1": 2, "2": 1}, 3, 3)
    await garden.tick()
    told = await garden.sent("result")
    assert told.keys() == {*people, staff}
    assert all("Library: 2 votes, 67%" in body.say.text for _, body in told.values())
    assert all("3 of 3 people voted" in body.say.text for _, body in told.values())


async def test_only_telegram_gets_the_bars(garden: Gathering) -> None:
    texter, chatter = await garden.join("sms"), await garden.join("telegram")
    poll = await opened(garden)
    await vote(garden, poll, texter, "1")
    await closed(garden, poll)
    await garden.tick()
    told = await garden.sent("result")
    assert told[texter][1].say.shown == ()
    (picture,) = told[chatter][1].say.shown
    assert picture.type == "image/png"
    assert garden.files.kept[0].startswith(b"\x89PNG")


async def test_17_a_poll_closes_by_itself_when_its_time_is_over(garden: Gathering) -> None:
    poll = await opened(garden, closes_at=NOW + timedelta(hours=1))
    garden.later(minutes=59)
    await garden.tick()
    assert (await standing(garden, poll)).state == "open"
    garden.later(minutes=1)
    await garden.tick()
    await garden.tick()
    assert (await standing(garden, poll)).state == "closed"
    assert await garden.count(sendings, sendings.c.kind == "result") == 1


async def test_17_a_poll_whose_time_was_over_while_nothing_ran_closes_as_soon_as_it_does(
    garden: Gathering,
) -> None:
    poll = await opened(garden, closes_at=NOW + timedelta(hours=1))
    garden.later(minutes=3 * 24 * 60)
    await garden.tick()
    assert (await standing(garden, poll)).state == "closed"


async def test_a_poll_closed_before_it_went_out_is_not_asked_any_more(garden: Gathering) -> None:
    await garden.join("sms")
    poll = await opened(garden)
    await closed(garden, poll)
    await garden.tick()
    assert await garden.sent("poll") == {}
    assert len(await garden.sent("result")) == 1


async def test_closing_twice_does_nothing_the_second_time(garden: Gathering) -> None:
    poll = await opened(garden)
    await closed(garden, poll)
    async with garden.db.write() as conn:
        assert not await close_poll(conn, poll, ids=garden.ids, now=garden.now)


@pytest.mark.parametrize(
    ("joined", "left", "counts"),
    [(-10, None, 1), (30, None, 1), (90, None, 0), (-10, 30, 1), (-10, -5, 0)],
)
async def test_whoever_was_a_member_while_it_was_open_could_vote(
    garden: Gathering, joined: int, left: int | None, counts: int
) -> None:
    left_at = None if left is None else NOW + timedelta(minutes=left)
    state = "active" if left is None else "left"
    await garden.join("sms", joined_at=NOW + timedelta(minutes=joined), left_at=left_at, state=state)
    poll = await opened(garden)
    garden.later(minutes=60)
    assert (await closed(garden, poll)).eligible == counts


async def test_practice_votes_count_only_when_asked_for(garden: Gathering) -> None:
    real, practising = await garden.join("sms"), await garden.join("sms", practice=True)
    poll = await opened(garden)
    await vote(garden, poll, real, "1")
    await vote(garden, poll, practising, "2")
    assert (await closed(garden, poll)).counts == {"1": 1, "2": 0}
    assert (await standing(garden, poll, practice=True)).counts == {"1": 1, "2": 1}


async def test_in_a_practice_group_everybody_counts(db: Database) -> None:
    garden = await Gathering(db).found(practice=True)
    poll = await opened(garden)
    await vote(garden, poll, await garden.join("sms", practice=True), "2")
    assert (await closed(garden, poll)).counts == {"1": 0, "2": 1}


async def secret_poll(garden: Gathering, voters: int) -> tuple[str, list[str]]:
    people = [await garden.join("sms") for _ in range(voters)]
    poll = await opened(garden, secret=True)
    for member in people:
        await vote(garden, poll, member, "1")
    return poll, people


async def test_a_closed_secret_poll_knows_who_voted_and_nothing_of_what_they_chose(garden: Gathering) -> None:
    poll, people = await secret_poll(garden, 5)
    await leave_traces(garden, poll, people[0])
    assert (await closed(garden, poll)).counts == {"1": 5, "2": 0}
    assert await garden.count(ballots) == 0
    assert await garden.count(voted, voted.c.poll_id == poll) == 5
    assert await garden.count(events, events.c.body.is_not(None)) == 0
    assert await garden.count(outbox, outbox.c["class"] == "answer", outbox.c.body.is_not(None)) == 0
    async with garden.db.read() as conn:
        answers = await conn.scalar(sa.select(contributions.c.answers))
        talk = unpacked(await conn.scalar(sa.select(conversations.c.state)) or "")
    assert answers == {"comment": {"text": "It is warm."}}
    assert talk.frames[0].answers == {"comment": Answer(text="It is warm.")}


async def leave_traces(garden: Gathering, poll: str, member: str) -> None:
    """What a ballot with a comment leaves behind: an event, an answer, a contribution, a conversation."""
    said = {"ballot": Answer(text="Library", keys=("1",)), "comment": Answer(text="It is warm.")}
    talk = Conversation(frames=(Frame(id="f", flow="vote", version="v", poll=poll, answers=said),))
    kept = {"ballot": {"keys": ["1"]}, "comment": {"text": "It is warm."}}
    now, group = garden.now, garden.home.id
    event = {"id": "e", "channel": "sms", "guard": b"g" * 32, "kind": "words", "body": "1", "at": now}
    answer = {
        "id": "o",
        "channel": "sms",
        "lane": "sms",
        "class": "answer",
        "dedupe_key": "o",
        "body": "Library",
        "state": "sent",
    }
    async with garden.db.write() as conn:
        line = await conn.scalar(sa.text("SELECT line_id FROM reaches LIMIT 1"))
        gift = {"id": "c", "group_id": group, "flow": "vote", "poll_id": poll, "at": now, "answers": kept}
        await conn.execute(sa.insert(contributions).values(gift))
        await conn.execute(sa.insert(events).values(event | {"member_id": member, "contribution_id": "c"}))
        times = {"not_before": now, "created_at": now}
        await conn.execute(sa.insert(outbox).values(answer | times | {"line_id": line, "member_id": member}))
        row = {"owner": member, "member_id": member, "state": packed(talk), "updated_at": now}
        await conn.execute(sa.insert(conversations).values(row))


async def test_of_a_secret_poll_with_few_voters_only_the_outcome_is_told(garden: Gathering) -> None:
    poll, people = await secret_poll(garden, 4)
    result = await closed(garden, poll)
    assert (result.counts, result.lines, result.voted) == (None, (), 4)
    assert "Library won" in result.sentence
    await garden.tick()
    told = await garden.sent("result")
    assert told[people[0]][1].say.shown == ()


async def test_practising_does_not_give_a_small_secret_vote_away(garden: Gathering) -> None:
    poll, _ = await secret_poll(garden, 4)
    for _ in range(3):
        await vote(garden, poll, await garden.join("sms", practice=True), "2")
    await closed(garden, poll)
    assert (await standing(garden, poll, practice=True)).counts is None


async def test_somebody_we_may_not_write_to_first_is_listed_as_not_reachable(garden: Gathering) -> None:
    await garden.join()
    await garden.join("sms", state="stopped")
    await garden.join("sms", state="paused")
    await garden.join("sms", never_first=True)
    await garden.join("voice", never_ring=True)
    unasked = await garden.join("voice")
    await garden.change(reaches, reaches.c.member_id == unasked, may_start=False)
    await opened(garden)
    await garden.tick()
    assert await garden.sent("poll") == {}
    assert await garden.count(reached, reached.c.state == "not reachable") == 6
