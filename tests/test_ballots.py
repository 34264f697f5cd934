"""Votes counted, and the result said in words."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.ballots import count, lines, sentence

OPTIONS = (("lib", "Library"), ("hall", "Town hall"), ("caf", "Café"))
KEYS = [key for key, _ in OPTIONS]
votes = st.lists(st.lists(st.sampled_from(KEYS), max_size=3), max_size=30)


@pytest.mark.parametrize(
    ("choices", "eligible", "said"),
    [
        ("lib " * 7 + "hall " * 5, 30, "Library won with 7 of 12 votes. 12 of 30 people voted."),
        ("lib hall", 3, "It is a tie between Library and Town hall, with 1 vote each. 2 of 3 people voted."),
        (
            "lib hall caf lib hall caf",
            9,
            "It is a tie between Library, Town hall and Café, with 2 votes each. 6 of 9 people voted.",
        ),
        ("lib+hall lib+caf", 4, "Library won, chosen by 2 of 2 people. 2 of 4 people voted."),
        ("hall", 1, "Town hall won with the only vote. 1 of 1 person voted."),
        ("hall hall", 1, "Town hall won with all 2 votes. 2 people voted."),
        ("", 30, "Nobody voted. 30 people could have."),
        ("- -", 8, "Nobody chose any of the options. 2 of 8 people voted."),
    ],
)
def test_the_result_in_words(choices: str, eligible: int, said: str) -> None:
    chosen = [vote.split("+") if vote != "-" else [] for vote in choices.split()]
    assert sentence(count(OPTIONS, chosen, secret=False, eligible=eligible)) == said


def test_a_line_for_each_option() -> None:
    result = count(OPTIONS, [["lib"]] * 7 + [["hall"]] * 1, secret=False, eligible=30)
    assert lines(result) == ("Library: 7 votes, 88%", "Town hall: 1 vote, 13%", "Café: 0 votes, 0%")


def test_percentages_never_hide_anybody() -> None:
    result = count(OPTIONS, [["lib"]] * 299 + [["hall"]], secret=False, eligible=300)
    assert result.percentages == {"lib": 99, "hall": 1, "caf": 0}


def test_a_secret_poll_of_few_tells_only_the_outcome() -> None:
    result = count(OPTIONS, [["lib"], ["lib"], ["hall"], ["lib"]], secret=True, eligible=9)
    assert (result.counts, result.percentages, result.winners, lines(result)) == (None, None, ("lib",), ())
    assert sentence(result) == "Library won. 4 of 9 people voted, so we don't say how many chose each."
    told = count(OPTIONS, [["lib"]] * 5, secret=True, eligible=9)
    assert told.counts == {"lib": 5, "hall": 0, "caf": 0}


def test_a_vote_for_nothing_on_the_list_is_an_error() -> None:
    with pytest.raises(ValueError, match="1 of the keys"):
        count(OPTIONS, [["lib"], ["moon"]], secret=False, eligible=2)


def test_choosing_one_twice_counts_once() -> None:
    assert count(OPTIONS, [["lib", "lib"]], secret=False, eligible=1).counts == {
        "lib": 1,
        "hall": 0,
        "caf": 0,
    }


@given(votes, st.randoms(use_true_random=False))
def test_the_order_of_ballots_does_not_matter(choices: list[list[str]], chance: random.Random) -> None:
    shuffled = chance.sample(choices, len(choices))
    assert count(OPTIONS, choices, secret=False, eligible=30) == count(
        OPTIONS, shuffled, secret=False, eligible=30
    )


@given(votes)
def test_every_vote_is_counted_once(choices: list[list[str]]) -> None:
    result = count(OPTIONS, choices, secret=False, eligible=30)
    assert result.counts is not None
    assert sum(result.counts.values()) == sum(len(set(chosen)) for chosen in choices)
    assert result.voted == len(choices)
    assert all(result.counts[key] == max(result.counts.values()) for key in result.winners)


@given(votes, st.booleans())
def test_every_result_can_be_said(choices: list[list[str]], secret: bool) -> None:
    result = count(OPTIONS, choices, secret=secret, eligible=30)
    assert sentence(result).endswith((".",))
    assert len(lines(result)) == (0 if result.counts is None else len(OPTIONS))
