"""How a question reads where there are no buttons, and how long answers are cut for SMS."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.text import choices, clean, fit_parts, numbered
from flows.events import Option, Question, Say
from flows.readable import parts, simplify
from tests.scenes import house

PLACES = (Option(key="library", label="Library"), Option(key="cafe", label="Café"))
TIMES = (Option(key="two", label="2pm"), Option(key="six", label="6pm"))
STEPS = tuple(
    Option(key=str(n), label=label)
    for n, label in enumerate(["1, very bad", "2", "3", "4", "5, very good"], 1)
)
PLAIN_STEPS = tuple(Option(key=str(n), label=str(n)) for n in range(11))
WORDED = tuple(Option(key=str(n), label=f"{n}, {word}") for n, word in enumerate(["bad", "so-so", "good"], 1))

MORE = "Text MORE for the rest."


def asked(**more: Any) -> Question:
    return Question(
        **{"id": "q1", "name": "place", "text": "Where?", "takes": ("choice",), "options": PLACES} | more
    )


READS: list[tuple[str, Question | None, str]] = [
    ("no question", None, ""),
    ("free words", asked(takes=("text",), options=()), ""),
    ("free words, optional", asked(takes=("text",), options=(), optional=True), "Or text SKIP."),
    ("a choice", asked(), "1 Library\n2 Café"),
    ("choices that begin with digits", asked(options=TIMES), "1) 2pm\n2) 6pm"),
    ("choices that begin with their key", asked(options=(Option(key="1", label="10 of us"),)), "1) 10 of us"),
    ("an optional choice", asked(optional=True), "1 Library\n2 Café\nOr text SKIP."),
    ("several", asked(takes=("several",)), "1 Library\n2 Café\nYou can choose more than one, like 1 2."),
    (
        "at most two of three",
        asked(takes=("several",), options=(*PLACES, Option(key="hall", label="Hall")), most=2),
        "1 Library\n2 Café\n3 Hall\nYou can choose up to 2, like 1 3.",
    ),
    (
        "a scale",
        asked(takes=("scale",), options=STEPS),
        "Reply with a number from 1 (very bad) to 5 (very good).",
    ),
    (
        "a scale without words",
        asked(takes=("scale",), options=PLAIN_STEPS),
        "Reply with a number from 0 to 10.",
    ),
    ("a scale whose every step has words", asked(takes=("scale",), options=WORDED), "1 bad\n2 so-so\n3 good"),
    (
        "a scale with a way out",
        asked(takes=("scale",), options=(*STEPS, Option(key="none", label="Rather not say"))),
        'Reply with a number from 1 (very bad) to 5 (very good).\nOr text "Rather not say".',
    ),
]


@pytest.mark.parametrize(("question", "lines"), [pytest.param(*row[1:], id=row[0]) for row in READS])
def test_a_question_reads_like_this(question: Question | None, lines: str) -> None:
    assert choices(question, house()) == lines
    assert numbered(Say(text="Where?", question=question), house()) == f"Where?\n{lines}".strip()


def test_what_fits_is_left_as_it_is() -> None:
    say = Say(text="Where shall we meet?", question=asked())
    assert fit_parts(say, house()) == (say, "")


def test_where_parts_do_not_count_nothing_is_cut() -> None:
    say = Say(text="word " * 2000)
    assert fit_parts(say, house(), 0) == (say, "")


def test_a_long_text_keeps_its_choices_and_offers_the_rest() -> None:
    say = Say(text="This is what the meeting is about. " * 40, question=asked())
    head, rest = fit_parts(say, house())
    sent = simplify(numbered(head, house()))
    assert parts(sent) <= 3
    assert sent.endswith(simplify(f".\n{MORE}\n1 Library\n2 Café"))
    assert head.text.removesuffix(f"\n{MORE}") + " " + rest == say.text.strip()


def test_words_that_fit_only_without_their_choices_are_cut_too() -> None:
    say = Say(text="a" * 300 + " " + "b" * 150, question=asked())
    head, rest = fit_parts(say, house())
    assert parts(simplify(numbered(head, house()))) <= 3
    assert rest == "b" * 150


def test_choices_too_long_for_any_words_are_cut_with_them() -> None:
    options = tuple(Option(key=str(n), label=f"Choice number {n} is a long one") for n in range(1, 21))
    head, rest = fit_parts(Say(text="Where?", question=asked(options=options)), house())
    assert head.question is None
    assert parts(simplify(numbered(head, house()))) <= 3
    seen = head.text.removesuffix(f"\n{MORE}").split() + rest.split()
    assert seen == numbered(Say(text="Where?", question=asked(options=options)), house()).split()


def test_text_more_reaches_the_end() -> None:
    text = " ".join(f"Sentence {n} says something." for n in range(100))
    heard, rest = [], text
    for _ in range(30):
        head, rest = fit_parts(Say(text=rest), house())
        heard.append(head.text.removesuffix(f"\n{MORE}"))
        if not rest:
            break
    assert " ".join(heard) == text


@given(st.text(max_size=3000), st.integers(min_value=0, max_value=2))
def test_no_words_are_lost_and_no_answer_has_four_parts(text: str, options: int) -> None:
    say = Say(text=text, question=asked(options=PLACES[:options]))
    head, rest = fit_parts(say, house())
    assert parts(simplify(numbered(head, house()))) <= 3
    kept = head.text.removesuffix(f"\n{MORE}") if rest else head.text
    assert "".join((kept + rest).split()) == "".join(text.split())


@given(st.text())
def test_clean_words_can_be_stored_and_sent(text: str) -> None:
    kept = clean(text + "\ud83d\x00\r\n")
    assert kept.encode().decode() == kept
    assert "\x00" not in kept
    assert kept.endswith("\n")
