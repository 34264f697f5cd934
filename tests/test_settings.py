"""Settings: what an operator may write, what it means, and what they are told when it is wrong."""

import os
import re
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from bot.commands.running import addresses
from bot.settings import Settings, SettingsError, load, setting_names

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / ".env.example"
TWILIO = {"TWILIO_ACCOUNT_SID": "AC1", "TWILIO_AUTH_TOKEN": "t", "TWILIO_NUMBER": "+441632960000"}
LONG = "k" * 32


def written(monkeypatch: pytest.MonkeyPatch, **values: str) -> Settings:
    """Read the settings as a service would that is started with these."""
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return load(None)


def test_the_example_names_every_setting_and_no_other() -> None:
    named = re.findall(r"^([A-Z_]+)=", EXAMPLE.read_text(), flags=re.MULTILINE)
    assert sorted(named) == sorted(setting_names())


def test_the_example_says_something_about_every_setting() -> None:
    blocks = EXAMPLE.read_text().split("\n\n")
    settings = [block for block in blocks if re.search(r"^[A-Z_]+=", block, flags=re.MULTILINE)]
    assert all(block.startswith("# ") for block in settings)


def test_the_example_used_as_it_is_changes_nothing() -> None:
    assert load(EXAMPLE) == load(None)


def test_nothing_set_is_a_service_for_this_computer_with_a_practice_phone_only() -> None:
    settings = load(None)
    assert (settings.host, settings.port, settings.sms_optout) == ("127.0.0.1", 8000, "twilio")
    assert settings.database_url == "sqlite+aiosqlite:///data/takepart.db"
    assert (settings.telegram_on, settings.twilio_on, settings.public_url) == (False, False, None)
    assert settings.advice() == []


def test_a_file_is_read_and_the_environment_goes_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ".env"
    file.write_text("TAKEPART_PORT=8001\nTAKEPART_HOST=::1\nSOMETHING_ELSE=1\n")
    monkeypatch.setenv("TAKEPART_PORT", "8002")
    settings = load(file)
    assert (settings.port, settings.host) == (8002, "::1")


def test_settings_of_other_programs_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert written(monkeypatch, HOST="elsewhere", PORT="1", DATA_DIR="/nowhere") == Settings()


@pytest.mark.parametrize("blank", ["", "  "])
def test_blank_is_unset(monkeypatch: pytest.MonkeyPatch, blank: str) -> None:
    assert written(monkeypatch, **dict.fromkeys(setting_names(), blank)) == Settings.model_construct()


@pytest.mark.parametrize(
    ("name", "value", "field", "meant"),
    [
        ("TAKEPART_PUBLIC_URL", " https://a.example/ ", "public_url", "https://a.example"),
        ("TELEGRAM_API_URL", "http://localhost:8081/", "telegram_api_url", "http://localhost:8081"),
        ("TWILIO_API_URL", "http://[::1]:9", "twilio_api_url", "http://[::1]:9"),
        ("TWILIO_NUMBER", "+44 (1632) 960-000", "twilio_number", "+441632960000"),
        ("TAKEPART_SMS_OPTOUT", "OURS", "sms_optout", "ours"),
        ("TAKEPART_DATABASE_URL", "postgresql+asyncpg://h/d", "database_url", "postgresql+asyncpg://h/d"),
        ("TAKEPART_DATA_DIR", "/srv/t", "database_url", "sqlite+aiosqlite:////srv/t/takepart.db"),
        ("TAKEPART_DATA_DIR", "~/t", "data_dir", Path.home() / "t"),
    ],
)
def test_what_is_written_is_understood(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, field: str, meant: object
) -> None:
    assert getattr(written(monkeypatch, **{name: value}), field) == meant


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("TAKEPART_PORT", "hush", "such as 8000"),
        ("TAKEPART_PORT", "0", "such as 8000"),
        ("TAKEPART_PORT", "65536", "such as 8000"),
        ("TAKEPART_PUBLIC_URL", "hush.example", "such as https://"),
        ("TAKEPART_PUBLIC_URL", "https://a.example/?x=hush", "such as https://"),
        ("TELEGRAM_API_URL", "ftp://hush.example", "such as https://"),
        ("TWILIO_API_URL", "http://me:hush@a.example:99999", "such as https://"),
        ("TELEGRAM_BOT_TOKEN", "7:hush hush", "just as BotFather gave it"),
        ("TELEGRAM_WEBHOOK_SECRET", "hush!", "letters, digits"),
        ("TWILIO_NUMBER", "01632 960000", "such as +441632960000"),
        ("TWILIO_VOICE_NUMBER", "+44", "such as +441632960000"),
        ("TAKEPART_SMS_OPTOUT", "hush", "twilio or ours"),
        ("TAKEPART_DATABASE_URL", "mysql://me:hush@a.example/t", "sqlite+aiosqlite://"),
        ("TAKEPART_DATA_DIR", "~hush-nobody/t", "does not exist"),
    ],
)
def test_a_bad_value_is_named_with_its_remedy_and_never_shown(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, remedy: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        written(monkeypatch, **{name: value})
    (sentence,) = str(refused.value).splitlines()
    assert sentence.startswith(f"{name} ") and remedy in sentence and "hush" not in sentence
    assert refused.value.__cause__ is None


def test_every_bad_value_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match=r"(?s)TAKEPART_PORT .*TWILIO_NUMBER "):
        written(monkeypatch, TAKEPART_PORT="x", TWILIO_NUMBER="x")


def test_a_file_that_is_not_text_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"TAKEPART_HOST=\xff\xfe")
    with pytest.raises(SettingsError, match="save it as plain text"):
        load(tmp_path / ".env")


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"TELEGRAM_BOT_TOKEN": "7:t"}, []),
        ({**TWILIO, "TAKEPART_PUBLIC_URL": "https://a.example"}, []),
        (TWILIO, ["TAKEPART_PUBLIC_URL"]),
        ({**TWILIO, "TWILIO_AUTH_TOKEN": "", "TWILIO_ACCOUNT_SID": ""}, ["SID and TWILIO_AUTH_TOKEN is set"]),
        ({"TAKEPART_SECRET_KEY": "short"}, ["32 characters"]),
        ({"TAKEPART_SECRET_KEY": LONG}, []),
    ],
)
def test_what_works_only_in_part_is_said(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str], says: list[str]
) -> None:
    advice = written(monkeypatch, **values).advice()
    assert len(advice) == len(says)
    assert all(part in sentence for part, sentence in zip(says, advice, strict=True))


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("TAKEPART_SECRET_KEY", "TELEGRAM_BOT_TOKEN", "TELEGRAM_WEBHOOK_SECRET", "TWILIO_AUTH_TOKEN")
    values = dict.fromkeys(names, "7hush") | {"TAKEPART_DATABASE_URL": "postgresql+asyncpg://me:7hush@h/d"}
    assert "7hush" not in repr(written(monkeypatch, **values))


def test_the_secret_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    settings = Settings(TAKEPART_DATA_DIR=tmp_path / "new" / "data")
    with ThreadPoolExecutor(8) as pool:
        keys = {key.get_secret_value() for key in pool.map(lambda _: settings.secret_key(), range(32))}
    assert len(keys) == 1 and len(keys.pop()) >= 32
    assert os.listdir(settings.data_dir) == ["secret.key"]
    assert stat.S_IMODE((settings.data_dir / "secret.key").stat().st_mode) == 0o600
    assert stat.S_IMODE(settings.data_dir.stat().st_mode) == 0o700


def test_a_given_secret_key_writes_no_file(tmp_path: Path) -> None:
    settings = Settings(TAKEPART_DATA_DIR=tmp_path / "data", TAKEPART_SECRET_KEY=LONG)
    assert settings.secret_key().get_secret_value() == LONG
    assert not settings.data_dir.exists()


def test_an_emptied_secret_key_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "secret.key").touch()
    with pytest.raises(SettingsError, match="put the key back"):
        Settings(TAKEPART_DATA_DIR=tmp_path).secret_key()


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match=r"TAKEPART_DATA_DIR .* choose another"):
        Settings(TAKEPART_DATA_DIR=tmp_path / "file" / "data").ensure_data_dir()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, "The practice phone is at http://127.0.0.1:8000/practice"),
        ({"TAKEPART_HOST": "::"}, "The practice phone is at http://127.0.0.1:8000/practice"),
        ({"TAKEPART_HOST": "::1"}, "The practice phone is at http://[::1]:8000/practice"),
        ({"TAKEPART_PUBLIC_URL": "https://takepart.example/"}, "Takepart is at https://takepart.example"),
    ],
)
def test_the_address_that_is_told_is_one_that_opens(more: dict[str, Any], said: str) -> None:
    assert addresses(Settings.model_validate(more))[0] == said
