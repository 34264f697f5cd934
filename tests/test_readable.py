"""How long words are, and where they are cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.readable import (
    long_sentences,
    part_by_part,
    parts,
    pieces,
    reading_age,
    seconds_to_listen,
    simplify,
    split,
    units,
)

FAMILY = "👩‍👩‍👧"
MORE = "\nText MORE for the rest."


@pytest.mark.parametrize(
    ("text", "long", "many"),
    [
        ("", 0, 1),
        ("a" * 160, 160, 1),
        ("a" * 161, 161, 2),
        ("a" * 306, 306, 2),
        ("a" * 307, 307, 3),
        ("€" * 80, 160, 1),
        ("€" * 81, 162, 2),
        ("a" * 152 + "€" + "a" * 153, 307, 3),  # the escape would end part one, its letter begin part two
        ("é" * 160, 160, 1),
        ("ê" * 70, 70, 1),
        ("ê" * 71, 71, 2),
        ("ê" * 134, 134, 2),
        ("😀" * 35, 70, 1),
        ("😀" * 36, 72, 2),
        ("😀" * 67, 134, 3),  # 33 to a part: a pair is never split
        ("س" * 71, 71, 2),
    ],
)
def test_sms_parts(text: str, long: int, many: int) -> None:
    assert (units(text), parts(text)) == (long, many)


@pytest.mark.parametrize(
    ("text", "plainer"),
    [
        ("“It’s here” – soon…", '"It\'s here" - soon...'),
        ("10\u00a0am\u200b", "10 am"),
        ("• tea\r\n• cake", "- tea\n- cake"),
        ("cafe\u0301 à la ñ", "café à la ñ"),
        ("It’s Zoë", "It’s Zoë"),  # ë is not in the alphabet and is kept, so nothing is won
        ("It’s 🙂", "It’s 🙂"),
        ("Mae’n ŵyl", "Mae’n ŵyl"),
    ],
)
def test_plainer_signs_only_where_nothing_is_lost(text: str, plainer: str) -> None:
    assert simplify(text) == plainer


@given(st.text())
def test_plainer_signs_never_cost_a_part(text: str) -> None:
    assert parts(simplify(text)) <= parts(text)
    assert simplify(simplify(text)) == simplify(text)


def test_what_fits_is_left_alone() -> None:
    assert split("Short.", 1, tail=MORE) == ("Short.", "")
    assert split("a" * 160, 1, tail=MORE) == ("a" * 160, "")


@pytest.mark.parametrize(
    ("text", "head"),
    [
        ("A word. " * 10 + "\n\n" + "More words. " * 20, ("A word. " * 10).rstrip()),
        ("We meet on Tuesday at noon. " * 9, ("We meet on Tuesday at noon. " * 4).rstrip()),
        ("many words and no full stop " * 9, "many words and no full stop " * 4 + "many words and no full"),
        ("x" * 300, "x" * 136),
    ],
)
def test_cut_at_a_good_place(text: str, head: str) -> None:
    first, rest = split(text, 1, tail=MORE)
    assert first == head + MORE
    assert head.split() + rest.split() == text.split() or head + rest == text
    assert parts(first) == 1


@given(st.text(min_size=1, max_size=600), st.integers(1, 3))
def test_a_cut_text_fits_and_loses_nothing(text: str, most: int) -> None:
    head, rest = split(text, most, tail=MORE)
    assert parts(head) <= most
    whole = head.removesuffix(MORE) if rest else head
    assert "".join((whole + rest).split()) == "".join(text.split())


@pytest.mark.parametrize("text", [FAMILY * 30, "e\u0301" * 90, "🇬🇧" * 40, "👍🏽" * 40, "❤️" * 60])
def test_what_is_seen_as_one_is_never_cut(text: str) -> None:
    head, rest = split(text, 1)
    one = next(text[:size] for size in range(1, 12) if text == text[:size] * (len(text) // size))
    assert head == one * (len(head) // len(one))
    assert head + rest == text


def test_pieces_for_long_messages() -> None:
    text = "\n\n".join(f"Paragraph {n}. " + "It goes on and on. " * 40 for n in range(12))
    cut = pieces(text, 4096)
    assert len(cut) == 3
    assert all(piece.startswith("Paragraph") for piece in cut)
    assert pieces("Hello", 4096) == ["Hello"]
    assert pieces("", 4096) == [""]


@given(st.text(max_size=300), st.integers(2, 60))
def test_pieces_fit_and_lose_nothing(text: str, longest: int) -> None:
    cut = pieces(text, longest)
    assert all(len(piece.encode("utf-16-le", "surrogatepass")) // 2 <= longest for piece in cut)
    assert "".join("".join(cut).split()) == "".join(text.split())


def test_minutes_to_listen() -> None:
    assert [seconds_to_listen(text) for text in ("", "Hello.", "word " * 300)] == [0, 1, 120]


def test_plain_words_are_for_younger_readers() -> None:
    plain = "We meet on Tuesday. Bring a friend. There is tea and cake."
    official = (
        "Participants are respectfully requested to familiarise themselves with the accompanying "
        "documentation prior to the commencement of the forthcoming consultation."
    )
    assert reading_age(plain) <= 8
    assert reading_age(official) >= 18
    assert reading_age("") == 5


@given(st.text(max_size=600))
def test_the_parts_of_a_text_are_as_many_as_are_counted(text: str) -> None:
    found = part_by_part(text)
    assert len(found) == parts(text)
    assert "".join(found) == text


def test_sentences_that_are_too_long_are_named() -> None:
    long = "This one has " + "very " * 18 + "many words."
    text = f"Short. {long} Is it?\n\nA line without an end\n{long}"
    assert long_sentences(text) == [long, long]
    assert long_sentences(text, 30) == []
