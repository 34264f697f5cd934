"""Calls: recordings that are never lost, keys that always work, silence, and ringing out."""

import re
from dataclasses import replace

import pytest

from flows.effects import Acknowledge, Delivered, Keep, Matter, Prefer
from tests.people import Person, somebody
from tests.scenes import BRIEF, GROUP, MARY, NOTICE, VOTE

READING = replace(GROUP, briefs=(BRIEF,))


def caller(**scene: object) -> Person:
    """A member who has just rung."""
    person = somebody("voice", **scene)
    person.rings()
    return person


def in_the_diary() -> Person:
    person = caller()
    person.presses("1")
    return person


@pytest.mark.parametrize("then", ["hangs up", "0", "silence", "1", "3 and hangs up"])
def test_a_recording_is_kept_whatever_comes_next(then: str) -> None:
    person = in_the_diary()
    person.speaks()
    for deed in then.split(" and "):
        if deed == "hangs up":
            person.hangs_up()
        elif deed == "silence":
            person.does("silence")
        else:
            person.presses(deed)
    assert person.of(Keep)[-1].answers["entry"].media


def test_a_slow_speaker_is_asked_and_never_cut_off() -> None:
    person = in_the_diary()
    assert "Have you finished?" in person.speaks(key="")
    person.presses("2")
    assert person.says[-1].record
    person.speaks()
    person.presses("1")
    assert len(person.of(Keep)[-1].answers["entry"].media) == 2


def test_silence_after_a_recording_finishes_it_and_then_keeps_it() -> None:
    person = in_the_diary()
    person.speaks(key="")
    assert "If you do nothing, it is kept" in person.does("silence")
    assert "How was that day?" in person.does("silence")


def test_a_recording_can_be_heard_and_begun_anew() -> None:
    person = in_the_diary()
    person.speaks()
    person.presses("2")
    assert [shown.kind for say in person.says for shown in say.shown] == ["voice"]
    person.presses("4")
    assert person.says[-1].record
    assert not person.of(Keep)


def test_a_journey_asks_once_at_its_end_whether_it_shall_be_kept() -> None:
    person = caller()
    person.presses("4")
    assert "How did that feel?" in person.speaks()
    person.presses("3")
    assert "Is there more" in person.speaks()
    assert "Your journey is recorded" in person.presses("2")
    assert "is kept" in person.presses("1")


def test_a_recording_that_need_not_be_made_is_left_out_by_silence() -> None:
    person = caller()
    person.presses("4")
    person.speaks()
    person.presses("3")
    assert "Is there more" in person.does("silence")


def test_8_a_dropped_call_offers_to_carry_on_and_does_not_begin_again() -> None:
    person = caller()
    person.presses("4")
    person.speaks()
    person.hangs_up()
    assert "not finished with your journey" in person.rings()
    assert "How did that feel?" in person.presses("1")


@pytest.mark.parametrize("words", ["menu", "help", "stop", "later", "thought", "back", "repeat", "diary"])
def test_whatever_is_said_after_a_recording_it_is_kept(words: str) -> None:
    person = in_the_diary()
    person.speaks()
    person.does("words", text=words)
    person.hangs_up()
    assert [one.answers["entry"].media for one in person.of(Keep)]


def test_undo_takes_a_recording_back_and_more_adds_to_it() -> None:
    person = in_the_diary()
    person.speaks()
    assert "Please go on after the tone" in person.does("words", text="more")
    person.speaks()
    assert "I have taken that back" in person.does("words", text="undo")
    person.hangs_up()
    assert not person.of(Keep)


def test_a_menu_that_was_left_open_is_nothing_to_carry_on_with() -> None:
    person = somebody("sms")
    person.writes("menu")
    assert "in the middle" not in person.rings()


def test_silence_is_asked_twice_again_and_then_a_kind_goodbye() -> None:
    person = caller()
    assert "I will say it again" in person.does("silence")
    assert "I will say it again" in person.does("silence")
    assert "welcome to ring again" in person.does("silence")
    assert person.says[-1].ends


def test_a_key_between_silences_begins_the_count_anew() -> None:
    person = caller()
    person.does("silence")
    person.does("silence")
    person.presses("1")
    assert "I will say it again" in person.does("silence")


@pytest.mark.parametrize("name", ["what is asked", "a recording"])
def test_star_says_it_again(name: str) -> None:
    person = in_the_diary() if name == "a recording" else caller()
    first = person.speaks() if name == "a recording" else person.presses("*")
    assert person.presses("*") == first


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("1", "After the tone, tell Ann what it is about"),
        ("2", "tell us about your day"),
        ("3", "What would you like to do?"),
        ("4", "Goodbye"),
        ("5", "I have taken back your diary entry"),
        ("6", "We will not ring you any more"),
        ("7", "How was that day?"),
    ],
)
def test_zero_opens_the_way_out_from_anywhere(key: str, expected: str) -> None:
    person = in_the_diary()
    person.speaks()
    person.presses("1", "0")
    assert expected in person.presses(key)


def test_zero_twice_is_still_the_way_out() -> None:
    person = in_the_diary()
    person.presses("0", "0")
    assert "tell us about your day" in person.presses("7")


def test_a_key_without_a_meaning_is_asked_about_and_answers_nothing_else() -> None:
    person = caller(group=replace(GROUP, polls=(VOTE,)))
    person.presses("1")
    assert "did not catch that" in person.presses("7")
    assert "Where shall we meet?" in person.says[-1].text


def test_more_choices_are_read_on_nine() -> None:
    person = caller(group=replace(READING, polls=(VOTE,)))
    said = person.does("press", value="more", text="8", question=person.says[-1].question.id)  # type: ignore[union-attr]
    assert said
    assert person.says[-1].offset == 8


def test_a_caller_is_put_through_and_comes_back() -> None:
    person = caller(group=replace(GROUP, helper_phone="01632 960002"))
    person.presses("0", "1")
    assert person.says[-1].dial == "01632 960002"
    assert person.does("silence", value="dialled:completed")
    assert person.scene.asked is not None


def test_choices_can_be_said() -> None:
    person = caller(group=replace(GROUP, polls=(VOTE,)))
    person.does("words", text="to vote", spoken=True)
    assert "Library" in person.does("words", text="the library please", spoken=True)


# We ring
def rung(kind: str = "brief", subject: str = "b1") -> Person:
    notice = replace(NOTICE, kind=kind, subject=subject)
    person = somebody("voice", notice=notice, group=replace(READING, polls=(VOTE,)))
    person.does("call", value="out", question="o1")
    return person


def test_who_lifts_the_phone_hears_who_rings_and_nothing_else() -> None:
    said = rung().says[-1].spoken
    for told in ("bus routes", "Spring session", "Garden", "vote"):
        assert told not in said
    assert "Takepart" in said


def test_a_brief_is_delivered_by_the_key_and_not_by_the_call() -> None:
    person = rung()
    assert not person.of(Delivered)
    assert "bus routes" in person.presses("1")
    assert person.of(Delivered)[0].outbox == "o1"
    person.presses("5")
    assert person.of(Acknowledge)[0].brief == "b1"


def test_a_machine_hears_the_name_and_the_number_only() -> None:
    person = somebody("voice", notice=NOTICE, group=READING)
    said = person.does("call", value="machine", question="o1")
    assert "0 1 6 3 2" in said
    assert "Mary" not in said
    assert not person.of(Delivered)
    assert person.says[-1].ends


def test_no_key_after_two_tries_is_like_a_machine() -> None:
    person = rung()
    person.does("silence")
    assert "ring us back" in person.does("silence")
    assert person.says[-1].ends


def test_nine_twice_ends_all_calls() -> None:
    person = rung()
    person.presses("9")
    assert not person.of(Prefer)
    person.presses("9")
    assert [(wish.name, wish.value) for wish in person.of(Prefer)] == [("never_ring", "yes")]


def test_a_call_about_a_vote_is_about_that_vote_only() -> None:
    person = rung("poll", "p1")
    assert "Where shall we meet?" in person.presses("1")
    assert "Library" in person.presses("1")


def test_a_brief_can_be_heard_again_slower_and_backwards() -> None:
    person = caller(group=READING)
    first = person.presses("5").partition("\n\n")[2]
    person.presses("1")
    assert person.presses("4").partition("\n\n")[0] in first
    assert person.presses("2").partition("\n\n")[0] in first
    person.presses("3")
    assert person.says[-1].slower
    assert [wish.name for wish in person.of(Prefer)] == ["slower"]


def test_the_brief_is_heard_in_easy_words_by_who_wants_them() -> None:
    person = caller(group=READING, member=replace(MARY, form="easy"))
    assert "Two buses may change." in person.presses("5")


def test_words_not_understood_on_a_call_reach_a_person() -> None:
    person = caller(group=replace(GROUP, polls=(VOTE,)))
    person.presses("1")
    for words in ("mumble", "murmur", "humming"):
        said = person.does("words", text=words, spoken=True)
    assert "speak to a person" in str(person.says[-1].question).lower()
    assert "Ann and Bo" in said
    assert person.of(Matter)[0].words == "mumble\nmurmur\nhumming"


@pytest.mark.parametrize("said", ["thank you", "no name", "later", "start", "because it is dry there"])
def test_nobody_on_the_phone_is_told_to_write(said: str) -> None:
    person = caller(group=replace(GROUP, polls=(VOTE,)))
    if said.startswith("because"):
        person.presses("1")
    assert not re.search(r"\b[Tt]ext|[Ss]end\b", person.writes(said))
