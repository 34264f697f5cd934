"""What we say to members in the shipped flows: plain, and with no word in it that would stop us."""

from flows.readable import reading_age
from tests.scenes import shipped


def sentences() -> list[str]:
    flows = shipped()
    found = [text for name in flows.phrases for text in flows.phrases[name].values()]
    for flow in flows.current.values():
        for step in flow.steps:
            found += getattr(step, "text", {}).values()
            found += [label for choice in getattr(step, "choices", ()) for label in choice.label.values()]
    return found


def test_no_text_of_ours_invites_a_word_that_stops() -> None:
    for text in sentences():
        for word in ("STOP", "HELP", "YES", "END", "CANCEL", "another stop"):
            assert word not in text, text


def test_start_is_named_only_to_those_who_have_stopped() -> None:
    assert len([text for text in sentences() if "START" in text]) == 4


def test_our_texts_are_plain() -> None:
    long = [text for text in sentences() if len(text.split()) > 12]
    assert {text: reading_age(text) for text in long if reading_age(text) > 9} == {}
