"""The doctor names every fault with its remedy, takes what is off for no fault, and sets the webhooks."""

import os
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.doctor import Finding, examine, machine, set_webhooks
from bot.settings import Settings
from channels.elsewhere import Seen, look_at
from channels.telegram import ALLOWED_UPDATES
from storage.keeping.holding import hold
from storage.members.groups import Complaint
from storage.secrets import Secrets
from storage.store import open_store
from storage.tables import senders
from tests.buckets import FakeS3
from tests.fakes.telegram import BotApi
from tests.fakes.twilio import NUMBER, FakeTwilio
from tests.fakes.twilio_numbers import SERVICE
from tests.stores import KEY, ON_SQLITE, sqlite_url

pytestmark = ON_SQLITE
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
PUBLIC = "http://takepart.example"
LANDLINE = "+441632960001"
AGAIN = "#rc=5&rp=all"
RIGHT = {
    "sms_url": f"{PUBLIC}/twilio/sms{AGAIN}",
    "voice_url": f"{PUBLIC}/twilio/voice{AGAIN}",
    "status_callback": f"{PUBLIC}/twilio/voice/status{AGAIN}",
}


class Patient:
    """An installation with a Telegram and a Twilio of the tests', healthy until a test makes it ill."""

    def __init__(self, folder: Path, telegram: BotApi, twilio: FakeTwilio) -> None:
        self.folder = folder
        self.telegram = telegram
        self.twilio = twilio
        self.now = lambda: datetime.now(UTC)
        self.given: dict[str, Any] = {
            "TAKEPART_DATA_DIR": str(folder),
            "TAKEPART_SECRET_KEY": KEY.get_secret_value(),
            "TAKEPART_PUBLIC_URL": PUBLIC,
            "TELEGRAM_BOT_TOKEN": telegram.token,
            "TELEGRAM_API_URL": telegram.url,
            "TWILIO_ACCOUNT_SID": twilio.sid,
            "TWILIO_AUTH_TOKEN": twilio.token,
            "TWILIO_API_URL": twilio.url,
            "TWILIO_NUMBER": twilio.number,
        }
        self.twilio.numbers.set = {NUMBER: dict(RIGHT)}
        self.telegram.webhook = {"url": f"{PUBLIC}/telegram/webhook", "allowed_updates": [*ALLOWED_UPDATES]}

    @property
    def settings(self) -> Settings:
        return Settings.model_validate({name: value for name, value in self.given.items() if value})

    async def examined(self) -> list[Finding]:
        return [finding async for finding in examine(self.settings, now=self.now)]

    async def ill(self) -> list[str]:
        """What is bad or worth a look, each as it is shown."""
        found = await self.examined()
        return [f"{one.state} {one.what}: {one.sentence}" for one in found if one.state in ("bad", "look")]


@pytest.fixture
async def patient(store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Patient]:
    monkeypatch.chdir(tmp_path)  # no .env of this machine's
    os.chmod(tmp_path, 0o700)

    async def up(url: str) -> Seen:
        return Seen(status=200) if url.startswith(PUBLIC) else await look_at(url)

    monkeypatch.setattr("bot.doctor.look_at", up)
    async with BotApi() as telegram, FakeTwilio() as twilio:
        patient = Patient(tmp_path, telegram, twilio)
        patient.given["TAKEPART_DATABASE_URL"] = store_url
        yield patient


async def test_what_is_well_is_called_so(patient: Patient) -> None:
    assert await patient.ill() == []
    found = {one.what: one.sentence for one in await patient.examined()}
    assert {"database", "media", "key", "clock", "telegram", f"twilio {NUMBER}"} <= found.keys()


async def test_what_was_not_asked_for_is_no_fault(patient: Patient) -> None:
    for name in list(patient.given):
        if name.startswith(("TELEGRAM", "TWILIO", "TAKEPART_PUBLIC")):
            del patient.given[name]
    states = {one.what: one.state for one in await patient.examined()}
    assert {states[name] for name in ("telegram", "twilio", "public address", "clock")} == {"off"}
    assert "bad" not in states.values()


def number(**said: Any) -> Callable[[Patient], None]:
    """Twilio says this of our number."""
    return lambda patient: patient.twilio.numbers.set[NUMBER].update(said)


def hook(**said: Any) -> Callable[[Patient], None]:
    """Telegram says this of the webhook."""
    return lambda patient: patient.telegram.webhook.update(said)


def setting(**given: str) -> Callable[[Patient], None]:
    return lambda patient: patient.given.update(given)


def carrying(**able: bool) -> Callable[[Patient], None]:
    return lambda patient: patient.twilio.abilities.update(able)


def failing(status: int, code: int) -> Callable[[Patient], None]:
    return lambda patient: patient.twilio.fail_next("numbers", status=status, code=code)


def failed(**ago: float) -> Callable[[Patient], None]:
    """Telegram could not reach us so long ago."""

    def fall_ill(patient: Patient) -> None:
        at = int((datetime.now(UTC) - timedelta(**ago)).timestamp())
        hook(last_error_date=at, last_error_message="Timed out")(patient)

    return fall_ill


NO_BUCKET = {
    "TAKEPART_MEDIA_URL": "s3://nobodys",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_ACCESS_KEY_ID": "a",
    "AWS_SECRET_ACCESS_KEY": "b",
}
ILLS: dict[str, tuple[Callable[[Patient], None], str, str]] = {
    "texts go elsewhere": (number(sms_url="https://u:p@b.example/x?k=1"), "bad", "calls b.example/x and not"),
    "texts go nowhere": (number(sms_url=""), "bad", "calls nobody"),
    "texts by GET": (number(sms_method="GET"), "bad", "by GET and not by POST"),
    "texts not tried again": (number(sms_url=f"{PUBLIC}/twilio/sms"), "look", "hardly tries again"),
    "calls go elsewhere": (number(voice_url="https://b.example/"), "bad", "When somebody rings"),
    "ends of calls go nowhere": (number(status_callback=""), "bad", "When a call is over"),
    "an application": (number(sms_application_sid="AP1"), "bad", "application AP1 takes it instead"),
    "a trunk": (number(trunk_sid="TK1"), "bad", "trunk TK1 takes it instead"),
    "somebody else after us": (number(sms_fallback_url="https://b.example/"), "look", "b.example/ does"),
    "a service": (
        lambda p: p.twilio.numbers.service.update(inbound_request_url="https://b.example/"),
        "bad",
        f"messaging service {SERVICE} takes it instead",
    ),
    "services unseen": (lambda p: p.twilio.fail_next("services", status=500), "look", "can't be seen"),
    "no texts": (carrying(sms=False), "bad", "name one with SMS as TWILIO_NUMBER"),
    "no calls": (carrying(voice=False), "look", "name one with voice as TWILIO_VOICE_NUMBER"),
    "a wrong number": (setting(TWILIO_NUMBER=LANDLINE), "bad", "see that TWILIO_NUMBER is one"),
    "a wrong token": (setting(TWILIO_AUTH_TOKEN="wrong"), "bad", "Check TWILIO_ACCOUNT_SID and TWILIO_AUTH"),
    "a wrong account": (failing(404, 20404), "bad", "Check TWILIO_ACCOUNT_SID"),
    "a suspended account": (failing(403, 20005), "bad", "not active"),
    "Twilio has a fault": (failing(500, 0), "bad", "fault of its own"),
    "Twilio is away": (setting(TWILIO_API_URL="http://127.0.0.1:9"), "bad", "see that the network is there"),
    "a wrong bot": (setting(TELEGRAM_BOT_TOKEN="1:wrong"), "bad", "TELEGRAM_BOT_TOKEN"),
    "Telegram is away": (setting(TELEGRAM_API_URL="http://127.0.0.1:9"), "bad", "The bot can't be used"),
    "another program has the bot": (hook(url="https://b.example/?t=1"), "bad", "goes to b.example/:"),
    "no webhook yet": (hook(url=""), "look", "None is set yet"),
    "polling, with a webhook": (setting(TAKEPART_PUBLIC_URL=""), "bad", "refuses to be asked for news"),
    "buttons kept from us": (hook(allowed_updates=["message"]), "bad", "edited_message, callback_query"),
    "just failed": (
        failed(minutes=1),
        "bad",
        '1 minute ago Telegram could not reach it and says "Timed out"',
    ),
    "failed lately": (failed(hours=2), "look", "120 minutes ago"),
    "a path": (setting(TAKEPART_PUBLIC_URL=f"{PUBLIC}/here"), "look", "has a path"),
    "a short key": (setting(TAKEPART_SECRET_KEY="another"), "bad", "written with another secret key"),
    "a bucket that is away": (setting(**NO_BUCKET), "bad", "AWS_ENDPOINT_URL"),
    "half of Twilio": (setting(TWILIO_AUTH_TOKEN=""), "look", "off until TWILIO_AUTH_TOKEN is set"),
}


@pytest.mark.parametrize("name", ILLS)
async def test_each_fault_is_named_with_its_remedy(name: str, patient: Patient) -> None:
    fall_ill, state, says = ILLS[name]
    fall_ill(patient)
    ill = await patient.ill()
    assert [one for one in ill if one.startswith(state) and says in one], ill
    assert not [one for one in ill if "u:p@" in one or "?" in one or "wrong" in one]


async def test_a_number_for_calls_alone_is_asked_for_calls_alone(patient: Patient) -> None:
    patient.twilio.voice_number = patient.given["TWILIO_VOICE_NUMBER"] = LANDLINE
    patient.twilio.numbers.set = {
        NUMBER: {"sms_url": RIGHT["sms_url"], "capabilities": {"sms": True}},
        LANDLINE: {**RIGHT, "sms_url": "", "capabilities": {"voice": True}},
    }
    assert await patient.ill() == []
    patient.twilio.numbers.set[LANDLINE] |= {"capabilities": {"sms": True}}
    (fault,) = await patient.ill()
    assert fault.startswith(f"bad twilio {LANDLINE}: It carries sms, so nobody can ring")


async def test_providers_of_the_real_world_are_told_only_what_they_can_reach(patient: Patient) -> None:
    del patient.given["TELEGRAM_API_URL"], patient.given["TELEGRAM_BOT_TOKEN"]
    settings = Settings.model_validate(
        {"TELEGRAM_BOT_TOKEN": "1:t", "TAKEPART_PUBLIC_URL": "http://192.168.1.5:8000"}
    )
    said = " ".join(one.sentence for one in machine.public_address(settings, Seen(distrusted=True)))
    for fault in ("192.168.1.5 cannot be reached", "begin with https", "port 8000", "certificate"):
        assert fault in said


@pytest.mark.parametrize(("wrong", "way"), [(-300, "seconds slow"), (300, "seconds fast")])
async def test_a_wrong_clock_is_told_by_the_providers(patient: Patient, wrong: int, way: str) -> None:
    patient.now = lambda: datetime.now(UTC) + timedelta(seconds=wrong)
    assert [one for one in await patient.ill() if one.startswith("bad clock") and way in one]


async def test_files_that_others_can_read_are_told(patient: Patient) -> None:
    del patient.given["TAKEPART_SECRET_KEY"], patient.given["TAKEPART_DATABASE_URL"]
    patient.given["TAKEPART_DATA_DIR"] = str(patient.folder / "data")
    assert not [one for one in await patient.ill() if "chmod" in one]
    (patient.folder / "data" / "secret.key").chmod(0o644)
    (patient.folder / ".env").write_text("TWILIO_AUTH_TOKEN=x\n")
    (patient.folder / ".env").chmod(0o644)
    assert len([one for one in await patient.ill() if "chmod 600" in one]) == 2


async def test_what_waits_for_a_person_is_told(patient: Patient, secrets: Secrets) -> None:
    db = await open_store(patient.settings.database_url, secrets)
    async with db.write() as conn:
        await hold(conn, "It was restored.")
        await conn.execute(senders.insert().values(name="sms", paused="No credit.", probe_at=NOW))
    await db.close()
    ill = " ".join(await patient.ill())
    assert "It was restored. `takepart resume`" in ill
    assert "bad sms lane: It waits: No credit." in ill


async def test_a_database_on_a_server_is_looked_at_too(patient: Patient, postgres_url: str) -> None:
    patient.given["TAKEPART_DATABASE_URL"] = postgres_url
    (said,) = [one.sentence for one in await patient.examined() if one.what == "database"]
    assert said.startswith("PostgreSQL opens, is of this version, the key fits")


async def test_photos_in_a_bucket_are_looked_at_too(patient: Patient, s3: FakeS3) -> None:
    patient.given |= s3.settings
    (said,) = [one for one in await patient.examined() if one.what == "media"]
    assert (said.state, said.sentence) == ("good", "The bucket can be written, read and emptied.")


async def test_looking_changes_nothing_in_the_database(patient: Patient) -> None:
    patient.given["TAKEPART_DATABASE_URL"] = sqlite_url(patient.folder / "new.db")
    (said,) = [one for one in await patient.examined() if one.what == "database"]
    assert "makes its tables" in said.sentence
    with closing(sqlite3.connect(patient.folder / "new.db")) as db:
        assert db.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)


async def test_the_webhooks_are_set_and_what_changed_is_told(patient: Patient) -> None:
    patient.twilio.numbers.set = {NUMBER: {"sms_url": "https://old.example/sms", "voice_fallback_url": ""}}
    patient.telegram.webhook = {"url": ""}
    said = " ".join(one.sentence for one in await set_webhooks(patient.settings))
    assert "before it was old.example/sms by POST" in said
    assert {name: patient.twilio.numbers.set[NUMBER][name] for name in RIGHT} == RIGHT
    assert patient.telegram.webhook["secret_token"]
    assert set(patient.telegram.webhook["allowed_updates"]) == set(ALLOWED_UPDATES)
    assert not patient.telegram.webhook.get("drop_pending_updates")
    assert await patient.ill() == []


async def test_what_is_set_already_is_left_alone(patient: Patient) -> None:
    await set_webhooks(patient.settings)
    assert not [path for method, path, _ in patient.twilio.requests if method == "POST"]


async def test_each_number_gets_its_own_webhooks_alone(patient: Patient) -> None:
    patient.twilio.voice_number = patient.given["TWILIO_VOICE_NUMBER"] = LANDLINE
    patient.twilio.numbers.set = {}
    await set_webhooks(patient.settings)
    assert patient.twilio.numbers.set[NUMBER] == {"sms_url": RIGHT["sms_url"], "sms_method": "POST"}
    assert "sms_url" not in patient.twilio.numbers.set[LANDLINE]


async def test_a_number_without_a_voice_is_told_of_texts_alone(patient: Patient) -> None:
    patient.twilio.numbers.set = {NUMBER: {"capabilities": {"sms": True, "voice": False}}}
    await set_webhooks(patient.settings)
    assert "voice_url" not in patient.twilio.numbers.set[NUMBER]
    (only,) = await patient.ill()
    assert "nobody can ring" in only


async def test_what_cannot_be_set_is_said_and_the_rest_is_set(patient: Patient) -> None:
    patient.twilio.numbers.set = {}
    patient.twilio.fail_next("set", status=401, code=20003)
    telegram, twilio = await set_webhooks(patient.settings)
    assert (telegram.state, twilio.state) == ("good", "bad")
    assert "Nothing was set: Twilio refused our account SID and token" in twilio.sentence


@pytest.mark.parametrize(
    ("without", "says"), [(("TAKEPART_PUBLIC",), "TAKEPART_PUBLIC_URL"), (("TELEGRAM", "TWILIO"), "neither")]
)
async def test_nothing_is_set_where_there_is_nothing_to_set(
    patient: Patient, without: tuple[str, ...], says: str
) -> None:
    patient.given = {name: value for name, value in patient.given.items() if not name.startswith(without)}
    with pytest.raises(Complaint, match=says):
        await set_webhooks(patient.settings)
