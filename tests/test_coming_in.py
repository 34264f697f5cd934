"""Coming into a group, agreeing to what is kept, and a membership's end, in the running service."""

import asyncio
import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from flows.events import Say
from storage import tables
from storage.door import consenting, inviting, letting_in, wordings
from storage.door.letting_in import Tools
from storage.keeping import exports
from storage.members import groups, people
from storage.members.groups import Complaint
from storage.members.people import Listed
from storage.turning import views
from tests.world import ADA, BEN, World

UNKNOWN = "I don't know that code"


async def settle(world: World, **rules: str) -> str:
    """The Garden Group with these rules; its id."""
    home = await world.group()
    async with world.app.db.write() as conn:
        await groups.settle(conn, home.id, rules)
    return home.id


async def invited(world: World, group: str, name: str = "") -> str:
    async with world.app.db.write() as conn:
        made = await inviting.invite(
            conn, world.app.secrets, ids=world.app.ids, group=group, name=name, now=world.clock()
        )
    return made[1]


async def member(world: World, name: str) -> Listed:
    (row,) = await world.rows("SELECT id FROM members WHERE name = :name", name=name)
    async with world.app.db.read() as conn:
        return await people.find_member(conn, row.id, world.app.secrets)


def tools(world: World, by: str = "operator") -> Tools:
    return Tools(by=by, channels=("sms",), ids=world.app.ids, now=world.clock())


async def staff(world: World, group: str, name: str) -> str:
    async with world.app.db.write() as conn:
        id_ = world.app.ids()
        await people.add_facilitator(conn, id=id_, group=group, name=name, now=world.clock())
    return id_


async def test_an_invitation_lets_one_person_in_once(world: World) -> None:
    code = await invited(world, await settle(world, door="invitation"), "Ada")
    said = await world.texts(ADA, f"JOIN {code}", "1", "1")
    assert "Shall I call you Ada?" in said[1]
    assert "Welcome, Ada" in said[2]
    assert UNKNOWN in (await world.texts(BEN, f"JOIN {code}"))[0]
    assert (await world.rows("SELECT name FROM invitations"))[0].name == ""


async def test_two_who_come_with_one_invitation_are_not_both_let_in(world: World) -> None:
    code = await invited(world, await settle(world, door="invitation"))
    for number in (ADA, BEN):
        await world.texts(number, f"JOIN {code}", "1")
    assert "You are in" in (await world.texts(ADA, "Ada"))[0]
    assert "has used that code already" in (await world.texts(BEN, "Ben"))[0]
    assert await world.count("members") == 1


async def test_a_group_by_invitation_is_to_strangers_as_if_it_were_not_there(world: World) -> None:
    await settle(world, door="invitation")
    await world.group("OAK", name="Oak Group")
    await world.joined(BEN, code="OAK", name="Ben")
    closed, unknown = await world.texts(ADA, "JOIN GARDEN", "JOIN NOWHERE")
    assert closed == unknown
    assert UNKNOWN in closed
    closed, _, unknown = await world.texts(BEN, "JOIN GARDEN", "MENU", "JOIN NOWHERE")
    assert closed == unknown  # also to a member of another group


async def test_wrong_codes_count_even_when_they_come_all_at_once(world: World) -> None:
    code = await invited(world, await settle(world, door="invitation"))
    await asyncio.gather(*(world.twilio.text(ADA, f"JOIN {n}0000000") for n in range(1, 9)))
    await world.met(lambda: len(world.twilio.sent_to(ADA)) == 8)
    assert await world.count("guesses") == 5
    assert "wait an hour" in (await world.texts(ADA, f"JOIN {code}"))[0]
    assert "Would you like to join?" in (await world.texts(BEN, f"JOIN {code}"))[0]


async def test_after_five_wrong_codes_not_even_the_code_of_an_open_group_opens(world: World) -> None:
    await settle(world, door="open")
    await world.group("OAK", name="Oak Group")
    wrong = await world.texts(ADA, *(f"JOIN GARDEM{n}" for n in range(5)))
    assert all(UNKNOWN in one for one in wrong)
    assert "wait an hour" in (await world.texts(ADA, "JOIN GARDEN"))[0]
    assert "Would you like to join?" in (await world.texts(BEN, "JOIN GARDEN"))[0]
    world.clock.forward(timedelta(minutes=61))
    assert "Would you like to join?" in (await world.texts(ADA, "JOIN GARDEN"))[0]


async def test_a_code_is_stored_only_as_a_hash(world: World) -> None:
    code = await invited(world, await settle(world))
    (row,) = await world.rows("SELECT * FROM invitations")
    assert not [value for value in row if code in str(value)]


async def test_who_asks_to_join_is_welcomed_once_a_person_lets_them_in(world: World) -> None:
    await settle(world, door="approval")
    said = await world.texts(ADA, "JOIN GARDEN", "1", "Ada", "I live next to Ben.", "START", "diary")
    assert "A person lets people into Garden Group" in said[2]
    assert "can read that" in said[3]
    listed = await world.rows("SELECT kind FROM matters ORDER BY kind")
    assert [row.kind for row in listed] == ["asks in", "passed on"]
    found = await member(world, "Ada")
    assert found.state == "waiting"
    had = len(world.twilio.sent_to(ADA))
    async with world.app.db.write() as conn:
        await letting_in.approve(conn, found, Say(text="You are in."), tools(world))
    world.app.lanes.wake()
    assert "You are in." in await world.twilio.next_text(ADA, after=had)
    assert (await member(world, "Ada")).state == "active"


async def test_who_is_refused_is_told_and_nothing_of_theirs_stays(world: World) -> None:
    await settle(world, door="approval")
    await world.texts(ADA, "JOIN GARDEN", "1", "Ada", "I live next to Ben.")
    had = len(world.twilio.sent_to(ADA))
    async with world.app.db.write() as conn:
        await letting_in.refuse(conn, await member(world, "Ada"), Say(text="Sorry."), tools(world))
    world.app.lanes.wake()
    assert "Sorry." in await world.twilio.next_text(ADA, after=had)
    assert [await world.count(table) for table in ("members", "matters", "consents")] == [0, 0, 0]


async def test_staff_are_told_once_that_somebody_asks_to_join(world: World) -> None:
    group = await settle(world, door="approval")
    await world.joined(BEN, code="GARDEN", name="Ben")
    sam = await member(world, "Ben")
    async with world.app.db.write() as conn:
        await letting_in.approve(conn, sam, Say(text="You are in."), tools(world))
        await people.appoint(conn, group, sam.id, world.app.secrets)
    await world.texts(ADA, "JOIN GARDEN", "1", "Ada")
    for _ in range(2):
        await world.app.rounds.once()
    told = await world.rows("SELECT member_id FROM outbox WHERE kind = 'asks in'")
    assert [row.member_id for row in told] == [sam.id]


async def test_when_the_wording_changes_nothing_new_is_used_until_they_agree(world: World) -> None:
    group = await settle(world)
    await world.joined(ADA)
    async with world.app.db.write() as conn:
        words = {"en": "We keep all you say for ten years."}
        await wordings.put(conn, group, "join", version="v2", text=words, more={}, now=world.clock())
        await views.changed(conn, [group])
    said = await world.texts(ADA, "The bus was late again today.")
    assert "ten years" in said[0]
    assert await world.count("contributions") == 0
    said = await world.texts(ADA, "1", "1")
    assert "What shall I do with that?" in said[0]
    (kept,) = await world.rows("SELECT text FROM contributions")
    assert kept.text == "The bus was late again today."
    consents = await world.rows("SELECT purpose, wording, form, channel FROM consents ORDER BY at")
    assert [tuple(row) for row in consents][1] == ("join", "v2", "plain", "sms")


async def test_words_that_say_the_same_ask_nobody_again(world: World) -> None:
    group = await settle(world)
    await world.joined(ADA)
    house, words = world.app.flows.agreements["join"], {"en": "We keep all you say."}
    async with world.app.db.write() as conn:
        await consenting.stands_for(conn, group, "join", house, "v2")
        await wordings.put(conn, group, "join", version="v2", text=words, more={}, now=world.clock())
        await views.changed(conn, [group])
        assert await consenting.counted(conn, group, "join", "v2") == (1, 0)
    assert "What shall I do with that?" in (await world.texts(ADA, "The bus was late again today."))[0]


async def test_what_is_taken_back_from_outside_is_for_the_group_alone(world: World) -> None:
    group = await settle(world)
    await world.joined(ADA)
    async with world.app.db.write() as conn:
        agreed = {"agreed": json.dumps(dict(world.app.flows.agreements))}
        await conn.execute(sa.text("UPDATE members SET agreed = :agreed"), agreed)
    await world.texts(ADA, "thought", "The ramp is steep.", "2")
    async with world.app.db.write() as conn:
        await conn.execute(sa.text("UPDATE contributions SET audience = 'outside'"))
        ada = await conn.scalar(sa.text("SELECT id FROM members WHERE name = 'Ada'"))
        row = {"id": "x", "group_id": group, "by_id": ada, "purpose": "A poster", "reach": "outside"}
        await conn.execute(tables.exports.insert().values(**row, state="ready", asked_at=world.clock()))
    await world.texts(ADA, "who", "2")
    assert (await world.rows("SELECT audience FROM contributions"))[0].audience == "group"
    assert (await world.rows("SELECT sentence FROM exports"))[0].sentence == exports.VOID


async def test_ending_a_membership_takes_two_people_and_says_why(world: World) -> None:
    group = await settle(world)
    await world.joined(ADA)
    ann, bo = await staff(world, group, "Ann"), await staff(world, group, "Bo")
    ada, why = await member(world, "Ada"), "She shared what others said."
    had = len(world.twilio.sent_to(ADA))
    async with world.app.db.write() as conn:
        assert not await letting_in.propose_end(conn, ada, why, tools(world, ann))
        assert not await letting_in.propose_end(conn, ada, why, tools(world, ann))  # still one person
        assert await letting_in.propose_end(conn, ada, why, tools(world, bo))
        await letting_in.end(conn, ada, Say(text="It has ended. Ask Bo."), why, tools(world, bo))
    world.app.lanes.wake()
    assert "Ask Bo" in await world.twilio.next_text(ADA, after=had)
    said = await world.texts(ADA, "JOIN GARDEN", "1", "Ada")
    assert "A person lets people into" in said[2]  # who was asked to go does not simply come back


async def test_the_last_word_comes_in_the_hours_of_the_group(world: World) -> None:
    await settle(world)
    await world.joined(ADA)
    had = len(world.twilio.sent_to(ADA))
    async with world.app.db.write() as conn:
        await conn.execute(sa.text("UPDATE groups SET hours = '0-24'"))
        world.clock.forward(timedelta(hours=13))  # late in the evening
        await letting_in.end(conn, await member(world, "Ada"), Say(text="It has ended."), "So.", tools(world))
    world.app.lanes.wake()
    assert "It has ended." in await world.twilio.next_text(ADA, after=had)


async def test_nobody_ends_their_own_membership_by_command(world: World) -> None:
    ann = await staff(world, await settle(world), "Ann")
    with pytest.raises(Complaint):
        async with world.app.db.write() as conn:
            await letting_in.propose_end(conn, await member(world, "Ann"), "No reason.", tools(world, ann))
