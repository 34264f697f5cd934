"""What the environment (or `.env`) says of this installation: read once, checked, in plain errors.

Every setting is described for people in `.env.example`, and a test keeps the two equal.
"""

import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

DATABASES = ("sqlite+aiosqlite://", "postgresql+asyncpg://")
EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104  # names that no browser can open
ENV_FILE = Path(".env")
NOTHING: Mapping[str, Any] = {}
SHORT_SECRET = 32  # characters; what we make ourselves is longer


class SettingsError(Exception):
    """A setting that cannot be used: one sentence for the operator, without the setting's value."""


def _url(value: str) -> str:
    """An address without the slash at its end, so that paths can be put behind it."""
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and parts.hostname is not None and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment:
        raise ValueError("must be a whole web address such as https://takepart.example.org")
    return value.rstrip("/")


def _number(value: str) -> str:
    """A telephone number as E.164, the form in which the provider knows it."""
    bare = re.sub(r"[\s().-]", "", value)
    if not re.fullmatch(r"\+[1-9][0-9]{6,14}", bare):
        raise ValueError("must be a number with its country, a plus sign first, such as +441632960000")
    return bare


def _port(value: Any) -> Any:
    if not re.fullmatch(r"[0-9]{1,5}", str(value)) or not 0 < int(value) < 65536:
        raise ValueError("must be a whole number from 1 to 65535, such as 8000")
    return int(value)


def _folder(value: Path) -> Path:
    try:
        return value.expanduser()
    except RuntimeError as error:
        raise ValueError("names a home folder that does not exist") from error


def _database(value: str) -> str:
    if not value.startswith(DATABASES):
        raise ValueError(f"must begin with {DATABASES[0]} or {DATABASES[1]}")
    return value


def _bucket(value: str) -> str:
    """A bucket and perhaps a prefix in it, without the slash at its end."""
    if not re.fullmatch(r"s3://[A-Za-z0-9][A-Za-z0-9._-]+(/[^\s?#]*)?", value):
        raise ValueError("must be a bucket and perhaps a prefix in it, such as s3://takepart/media")
    return value.rstrip("/")


def _token(value: str) -> str:
    # It becomes a part of every address that we call, so these would call somewhere else.
    if re.search(r"[\s/?#]", value):
        raise ValueError("must be the token just as BotFather gave it, with no spaces or slashes in it")
    return value


def _webhook_secret(value: str) -> str:
    # https://core.telegram.org/bots/api#setwebhook
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", value):
        raise ValueError("must be 1 to 256 letters, digits, underscores and hyphens, and nothing else")
    return value


def _optout(value: str) -> str:
    if value.lower() not in ("twilio", "ours"):
        raise ValueError("must be twilio or ours")
    return value.lower()


def _rate(value: Any) -> Any:
    try:
        rate = float(value)
    except (TypeError, ValueError):
        rate = 0.0
    if not 0 < rate <= 1000:
        raise ValueError("must be a number above 0, up to 1000, such as 10")
    return rate


Url = Annotated[str, BeforeValidator(_url)]
Rate = Annotated[float, BeforeValidator(_rate)]
Number = Annotated[str, BeforeValidator(_number)]
Port = Annotated[int, BeforeValidator(_port)]
Folder = Annotated[Path, AfterValidator(_folder)]
Database = Annotated[SecretStr, BeforeValidator(_database)]
BucketUrl = Annotated[str, BeforeValidator(_bucket)]
Token = Annotated[SecretStr, BeforeValidator(_token)]
WebhookSecret = Annotated[SecretStr, BeforeValidator(_webhook_secret)]
OptOut = Annotated[Literal["twilio", "ours"], BeforeValidator(_optout)]


class Settings(BaseSettings):
    """The settings; `load` reads them. Tests hand them in by name: `Settings(TAKEPART_PORT=8001)`."""

    # No field is read by its own short name: HOST and PORT are often set for somebody else.
    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    given_database_url: Database | None = Field(None, validation_alias="TAKEPART_DATABASE_URL")
    data_dir: Folder = Field(Path("data"), validation_alias="TAKEPART_DATA_DIR")
    media_url: BucketUrl | None = Field(None, validation_alias="TAKEPART_MEDIA_URL")
    public_url: Url | None = Field(None, validation_alias="TAKEPART_PUBLIC_URL")
    given_secret_key: SecretStr | None = Field(None, validation_alias="TAKEPART_SECRET_KEY")
    host: str = Field("127.0.0.1", validation_alias="TAKEPART_HOST")
    port: Port = Field(8000, validation_alias="TAKEPART_PORT")
    sms_optout: OptOut = Field("twilio", validation_alias="TAKEPART_SMS_OPTOUT")
    telegram_bot_token: Token | None = Field(None, validation_alias="TELEGRAM_BOT_TOKEN")
    telegram_api_url: Url | None = Field(None, validation_alias="TELEGRAM_API_URL")
    telegram_webhook_secret: WebhookSecret | None = Field(None, validation_alias="TELEGRAM_WEBHOOK_SECRET")
    twilio_account_sid: str | None = Field(None, validation_alias="TWILIO_ACCOUNT_SID")
    twilio_auth_token: SecretStr | None = Field(None, validation_alias="TWILIO_AUTH_TOKEN")
    twilio_api_url: Url | None = Field(None, validation_alias="TWILIO_API_URL")
    twilio_number: Number | None = Field(None, validation_alias="TWILIO_NUMBER")
    twilio_voice_number: Number | None = Field(None, validation_alias="TWILIO_VOICE_NUMBER")
    twilio_segments: Rate = Field(10.0, validation_alias="TWILIO_SEGMENTS_PER_SECOND")
    twilio_calls: Rate = Field(1.0, validation_alias="TWILIO_CALLS_PER_SECOND")
    aws_access_key_id: str | None = Field(None, validation_alias="AWS_ACCESS_KEY_ID")
    aws_secret_access_key: SecretStr | None = Field(None, validation_alias="AWS_SECRET_ACCESS_KEY")
    aws_region: str | None = Field(None, validation_alias="AWS_REGION")
    aws_endpoint_url: Url | None = Field(None, validation_alias="AWS_ENDPOINT_URL")

    @model_validator(mode="before")
    @classmethod
    def _blank_is_unset(cls, given: dict[str, Any]) -> dict[str, Any]:
        stripped = {name: value.strip() if isinstance(value, str) else value for name, value in given.items()}
        return {name: value for name, value in stripped.items() if value not in ("", None)}

    @property
    def database_url(self) -> str:
        """Where everything is kept. It may hold a password: never log it."""
        if self.given_database_url:
            return self.given_database_url.get_secret_value()
        return f"sqlite+aiosqlite:///{self.data_dir}/takepart.db"

    @property
    def address(self) -> str:
        """Where a browser finds us: for everybody, or else from this computer."""
        if self.public_url:
            return self.public_url
        host = "127.0.0.1" if self.host in EVERYWHERE else self.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def telegram_on(self) -> bool:
        """Whether members can use Telegram here."""
        return self.telegram_bot_token is not None

    @property
    def channels_on(self) -> tuple[str, ...]:
        """The channels that have an account."""
        twilio = ("sms", "voice") if self.twilio_on else ()
        return (*(("telegram",) if self.telegram_on else ()), *twilio)

    @property
    def twilio_on(self) -> bool:
        """Whether members can text and ring here."""
        return bool(self.twilio_account_sid and self.twilio_auth_token and self.twilio_number)

    def advice(self) -> list[str]:
        """Say, a sentence each, what is set so that it will not do what was probably meant."""
        says = []
        if not self.twilio_on and (self.twilio_account_sid or self.twilio_auth_token or self.twilio_number):
            needed = ("twilio_account_sid", "twilio_auth_token", "twilio_number")
            missing = " and ".join(name.upper() for name in needed if getattr(self, name) is None)
            says.append(f"Texts and calls are off until {missing} is set too.")
        if self.twilio_on and not self.public_url:
            says.append("Twilio can reach this service only when TAKEPART_PUBLIC_URL is set.")
        key = self.given_secret_key
        if key and len(key.get_secret_value()) < SHORT_SECRET:
            says.append(f"TAKEPART_SECRET_KEY is short: {SHORT_SECRET} characters or more cannot be guessed.")
        return says

    def ensure_data_dir(self) -> Path:
        """Make the data folder if need be, readable by nobody else."""
        try:
            self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsError(
                f"TAKEPART_DATA_DIR is a folder that cannot be made ({error.strerror}): choose another one."
            ) from error
        return self.data_dir

    def secret_key(self) -> SecretStr:
        """Give the key that addresses are encrypted with, made at first use where none was given."""
        if self.given_secret_key:
            return self.given_secret_key
        path = self.ensure_data_dir() / "secret.key"
        try:
            if not path.exists():
                _write_once(path, secrets.token_urlsafe(48))
            key = path.read_text(encoding="ascii").strip()
        except (OSError, UnicodeError) as error:
            raise SettingsError(f"{path} cannot be used: let this user read it, or put it back.") from error
        if not key:
            raise SettingsError(f"{path} is empty: put the key back that this data was written with.")
        return SecretStr(key)


def _write_once(path: Path, text: str) -> None:
    """Write a whole file that only we can read, unless another process was first."""
    handle, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        # Unlike a rename, a link never replaces the file that another process has just begun to use.
        os.link(name, path)
    except FileExistsError:
        pass
    finally:
        Path(name).unlink()


def setting_names() -> list[str]:
    """Name every setting, as it stands in the environment."""
    return [str(field.validation_alias) for field in Settings.model_fields.values()]


def load(env_file: Path | None = ENV_FILE, given: Mapping[str, Any] = NOTHING) -> Settings:
    """Read the settings; what is `given` goes before the environment, and that before the file."""
    try:
        return Settings(_env_file=env_file, _env_file_encoding="utf-8", **given)
    except ValidationError as error:
        raise SettingsError("\n".join(_sentence(row["loc"], row["msg"]) for row in error.errors())) from None
    except (OSError, UnicodeError) as error:
        raise SettingsError(
            f"{env_file} cannot be read: save it as plain text that this user can read."
        ) from error


def _sentence(where: tuple[int | str, ...], what: str) -> str:
    return f"{where[0]} {what.removeprefix('Value error, ')}."
