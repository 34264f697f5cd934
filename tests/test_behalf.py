"""What somebody enters for a member: whose it is, who may, and that the member hears of it themselves."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
import sqlalchemy as sa

from storage.door import wordings
from storage.given import behalf
from storage.given.behalf import Words
from storage.ids import Ids
from storage.members import people
from storage.members.groups import Complaint
from storage.members.people import Listed, add_facilitator
from storage.running.clearing import clear
from storage.sessions import polls
from storage.sessions.drafting import NewPoll
from storage.tables import audit, ballots, contributions, given, members, reaches, supporters
from storage.turning.views import changed
from tests.erased import gone
from tests.world import ADA, BEN, World


async def _garden(world: World) -> str:
    """A group that Sam runs and Ada has joined by text; its id."""
    home = await world.group(hours="0-24")
    async with world.app.db.write() as conn:
        await add_facilitator(conn, id="sam", group=home.id, name="Sam", now=world.clock())
    await world.joined(ADA)
    return home.id


async def _member(world: World, name: str = "Ada") -> Listed:
    async with world.app.db.read() as conn:
        [row] = (
            await conn.execute(sa.text("SELECT id FROM members WHERE name = :name"), {"name": name})
        ).all()
        return await people.find_member(conn, row.id, world.app.secrets)


async def _enter(world: World, words: str, by: str = "Sam", *, for_: str = "Ada") -> str:
    member, now = await _member(world, for_), world.clock()
    async with world.app.db.write() as conn:
        who = await behalf.who_enters(conn, member, by, world.app.secrets, purpose="words", now=now)
        said = Words(flow="thought", text=words)
        return await behalf.contribute(conn, member, said, who, ids=world.app.ids, now=now)


async def _vote(world: World, poll: str, *chosen: str, by: str = "Sam") -> Sequence[str]:
    member, now = await _member(world), world.clock()
    async with world.app.db.write() as conn:
        who = await behalf.who_enters(conn, member, by, world.app.secrets, purpose="votes", now=now)
        return await behalf.vote(conn, member, poll, chosen, who, ids=world.app.ids, now=now)


async def _poll(world: World, group: str) -> str:
    asked = NewPoll(group=group, question="Where shall we meet?", options=["Library", "Café"])
    async with world.app.db.write() as conn:
        return await polls.open_poll(conn, asked, ids=Ids(world.clock), now=world.clock())


async def test_what_was_entered_is_the_members_and_is_read_back_once(world: World) -> None:
    await _garden(world)
    gift = await _enter(world, "The bus stop has no seat")
    read, answer = (await world.texts(ADA, "menu"))[0], await world.twilio.next_text(ADA, after=4)
    assert "Sam wrote this down for you" in read and "The bus stop has no seat" in read
    assert "What would you like to do?" in answer
    assert "Sam wrote" not in (await world.texts(ADA, "menu"))[0]
    kept = sa.select(contributions.c.helped, given.c.member_id).join(given)
    async with world.app.db.read() as conn:
        [(helped, giver)] = (await conn.execute(kept.where(contributions.c.id == gift))).all()
    assert (helped, giver) == (True, (await _member(world)).id)


async def test_it_is_read_back_once_to_whoever_agrees_to_new_words_first(world: World) -> None:
    group = await _garden(world)
    async with world.app.db.write() as conn:
        words = {"en": "We keep it for ten years."}
        await wordings.put(conn, group, "join", version="v2", text=words, more={}, now=world.clock())
        await changed(conn, [group])
    await _enter(world, "The bus stop has no seat")
    await world.texts(ADA, "menu", "1", "menu")
    assert sum("no seat" in sent for sent in world.twilio.sent_to(ADA)) == 1


async def test_the_member_can_take_it_back_at_once(world: World) -> None:
    await _garden(world)
    gift = await _enter(world, "Something I never said")
    await world.texts(ADA, "thanks")
    await world.texts(ADA, "undo")
    assert (await world.rows("SELECT text FROM contributions WHERE id = :id", id=gift))[0].text == ""


async def test_it_is_read_back_on_the_phone_too_and_can_be_taken_back_by_key(world: World) -> None:
    await _garden(world)
    await _enter(world, "The bus stop has no seat")
    async with world.app.db.write() as conn:  # they have rung before and said who they are
        await conn.execute(sa.update(reaches).values(proved_at=world.clock()))
    call = await world.twilio.ring(ADA)
    assert "Sam wrote this down for you" in call.said
    assert "press zero and take it back" in call.said


async def test_nothing_is_read_back_to_a_phone_that_others_use(world: World) -> None:
    await _garden(world)
    await _enter(world, "I am worried about my tablets")
    async with world.app.db.read() as conn:
        line = await conn.scalar(sa.select(reaches.c.line_id).limit(1))
    other = {"id": "r", "member_id": "sam", "line_id": line, "channel": "sms"}
    async with world.app.db.write() as conn:
        await conn.execute(reaches.insert().values(**other))
    assert "tablets" not in " ".join(await world.texts(ADA, "menu"))


async def test_34_who_never_wants_their_name_has_it_beside_nothing_that_was_entered(world: World) -> None:
    await _garden(world)
    await _enter(world, "The cook is kind")
    async with world.app.db.write() as conn:
        await conn.execute(sa.update(members).where(members.c.id != "sam").values(never_named=True))
    gift = await _enter(world, "The cook shouts")
    (row,) = await world.rows(
        "SELECT unnamed, channel, shown_name FROM contributions WHERE id = :id", id=gift
    )
    assert tuple(row) == (True, None, "")
    assert len(await world.rows("SELECT id FROM contributions WHERE shown_name = 'Ada'")) == 1
    assert "The cook shouts" in " ".join(await world.texts(ADA, "my things"))


async def test_a_ballot_entered_counts_until_the_member_votes_themselves(world: World) -> None:
    poll = await _poll(world, await _garden(world))
    assert await _vote(world, poll, "library") == ("Library",)
    assert await _vote(world, poll, "2") == ("Café",)
    read = (await world.texts(ADA, "menu"))[0]
    assert "Sam sent us your vote: Café. (" in read and read.count("Sam sent") == 1
    await world.texts(ADA, "vote", "1")
    async with world.app.db.read() as conn:
        assert (await conn.scalars(sa.select(ballots.c.choices))).all() == [["1"]]


async def test_a_supporter_may_do_what_they_were_named_for_and_no_more(world: World) -> None:
    poll = await _poll(world, await _garden(world))
    row = {"id": "s", "member_id": (await _member(world)).id, "name": "Joan", "purposes": ["words"]}
    until = {"until": world.clock() + timedelta(days=30)}
    async with world.app.db.write() as conn:
        await conn.execute(supporters.insert().values(**row, **until))
    assert await _enter(world, "We need a bench", "joan")
    with pytest.raises(Complaint, match="named for it"):
        await _vote(world, poll, "Library", by="Joan")
    world.clock.forward(timedelta(days=31))
    with pytest.raises(Complaint, match="named for it"):
        await _enter(world, "Too late", "Joan")


async def test_nobody_else_enters_anything(world: World) -> None:
    await _garden(world)
    await world.group("POND", name="Pond")
    await world.joined(BEN, code="POND", name="Ben")
    for by, for_ in (("Ada", "Ada"), ("Sam", "Ben"), ("", "Ada")):
        with pytest.raises(Complaint, match="neither one of the group's facilitators"):
            await _enter(world, "Not mine to say", by, for_=for_)
    assert await world.count("contributions") == 0


@pytest.mark.parametrize(
    ("chosen", "complaint"),
    [
        (("Town hall",), "no option here. The options are: Library, Café"),
        (("1", "2"), "Choose one option"),
        ((), "Choose one option"),
    ],
)
async def test_a_ballot_that_is_none_is_refused(world: World, chosen: Sequence[str], complaint: str) -> None:
    poll = await _poll(world, await _garden(world))
    with pytest.raises(Complaint, match=complaint):
        await _vote(world, poll, *chosen)
    assert await world.count("ballots") == 0


async def test_the_trail_says_that_it_was_entered_and_not_what(world: World) -> None:
    await _garden(world)
    await _enter(world, "The bus stop has no seat")
    async with world.app.db.read() as conn:
        rows = (await conn.execute(sa.select(audit))).mappings().all()
    entered = [dict(row) for row in rows if row["did"] == "contribution entered"]
    assert [(row["who"], row["subject"]) for row in entered] == [("sam", (await _member(world)).id)]
    assert "bus stop" not in str(entered)


JOAN = "+447700900777"


async def _named(world: World, *, votes: bool) -> str:
    """Ada names Joan by text; the code for Joan's phone."""
    await world.texts(ADA, "supporter", "1", "Joan", "2" if votes else "1")
    said = (await world.texts(ADA, "2"))[0]
    return said.partition("this code: ")[2][:9]


async def test_a_supporter_sends_from_their_own_phone_and_only_the_member_hears_what(world: World) -> None:
    await _garden(world)
    code = await _named(world, votes=False)
    ready, asked, kept = await world.texts(JOAN, code, "The lift is broken and I am stuck at home", "1")
    assert "what Ada says or writes" in ready and "keep that as Ada's own words" in asked
    assert "kept as Ada's own. Sam can read it." in kept
    assert "Joan wrote this down for you" in (await world.texts(ADA, "menu"))[0]
    async with world.app.db.read() as conn:
        rows = (await conn.execute(sa.select(contributions, given.c.member_id).join(given))).all()
    assert [(row.text, row.helped, row.shown_name) for row in rows] == [
        ("The lift is broken and I am stuck at home", True, "Ada")
    ]
    assert rows[0].member_id == (await _member(world)).id
    bodies = await world.rows("SELECT body FROM events WHERE body LIKE '%lift is broken%'")
    assert bodies == []  # the event would name nobody whose words these are


async def test_a_supporter_votes_only_where_named_for_it(world: World) -> None:
    await _poll(world, await _garden(world))
    await world.twilio.next_text(ADA, after=3)
    await world.texts(JOAN, await _named(world, votes=True))
    asked = await world.texts(JOAN, "for somebody", "2", "2")
    assert "What does Ada choose?" in asked[1] and "Ada's vote is counted: Café" in asked[2]
    await world.texts(ADA, "alone")
    assert "not named" in (await world.texts(JOAN, "for somebody"))[0]
    async with world.app.db.read() as conn:
        assert (await conn.scalars(sa.select(ballots.c.choices))).all() == [["2"]]


@pytest.mark.parametrize(
    ("in_time", "supporter_hears", "member_hears"),
    [(True, "Ada's vote is counted", "it was counted"), (False, "vote came too late", "it was not counted")],
)
async def test_a_vote_that_was_sent_in_is_told_of_when_it_has_closed(
    world: World, in_time: bool, supporter_hears: str, member_hears: str
) -> None:
    await _poll(world, await _garden(world))
    await world.twilio.next_text(ADA, after=3)
    await world.texts(JOAN, await _named(world, votes=True), "for somebody", "2")
    week = timedelta(days=7)
    world.clock.forward(timedelta(0) if in_time else week)
    assert supporter_hears in (await world.texts(JOAN, "2"))[0]
    world.clock.forward(week)
    assert member_hears in " ".join(await world.texts(ADA, "menu", "menu"))


async def test_whoever_runs_the_group_is_told_where_they_have_no_vote(world: World) -> None:
    poll = await _poll(world, await _garden(world))
    asked = await world.twilio.next_text(ADA, after=3)
    async with world.app.db.write() as conn:
        await conn.execute(sa.update(members).values(permission="facilitator"))
        await changed(conn, [(await _member(world)).group])
    assert "Library" in asked
    assert "for members only" in (await world.texts(ADA, "2"))[0]
    assert await world.rows("SELECT 1 FROM ballots WHERE poll_id = :id", id=poll) == []


async def test_a_supporters_phone_learns_nothing_and_a_code_works_once(world: World) -> None:
    await _garden(world)
    await world.texts(ADA, "thought", "My private worry", "1")
    code = await _named(world, votes=False)
    said = await world.texts(JOAN, code, "my things", "2", "my data", "2", "menu")
    assert "worry" not in " ".join(said)
    assert "can't find anything" in (await world.texts(BEN, code))[0]
    assert "can't find anything" in (await world.texts(BEN, "111222333"))[0]


async def test_a_supporter_who_is_silent_for_months_can_still_send_things(world: World) -> None:
    await _garden(world)
    await world.texts(JOAN, await _named(world, votes=False))
    await clear(world.app.db, world.clock() + timedelta(days=40))
    _, kept = await world.texts(JOAN, "The lift is broken and I am stuck at home", "1")
    assert "kept as Ada's own" in kept


async def test_nothing_that_names_the_member_is_left_on_the_phone_of_who_was_a_supporter(
    world: World,
) -> None:
    await _garden(world)
    await world.texts(JOAN, await _named(world, votes=False), "The lift is broken and I am stuck", "1")
    call = await world.twilio.ring(JOAN)
    assert "what Ada told you" in call.said
    await call.hang_up()
    await world.texts(ADA, "alone")
    await world.app.remover.once()
    await world.met(lambda: call.sid in world.twilio.removed)
    await gone(world)
    there = [text for text in world.twilio.texts if text.sid not in world.twilio.removed]
    assert [text.body for text in there if JOAN in (text.to, text.from_)] == []
    assert await world.rows("SELECT 1 FROM call_steps WHERE answer LIKE '%Ada%'") == []
    assert await world.rows("SELECT 1 FROM outbox WHERE body LIKE '%Ada says%'") == []
