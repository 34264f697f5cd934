"""What we make of everything that can go wrong in a call of the Bot API."""

from typing import Any
from unittest.mock import AsyncMock

import pytest
from aiohttp import web
from pydantic import SecretStr
from telegram import error as ptb

from channels.base import Trouble
from channels.telegram import TelegramChannel
from channels.telegram_faults import FAULTS, outcome
from flows.events import Say
from tests.scenes import house
from tests.twilio_requests import serving


class ConnectTimeout(Exception):
    """As the HTTP library names a connection that was never made."""


class PoolTimeout(Exception):
    """As the HTTP library names a connection that never became free."""


class ReadTimeout(Exception):
    """As the HTTP library names an answer that did not come."""


def because(error: ptb.TelegramError, cause: Exception) -> ptb.TelegramError:
    error.__cause__ = cause
    return error


FORBIDDEN = [
    ("Forbidden: bot was blocked by the user", "stopped", "blocked"),
    ("Forbidden: user is deactivated", "unreachable", "deactivated"),
    ("Forbidden: bot can't initiate conversation with a user", "unreachable", "never-started"),
    ("Forbidden: bot was kicked from the supergroup chat", "unreachable", "left-room"),
    ("Forbidden: bot is not a member of the supergroup chat", "unreachable", "left-room"),
    ("Forbidden: CHAT_WRITE_FORBIDDEN", "refused", "no-rights"),
    ("Forbidden: bots can't send messages to bots", "refused", "forbidden"),
]
BAD_REQUEST = [
    ("Bad Request: chat not found", "unreachable", "chat-not-found"),
    ("Bad Request: PEER_ID_INVALID", "unreachable", "chat-not-found"),
    ("Bad Request: user not found", "unreachable", "chat-not-found"),
    ("Bad Request: USER_IS_BLOCKED", "stopped", "blocked"),
    ("Bad Request: INPUT_USER_DEACTIVATED", "unreachable", "deactivated"),
    ("Bad Request: group chat was upgraded to a supergroup chat", "unreachable", "moved"),
    ("Bad Request: not enough rights to send text messages to the chat", "refused", "no-rights"),
    ("Bad Request: have no rights to send a message", "refused", "no-rights"),
    ("Bad Request: message is too long", "refused", "too-long"),
    ("Bad Request: message caption is too long", "refused", "too-long"),
    ("Bad Request: MESSAGE_TOO_LONG", "refused", "too-long"),
    ("Bad Request: file is too big", "refused", "too-large"),
    ("Bad Request: PHOTO_INVALID_DIMENSIONS", "refused", "bad-picture"),
    ("Bad Request: IMAGE_PROCESS_FAILED", "refused", "bad-picture"),
    ("Bad Request: BUTTON_DATA_INVALID", "refused", "bad-buttons"),
    ("Bad Request: message text is empty", "refused", "empty"),
    ("Bad Request: text must be non-empty", "refused", "empty"),
    (
        "Bad Request: query is too old and response timeout expired or query ID is invalid",
        "refused",
        "too-late",
    ),
    ("Bad Request: message to edit not found", "refused", "edit-lost"),
    ("Bad Request: message can't be edited", "refused", "edit-lost"),
    ("Bad Request: something that nobody has seen before", "refused", "bad-request"),
    ("Bad Request: message is not modified: the content is the same", "sent", ""),
]
OTHERS = [
    (ptb.NetworkError("Too Many Requests: retry after 0"), "throttled", "flood"),
    (ptb.ChatMigrated(-100500), "unreachable", "moved"),
    (ptb.InvalidToken("Unauthorized"), "ours", "token"),
    (ptb.InvalidToken("Not Found"), "ours", "token"),
    (ptb.Conflict("Conflict: terminated by other getUpdates request"), "ours", "conflict"),
    (ptb.NetworkError("Request Entity Too Large"), "refused", "too-large"),
    (ptb.NetworkError("Internal Server Error"), "retry", "away"),
    (ptb.NetworkError("Bad Gateway"), "retry", "away"),
    (because(ptb.NetworkError("Bad Gateway"), ptb.TelegramError("Invalid server response")), "retry", "away"),
    (because(ptb.TimedOut(), ConnectTimeout()), "retry", "not-reached"),
    (because(ptb.TimedOut(), PoolTimeout()), "retry", "not-reached"),
    (because(ptb.TimedOut(), ReadTimeout()), "unclear", "unclear"),
    (because(ptb.NetworkError("broken"), ConnectionResetError()), "unclear", "unclear"),
    (ptb.TelegramError("Invalid server response"), "unclear", "not-telegram"),
]
ERRORS = [
    *((ptb.Forbidden(words), *expected) for words, *expected in FORBIDDEN),
    *((ptb.BadRequest(words), *expected) for words, *expected in BAD_REQUEST),
    *OTHERS,
]
NOT_AN_ERROR_OF_TELEGRAM = {"no-file", "unknown-method"}


@pytest.mark.parametrize(("error", "meaning", "code"), ERRORS, ids=lambda value: str(value))
def test_an_error_means_this_for_the_message(error: ptb.TelegramError, meaning: str, code: str) -> None:
    result = outcome(error)
    assert (result.outcome, result.code) == (meaning, code)
    assert result.sentence or meaning == "sent"


def test_every_row_of_the_catalogue_has_its_case() -> None:
    assert {code for _, _, code in ERRORS} - {""} | NOT_AN_ERROR_OF_TELEGRAM == set(FAULTS)


@pytest.mark.parametrize("as_timedelta", ["true", "false"])
@pytest.mark.filterwarnings("ignore::telegram.warnings.PTBDeprecationWarning")
def test_telegram_says_how_long_to_wait(as_timedelta: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", as_timedelta)
    result = outcome(ptb.RetryAfter(7))
    assert (result.outcome, result.wait) == ("throttled", 7)


def test_telegram_says_where_a_group_went() -> None:
    assert outcome(ptb.ChatMigrated(-100500)).moved_to == "-100500"


def test_the_operator_never_reads_the_token_or_a_members_words() -> None:
    for secret in (ptb.InvalidToken("The token `1:abc` was rejected"), ptb.BadRequest("Bad Request: 1:abc")):
        assert "1:abc" not in str(outcome(secret))


@pytest.mark.parametrize(
    ("said", "meaning", "wait"),
    [
        ({"error_code": 429, "parameters": {"retry_after": 2}}, "throttled", 2),
        ({"error_code": 429, "description": "Too Many Requests: retry after 4"}, "throttled", 4),
        ({"error_code": 403, "description": "Forbidden: bot was blocked by the user"}, "stopped", 0),
        ({"description": "Bad Request: chat not found"}, "unreachable", 0),
    ],
)
async def test_a_failure_is_one_though_its_status_says_otherwise(
    said: dict[str, Any], meaning: str, wait: int
) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.json_response({"ok": False, **said})

    async with serving(answer) as url:
        channel = TelegramChannel(words=house(), token=SecretStr("1:x"), secret=SecretStr("x"), api_url=url)
        result = await channel.send(channel.encode(Say(text="hello"), "7")[0], load=AsyncMock())
        await channel.stop()
    assert (result.outcome, result.wait) == (meaning, wait)


@pytest.mark.parametrize("said", [{}, {"ok": True}, {"ok": True, "result": {}}, {"ok": True, "result": "x"}])
async def test_an_answer_that_is_not_telegrams_leaves_it_unclear(said: dict[str, Any]) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.json_response(said)

    async with serving(answer) as url:
        channel = TelegramChannel(words=house(), token=SecretStr("1:x"), secret=SecretStr("x"), api_url=url)
        result = await channel.send(channel.encode(Say(text="hello"), "7")[0], load=AsyncMock())
        with pytest.raises(Trouble):
            await channel.me()
        await channel.stop()
    assert (result.outcome, result.code) == ("unclear", "not-telegram")
