"""Each answer that the providers document has an outcome, and a sentence that says what to do."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from channels import telegram_faults, twilio_faults
from channels.base import Fault
from channels.sms import SmsChannel
from tests.scenes import house
from tests.twilio_requests import account, webhook

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
TELEGRAM = {
    "token": "ours",  # 401, and 404 for a token of another bot
    "blocked": "stopped",  # 403
    "deactivated": "unreachable",
    "left-room": "unreachable",
    "chat-not-found": "unreachable",  # 400
    "conflict": "ours",  # 409
    "flood": "throttled",  # 429
    "moved": "unreachable",  # to a supergroup: it goes to the new address
    "away": "retry",  # 5xx
    "not-reached": "retry",  # a time-out before sending
    "unclear": "unclear",  # and after
}
TWILIO = {
    "20003": "ours",
    "20005": "ours",
    "20429": "throttled",
    "21211": "unreachable",
    "21408": "refused",
    "21606": "ours",
    "21610": "stopped",
    "21612": "unreachable",
    "21614": "unreachable",
    "30002": "ours",
    "30003": "unreachable",
    "30004": "unreachable",
    "30005": "unreachable",
    "30006": "unreachable",
    "30007": "refused",
    "30008": "unreachable",
    "20500": "retry",
}
RECEIPTS = {
    "21610": "stopped",
    "30001": "later",
    "30002": "ours",
    "30003": "unreachable",
    "30008": "unreachable",
}


@pytest.mark.parametrize(
    ("faults", "code", "meaning"),
    [(telegram_faults.FAULTS, *row) for row in TELEGRAM.items()]
    + [(twilio_faults.FAULTS, *row) for row in TWILIO.items()],
)
def test_a_documented_answer_has_its_outcome_and_a_sentence(
    faults: Mapping[str, Fault], code: str, meaning: str
) -> None:
    assert faults[code].outcome == meaning
    assert faults[code].sentence.endswith(".")


@pytest.mark.parametrize("status", [500, 502, 503, 520])
def test_a_fault_of_twilios_own_is_tried_again(status: int) -> None:
    assert twilio_faults.outcome("", status).outcome == "retry"


@pytest.mark.parametrize(("code", "state"), RECEIPTS.items())
def test_a_receipt_with_an_error_says_what_is_to_be_done(code: str, state: str) -> None:
    form = {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": code}
    sms = SmsChannel(words=house(), account=account(), number="+441632960000")
    delivery = sms.decode_status(webhook("/twilio/sms/status?o=OUT7", form), NOW)
    assert delivery and (delivery.state, delivery.code) == (state, code)
    assert delivery.no_texts == (code == "30006")
