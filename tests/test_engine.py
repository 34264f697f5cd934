"""Whatever anybody does, on any channel: nothing breaks and nothing that they gave is lost."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.spoken import prompt
from flows.effects import Amend, Join, Keep, Matter, TakeBack
from flows.events import Attachment
from flows.steps import MENU
from storage.turning.states import packed
from tests.people import Person, somebody
from tests.scenes import BRIEF, GROUP, MARY, SECOND, SHARED, VOTE, house, shipped

FULL = replace(GROUP, polls=(VOTE, SECOND), briefs=(BRIEF,), shared=SHARED)
WAYS_IN = sorted({word for flow in shipped().current.values() for word in flow.words})
COMMANDS = ["menu", "back", "later", "repeat", "help", "more", "stop", "start", "just you"]
ODD = [
    "",
    " ",
    "🙂",
    "x" * 10_000,
    "مرحبا بالعالم كيف حالكم اليوم",
    "\x00\x07",
    "yes",
    "no",
    "skip",
    "7",
    "all",
]
KEYS = [*"0123456789*#", "more", "skip", "1 2", "10", "library", "done", "hangup", "03/04"]
STORY = "The old gate was broken again on day {}"

words = st.sampled_from([*WAYS_IN, *COMMANDS, *ODD, "1", "2", "3", "4", "5", "Library", "banana"])
anything = st.one_of(
    words.map(lambda text: ("words", {"text": text})),
    st.just(("story", {})),
    st.sampled_from(KEYS).map(lambda value: ("press", {"value": value})),
    st.sampled_from(["photo", "voice", "file"]).map(lambda kind: ("media", {"kind": kind})),
    st.sampled_from(["unknown", "edit", "place", "silence", "hangup", "call"]).map(lambda kind: (kind, {})),
)
doings = st.lists(st.tuples(st.sampled_from(["telegram", "sms", "voice"]), anything), max_size=25)


def carry_out(person: Person, channel: str, kind: str, more: dict[str, Any], day: int) -> str:
    """One thing that somebody does, with an event of the kind that the channel really makes."""
    person.channel = channel
    asked = person.scene.asked
    if kind == "story":
        kind, more = "words", {"text": STORY.format(day)}
    if kind == "words":
        return person.does("words", spoken=channel == "voice", **more)
    if kind == "press":
        return person.does("press", question=asked.id if asked else "", **more)
    if kind == "media":
        file = Attachment(kind=more["kind"], ref=person.scene.ids(), seconds=5)
        return person.does("media", attachments=(file,))
    if kind == "edit":
        return person.does("edit", of=f"i{day}", text="1")
    if kind in {"silence", "hangup", "call"}:
        person.channel = "voice"
    return person.does(kind, value="1,2" if kind == "place" else "")  # type: ignore[arg-type]


@settings(max_examples=200)
@given(st.booleans(), doings)
def test_anything_in_any_order_is_answered_and_stored(stranger: bool, done: list[Any]) -> None:
    person = somebody(group=FULL, member=None if stranger else MARY)
    for day, (channel, (kind, more)) in enumerate(done):
        carry_out(person, channel, kind, more, day)
        for say in person.says:
            assert say.text.strip() or say.shown or say.ends or say.dial
            assert "{" not in say.text and "{" not in say.spoken
            if say.question and person.channel == "voice":
                told = prompt(say, house())
                assert told.lines or told.menu
        assert len(packed(person.scene.conversation)) < 300_000


@settings(max_examples=200)
@given(doings)
def test_what_is_written_to_an_open_question_is_never_lost(done: list[Any]) -> None:
    person = somebody(group=FULL)
    for day, (channel, (kind, more)) in enumerate(done):
        if person.scene.member is None or (channel == "voice" and kind == "story"):
            continue
        asked = person.scene.asked
        gives = kind == "story" and (asked is None or not asked.closed)
        carry_out(person, channel, kind, more, day)
        if gives:
            assert STORY.format(day) in held(person), asked


PLAIN = ["diary", "thought", "idea", "journey", "photo", "vote", "brief", "read", "others", "help"]
ON = [*PLAIN, "menu", "later", "stop", "start", "skip", "banana", "1", "2", "3", "library", "just you"]
talking = st.lists(
    st.one_of(
        st.just(("story", {})),
        st.sampled_from(ON).map(lambda text: ("words", {"text": text})),
        st.just(("media", {"kind": "photo"})),
        st.sampled_from(["call", "silence", "hangup"]).map(lambda kind: (kind, {})),
    ),
    max_size=25,
)


@settings(max_examples=200)
@given(st.sampled_from(["telegram", "sms"]), talking)
def test_what_was_given_once_stays_unless_they_take_it_back(channel: str, done: list[Any]) -> None:
    person = somebody(channel, group=FULL)
    given_so_far = []
    for day, (kind, more) in enumerate(done):
        asked = person.scene.asked
        carry_out(person, channel, kind, more, day)
        if kind == "story" and (asked is None or not asked.closed):
            given_so_far.append(STORY.format(day))
    for story in given_so_far:
        assert story in held(person)


def held(person: Person) -> str:
    """All that is kept, is on its way to a person, or is still in the conversation."""
    back = {effect.id for effect in person.of(TakeBack)}
    kept = [effect for effect in person.of(Keep) if effect.id not in back]
    return f"{kept} {person.of(Amend)} {person.of(Matter)} {packed(person.scene.conversation)}"


GIVING = [
    ("diary", "diary", 1),
    ("thought", "thought", 1),
    ("idea", "idea", 1),
    ("journey", "journey", 1),
    ("what comes unasked", "", 2),
]


def test_words_that_came_unasked_are_kept_when_the_question_about_them_is_left_out() -> None:
    person = somebody("sms")
    person.writes("The gate is broken", "hm", "what", "why", "1")
    assert person.of(Keep)[-1].text == "The gate is broken"


@pytest.mark.parametrize("leaves", ["", "later", "menu", "vote", "help", "thought", "stop"])
@pytest.mark.parametrize(("name", "word", "answers"), GIVING)
def test_who_never_finishes_is_heard_all_the_same(name: str, word: str, answers: int, leaves: str) -> None:
    person = somebody("sms", group=FULL)
    person.writes(*filter(None, [word, "The gate is broken", "1" if not word else "", leaves]))
    assert any("The gate is broken" in effect.text for effect in person.of(Keep))


PLAYS = {
    "diary": ["diary", "We had tea", "4"],
    "thought": ["thought", "More benches", "1"],
    "photo": ["photo", "I would show the ramp"],
    "journey": ["journey", "I rang", "3", "A person", "2"],
    "idea": ["idea", "A walk", "1"],
    "vote": ["vote", "2", "skip", "1", "skip"],
    "brief": ["brief", "read"],
    "others": ["others", "next", "thanks"],
    "help": ["help"],
    "leave": ["leave", "5"],
}


@pytest.mark.parametrize("name", PLAYS)
def test_every_way_in_comes_to_its_end_by_text_message(name: str) -> None:
    person = somebody("sms", group=FULL)
    said = person.writes(*PLAYS[name])
    assert said
    assert person.scene.conversation.frame is None


@pytest.mark.parametrize("way", [flow.name for flow in shipped().shelves[MENU]])
def test_every_way_in_the_menu_leads_on_when_pressed(way: str) -> None:
    person = somebody("telegram", group=FULL)
    person.writes("menu")
    assert person.presses(way)


@pytest.mark.parametrize("way", range(1, len(shipped().shelves[MENU]) + 1))
def test_every_way_in_comes_to_its_end_on_the_phone(way: int) -> None:
    person = somebody(group=FULL)
    person.rings()
    person.presses(str(way))
    for _ in range(30):
        asked = person.scene.asked
        if asked is None or person.scene.conversation.frames[-1].flow == "menu":
            return
        if asked.closed or person.scene.conversation.review:
            person.presses({"more": "2", "how": "5"}.get(asked.name, "1"))
        else:
            person.speaks()
    raise AssertionError("this way never ends")


def test_a_name_is_taken_as_it_is_given() -> None:
    person = somebody("sms", member=None)
    person.writes("JOIN GARDEN", "1", "Anne-Marie O'Neill")
    assert [effect.name for effect in person.of(Join)] == ["Anne-Marie O'Neill"]
