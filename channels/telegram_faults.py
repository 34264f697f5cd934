"""What became of a call of the Bot API: every error of python-telegram-bot as a `Result`.

Descriptions: https://core.telegram.org/bots/api#making-requests and the Bot API server's source.
"""

import re
from collections.abc import Mapping

from telegram import error as ptb

from channels.base import SENT, Fault, Result
from channels.telegram_in import seconds

FAULTS: Mapping[str, Fault] = {
    "blocked": Fault(
        "stopped", "The person has blocked the bot in Telegram: nothing can go there until they unblock it."
    ),
    "deactivated": Fault("unreachable", "This Telegram account has been deleted."),
    "chat-not-found": Fault(
        "unreachable", "Telegram does not know this chat, or the person never started the bot."
    ),
    "never-started": Fault(
        "unreachable", "A bot may not write first: the person has to start it in Telegram."
    ),
    "left-room": Fault("unreachable", "The bot is no longer in this Telegram group: add it again."),
    "moved": Fault("unreachable", "Telegram gave this group a new address: it goes there from now on."),
    "no-rights": Fault(
        "refused", "The bot may not write in this Telegram group: allow it to send messages there."
    ),
    "forbidden": Fault("refused", "Telegram does not allow the bot to do this in this chat."),
    "too-long": Fault("refused", "Telegram refused the message because it is too long."),
    "too-large": Fault("refused", "Telegram refused the file because it is too large to send."),
    "bad-picture": Fault("refused", "Telegram could not use the picture, even sent as a file."),
    "bad-buttons": Fault("refused", "Telegram refused the buttons of the message."),
    "empty": Fault("refused", "Telegram refused the message because it has no words."),
    "too-late": Fault(
        "refused", "The button was pressed too long ago for a pop-up: the answer itself is not affected."
    ),
    "edit-lost": Fault("refused", "The message that was to be brought up to date is gone from Telegram."),
    "bad-request": Fault(
        "refused",
        "Telegram refused the request as wrong in itself: this is a fault of Takepart, please report it.",
    ),
    "flood": Fault("throttled", "Telegram asks the bot to wait before it sends more."),
    "token": Fault(
        "ours",
        "Telegram does not accept the bot's token: check TELEGRAM_BOT_TOKEN (and TELEGRAM_API_URL, if set).",
    ),
    "conflict": Fault(
        "ours",
        "Another program uses this bot's token, or a webhook is set while we poll: stop one of the two.",
    ),
    "away": Fault("retry", "Telegram's server had an error: tried again later."),
    "not-reached": Fault(
        "retry", "Telegram could not be reached, nothing was sent: check the network and TELEGRAM_API_URL."
    ),
    "unclear": Fault(
        "unclear", "The connection to Telegram broke off: it is not known whether the message arrived."
    ),
    "not-telegram": Fault("unclear", "The answer was not Telegram's: check TELEGRAM_API_URL."),
    "no-file": Fault("retry", "The stored file to send could not be read: check the data directory."),
    "unknown-method": Fault(
        "refused", "This message was made for a method that Telegram's channel does not use."
    ),
}

_FORBIDDEN = (
    ("blocked by the user", "blocked"),
    ("user is deactivated", "deactivated"),
    ("can't initiate conversation", "never-started"),
    ("was kicked", "left-room"),
    ("not a member", "left-room"),
    ("chat_write_forbidden", "no-rights"),
    ("not enough rights", "no-rights"),
)
_BAD_REQUEST = (
    ("user_is_blocked", "blocked"),
    ("input_user_deactivated", "deactivated"),
    ("chat not found", "chat-not-found"),
    ("user not found", "chat-not-found"),
    ("peer_id_invalid", "chat-not-found"),
    ("upgraded to a supergroup", "moved"),
    ("chat_write_forbidden", "no-rights"),
    ("have no rights", "no-rights"),
    ("not enough rights", "no-rights"),
    ("too long", "too-long"),
    ("too_long", "too-long"),
    ("too big", "too-large"),
    ("photo_invalid_dimensions", "bad-picture"),
    ("photo_ext_invalid", "bad-picture"),
    ("image_process_failed", "bad-picture"),
    ("button_", "bad-buttons"),
    ("inline keyboard", "bad-buttons"),
    ("reply_markup", "bad-buttons"),
    ("text is empty", "empty"),
    ("must be non-empty", "empty"),
    ("query is too old", "too-late"),
    ("query_id_invalid", "too-late"),
    ("message to edit not found", "edit-lost"),
    ("message can't be edited", "edit-lost"),
    ("message_id_invalid", "edit-lost"),
)

_RETRY_AFTER = re.compile(r"retry after (\d{1,6})")

# Classes of the HTTP library, by name since it is python-telegram-bot's own business which it uses.
_NEVER_LEFT = frozenset(
    {"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError", "UnsupportedProtocol"}
)


def result(code: str, *, wait: float = 0.0, moved_to: str = "") -> Result:
    """The row `code` of the catalogue as what became of a parcel."""
    fault = FAULTS[code]
    return Result(outcome=fault.outcome, sentence=fault.sentence, code=code, wait=wait, moved_to=moved_to)


def outcome(error: ptb.TelegramError) -> Result:
    """What an error means for the message. The most special first: BadRequest is a NetworkError."""
    match error:
        case ptb.RetryAfter():
            return result("flood", wait=seconds(error.retry_after))
        case ptb.ChatMigrated():
            return result("moved", moved_to=str(error.new_chat_id))
        case ptb.InvalidToken():
            return result("token")
        case ptb.Conflict():
            return result("conflict")
        case ptb.Forbidden():
            return result(_named(error, _FORBIDDEN, "forbidden"))
        case ptb.BadRequest() if "not modified" in error.message.lower():
            return SENT
        case ptb.BadRequest():
            return result(_named(error, _BAD_REQUEST, "bad-request"))
        case ptb.NetworkError():
            return _network(error)
    return result("not-telegram")


def _network(error: ptb.NetworkError) -> Result:
    cause = error.__cause__
    if cause is not None and not isinstance(cause, ptb.TelegramError):
        return result("not-reached" if type(cause).__name__ in _NEVER_LEFT else "unclear")
    # No cause of its own: an answer came, with a status that has no class.
    words = error.message.lower()
    if "too many requests" in words:
        told = _RETRY_AFTER.search(words)
        return result("flood", wait=float(told[1]) if told else 1.0)
    if "entity too large" in words or "(413)" in words:
        return result("too-large")
    return result("away")


def _named(error: ptb.TelegramError, table: tuple[tuple[str, str], ...], other: str) -> str:
    words = error.message.lower()
    return next((code for part, code in table if part in words), other)
