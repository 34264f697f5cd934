"""A conversation as it is stored: one JSON text, read back into the same frozen value."""

import json
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from flows.state import Conversation

RECENT = 2_500_000  # characters: hundreds of conversations, in about 10 MB


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


class Recent:
    """Reads and writes conversations, and knows those it wrote last by their text.

    Whoever writes to us has mostly just written, and reading a conversation is dear. What another
    process has stored meanwhile is another text: it is read as ever. `most`: characters of text.
    """

    def __init__(self, most: int = RECENT) -> None:
        self._most = most
        self._held = 0
        self._known: dict[str, Conversation] = {}

    def packed(self, conversation: Conversation) -> str:
        """See the function of this name."""
        stored = packed(conversation)
        self._take(stored)
        self._known[stored] = conversation
        self._held += len(stored)
        while self._held > self._most:
            self._take(next(iter(self._known)))
        return stored

    def unpacked(self, stored: str) -> Conversation:
        """See the function of this name. Raise ValueError."""
        # The next one will be stored as another text.
        return self._take(stored) or unpacked(stored)

    def _take(self, stored: str) -> Conversation | None:
        known = self._known.pop(stored, None)
        if known:
            self._held -= len(stored)
        return known


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
