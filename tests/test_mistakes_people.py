"""What other systems got wrong with people, and we don't: each test has the number of its mistake."""

from dataclasses import replace
from datetime import timedelta

from flows.effects import Handed, Matter
from tests.people import somebody
from tests.scenes import GROUP, START

HELPED = replace(GROUP, helper_id="ann", helper_phone="01632 960002")
EVENING = START + timedelta(hours=11)


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
