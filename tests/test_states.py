"""A conversation as it is stored: what was stored before still reads, and it stays small."""

import json

import pytest

from flows.effects import Amend
from flows.state import Conversation
from flows.values import replace
from storage.turning.states import Recent, packed, unpacked
from tests.people import Person, somebody

DIARY = ("diary", "It rained all day", "4", "menu")


def of_the_first_shape(person: Person) -> str:
    """Their state as the first release stored it: each message repeats the question that it answered."""
    state = json.loads(packed(person.scene.conversation))
    asked = {one["id"]: one for one in state.pop("before")}
    state["heard"] = [{**one, "question": asked[one["question"]]} for one in state["heard"]]
    return json.dumps(state)


def test_a_conversation_of_the_first_shape_still_takes_corrections() -> None:
    person = somebody()
    person.writes("diary", "It rained all day")
    said = person.last
    person.writes("4")
    person.scene.conversation = unpacked(of_the_first_shape(person))
    assert said and "changed your answer" in person.changes(said, "It rained until noon")
    assert person.of(Amend)[-1].answer.text == "It rained until noon"


@pytest.mark.parametrize("stored", ["nonsense", "[]", '{"heard": 5}', '{"heard": [{}]}', '{"frames": [{}]}'])
def test_what_is_no_conversation_is_refused(stored: str) -> None:
    with pytest.raises(ValueError):
        unpacked(stored)


def test_a_conversation_that_has_gone_on_for_long_is_small() -> None:
    person = somebody()
    for _ in range(12):
        person.writes(*DIARY)
    state = person.scene.conversation
    # The menu that is open is stored as it was shown, so that a number goes on meaning what it meant:
    # it is as long as what a group offers. What lies behind it is what must not grow.
    assert len(packed(replace(state, frames=()))) < 3_500
    assert len(packed(state)) < 5_000
    assert unpacked("") == Conversation()


def test_a_button_of_an_old_menu_asks_what_is_open_now() -> None:
    person = somebody()
    person.writes("menu")
    old = person.scene.asked
    person.writes("diary", "It rained all day")
    assert old
    said = person.presses("thought", question=old.id)
    assert "closed now" in said and "How was that day?" in said


def test_conversations_that_were_stored_last_are_known_and_no_more_than_those() -> None:
    first, second = Conversation(rest="the first"), Conversation(rest="the second")
    recent = Recent(most=len(packed(second)))
    stored = [recent.packed(one) for one in (first, second, second)]
    assert stored == [packed(first), packed(second), packed(second)]
    assert recent.unpacked(stored[1]) is second
    assert recent.unpacked(stored[0]) == first
    assert recent.unpacked(stored[0]) is not first
