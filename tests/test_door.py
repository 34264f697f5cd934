"""People whom we don't know: how they are greeted, how they join, and how they are left alone."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from flows.effects import Change, Join, Keep, Matter, Vote
from flows.state import Conversation
from tests.people import Person, somebody
from tests.scenes import GROUP, MARY, NOTICE, VOTE

SEVERAL = replace(GROUP, alone=False)


def stranger(channel: str = "sms", *, known_group: bool = False) -> Person:
    return somebody(channel, member=None, known_group=known_group, group=GROUP if known_group else SEVERAL)


def test_a_stranger_gets_one_friendly_answer_a_day() -> None:
    person = stranger()
    assert "JOIN" in person.writes("hello")
    for hours in (1, 12, 10):
        person.scene.now += timedelta(hours=hours)
        assert person.writes("I am a robot and out of the office") == ""
    person.scene.now += timedelta(hours=2)
    assert "JOIN" in person.writes("hello")


def test_where_there_is_one_group_a_stranger_is_told_its_word_once_a_day() -> None:
    person = stranger(known_group=True)
    assert "text JOIN GARDEN" in person.writes("hello")
    for words in ("who is this?", "I am out of the office", "hm"):
        assert person.writes(words) == ""


@pytest.mark.parametrize("words", ["JOIN", "Yes please", "ok", "1"])
def test_a_stranger_who_agrees_to_the_one_group_is_asked_to_join(words: str) -> None:
    person = stranger(known_group=True)
    assert "Would you like to join?" in person.writes("hello", words)


def test_a_yes_sent_twice_is_no_name() -> None:
    person = stranger()
    person.writes("JOIN GARDEN", "yes")
    assert "called" in person.writes("Yes!")
    assert "Welcome, Mary" in person.writes("Mary")


@pytest.mark.parametrize("words", ["JOIN GARDEN", "join garden", " Join  Garden. ", "“join garden”"])
def test_joining_takes_a_word_a_yes_and_a_name(words: str) -> None:
    person = stranger()
    assert "Ann and Bo can read it" in person.writes(words)
    assert "called" in person.writes("yes please")
    assert "Welcome, Mary" in person.writes("Mary")
    assert person.of(Join)[0].name == "Mary"


def test_who_reads_it_is_answered_before_somebody_joins() -> None:
    person = stranger()
    person.writes("JOIN GARDEN", "more")
    said = person.writes("WHO")
    assert "can read what you send: Ann" in said and "Would you like to join?" in said
    assert "called" in person.writes("1")


@pytest.mark.parametrize("before", ["JOIN GARDEN", "more", "yes"])
@pytest.mark.parametrize("words", ["leave", "No thank you."])
def test_whoever_is_asked_to_join_can_say_no_until_they_are_in(before: str, words: str) -> None:
    person = stranger()
    assert "Nothing is kept" in person.writes("JOIN GARDEN", before, words)
    assert not person.of(Join)


@pytest.mark.parametrize("channel", ["sms", "telegram"])
def test_a_member_who_joins_again_is_shown_the_menu_and_nothing_is_kept(channel: str) -> None:
    person = somebody(channel)
    person.writes("diary")
    assert "What would you like to do?" in person.writes("JOIN GARDEN")
    assert not person.of(Keep)


def test_a_member_who_had_stopped_and_joins_again_is_active() -> None:
    person = somebody("telegram")
    person.writes("/stop", "JOIN GARDEN")
    assert person.of(Change)[-1].to == "active"


def test_an_unknown_code_is_told_so() -> None:
    assert "I don't know that code" in stranger().writes("JOIN NOWHERE")


def test_joining_again_after_a_no_takes_the_same_word() -> None:
    person = stranger()
    assert "JOIN GARDEN" in person.writes("JOIN GARDEN", "no")
    assert "Would you like to join?" in person.writes("JOIN GARDEN")
    assert not person.of(Join)


@pytest.mark.parametrize("words", ["STOP", "stop", "Unsubscribe"])
def test_a_stranger_who_says_stop_is_left_alone(words: str) -> None:
    person = somebody("sms", member=None, group=replace(GROUP, replies_to_optout=False))
    assert person.writes(words) == ""
    assert person.scene.conversation.frame is None


def test_who_blocks_the_bot_at_the_door_hears_nothing() -> None:
    assert stranger("telegram", known_group=True).does("optout", value="blocked") == ""


def test_start_from_somebody_who_had_not_stopped_is_answered() -> None:
    person = stranger(known_group=True)
    assert person.does("optout", value="start", text="START") == ""  # who had: the carrier answers that
    assert "text JOIN GARDEN" in person.writes("START")
    assert "Would you like to join?" in person.writes("YES")


def test_a_stranger_who_asks_for_help_is_told_what_this_is() -> None:
    person = stranger()
    person.writes("hello")
    assert "JOIN" in person.writes("help")
    assert not person.of(Matter)


def test_a_stranger_who_is_not_understood_three_times_is_let_go_kindly() -> None:
    person = stranger(known_group=True)
    said = person.writes("JOIN GARDEN", "what", "how", "why")
    assert "JOIN" in said
    assert person.scene.conversation.frame is None
    assert person.writes("hm") == ""
    assert not person.of(Matter)


def test_a_vote_pressed_before_joining_counts_once_they_have_joined() -> None:
    person = somebody(member=None, group=replace(GROUP, polls=(VOTE,)))
    person.scene.conversation = Conversation(pending=("p1", "2"), group="g1")
    person.writes("JOIN GARDEN")
    assert "Café" in _all(person, "join", "Mary")
    assert person.of(Vote)[0].keys == ("2",)


def _all(person: Person, *values: str) -> str:
    person.presses(values[0])
    return person.writes(values[1])


def test_a_file_from_a_stranger_is_not_taken_and_not_stored() -> None:
    person = stranger("telegram", known_group=True)
    person.writes("JOIN GARDEN")
    assert person.sends_photo()
    assert not person.scene.files


def test_joining_by_phone_keeps_the_name_as_it_is_said() -> None:
    person = stranger("voice", known_group=True)
    person.rings()
    person.presses("1", "1")
    assert "4 8 2 1" in person.speaks()
    assert person.scene.files[person.of(Join)[0].recording] == "voice 1"


def test_hanging_up_at_the_door_leaves_nothing_behind() -> None:
    person = stranger("voice", known_group=True)
    person.rings()
    person.presses("1")
    person.hangs_up()
    assert not person.scene.effects
    assert "To join" in person.rings() or "don't know this number" in person.says[-1].spoken


def test_leaving_and_coming_back_begins_anew() -> None:
    person = somebody("sms")
    person.writes("leave", "3")
    assert [change.to for change in person.of(Change)] == ["left"]
    person.scene.now += timedelta(days=2)
    assert "Would you like to join?" in person.writes("JOIN GARDEN")


# Members who may not take part, or not yet
def must_agree(channel: str = "sms", **scene: Any) -> Person:
    """A member who agreed to other words than those that stand now."""
    return somebody(channel, member=replace(MARY, agreed={"join": "older"}), **scene)


@pytest.mark.parametrize("words", ["STOP", "who", "leave", "help", "undo"])
def test_new_words_stand_in_the_way_of_nobody_who_wants_out_or_help(words: str) -> None:
    assert "It is new" not in must_agree().writes(words)
    assert not must_agree().writes("hello there", words).startswith("Before we go on")


def test_whoever_was_never_asked_is_not_asked_to_agree() -> None:
    assert "What would you like to do?" in somebody("sms", member=MARY).writes("menu")


def test_what_was_sent_before_agreeing_counts_once_they_do_and_once_only() -> None:
    person = must_agree(group=replace(GROUP, polls=(VOTE,)))
    person.scene.send_poll("p1")
    person.writes("2", "1")
    assert [vote.keys for vote in person.of(Vote)] == [("2",)]
    assert person.scene.conversation.held == ()


@pytest.mark.parametrize("answered", ["out", "machine"])
def test_when_we_ring_nothing_is_asked_of_whoever_lifts_the_phone(answered: str) -> None:
    person = must_agree("voice", notice=NOTICE)
    assert "is kept" not in person.does("call", value=answered)


def test_what_was_sent_by_who_does_not_agree_is_not_kept() -> None:
    person = must_agree()
    person.writes("The bus was late again today.", "no")
    assert not person.of(Keep)
    assert person.scene.conversation.held == ()


def test_a_photo_sent_before_agreeing_waits_for_its_own_channel() -> None:
    person = must_agree("telegram")
    person.sends_photo()
    person.channel = "sms"
    person.writes("1")
    assert not person.scene.files
    person.channel = "telegram"
    person.writes("menu")
    assert list(person.scene.files.values()) == ["photo 1"]


def test_agreeing_goes_back_to_what_they_were_asked() -> None:
    person = somebody("sms", member=MARY)
    person.writes("diary")
    person.scene.member = replace(MARY, agreed={"join": "older"})
    assert "How was that day?" in person.writes("The bus was late again today.", "1")


@pytest.mark.parametrize("words", ["START", "JOIN GARDEN", "menu", "diary", "vote"])
def test_no_word_lets_in_who_waits_for_a_person(words: str) -> None:
    person = somebody("sms", member=replace(MARY, state="waiting"))
    assert "not in yet" in person.writes(words)
    assert not person.of(Change)


def test_who_waits_and_says_stop_waits_no_more() -> None:
    person = somebody("telegram", member=replace(MARY, state="waiting"))
    person.writes("/stop")
    assert [change.to for change in person.of(Change)] == ["stopped", "left"]
