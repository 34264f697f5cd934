"""What the Bot API refuses, in its own words: limits of texts and buttons.

Source: https://core.telegram.org/bots/api (sendMessage, InlineKeyboardButton).
"""

from dataclasses import dataclass, field
from typing import Any

LARGEST_DOWNLOAD = 20 * 1024 * 1024

Json = dict[str, Any]


@dataclass
class ApiError(Exception):
    """What the server answers instead of a result."""

    status: int
    description: str
    parameters: Json = field(default_factory=dict)


def checked_text(params: Json) -> str:
    """The words of a message; raise ApiError where Telegram would not take them."""
    text = str(params.get("text", ""))
    if not text.strip():
        raise ApiError(400, "Bad Request: message text is empty")
    if units(text) > 4096:
        raise ApiError(400, "Bad Request: message is too long")
    return text


def checked_buttons(params: Json) -> Json:
    """The buttons of a message; raise ApiError where one carries too much."""
    markup: Json = params.get("reply_markup") or {}
    for row in markup.get("inline_keyboard", []):
        for button in row:
            if not 1 <= len(button["callback_data"].encode()) <= 64:
                raise ApiError(400, "Bad Request: BUTTON_DATA_INVALID")
    return markup


def given(**fields: Any) -> Json:
    """Only the fields that say something: Telegram leaves empty ones out."""
    return {name: value for name, value in fields.items() if value}


def units(text: str) -> int:
    """A length as Telegram counts it: UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2
