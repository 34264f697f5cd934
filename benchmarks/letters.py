"""What providers would post: signed texts and updates of many people, each with an id never seen before."""

import itertools
import json
import random
from collections.abc import Iterator, Sequence
from urllib.parse import urlencode

from twilio.request_validator import RequestValidator

PUBLIC = "https://takepart.example"
SID = "AC" + "0" * 31 + "1"
TOKEN = "a token made up for benchmarks"  # noqa: S105
NUMBER = "+441632960000"
BOT_TOKEN = "100:made-up-for-benchmarks"  # noqa: S105
SECRET = "made-up-for-benchmarks"  # noqa: S105
AROUND = 700  # people who are writing at the same time
# What one person writes, from one menu to the next; each order begins where a person can begin.
WORDS = ("menu", "diary", "We planted beans and had tea with {n} neighbours.", "4", "vote", "{two}", "skip")
ORDERS = (WORDS, WORDS[1:] + WORDS[:1], WORDS[4:] + WORDS[:4])

_VALIDATOR = RequestValidator(TOKEN)
_numbers = itertools.count(1)


def phone(person: int) -> str:
    """Somebody's number: longer than any that exists."""
    return f"+44770090{person:07d}"


def chat(person: int) -> int:
    """Somebody's chat."""
    return 1_000_000 + person


def said(people: int, *, seed: int = 1) -> Iterator[tuple[int, str]]:
    """Who writes what, for ever: everybody in turn, some hundreds at a time, each in a sensible order."""
    dice = random.Random(seed)  # noqa: S311
    everybody = list(range(people))
    for round_ in itertools.count():
        dice.shuffle(everybody)
        for start in range(0, people, AROUND):
            here = everybody[start : start + AROUND]
            for place in range(len(WORDS)):
                for person in here:
                    words = ORDERS[person % len(ORDERS)][place]
                    yield person, words.format(n=dice.randrange(2, 90), two=1 + (person + round_) % 2)


def texts(said_: Iterator[tuple[int, str]], many: int) -> list[bytes]:
    """So many texts, as Twilio posts them."""
    return [text(person, words) for person, words in itertools.islice(said_, many)]


def updates(said_: Iterator[tuple[int, str]], many: int) -> list[bytes]:
    """So many messages, as Telegram posts them."""
    return [_update(person, words) for person, words in itertools.islice(said_, many)]


def text(person: int, words: str) -> bytes:
    """One text with everything that Twilio says of it."""
    sid = f"SM{next(_numbers):032x}"
    return form(
        "/twilio/sms",
        {
            "ToCountry": "GB",
            "ToState": "",
            "SmsMessageSid": sid,
            "NumMedia": "0",
            "ToCity": "",
            "FromZip": "",
            "SmsSid": sid,
            "FromState": "",
            "SmsStatus": "received",
            "FromCity": "",
            "Body": words,
            "FromCountry": "GB",
            "To": NUMBER,
            "ToZip": "",
            "NumSegments": "1",
            "MessageSid": sid,
            "AccountSid": SID,
            "From": phone(person),
            "ApiVersion": "2010-04-01",
        },
    )


def rings(person: int) -> tuple[str, bytes]:
    """Somebody rings: the call's id, and what Twilio posts."""
    call = f"CA{next(_numbers):032x}"
    return call, form("/twilio/voice", _call(call, person, "ringing"))


def presses(address: str, call: str, person: int, key: str) -> bytes:
    """Somebody presses a key: what Twilio posts to the address that the last answer gave."""
    path = address.removeprefix(PUBLIC)
    return form(path, _call(call, person, "in-progress") | {"Digits": key, "msg": "Gather End"})


def _call(call: str, person: int, status: str) -> dict[str, str]:
    return {
        "AccountSid": SID,
        "ApiVersion": "2010-04-01",
        "CallSid": call,
        "CallStatus": status,
        "Called": NUMBER,
        "Caller": phone(person),
        "Direction": "inbound",
        "From": phone(person),
        "FromCountry": "GB",
        "To": NUMBER,
        "ToCountry": "GB",
    }


def form(path: str, fields: dict[str, str]) -> bytes:
    """A signed webhook of Twilio's."""
    signature = _VALIDATOR.compute_signature(PUBLIC + path, fields)
    return _post(
        path,
        urlencode(fields).encode(),
        "Content-Type: application/x-www-form-urlencoded; charset=utf-8",
        "User-Agent: TwilioProxy/1.1",
        f"I-Twilio-Idempotency-Token: {next(_numbers):036x}",
        f"X-Twilio-Signature: {signature}",
    )


def _update(person: int, words: str) -> bytes:
    who = {"id": chat(person), "first_name": "Ada", "language_code": "en"}
    message = {
        "message_id": next(_numbers),
        "from": who | {"is_bot": False},
        "chat": {"id": chat(person), "first_name": "Ada", "type": "private"},
        "date": 1_767_225_600 + next(_numbers) // 1000,
        "text": words,
    }
    body = json.dumps({"update_id": next(_numbers), "message": message}).encode()
    return _post(
        "/telegram/webhook",
        body,
        "Content-Type: application/json",
        f"X-Telegram-Bot-Api-Secret-Token: {SECRET}",
    )


def _post(path: str, body: bytes, *more: str) -> bytes:
    lines: Sequence[str] = (
        f"POST {path} HTTP/1.1",
        f"Host: {PUBLIC.removeprefix('https://')}",
        "Accept: */*",
        f"Content-Length: {len(body)}",
        *more,
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
