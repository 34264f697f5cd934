"""What a channel says of how to answer comes in the language of what it belongs to."""

import pytest

from channels.spoken import prompt
from channels.text import choices
from flows.events import Option, Question, Say
from flows.sentences import Sentences
from flows.wording import Text
from tests.scenes import shipped

WELSH = {
    "choose.skip": "Neu tecstiwch SKIP.",
    "choose.several": "Cewch ddewis mwy nag un, fel {example}.",
    "keys.press": "{deed}, pwyswch {key}.",
    "keys.for": "Am {choice}",
}
PLACES = (Option(key="library", label="Llyfrgell"), Option(key="cafe", label="Caffi"))


@pytest.fixture
def words() -> Sentences:
    phrases = shipped().phrases
    welsh = {name: Text({**phrases[name], "cy": text}) for name, text in WELSH.items()}
    return Sentences({**phrases, **welsh}, "cy")


def test_choices_are_explained_in_the_language_of_the_question(words: Sentences) -> None:
    question = Question(id="q", name="q", text="Ble?", takes=("several",), options=PLACES, optional=True)
    read = "1 Llyfrgell\n2 Caffi\nCewch ddewis mwy nag un, fel 1 2.\nNeu tecstiwch SKIP."
    assert choices(question, words) == read
    heard = prompt(Say(text="Ble?", question=question), words).menu
    assert heard[:2] == ("Am Llyfrgell, pwyswch 1.", "Am Caffi, pwyswch 2.")
    assert heard[-1] == "To leave this question out, press the hash key."  # nobody has put that into Welsh
