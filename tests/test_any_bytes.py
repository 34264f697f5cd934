"""Whatever comes to a webhook is answered with 2xx or 4xx, a call always with 200; and no turn fails on it.

503 is for a service with too much to do, so what comes here one at a time must not get it: Telegram would
bring the same again for ever.
"""

import copy
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import yaml
from aiohttp import ClientSession
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from multidict import MultiDict
from twilio.request_validator import RequestValidator
from yarl import URL

from channels.telegram import WEBHOOK_HEADER
from tests.twilio_requests import CASES, table
from tests.world import ADA, World, open_world

DOORS = ["/telegram/webhook", *(f"/twilio/{door}" for door in ("sms", "sms/status", "voice", "voice/step"))]
DOORS += ["/twilio/voice/status", "/twilio/voice/nowhere", "/twilio/sms/"]
TYPES = ["application/x-www-form-urlencoded", "application/json", "multipart/form-data", "text/xml; x=", ""]
UPDATES = [case["update"] for case in yaml.safe_load((CASES / "telegram/updates.yaml").read_text())["cases"]]
FORMS = [one.values[0]["form"] for channel in ("sms", "voice") for one in table(channel)]
ODD_WORDS = [
    *("", " ", "\0", "-1", "0", "999", "x", "1e9", "٣", "²", "null", "*", "#", "+", "+0", "A" * 5000, "🏳️‍🌈"),
    *("anonymous", "Restricted", "+266696687", "72727", "BANK", "whatsapp:+447700900123", "sip:a@b"),
    *(
        "http://127.0.0.1:1/nowhere",
        "file:///etc/passwd",
        "http://[::1",
        "hangup",
        "completed",
        "\u202e\u2066",
    ),
    *("stop", "START", "JOIN GARDEN", "JOIN NOWHERE", "one", "menu", "undo", "vote", "machine_start"),
]
NAMES = sorted(
    {name for form in FORMS for name in form}
    | {"OptOutType", "NumMedia", "MediaUrl0", "MediaContentType0", "CallSid", "Digits", "SpeechResult"}
    | {"RecordingUrl", "RecordingDuration", "DialCallStatus", "AnsweredBy", "ErrorCode", "MessageStatus"}
)
MARKS = ["n", "o", "q", "as", "more", "from", "skip"]
odd_words = st.sampled_from(ODD_WORDS) | st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
odd = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([2**31, 2**63, -(2**63) - 1, 10**40, 1e308, float("nan"), float("-inf"), 0.5])
    | odd_words
    | st.sampled_from(["\ud800", [], {}, [[[]]], [{}], {"id": None}, {"a": {"a": [1]}}, ["x", 1]])
)
MANY = settings(
    max_examples=settings().max_examples // 2,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@dataclass(slots=True)
class Doors:
    """The service's webhooks, and what each is knocked at with."""

    world: World
    http: ClientSession

    async def knock(self, path: str, body: bytes, *, method: str = "POST", **headers: str) -> int:
        """The status that comes back."""
        url = URL(self.world.url + path, encoded=True)  # as it was signed
        async with self.http.request(method, url, data=body, headers=headers) as answer:
            await answer.read()
            return answer.status

    async def signed(self, path: str, fields: Mapping[str, str], marks: Mapping[str, str]) -> int:
        """The same, as Twilio would sign it."""
        path += f"?{urlencode(marks)}" if marks else ""
        signer = RequestValidator(self.world.twilio.token)
        signature = signer.compute_signature(self.world.url + path, MultiDict(fields))
        more = {"X-Twilio-Signature": signature, "Content-Type": TYPES[0]}
        return await self.knock(path, urlencode(fields).encode(), **more)

    async def told(self, update: Any) -> int:
        """The same, as Telegram would bring it."""
        secret = self.world.app.secrets.derive("telegram webhook")
        body = json.dumps(update).encode()
        return await self.knock(DOORS[0], body, **{WEBHOOK_HEADER: secret, "Content-Type": TYPES[1]})

    async def unharmed(self) -> None:
        """No turn has failed."""
        assert not await self.world.rows("SELECT error FROM problems")


@pytest.fixture
async def doors(tmp_path: Path, migrated: Path) -> AsyncIterator[Doors]:
    async with open_world(tmp_path, migrated) as world, ClientSession() as http:
        await world.group()
        await world.joined(ADA)
        yield Doors(world, http)


@MANY
@given(
    st.sampled_from(DOORS),
    st.sampled_from(["POST", "POST", "GET", "PUT", "DELETE", "OPTIONS"]),
    st.sampled_from(TYPES),
    st.binary(max_size=300)
    | st.sampled_from([b"&" * 3000, b"a=" * 3000, b"%zz=%", b"\xff=\xfe", b"{" * 5000]),
)
async def test_what_nobody_signed_is_refused(
    doors: Doors, path: str, method: str, type: str, body: bytes
) -> None:
    status = await doors.knock(path, body, method=method, **{"Content-Type": type, "X-Twilio-Signature": "é"})
    assert 400 <= status < 500


@MANY
@given(
    st.binary(max_size=300)
    | st.recursive(odd, lambda one: st.lists(one) | st.dictionaries(odd_words, one)).map(
        lambda tree: json.dumps(tree).encode()
    )
)
async def test_anything_with_telegrams_secret_is_taken_or_turned_away(doors: Doors, body: bytes) -> None:
    secret = doors.world.app.secrets.derive("telegram webhook")
    assert await doors.knock(DOORS[0], body, **{WEBHOOK_HEADER: secret}) in (200, 400)


@MANY
@given(st.data())
async def test_an_update_with_odd_parts_is_taken_or_turned_away(doors: Doors, data: st.DataObject) -> None:
    update = copy.deepcopy(data.draw(st.sampled_from(UPDATES)))
    for _ in range(data.draw(st.integers(1, 3))):
        holder, key = data.draw(st.sampled_from(list(_places(update))))
        holder[key] = copy.deepcopy(data.draw(odd))
    assert await doors.told(update) in (200, 400)
    await doors.unharmed()


@MANY
@given(st.data())
async def test_a_signed_text_with_odd_parts_is_taken_or_turned_away(
    doors: Doors, data: st.DataObject
) -> None:
    path = data.draw(st.sampled_from(["/twilio/sms", "/twilio/sms/status"]))
    status = await doors.signed(path, data.draw(forms()), data.draw(marks()))
    assert status in (200, 204, 400)
    await doors.unharmed()


@MANY
@given(st.data())
async def test_a_signed_step_of_a_call_is_always_answered(doors: Doors, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(["/twilio/voice", "/twilio/voice/step"]))
    assert await doors.signed(path, data.draw(forms()), data.draw(marks())) == 200
    await doors.unharmed()


@MANY
@given(st.data())
async def test_a_signed_end_of_a_call_is_taken_or_turned_away(doors: Doors, data: st.DataObject) -> None:
    assert await doors.signed("/twilio/voice/status", data.draw(forms()), data.draw(marks())) in (204, 400)
    await doors.unharmed()


@st.composite
def forms(draw: st.DrawFn) -> dict[str, str]:
    """A form of Twilio's with some fields left out and others of any value."""
    form = dict(draw(st.sampled_from(FORMS)))
    for name in draw(st.lists(st.sampled_from(NAMES), max_size=2)):
        form.pop(name, None)
    return form | draw(st.dictionaries(st.sampled_from(NAMES), odd_words, max_size=4))


def marks() -> st.SearchStrategy[dict[str, str]]:
    """What stands behind the address of a step."""
    return st.dictionaries(st.sampled_from(MARKS), odd_words, max_size=4)


def _places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a tree, as what holds it and its key there."""
    pairs = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in list(pairs):
        yield tree, key
        yield from _places(value)
