"""How members would like us to keep in touch: noted once, kept to from then on, whoever noted it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from bot.commands.caring import PLANS
from channels.twiml import Voice, twiml
from flows.effects import Change
from flows.events import Option, Question, Say
from flows.preferences import WISHES, WishError, settle
from storage.database import Database
from storage.members import needs, preferring, quiet
from storage.members.needs import Needed
from storage.members.quiet import NO_ANSWER, NO_ARRIVAL, NO_TEXTS, NOT_HEARD, TEXTED
from storage.secrets import Secrets
from storage.sending import telling
from storage.tables import checkins, lines, members, outbox, reaches
from tests.office import Office
from tests.people import somebody
from tests.scenes import MARY, START, house
from tests.stores import ON_SQLITE
from tests.terminal import Takepart
from tests.world import ADA, World

WEEK = timedelta(weeks=1)
HOW = Question(
    id="q",
    name="how",
    text="",
    takes=("choice",),
    options=(Option(key="a", label="Well"), Option(key="b", label="Badly")),
)


@pytest.fixture
async def office(db: Database, secrets: Secrets) -> AsyncIterator[Office]:
    made = Office(db, secrets)
    await made.group()
    await made.member("mary", joined_at=made.now - 20 * WEEK, heard_at=made.now - WEEK)
    yield made


# What can be wished for ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "value", "stored"),
    [
        ("hours", "10-16", ("hours", "10-16")),
        ("hours", "usual", ("hours", "")),
        ("days", "Monday, thursday", ("days", "mon thu")),
        ("days", "all", ("days", "")),
        ("a week", "1", ("a_week", "1")),
        ("Leave-Message", "YES", ("leave_message", "yes")),
        ("if-quiet", "ask", ("if_quiet", "ask")),
    ],
)
def test_a_wish_is_read_as_people_write_it(name: str, value: str, stored: tuple[str, str]) -> None:
    assert settle(name, value) == stored


@pytest.mark.parametrize(
    ("name", "value"),
    [("hours", "late"), ("days", "soon"), ("a-week", "few"), ("first", "post"), ("shoes", "yes")],
)
def test_what_can_not_be_wished_is_said_in_a_sentence(name: str, value: str) -> None:
    with pytest.raises(WishError, match=r"[.]$"):
        settle(name, value)


async def test_every_wish_that_is_known_can_be_stored(office: Office) -> None:
    values = {
        "hours": "10-12",
        "days": "mon",
        "a_week": "3",
        "first": "sms",
        "language": "cy",
        "form": "easy",
    }
    values |= {"pace": "slow", "circle": "small", "if_quiet": "ring"}
    async with office.db.write() as conn:
        for name in WISHES:
            await preferring.prefer(conn, "mary", name, values.get(name, "yes"), now=office.now, line="mary")
        noted = await preferring.noted(conn, "mary")
        reach = (await conn.execute(sa.select(reaches).where(reaches.c.member_id == "mary"))).one()
    assert noted == {"pace": "slow", "circle": "small", "if_quiet": "ring"}
    assert (reach.greet_by_name, reach.leave_message, reach.write_anything) == (True, True, True)


# On the phone ----------------------------------------------------------------------------------------
def test_a_lower_voice_speaks_and_waits_longer_for_who_wishes_so() -> None:
    asked = Say(text="How was it?", question=HOW)
    answer = partial(twiml, step=1, voice=Voice(), number="1", words=house())
    usual, wished = answer([asked]), answer([replace(asked, lower=True, waits=True)])
    assert 'timeout="7"' in usual and "Polly.Amy" in usual
    assert 'timeout="14"' in wished and "Polly.Brian" in wished and "Polly.Amy" not in wished


def test_a_member_who_wishes_for_it_is_heard_so_from_the_next_step_on() -> None:
    person = somebody("voice", member=replace(MARY, lower=True, more_time=True))
    person.does("call")
    assert all(say.lower and say.waits for say in person.says)


# Breaks --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("words", "days"),
    [
        ("PAUSE UNTIL MONDAY", 6),
        ("pause until 10 March", 7),
        ("Pause 2 weeks", 14),
        ("pause for three weeks", 21),
        ("take a break until 20th March", 17),
    ],
)
def test_a_break_lasts_until_the_day_that_was_named(words: str, days: int) -> None:
    person = somebody("sms")
    person.writes(words)
    (pause,) = person.of(Change)
    assert pause.until and (pause.until.date() - START.date()).days == days


@pytest.mark.parametrize(
    "words", ["Pause for thought", "pause the music please", "break a leg on Monday morning"]
)
def test_words_that_only_begin_like_it_are_no_break(words: str) -> None:
    person = somebody("sms")
    person.writes("diary", words)
    assert not person.of(Change)


async def test_wishes_and_a_break_are_kept_from_a_text(world: World) -> None:
    await world.group()
    await world.joined(ADA)
    await world.texts(ADA, "keep in touch", "1", "1", "4", "1 4", "often", "1", "8")
    await world.texts(ADA, "PAUSE UNTIL FRIDAY")
    (row,) = await world.rows("SELECT hours, days, a_week, state FROM members WHERE permission = 'member'")
    assert tuple(row) == ("9-12", "mon thu", 1, "paused")
    assert "again" in (await world.texts(ADA, "START"))[0]
    assert (await world.rows("SELECT state FROM members"))[0][0] == "active"


# How it goes -----------------------------------------------------------------------------------------
async def test_members_are_asked_how_it_goes_once_in_eight_weeks(world: World) -> None:
    await world.group(hours="0-24")
    await world.joined(ADA)
    world.clock.forward(9 * WEEK)
    had = len(world.twilio.sent_to(ADA))
    await world.app.rounds.once()
    await world.app.rounds.once()
    assert "still work for you?" in await world.twilio.next_text(ADA, after=had)
    assert await world.count("checkins") == 1
    assert "One message a week" in (await world.texts(ADA, "5"))[0]
    (row,) = await world.rows("SELECT a_week FROM members WHERE a_week IS NOT NULL")
    assert row.a_week == 1
    assert await world.rows("SELECT 1 FROM checkins WHERE answered_at IS NOT NULL")


@ON_SQLITE
@pytest.mark.parametrize(
    ("channel", "state", "why"),
    [
        ("telegram", "sent", NO_ANSWER),
        ("voice", "delivered", NO_ANSWER),
        ("sms", "delivered", TEXTED),
        ("sms", "sent", ""),
        ("sms", "failed", ""),
        ("telegram", "waiting", ""),
    ],
)
async def test_only_who_could_answer_for_nothing_is_silent(
    office: Office, channel: str, state: str, why: str
) -> None:
    id_ = await office.write("mary", "How is it?", kind="checkin", subject="c", channel=channel)
    asked = office.now - timedelta(days=6)
    await office.change(members, "mary", heard_at=asked - WEEK)
    await office.change(outbox, id_, state=state, sent_at=asked)
    office.now += timedelta(days=2)
    async with office.db.write() as conn:
        await conn.execute(checkins.insert().values(id="c", member_id="mary", asked_at=asked))
        found = await quiet.list_quiet(conn, "g", weeks=6, now=office.now)
    assert [one.why for one in found] == ([(why,)] if why else [])
    assert all(one.silent == (why == NO_ANSWER) for one in found)


@ON_SQLITE
@pytest.mark.parametrize(("line", "why"), [("failing", NO_ARRIVAL), ("textless", NO_TEXTS)])
async def test_who_is_not_heard_or_not_reached_is_on_the_list_with_what_they_chose(
    office: Office, line: str, why: str
) -> None:
    await office.change(members, "mary", heard_at=office.now - 7 * WEEK)
    failing, textless = {"failing_since": office.now}, {"takes_texts": False}
    await office.change(lines, "mary", **(failing if line == "failing" else textless))
    await office.member("spared", never_first=True, joined_at=office.now - 30 * WEEK)
    async with office.db.write() as conn:
        await preferring.prefer(conn, "mary", "if_quiet", "ask", now=office.now)
        (one,) = await quiet.list_quiet(conn, "g", weeks=6, now=office.now)
    assert (one.why, one.silent, PLANS[one.plan]) == (
        (NOT_HEARD, why),
        False,
        "ask somebody whom they named",
    )


# Needs -----------------------------------------------------------------------------------------------
@ON_SQLITE
@pytest.mark.parametrize(("need", "words"), [("never ring", ["by text"]), ("never first", [])])
async def test_no_way_round_a_need_for_no_calls_or_nothing_first(
    office: Office, need: str, words: list[str]
) -> None:
    async with office.db.write() as conn:
        rung = {"id": "r", "member_id": "mary", "line_id": "mary", "channel": "voice", "rank": -1}
        await conn.execute(reaches.insert().values(**rung))
        await needs.add(conn, "mary", need, "", ids=office.ids, now=office.now)
        channels = ("sms", "voice")
        await telling.tell(
            conn,
            ["mary"],
            Say(text="by text"),
            kind="say",
            key="k",
            ids=office.ids,
            channels=channels,
            now=office.now,
        )
    assert await office.send() == words


@ON_SQLITE
async def test_a_need_waits_until_it_is_met_and_again_a_year_later(office: Office) -> None:
    async def waiting() -> list[Needed]:
        async with office.db.read() as conn:
            return [one for one in await needs.list_needs(conn, "g") if one.waits(office.now)]

    async with office.db.write() as conn:
        id_ = await needs.add(conn, "mary", "large print", "18 point", ids=office.ids, now=office.now)
    assert [one.words for one in await waiting()] == ["18 point"]
    async with office.db.write() as conn:
        await needs.meet(conn, id_, met=True, why="", review_on=None, now=office.now)
    assert await waiting() == []
    office.now += timedelta(days=366)
    assert len(await waiting()) == 1


# By command ------------------------------------------------------------------------------------------
@ON_SQLITE
def test_a_facilitator_notes_wishes_and_needs_and_sees_who_is_quiet(takepart: Takepart) -> None:
    takepart("group", "add", "GARDEN", "The Garden Group")
    sam = takepart("facilitator", "add", "GARDEN", "Sam", "--json").id
    assert takepart("member", "prefer", sam, "hours", "10-16", "--by", "Sam").code == 0
    assert takepart("member", "prefer", sam, "hours", "soon").code == 2
    assert takepart("member", "prefer", sam, "--json").json == {"hours": "10-16", "language": "en"}
    assert "--on" in takepart("member", "prefer", sam, "greet", "yes").err
    made = takepart("need", "add", sam, "large-print", "--words", "18 point", "--json").id
    assert [one["id"] for one in takepart("matters", "GARDEN", "--json").json] == [made]
    assert takepart("need", "met", made, "--not-yet").code == 2
    assert takepart("need", "met", made, "--why", "Sent.", "--by", "Sam").code == 0
    assert takepart("matters", "GARDEN", "--json").json == []
    assert takepart("need", "list", "GARDEN", "--json").json[0]["met"] is True
    assert takepart("quiet", "GARDEN", "--json").json == []
    assert "18 point" not in takepart("audit", "GARDEN").out
