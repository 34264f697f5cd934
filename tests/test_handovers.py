"""A person helps a member by text: words go both ways, and nothing of ours comes between."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from bot.rounds.helping import Helping
from flows.effects import Change, EndHandover, Handed, HandOver, HelperSays, Matter
from flows.state import Handover
from storage.care import handovers, helped, matters
from storage.care.handovers import Tools
from storage.database import Database
from storage.members import people
from storage.members.groups import Complaint
from storage.members.leaving import change
from storage.secrets import Secrets
from storage.sending.checks import HELPING
from storage.tables import groups, media, members, reaches
from storage.tables import handovers as table
from storage.tables import matters as wishes
from tests.fakes.twilio_calls import SOUND
from tests.office import NOON, Office
from tests.people import Person, somebody
from tests.scenes import GROUP, MARY, shipped
from tests.world import ADA, BEN, World

ANN = "ann"
EARLIER = NOON - timedelta(hours=1)
HELPED = replace(GROUP, helper_id=ANN)


# What the member meets -------------------------------------------------------------------------------
def is_helped(channel: str = "sms") -> Person:
    """A member whom a person helps now, in the middle of their diary."""
    person = somebody(channel, group=HELPED)
    person.writes("diary", "We had tea", "help")
    return person


@pytest.mark.parametrize("words", ["diary", "menu please now", "5", "back", "undo", "vote", "stop that bus"])
def test_10_no_menu_and_no_question_comes_between_a_member_and_a_person(words: str) -> None:
    person = is_helped()
    assert person.writes(words) == ""
    assert person.of(Handed)[-1].words == words


@pytest.mark.parametrize(
    ("words", "offered"),
    [("done", "How was that day?"), ("Bye!", "How was that day?"), ("MENU", "What would you like to do?")],
)
def test_the_member_ends_it_with_a_word_and_is_offered_what_they_did(words: str, offered: str) -> None:
    person = is_helped()
    assert offered in person.writes(words)
    assert person.of(EndHandover)


def test_a_stop_word_ends_the_help_too() -> None:
    person = is_helped()
    assert "You will not hear from us" in person.writes("stop")
    assert person.of(EndHandover)


def test_whoever_stopped_is_put_on_the_list_since_nobody_may_write_to_them() -> None:
    person = somebody(group=HELPED, member=replace(MARY, state="stopped"))
    assert "I have let Ann know" in person.writes("help")
    assert not person.of(HandOver)


def test_helps_one_more_word_is_the_answer_only_straight_after() -> None:
    person = somebody("sms", group=HELPED)
    person.writes("diary", "help", "I do not know what to write")
    assert person.writes("help me with the words") == ""
    assert person.of(Handed)[-1].words == "help me with the words"


def test_a_late_correction_of_an_answer_is_no_word_to_the_helper() -> None:
    person = somebody(group=HELPED)
    person.writes("diary", "We had tea")
    written = person.last
    person.writes("help")
    assert written and "I have changed your answer" in person.changes(written, "We had coffee")
    assert not person.of(Handed)


def test_the_carriers_own_help_gets_no_reply_and_is_on_the_list() -> None:
    person = somebody("sms", group=HELPED)
    assert person.does("optout", value="help") == ""
    assert [one.kind for one in person.of(Matter)] == ["help"]
    assert not person.of(HandOver)


def test_whose_name_is_not_typed_up_yet_is_called_by_their_number() -> None:
    person = somebody(group=HELPED, member=replace(MARY, name="", number="8386"))
    person.writes("help", "Where do we meet?")
    assert person.of(HandOver)[-1].tells.startswith("Member 8386 asks for help")
    assert person.of(Handed)[-1].tells == "Member 8386: Where do we meet?"
    ann = helping(replace(OPEN, name="", number="8386"))
    assert ann.writes("#1 In the hall") == "Sent to Member 8386."


# What the helper meets -------------------------------------------------------------------------------
def helping(over: Handover | None) -> Person:
    """Ann, who is staff; this is what storage finds under any number."""
    ann = replace(MARY, id=ANN, name="Ann Smith", permission="facilitator")
    return somebody(member=ann, looks={"handover": lambda mark: over})


OPEN = Handover(id="h1", name="Mary", open=True)


@pytest.mark.parametrize("words", ["#1 I will ring you", "# 1: I will ring you", "#1\nI will ring you"])
def test_staff_answer_with_the_number_in_front(words: str) -> None:
    ann = helping(OPEN)
    assert ann.writes(words) == "Sent to Mary."
    assert [(one.words, one.says) for one in ann.of(HelperSays)] == [
        ("I will ring you", "Ann: I will ring you")
    ]


def test_staff_answer_below_the_message_that_has_the_number() -> None:
    ann = helping(OPEN)
    ann.does("words", text="I will ring you", quoted="#1")
    assert [one.words for one in ann.of(HelperSays)] == ["I will ring you"]


@pytest.mark.parametrize(
    ("over", "words", "told"),
    [
        (None, "#7 hello", "Nobody who asked for help has that number"),
        (replace(OPEN, open=False), "#1 hello", "That is over"),
        (OPEN, "#1", "Please write your words"),
        (OPEN, "#1 done", "That is finished"),
    ],
)
def test_what_staff_send_amiss_is_told_and_goes_nowhere(over: Handover | None, words: str, told: str) -> None:
    ann = helping(over)
    assert told in ann.writes(words)
    assert not ann.of(HelperSays)


@pytest.mark.parametrize("before", ["menu", "thank you"])
def test_10_a_helper_who_leaves_the_number_out_hears_that_it_reached_nobody(before: str) -> None:
    ann = replace(MARY, id=ANN, name="Ann Smith", permission="facilitator")
    waiting = (replace(OPEN, mark=7), replace(OPEN, name="", number="8386", mark=6))
    person = somebody("sms", group=HELPED, member=ann, looks={"my handovers": lambda: waiting})
    assert "#7 Mary, #6 Member 8386" in person.writes(before, "Hello Mary, I will ring you")


async def test_10_whoever_helps_hears_at_once_in_their_hours_whatever_they_are_doing(office: Office) -> None:
    office.now = office.now.replace(hour=22)
    await office.busy("ann")
    await office.change(groups, "g", settings={"helper_hours": "18-23"})
    await office.write("ann", "#1 Mary asks for help.", kind=HELPING, subject="mary")
    await office.write("ann", "A new brief", kind="brief", subject="b")
    assert await office.send() == ["#1 Mary asks for help."]


async def test_the_helper_is_reminded_only_of_who_waits(office: Office) -> None:
    ann = SimpleNamespace(group=SimpleNamespace(id="g"), me="ann")
    async with office.db.read() as conn:
        [mary] = await handovers.look_mine(conn, ann, "")  # type: ignore[arg-type]  # all that it reads
    assert (mary.id, mary.mark, mary.open) == ("h", 1, True)
    await office.change(table, "h", closed_at=NOON)
    async with office.db.read() as conn:
        assert await handovers.look_mine(conn, ann, "") == ()  # type: ignore[arg-type]


def test_a_member_who_begins_with_a_number_is_no_helper() -> None:
    assert "What shall I do with that?" in somebody().writes("#1 on my list is the bus")


# What is kept of it, on each kind of database -----------------------------------------------------------
@pytest.fixture
async def office(db: Database, secrets: Secrets) -> Office:
    """Ann helps; Mary asked for help a moment ago, and is in the middle of her diary."""
    office = Office(db, secrets)
    await office.group()
    await office.member("ann", permission="facilitator")
    await office.member("mary", "telegram", handover="h")
    await office.change(groups, "g", helper_id="ann")
    row = {"id": "h", "member_id": "mary", "line_id": "mary", "channel": "telegram", "helper_id": "ann"}
    times = {"opened_at": office.now, "heard_at": office.now, "due_at": office.now + timedelta(hours=1)}
    wish = {"id": "w", "group_id": "g", "member_id": "mary", "kind": "help", "at": office.now}
    async with db.write() as conn:
        await conn.execute(table.insert().values(**row, **times, mark=1))
        await conn.execute(wishes.insert().values(**wish))
    office.now += timedelta(minutes=1)
    return office


async def answers(office: Office, words: str) -> None:
    async with office.db.write() as conn:
        await handovers.answer(conn, "h", words, who=None, says=f"Ann: {words}", tools=tools(office))


def tools(office: Office) -> Tools:
    return Tools(ids=office.ids, now=office.now)


async def is_late(office: Office) -> list[str]:
    """What the round does that looks for those that nobody took up; the words that leave then."""
    lanes = ("telegram", "sms")
    round_ = Helping(db=office.db, flows=shipped(), ids=office.ids, channels=lanes, wake=lambda: None)
    await round_.late(office.now)
    return await office.send()


async def test_an_answer_leaves_at_any_hour_and_takes_the_wish_off_the_list(office: Office) -> None:
    office.now = office.now.replace(hour=23)
    await answers(office, "I am here")
    assert await office.send() == ["Ann: I am here"]
    async with office.db.read() as conn:
        assert await matters.list_open(conn, "g") == []


async def test_28_a_message_left_by_phone_waits_until_somebody_has_heard_it(office: Office) -> None:
    left = {"id": "m", "group_id": "g", "member_id": "mary", "kind": "help", "media": ["v"], "at": EARLIER}
    async with office.db.write() as conn:
        await conn.execute(media.insert().values(id="v", kind="voice", state="stored", at=EARLIER))
        await conn.execute(wishes.insert().values(**left))
    await answers(office, "I am here")
    async with office.db.read() as conn:
        assert [one.id for one in await matters.list_open(conn, "g")] == ["m"]
    await office.change(media, "v", heard_at=NOON)
    await answers(office, "I have heard you")
    async with office.db.read() as conn:
        assert await matters.list_open(conn, "g") == []


async def test_10_notices_wait_while_a_person_helps_and_go_afterwards(office: Office) -> None:
    await office.write("mary", "A new brief", channel="telegram")
    assert await office.send(60) == []
    async with office.db.write() as conn:
        await handovers.close(conn, "h", says="Ann has finished.", tools=tools(office))
    assert await office.send(2) == ["Ann has finished.", "A new brief"]


async def test_what_nobody_took_up_in_time_is_told_to_both_and_stays_on_the_list(office: Office) -> None:
    assert await is_late(office) == []
    office.now += timedelta(hours=1)
    told = await is_late(office)
    assert any("could not answer you yet" in one for one in told)
    assert any("nobody has answered yet" in one for one in told)
    async with office.db.read() as conn:
        assert [one.kind for one in await matters.list_open(conn, "g")] == ["help"]
        assert await conn.scalar(sa.select(members.c.handover).where(members.c.id == "mary")) is None


async def test_at_night_nobody_is_told_that_nobody_answered(office: Office) -> None:
    office.now = office.now.replace(hour=23)
    assert await is_late(office) == []


async def test_what_was_answered_and_fell_silent_ends_after_a_day(office: Office) -> None:
    await answers(office, "I am here")
    await office.send()
    office.now += timedelta(hours=23)
    assert await is_late(office) == []
    office.now += timedelta(hours=1)
    assert ["not written for a while" in one for one in await is_late(office)] == [True]


@pytest.mark.parametrize(
    ("gone", "why"),
    [
        ((members, {"state": "stopped"}), "asked us to stop"),
        ((reaches, {"retired_at": NOON}), "no line any more"),
        ((table, {"closed_at": NOON}), "is over"),
    ],
)
async def test_whom_no_answer_may_reach_gets_none(
    office: Office, gone: tuple[sa.Table, dict[str, object]], why: str
) -> None:
    changed, values = gone
    await office.change(changed, "h" if changed is table else "mary", **values)
    with pytest.raises(Complaint, match=why):
        await answers(office, "I am here")


@pytest.mark.parametrize(
    ("changed", "values", "unread"),
    [
        (groups, {}, []),
        (groups, {"helper_id": None}, [("GARDEN", False)]),
        (reaches, {"may_start": False}, [("GARDEN", True)]),
    ],
)
async def test_a_helper_whom_nobody_can_write_to_is_found(
    office: Office, changed: sa.Table, values: dict[str, object], unread: list[tuple[str, bool]]
) -> None:
    if values:
        await office.change(changed, "g" if changed is groups else "ann", **values)
    async with office.db.read() as conn:
        assert await helped.unread_helpers(conn) == unread


async def test_whoever_is_erased_is_erased_from_the_helpers_messages_too(office: Office) -> None:
    told = await office.write("ann", "#1 Mary: the door is shut", kind=HELPING, subject="mary")
    async with office.db.write() as conn:
        await change(conn, "mary", Change(to="erased"), office.now)
    assert await office.send() == []
    assert (await office.row(told)).body is None


async def test_what_was_said_goes_three_months_after_it_was_over(office: Office) -> None:
    await answers(office, "I am here")
    async with office.db.write() as conn:
        await handovers.close(conn, "h", says="", tools=tools(office))
        assert not await helped.forget_old(conn, office.now + timedelta(days=90))
        assert await helped.forget_old(conn, office.now + timedelta(days=91))
        assert await helped.said(conn, "h") == []


async def test_an_answer_takes_another_way_where_the_last_is_theirs_no_more(office: Office) -> None:
    async with office.db.write() as conn:
        other = {"id": "second", "member_id": "mary", "line_id": "ann", "channel": "sms"}
        await conn.execute(reaches.insert().values(**other))
    await office.change(reaches, "mary", retired_at=NOON)
    await answers(office, "I am here")
    assert await office.send() == ["Ann: I am here"]
    assert office.sms.sent == [("ann", "Ann: I am here")]


async def test_no_number_is_given_to_two_who_are_helped(office: Office) -> None:
    async with office.db.write() as conn:
        await conn.execute(sa.update(table).values(mark=handovers.MARKS))
        await conn.execute(table.insert().values(id="i", member_id="ann", mark=1, opened_at=EARLIER))
        assert await handovers.next_mark(conn, "g") == 2


# The whole of it -------------------------------------------------------------------------------------
async def ann_helps(world: World) -> None:
    """Ann joins, and is the helper of her group."""
    home = await world.group(hours="0-24")
    await world.joined(ADA, name="Ann Smith")
    async with world.app.db.write() as conn:
        ann = (await people.list_members(conn, home.id, world.app.secrets))[0]
        await people.appoint(conn, home.id, ann.id, world.app.secrets)
        await people.name_helper(conn, home.id, ann.id, phone="", secrets=world.app.secrets)


async def test_words_pass_between_a_member_and_the_helpers_own_phone(world: World) -> None:
    await ann_helps(world)
    await world.joined(BEN, name="Ben Jones")
    had = len(world.twilio.sent_to(ADA))
    assert "Ann Smith will answer you here" in (await world.texts(BEN, "help"))[0]
    asked = await world.twilio.next_text(ADA, after=had)
    assert asked.startswith("#1 Ben asks for help") and "Jones" not in asked
    await world.twilio.text(BEN, "The door is shut")
    assert await world.twilio.next_text(ADA, after=had + 1) == "#1 Ben: The door is shut"
    heard = len(world.twilio.sent_to(BEN))
    assert await world.texts(ADA, "#1 Ring the bell") == ["Sent to Ben."]
    assert await world.twilio.next_text(BEN, after=heard) == "Ann: Ring the bell"
    assert "finished" in (await world.texts(ADA, "#1 done"))[0]
    assert "Ann has finished helping you" in await world.twilio.next_text(BEN, after=heard + 1)
    assert "What would you like to do?" in (await world.texts(BEN, "menu"))[0]


async def test_the_helper_hears_of_a_strangers_message_and_it_stands_on_the_list_once(world: World) -> None:
    await ann_helps(world)
    had = len(world.twilio.sent_to(ADA))
    call = await world.twilio.ring(BEN)
    await call.press("0")
    await call.press("1")
    assert "who you are" in " ".join(call.heard)
    await call.record(SOUND, 9)
    await call.hang_up()
    assert "has left you a message by phone" in await world.twilio.next_text(ADA, after=had)
    (wish,) = await world.rows("SELECT member_id, media FROM matters WHERE done_at IS NULL")
    assert wish.member_id is None
    assert wish.media != "[]"


async def test_nothing_of_what_was_practised_is_left_behind(world: World) -> None:
    await world.group()
    await world.joined(ADA)
    await world.texts(ADA, "try", "1", "Purple umbrellas everywhere", "More umbrellas", "later")
    assert await world.count("contributions") == 0
    bodies = "SELECT body FROM events UNION SELECT state FROM conversations UNION SELECT body FROM outbox"
    assert not [row for row in await world.rows(bodies) if "mbrella" in (row[0] or "")]


async def test_a_recording_made_to_practise_goes_from_the_provider_too(world: World) -> None:
    await world.group()
    await world.joined(ADA)
    call = await world.twilio.ring(ADA)
    await call.press("8")
    await call.say_words("practise")
    await call.press("1")
    await call.record(SOUND, 9)
    assert await world.count("media") == 0
    assert await world.rows("SELECT id FROM removals WHERE kind = 'file'")
