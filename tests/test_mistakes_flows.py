"""Mistakes that others made in a conversation, each a test under its number in the project's list."""

from dataclasses import replace

import pytest

from flows.effects import Amend, Change, Keep, Matter, Narrow, TakeBack, Vote
from flows.steps import AskStep
from tests.people import Person, somebody
from tests.scenes import GROUP, SECOND, VOTE, shipped

VOTING = replace(GROUP, polls=(VOTE,))
BOTH = replace(GROUP, polls=(VOTE, SECOND))


def sent(person: Person, *polls: str) -> Person:
    """These polls have just been sent."""
    for poll in polls:
        person.scene.send_poll(poll)
    return person


# 1. STOP treated as an ordinary answer; the word STOP inside a sentence treated as an opt-out.
@pytest.mark.parametrize("word", ["STOP", "stop", "Stop.", " stop! ", "STOPALL", "unsubscribe"])
@pytest.mark.parametrize("channel", ["sms", "telegram"])
def test_1_stop_stops_in_the_middle_of_a_flow(channel: str, word: str) -> None:
    person = somebody(channel)
    person.writes("diary", word)
    assert [change.to for change in person.of(Change)] == ["stopped"]
    assert not person.of(Keep)


@pytest.mark.parametrize(
    "words", ["we have to STOP this", "Stop the bus", "the bus stop", "don't stop", "quit smoking"]
)
def test_1_stop_inside_a_sentence_is_something_said(words: str) -> None:
    person = somebody("sms")
    person.writes("diary", words)
    assert [keep.text for keep in person.of(Keep)] == [words]
    assert not person.of(Change)


@pytest.mark.parametrize("word", ["cancel", "end", "quit"])
def test_1_where_no_carrier_acts_on_it_a_natural_word_is_an_answer(word: str) -> None:
    person = somebody("telegram")
    person.writes("diary", word)
    assert not person.of(Change)
    assert person.of(Keep)


def test_1_yes_from_somebody_who_had_not_stopped_is_an_answer() -> None:
    person = somebody("sms")
    person.writes("journey", "I rang", "3", "skip", "YES")
    assert not person.of(Change)
    assert "happened" in (person.scene.asked.name if person.scene.asked else "")


def test_1_start_brings_back_who_had_stopped() -> None:
    person = somebody("sms")
    person.writes("STOP")
    assert "Welcome back" in person.writes("START")
    assert [change.to for change in person.of(Change)] == ["stopped", "active"]


def test_1_stop_is_said_once_and_never_beside_the_carrier() -> None:
    person = somebody("sms")
    assert person.writes("STOP")
    assert person.writes("STOP") == ""
    other = somebody("sms")
    assert other.does("optout", value="stop") == ""


# 2. "9 to stop" while 9 is also an answer.
def test_2_no_key_means_two_things_at_once() -> None:
    asks = [step for flow in shipped().current.values() for step in flow.steps if isinstance(step, AskStep)]
    for ask in asks:
        taken = {str(place) for place in range(1, len(ask.choices) + 1)} | {"0", "*", "#"}
        assert not taken & {word for one in ask.quiet for word in one.words}, ask.name
        assert not (ask.quiet and ask.shelf)  # a menu of many takes 9 for more choices


# 5. A late answer to the previous question dropped; two open questions mixed up.
def test_5_a_late_button_still_counts_and_the_diary_goes_on() -> None:
    person = sent(somebody(group=VOTING), "p1")
    person.writes("diary", "We had tea")
    assert "Library" in person.presses("1", question="p1")
    assert person.of(Vote)[-1].keys == ("1",)
    person.presses("4")
    assert person.of(Keep)[-1].answers["feeling"].keys == ("4",)


def test_5_buttons_of_two_votes_each_answer_their_own() -> None:
    person = sent(somebody(group=BOTH), "p1", "p2")
    person.presses("2", question="p1")
    person.presses("3", question="p2")
    assert {vote.poll: vote.keys for vote in person.of(Vote)} == {"p1": ("2",), "p2": ("3",)}


@pytest.mark.parametrize(
    ("pressed", "chosen"), [("12", ("1", "2")), ("123", ("1", "2", "3")), ("121", ("2",)), ("11", ("1",))]
)
def test_5_buttons_of_a_vote_for_several_add_up(pressed: str, chosen: tuple[str, ...]) -> None:
    person = sent(somebody(group=BOTH), "p2")
    for key in pressed:
        person.presses(key, question="p2")
    assert person.of(Vote)[-1].keys == chosen


def test_5_words_that_only_the_earlier_vote_knows_answer_that_one() -> None:
    person = sent(somebody("sms", group=BOTH), "p1", "p2")
    person.writes("library")
    assert [(vote.poll, vote.keys) for vote in person.of(Vote)] == [("p1", ("1",))]


def test_5_two_votes_answered_one_after_the_other_are_both_counted() -> None:
    person = sent(somebody("sms", group=BOTH), "p1", "p2")
    person.writes("library", "cake please")
    assert {vote.poll: vote.keys for vote in person.of(Vote)} == {"p1": ("1",), "p2": ("3",)}
    assert not person.of(Keep)


def test_5_a_bare_number_that_two_votes_could_take_is_asked_about() -> None:
    person = sent(somebody("sms", group=BOTH), "p1", "p2")
    person.writes("later")
    assert "Two votes could take that" in person.writes("2")
    assert not person.of(Vote)


def test_5_a_second_message_of_the_same_story_is_added() -> None:
    person = somebody("sms")
    assert "added" in person.writes("diary", "We had tea", "and then it rained")
    assert person.of(Keep)[-1].text == "We had tea\nand then it rained"


def test_5_a_vote_that_comes_in_the_middle_of_a_diary_takes_no_bare_number() -> None:
    person = somebody("sms", group=VOTING)
    person.writes("diary", "We had tea")
    sent(person, "p1").writes("2")
    assert not person.of(Vote)
    assert person.of(Keep)[-1].answers["feeling"].keys == ("2",)


# 6. Somebody types the answer's words, not its number, and gets the same question for ever.
@pytest.mark.parametrize("words", ["library", "the Library please", "libary", "1", "one", "1st", "option 1"])
def test_6_the_words_of_an_answer_are_an_answer(words: str) -> None:
    person = sent(somebody("sms", group=VOTING), "p1")
    person.writes(words)
    assert person.of(Vote)[-1].keys == ("1",)


def test_6_three_answers_not_understood_go_to_a_person_and_the_member_goes_on() -> None:
    person = sent(somebody("sms", group=VOTING), "p1")
    said = [person.writes(words) for words in ("bananas", "pears", "plums")]
    assert len(set(said)) == 3
    assert [matter.words for matter in person.of(Matter)] == ["bananas\npears\nplums"]
    assert len(person.labels) == 3
    assert "counted" in person.writes("library")


def test_6_yes_is_yes_where_we_asked_whether_one_was_meant() -> None:
    person = sent(somebody("sms", group=VOTING), "p1")
    assert "Did you mean “Library”" in person.writes("not sure, the library")
    person.writes("yes")
    assert person.of(Vote)[-1].keys == ("1",)


@pytest.mark.parametrize(
    "words", ["rather not say", "Rather not", "skip", "I'd rather not say", "prefer not to say"]
)
def test_6_rather_not_say_is_an_answer_on_a_scale(words: str) -> None:
    person = somebody("sms")
    person.writes("journey", "I rang the surgery", words)
    assert person.scene.asked is not None
    assert person.scene.asked.name == "helped"


@pytest.mark.parametrize("words", ["1 3", "tea and cake", "1,3", "tea, cake", "cake and tea please"])
def test_6_several_choices_in_one_message(words: str) -> None:
    person = sent(somebody("sms", group=BOTH), "p2")
    person.writes(words)
    assert person.of(Vote)[-1].keys == ("1", "3")


# 9. A scheduled message interrupts somebody in the middle of an answer.
def test_9_a_vote_sent_in_the_middle_leaves_the_question_as_it_is() -> None:
    person = somebody(group=VOTING)
    person.writes("diary")
    sent(person, "p1").writes("2 buses came late today")
    assert person.of(Keep)[-1].text == "2 buses came late today"
    assert not person.of(Vote)


# 11. Two photos sent together: one is lost. Four in one second: four confirmations and an error.
def test_11_photos_sent_together_are_one_contribution_with_one_confirmation() -> None:
    person = somebody()
    merges = set()
    for _ in range(4):
        person.sends_photo(album="A")
        merges |= {say.merge for say in person.says if say.question}
    assert len(merges) == 1
    person.presses("done", "skip")
    assert len(person.of(Keep)[-1].answers["photos"].media) == 4
    assert len({keep.id for keep in person.of(Keep)}) == 1


def test_11_a_photo_of_those_together_that_comes_late_joins_them_silently() -> None:
    person = somebody()
    person.sends_photo(album="A")
    person.presses("done")
    person.writes("The ramp")
    assert person.sends_photo(album="A") == ""
    assert person.of(Amend)[-1].add


# 24. "A participant who writes something watches it disappear."
@pytest.mark.parametrize(
    "play",
    [
        ["diary", "We had tea", "skip"],
        ["thought", "More benches", "2"],
        ["journey", "I rang", "3", "skip", "2"],
        ["idea", "A walk together", "1"],
        ["The bus is always late", "1"],
        ["The bus is always late", "3"],
        ["photo", "I would show the ramp"],
        ["diary", "We had tea", "later"],
        ["journey", "xyzzy plugh", "qwerty", "asdfgh", "zxcvbn"],
    ],
)
def test_24_everything_given_gets_a_receipt_with_its_readers(play: list[str]) -> None:
    said = somebody("sms").writes(*play)
    assert "kept" in said or "passed" in said
    assert "Ann and Bo" in said
    assert "UNDO" in said


def test_24_a_receipt_is_a_sentence_where_no_reader_has_been_named() -> None:
    person = somebody("sms", group=replace(GROUP, readers=()))
    assert "is kept, and the facilitators will read it." in person.writes("diary", "We had tea", "skip")


@pytest.mark.parametrize("channel", ["sms", "telegram"])
@pytest.mark.parametrize(
    "words", ["hello", "ok", "thank you", "🙂", "?", "x" * 10_000, "שלום לכולם", "\x07", "1"]
)
def test_24_nobody_who_writes_is_met_by_silence(channel: str, words: str) -> None:
    assert somebody(channel).writes(words)


@pytest.mark.parametrize(
    "words", ["x" * 10_000, "🙂🙂", "مرحبا بالعالم", "tea\x07 time", "<b>tea</b>", "{readers}"]
)
def test_24_whatever_words_are_given_are_kept_as_they_are(words: str) -> None:
    person = somebody("sms")
    person.writes("diary", words, "skip")
    assert person.of(Keep)[-1].text == words


def test_24_words_that_come_unasked_are_never_thrown_away() -> None:
    person = somebody("sms")
    assert "What shall I do with that" in person.writes("The bus is always late")
    person.writes("idea", "A walk together", "1")
    assert "what you sent" in person.writes("back")
    person.writes("3")
    assert person.of(Matter)[-1].words == "The bus is always late"


def test_24_taken_back_is_taken_back_and_the_words_say_what_it_was() -> None:
    person = somebody("sms")
    person.writes("diary", "We had tea", "skip")
    assert "your diary entry" in person.writes("undo")
    assert person.of(TakeBack)[0].id == person.of(Keep)[0].id


# What people do in the middle of things.
def test_later_keeps_the_place_on_another_channel_too() -> None:
    person = somebody("sms")
    person.writes("journey", "I rang", "later")
    person.channel = "telegram"
    assert "How did that feel?" in person.writes("back")
    person.presses("3")
    assert person.of(Keep)[-1].lists["moments"][0]["felt"].keys == ("3",)


def test_help_while_words_are_asked_for_may_have_been_the_answer() -> None:
    person = somebody("sms")
    assert "If that was your answer" in person.writes("diary", "help")
    person.writes("help came late")
    assert person.of(Keep)[-1].text == "help came late"
    assert [matter.kind for matter in person.of(Matter)] == ["help"]


def test_a_changed_message_corrects_what_was_given() -> None:
    person = somebody()
    person.writes("diary", "We had tee")
    first = person.last
    assert first is not None
    person.writes("4")
    assert "We had tea" in person.changes(first, "We had tea")
    assert person.of(Amend)[-1].answer.text == "We had tea"


def test_a_changed_message_votes_anew() -> None:
    person = sent(somebody(group=VOTING), "p1")
    person.writes("1")
    assert person.last is not None
    person.changes(person.last, "2")
    assert [vote.keys for vote in person.of(Vote)] == [("1",), ("2",)]


def test_going_back_loses_nothing_until_it_is_answered_anew() -> None:
    person = somebody("sms")
    person.writes("diary", "We had tea", "back", "later")
    assert person.of(Keep)[-1].text == "We had tea"
    assert not person.of(TakeBack)
    person.writes("back", "We had coffee")
    assert person.of(Keep)[-1].text == "We had coffee"


def test_the_last_answer_is_gone_at_once_when_it_is_taken_back() -> None:
    person = somebody("sms")
    assert "I have taken that back" in person.writes("diary", "We had tea", "undo")
    assert person.of(TakeBack)[-1].id == person.of(Keep)[-1].id


def test_just_you_answers_who_may_read_it_and_later_narrows() -> None:
    person = somebody("sms")
    person.writes("thought", "One", "2", "thought", "Two", "just you")
    assert not person.of(Narrow)
    assert person.of(Keep)[-1].audience == "facilitators"
    person.writes("just you")
    assert person.of(Narrow)


def test_a_late_ballot_is_answered_with_the_outcome() -> None:
    person = sent(somebody(group=VOTING), "p1")
    person.scene.close("p1", "Café was chosen.")
    assert "Café was chosen" in person.presses("1", question="p1")
    assert not person.of(Vote)


def test_a_comment_needs_no_ballot() -> None:
    person = sent(somebody("sms", group=VOTING), "p1")
    person.writes("I can not get to either of them by bus")
    assert person.of(Keep)[-1].poll == "p1"
    assert not person.of(Vote)


def test_each_vote_of_several_has_its_own_comment() -> None:
    person = somebody("sms", group=BOTH)
    person.writes("vote", "1", "It is warm there", "1 3", "I like them all")
    kept = {keep.id: (keep.poll, keep.text) for keep in person.of(Keep)}
    assert sorted(kept.values()) == [("p1", "It is warm there"), ("p2", "I like them all")]


def test_a_comment_never_tells_how_somebody_voted() -> None:
    secret = replace(VOTING, polls=(replace(VOTE, secret=True),))
    person = sent(somebody("sms", group=secret), "p1")
    person.writes("2", "It is warm there")
    assert "Café" not in str(person.of(Keep))


def test_a_vote_passed_over_is_not_asked_again_and_again() -> None:
    person = somebody("sms", group=BOTH)
    said = person.writes("vote", "pears", "plums", "bananas", "1")
    assert "What shall we bring?" in said
    assert person.writes("pears", "plums", "bananas", "1")
    assert person.scene.asked is None


def test_a_new_choice_in_a_few_words_changes_the_vote_though_a_comment_was_invited() -> None:
    person = somebody("sms", group=VOTING)
    person.writes("vote")
    person.writes("1")
    said = person.writes("the second one please")
    assert "changed" in said


def test_words_instead_of_a_photo_are_told_what_is_waited_for() -> None:
    person = somebody("telegram")
    person.writes("photo")
    assert "waiting for a photo" in person.writes("How do I do that?")
