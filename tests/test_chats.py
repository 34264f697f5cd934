"""How long members on Telegram wait when Telegram can't be asked."""

import pytest

from bot.intake.chats import wait_after
from channels.telegram_faults import result


@pytest.mark.parametrize(
    ("code", "told", "least", "most"),
    [
        ("conflict", 0, 1, 10),
        ("not-reached", 0, 1, 10),
        ("away", 0, 1, 10),
        ("flood", 30, 30, 30),
        ("token", 0, 30, 120),
    ],
)
def test_only_a_wrong_token_keeps_members_waiting_long(code: str, told: int, least: int, most: int) -> None:
    assert least <= wait_after(result(code, wait=told)) <= most
