"""Words that may mean danger are noticed wherever they come in, and ordinary talk is not."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from flows.effects import Flag, Keep
from flows.events import Attachment
from flows.rules import Rules
from flows.state import Way
from tests.people import Person
from tests.scenes import GROUP, MARY, VOTE, Scene, shipped

WORDS = "I can't stop thinking about it, I want to die"
ALONE = Way(write_anything=True, proved=True)


@pytest.mark.parametrize(
    "said",
    [
        "i want to DIE",
        "I don’t want to be here any more.",
        "I dont wanna be here anymore",
        "He hits me when nobody is looking",
        "it hit me later that he hit me",
        "my son takes   my\nmoney",
        "I think about self-harm",
        "Dw i eisiau marw",
        "Mae'n fy ngham-drin i",
        "Does dim bwyd yn y tŷ",
    ],
)
def test_words_that_may_mean_danger_are_found(said: str) -> None:
    assert shipped().watch.finds(said)


@pytest.mark.parametrize(
    "said",
    [
        "I was killing time at the bus stop",
        "We nearly died of laughing",
        "It hit me that the ramp is too steep",
        "These shoes are killing me",
        "I want to diet",
        "The garden is in danger of being sold",
        "What hit me was the cold",
        "Mae'r ardd mewn perygl o gael ei gwerthu",
        "",
    ],
)
def test_ordinary_talk_is_left_alone(said: str) -> None:
    assert not shipped().watch.finds(said)


def test_a_group_adds_phrases_and_leaves_some_out() -> None:
    watch = shipped().safe_words.watch(added=["on the ledge"], dropped=["Overdose"])
    assert watch.finds("she is out on the ledge")
    assert watch.finds("I want to die")
    assert not watch.finds("a talk about overdose")


def answered(who: Person) -> None:
    who.writes("diary", WORDS)


def unasked(who: Person) -> None:
    who.writes(WORDS)


def beside_a_vote(who: Person) -> None:
    who.scene.send_poll("p1")
    who.writes(WORDS)


def corrected(who: Person) -> None:
    who.writes("diary", "A quiet day")
    assert who.last
    who.changes(who.last, WORDS)


def below_a_photo(who: Person) -> None:
    who.does("media", text=WORDS, attachments=(Attachment(kind="photo", ref="f"),))


def misunderstood(who: Person) -> None:
    who.writes("menu", WORDS)


@pytest.mark.parametrize("does", [answered, unasked, beside_a_vote, corrected, below_a_photo, misunderstood])
@pytest.mark.parametrize("channel", ["telegram", "sms"])
def test_words_are_flagged_wherever_they_come(does: Callable[[Person], None], channel: str) -> None:
    who = Person(scene=Scene(group=replace(GROUP, polls=(VOTE,))), channel=channel)
    does(who)
    assert [flag.words for flag in who.of(Flag)] == [WORDS]


def test_a_flag_names_the_contribution_that_is_kept() -> None:
    who = Person()
    who.writes("diary", WORDS)
    assert [flag.gift for flag in who.of(Flag)] == [who.of(Keep)[-1].id]


@pytest.mark.parametrize("known", [True, False])
def test_a_strangers_words_are_flagged(known: bool) -> None:
    who = Person(scene=Scene(member=None, known_group=known), channel="sms")
    who.writes(WORDS)
    assert [flag.words for flag in who.of(Flag)] == [WORDS]


@pytest.mark.parametrize(
    ("way", "told"),
    [(ALONE, True), (Way(), False), (replace(ALONE, shared=True), False)],
)
@pytest.mark.parametrize("channel", ["telegram", "sms"])
def test_28_whom_to_reach_is_said_only_where_nobody_else_reads_it(way: Way, told: bool, channel: str) -> None:
    who = Person(scene=Scene(member=replace(MARY, way=way)), channel=channel)
    said = who.writes("diary", WORDS)
    assert ("text SHOUT to 85258" in said) == told
    assert "How was that day?" in said


def test_a_group_has_words_of_its_own_to_answer_with() -> None:
    rules = Rules(safe_words_reply="Ring Sam on 01632 960002, day or night.")
    who = Person(scene=Scene(group=replace(GROUP, rules=rules), member=replace(MARY, way=ALONE)))
    assert who.writes(WORDS).startswith("Ring Sam on 01632 960002, day or night.\n\nThank you.")


def test_before_the_tone_a_caller_hears_once_by_when_somebody_listens() -> None:
    who = Person()
    who.rings()
    said = who.presses("1")  # the diary
    assert "We will listen by Wednesday evening. If you need help now, press zero." in said
    who.speaks()
    assert "We will listen" not in who.presses("4")  # start the recording again
