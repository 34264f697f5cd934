"""What other systems got wrong with people, and we don't: each test has the number of its mistake."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from flows.effects import Handed, Matter
from storage.sessions.drafting import NewPoll
from storage.sessions.polls import open_poll, tally
from tests.people import somebody
from tests.scenes import GROUP, START
from tests.world import ADA, BEN, World

# The numbers that reported mistakes have here, of those about people.
MISTAKES = {3, 4, 8, 10, 14, 15, 16, 17, 18, 19, 24, 25, 26, 27, 28, 32, 33, 34}
NUMBERED = re.compile(r"^(?:async )?def test_(\d+)_", re.MULTILINE)
HELPED = replace(GROUP, helper_id="ann", helper_phone="01632 960002")
EVENING = START + timedelta(hours=11)


def test_every_mistake_has_a_test_of_its_number() -> None:
    files = Path(__file__).parent.glob("test_*.py")
    tested = {int(number) for file in files for number in NUMBERED.findall(file.read_text("utf-8"))}
    assert not MISTAKES - tested


async def test_4_a_text_in_the_middle_of_a_call_is_answered_as_a_text(world: World) -> None:
    await world.group()
    await world.joined(ADA)
    call = await world.twilio.ring(ADA)
    [text] = await world.texts(ADA, "menu")
    assert "1 Write in your diary" in text and "press" not in text
    await call.press("1")
    assert "After the tone" in call.said


def test_10_automation_is_quiet_while_a_person_helps() -> None:
    person = somebody("sms", group=HELPED)
    person.writes("diary", "help")
    assert [person.writes(words) for words in ("vote", "3", "qwerty", "I am lost")] == [""] * 4
    assert [one.words for one in person.of(Handed)] == ["vote", "3", "qwerty", "I am lost"]


def test_28_a_caller_at_night_hears_whom_to_reach_now_and_what_they_say_is_on_the_list() -> None:
    person = somebody(group=HELPED, now=EVENING)
    person.rings()
    person.presses("0")
    said = person.presses("1")
    assert "116 123" in said and "at 9am" in said
    assert not any(say.dial for say in person.says)
    person.speaks()
    person.hangs_up()
    assert [one.media for one in person.of(Matter) if one.kind == "help"][-1]


async def test_16_whoever_votes_again_is_one_voter_still(world: World) -> None:
    home = await world.group()
    for number, name in ((ADA, "Ada"), (BEN, "Ben")):
        await world.joined(number, name=name)
    asked = NewPoll(group=home.id, question="Where shall we meet?", options=("Library", "Café"))
    async with world.app.db.write() as conn:
        poll = await open_poll(conn, asked, ids=world.app.ids, now=world.clock())
    await world.until("SELECT 1 FROM outbox WHERE kind = 'poll' AND state IN ('sent', 'delivered')")
    assert "Café" in (await world.texts(ADA, "vote", "1", "vote", "2"))[-1]
    async with world.app.db.read() as conn:
        found = await tally(conn, poll, now=world.clock())
    assert found and (found.voted, found.eligible) == (1, 2)
