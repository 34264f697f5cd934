"""Text messages: what comes in, what goes out, and what a receipt says."""

from dataclasses import replace
from typing import Any

import pytest

from channels.base import Unreadable
from channels.sms import SmsChannel, nothing
from flows.events import Option, Question, Say, Shown
from flows.readable import parts
from tests.scenes import house
from tests.twilio_requests import NOW, PUBLIC, account, said_of, table, webhook

LINE = "+447700900123"
PHOTO = Shown(media="m1", kind="photo", sha256="ab12", type="image/png", words="A bar for each place.")


def sms(*, mms: bool = False) -> SmsChannel:
    return SmsChannel(
        words=house(),
        account=account(),
        number="+447700900001",
        public_url=PUBLIC,
        mms=mms,
        media_url=lambda shown: f"{PUBLIC}/media/{shown.media}",
    )


@pytest.mark.parametrize("row", table("sms"))
def test_webhook_becomes_an_event(row: dict[str, Any]) -> None:
    (event,) = sms().decode(webhook("/twilio/sms", row["form"]), NOW)
    assert said_of(event) == row["event"]
    # A picture that came proves that pictures can.
    takes = sms(mms=bool(event.attachments)).can.takes
    assert (event.channel, event.at, event.can) == ("sms", NOW, replace(sms().can, takes=takes))


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"From": LINE, "Body": "no id"},
        {"MessageSid": "SM1", "Body": "no sender"},
        {"MessageSid": "SM1", "From": f"whatsapp:{LINE}", "Body": "another app"},
        {"CallSid": "CA1", "From": LINE},
    ],
)
def test_what_is_no_text_message_is_unreadable(form: dict[str, str]) -> None:
    with pytest.raises(Unreadable) as caught:
        sms().decode(webhook("/twilio/sms", form), NOW)
    assert LINE not in str(caught.value)


def test_body_that_is_no_form_is_unreadable() -> None:
    request = replace(webhook("/twilio/sms", {}), body=b'{"MessageSid": "SM1"}')
    with pytest.raises(Unreadable):
        sms().decode(request, NOW)
    with pytest.raises(Unreadable):
        sms().decode(replace(request, body=b"a=1&" * 1000), NOW)


def test_ten_thousand_characters_are_taken() -> None:
    form = {"MessageSid": "SM1", "From": LINE, "Body": "long " * 2000}
    (event,) = sms().decode(webhook("/twilio/sms", form), NOW)
    assert len(event.text) == 10_000


def test_choices_are_numbered_and_stay_in_one_cheap_alphabet() -> None:
    options = (Option(key="l", label="Library"), Option(key="c", label="Café"))
    question = Question(id="q", name="place", text="", takes=("choice",), options=options)
    say = Say(text="Where shall we meet \u2013 it\u2019s up to you\u2026", question=question)
    (parcel,) = sms().encode(say, LINE)
    assert parcel.params["body"] == "Where shall we meet - it's up to you...\n1 Library\n2 Café"
    assert (parcel.method, parcel.line, parcel.params["to"]) == ("message", LINE, LINE)


def test_long_answer_is_cut_to_three_parts_with_more() -> None:
    channel = sms()
    head, rest = channel.fit(Say(text="This is what we talked about last time. " * 30))
    (parcel,) = channel.encode(head, LINE)
    assert parts(parcel.params["body"]) <= 3
    assert parcel.params["body"].endswith("Text MORE for the rest.")
    assert rest


@pytest.mark.parametrize("mms", [True, False])
def test_picture_goes_as_a_picture_or_as_words(mms: bool) -> None:
    channel = sms(mms=mms)
    head, _ = channel.fit(Say(text="The result.", shown=(PHOTO,)))
    (parcel,) = channel.encode(head, LINE)
    words = "The result." if mms else "The result.\nA bar for each place."
    assert parcel.params == {"to": LINE, "body": words, "media": ["m1"] if mms else []}
    assert channel.can.photos_out is mms
    assert ("photo" in channel.can.takes) is mms


def test_nothing_to_say_sends_nothing() -> None:
    assert sms().encode(Say(text=" "), LINE) == ()


def test_webhook_is_answered_with_silence() -> None:
    assert nothing().endswith("<Response />")


@pytest.mark.parametrize(
    ("status", "code", "state"),
    [
        ("accepted", "", "sent"),
        ("queued", "", "sent"),
        ("sending", "", "sent"),
        ("sent", "", "sent"),
        ("delivered", "", "delivered"),
        ("undelivered", "30005", "unreachable"),
        ("failed", "30008", "unreachable"),
        ("failed", "21610", "stopped"),
        ("canceled", "", "failed"),
    ],
)
def test_receipt(status: str, code: str, state: str) -> None:
    form = {"MessageSid": "SM1", "MessageStatus": status, "To": LINE, "From": "+447700900001"}
    form |= {"ErrorCode": code} if code else {}
    delivery = sms().decode_status(webhook("/twilio/sms/status?o=OUT7", form), NOW)
    assert delivery is not None
    assert (delivery.outbox, delivery.provider_id, delivery.state) == ("OUT7", "SM1", state)
    assert (delivery.code, bool(delivery.sentence)) == (code, bool(code))


def test_receipt_that_is_not_for_us_says_nothing() -> None:
    form = {"MessageSid": "SM1", "MessageStatus": "received"}
    assert sms().decode_status(webhook("/twilio/sms/status?o=OUT7", form), NOW) is None
    form = {"MessageSid": "SM1", "MessageStatus": "sent"}
    assert sms().decode_status(webhook("/twilio/sms/status", form), NOW) is None
    with pytest.raises(Unreadable):
        sms().decode_status(webhook("/twilio/sms/status?o=OUT7", {}), NOW)
