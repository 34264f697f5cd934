"""A conversation as it is stored: one JSON text, read back into the same frozen value."""

from functools import cache

from pydantic import TypeAdapter

from flows.state import Conversation


@cache
def _shape() -> TypeAdapter[Conversation]:
    return TypeAdapter(Conversation)


def packed(conversation: Conversation) -> str:
    """A conversation as it is stored, without what is at its default."""
    return _shape().dump_json(conversation, exclude_defaults=True).decode()


def unpacked(stored: str) -> Conversation:
    """A stored conversation."""
    return _shape().validate_json(stored or "{}")
