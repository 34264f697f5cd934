"""A conversation as it is stored: one JSON text, read back into the same frozen value."""

import json
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from flows.state import Conversation


@cache
def _shape() -> TypeAdapter[Conversation]:
    return TypeAdapter(Conversation)


def packed(conversation: Conversation) -> str:
    """A conversation as it is stored, without what is at its default."""
    return _shape().dump_json(conversation, exclude_defaults=True).decode()


def unpacked(stored: str) -> Conversation:
    """A stored conversation. Raise ValueError where it can't be read."""
    try:
        return _shape().validate_json(stored or "{}")
    except ValidationError:
        return _shape().validate_json(json.dumps(_as_now(json.loads(stored))))


def _as_now(state: Any) -> Any:
    """A state of the first shape, in which each message repeated the whole question that it answered."""
    try:
        heard = state["heard"]
        questions = {one["id"]: one for one in state.get("before", ())}
        for one in reversed(heard):
            questions.setdefault(one["question"]["id"], one["question"])
        mended = [{**one, "question": one["question"]["id"]} for one in heard]
    except (AttributeError, KeyError, TypeError) as wrong:
        raise ValueError("a stored conversation has a shape that is not known") from wrong
    return {**state, "heard": mended, "before": list(questions.values())}
