"""Changes single settings in `.env` and leaves every other line as it is. Nothing is half-written."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from dotenv import set_key

from bot.settings import ENV_FILE, SettingsError


@contextmanager
def changed(values: Mapping[str, str], path: Path = ENV_FILE) -> Iterator[Path]:
    """The file with these settings: a copy beside it that nobody else can read, until `replace`."""
    copy = _copy(path, values)
    try:
        yield copy
    finally:
        copy.unlink(missing_ok=True)


def replace(copy: Path, path: Path = ENV_FILE) -> None:
    """Let the copy be the file from now on."""
    try:
        copy.replace(path.resolve())
    except OSError as error:
        raise _trouble(path, error) from error


def _copy(path: Path, values: Mapping[str, str]) -> Path:
    place = path.resolve()  # what a link leads to, so that it stays a link
    try:
        handle, name = tempfile.mkstemp(prefix=".env-", dir=place.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(place.read_bytes() if place.exists() else b"")
        for setting, value in values.items():
            set_key(name, setting, value, quote_mode="auto")
    except OSError as error:
        raise _trouble(path, error) from error
    return Path(name)


def _trouble(path: Path, error: OSError) -> SettingsError:
    return SettingsError(f"{path} cannot be written ({error.strerror}): let this user write in its folder.")
