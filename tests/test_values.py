"""Changing frozen values: the quick way does what the library's does."""

import dataclasses

import pytest

from flows.effects import Thank
from flows.state import Conversation, Frame
from flows.understanding.tokens import Token
from flows.values import replace

VALUES = [
    (Conversation(tries=2), {"tries": 0, "rest": "more"}),
    (Frame(id="f", flow="diary", version="1"), {"at": 3}),
    (Thank(id="one"), {"id": "other"}),
    (Token(text="2", start=0, end=1, value=2.0), {"value": 3.0}),
    (Thank(id="one"), {}),
]


@pytest.mark.parametrize(("value", "changes"), VALUES)
def test_a_changed_copy(value: Conversation, changes: dict[str, int]) -> None:
    before = dataclasses.asdict(value)
    assert replace(value, **changes) == dataclasses.replace(value, **changes)  # type: ignore[arg-type]
    assert dataclasses.asdict(value) == before


def test_a_name_that_is_no_field_is_refused() -> None:
    with pytest.raises(AttributeError):
        replace(Thank(id="one"), name="Ada")  # type: ignore[call-arg]
