"""Looks at this computer: the settings, the folder and its disk, the key, the clock, the public address."""

import ipaddress
import os
import shutil
import stat
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import sqlalchemy as sa

from bot.doctor.finding import Finding, bad, good, look, off
from bot.settings import Settings
from channels.elsewhere import Seen

LITTLE_SPACE = 500_000_000  # bytes: a hundred photos and the database beside them
WRONG_BY = 30  # seconds: signatures and what is due at a time would be wrong too
TELEGRAMS_PORTS = (443, 80, 88, 8443)  # https://core.telegram.org/bots/webhooks
OTHERS = 0o077  # the rights of everybody but the owner
SECRETS = ("KEY", "TOKEN", "SECRET", "DATABASE_URL")


def folder(settings: Settings) -> Iterator[Finding]:
    """The data folder, and where the database lies if that is on another disk; raise SettingsError."""
    place = settings.ensure_data_dir()
    if not os.access(place, os.W_OK | os.X_OK):
        yield bad("data folder", f"{place} cannot be written to: let this user write there.")
        return
    if place.stat().st_mode & stat.S_IRWXO:
        yield look("data folder", f"Every user of this computer can look into it: `chmod 700 {place}`.")
    yield _disk("data folder", place)
    database = _sqlite_folder(settings)
    if database and database.is_dir() and database.stat().st_dev != place.stat().st_dev:
        yield _disk("database disk", database)


def key(settings: Settings) -> Iterator[Finding]:
    """Whether the secret key is secret; that it is the database's is seen there. Raise SettingsError."""
    settings.secret_key()
    file = settings.data_dir / "secret.key"
    if settings.given_secret_key:
        yield good("key", "It is set as TAKEPART_SECRET_KEY. Keep a copy somewhere else.")
    elif file.stat().st_mode & OTHERS:
        yield bad("key", f"Other users of this computer can read it: `chmod 600 {file}`.")
    else:
        yield good("key", "It is in secret.key in the data folder. Keep a copy somewhere else.")


def env_file(path: Path = Path(".env")) -> Iterator[Finding]:
    """Whether everybody can read the secrets in the settings file."""
    try:
        readable, lines = path.stat().st_mode & OTHERS, path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeError):
        return
    if readable and any(_holds_secret(line) for line in lines):
        yield look("settings", "Other users of this computer can read the secrets in .env: `chmod 600 .env`.")


def clock(here: Callable[[], datetime], seen: Sequence[tuple[str, Seen]]) -> Finding:
    """Whether the time is right, by what providers' answers say; `seen` is in the order of trust."""
    for name, one in seen:
        if one.time is None:
            continue
        wrong = round((here() - one.time).total_seconds())
        if abs(wrong) <= WRONG_BY:
            return good("clock", f"It agrees with {name}'s.")
        way = "fast" if wrong > 0 else "slow"
        return bad(
            "clock",
            f"It is {abs(wrong)} seconds {way} by {name}'s: let the system keep it, with chrony or "
            "`timedatectl set-ntp true`. Signatures and what is due at a time go wrong with it.",
        )
    return off("clock", "There is nothing to compare it with.")


def public_address(settings: Settings, seen: Seen | None) -> Iterator[Finding]:
    """Whether the address that providers are given is one that they can use."""
    url = settings.public_url
    if url is None:
        said = "No TAKEPART_PUBLIC_URL is set."
        yield off("public address", said + (" Telegram is asked for news." if settings.telegram_on else ""))
        return
    faults = [*_form(url), *_reach(settings, url), *_answer(url, seen)]
    yield from faults
    if not any(one.state == "bad" for one in faults):
        yield good("public address", f"{url} is well formed" + (" and answers." if _up(seen) else "."))


def _disk(what: str, place: Path) -> Finding:
    free = shutil.disk_usage(place).free
    said = f"{free // 1_000_000} MB are free."
    if free > LITTLE_SPACE:
        return good(what, said)
    return bad(what, f"Only {said} Make room: when the disk is full, nothing more can be taken in.")


def _sqlite_folder(settings: Settings) -> Path | None:
    url = sa.make_url(settings.database_url)
    return Path(url.database).parent if url.get_backend_name() == "sqlite" and url.database else None


def _holds_secret(line: str) -> bool:
    name, _, value = line.partition("=")
    return not line.lstrip().startswith("#") and name.strip().endswith(SECRETS) and bool(value.strip())


def _form(url: str) -> Iterator[Finding]:
    parts = urlsplit(url)
    if parts.path:
        said = "has a path. Leave it out, unless what stands before the service takes it away again."
        yield look("public address", f"TAKEPART_PUBLIC_URL {said}")
    if parts.username or parts.password:
        yield bad(
            "public address", "TAKEPART_PUBLIC_URL holds a password: Telegram and Twilio would show it."
        )


def _reach(settings: Settings, url: str) -> Iterator[Finding]:
    """What the providers themselves ask of an address; what stands in for them may be anywhere."""
    parts = urlsplit(url)
    telegram = settings.telegram_on and settings.telegram_api_url is None
    if not telegram and not (settings.twilio_on and settings.twilio_api_url is None):
        return
    if _private(parts.hostname or ""):
        yield bad(
            "public address", f"{parts.hostname} cannot be reached from the internet: name one that can."
        )
    if parts.scheme != "https":
        yield bad("public address", "It must begin with https://, or what members say travels open.")
    port = parts.port or 443
    if telegram and port not in TELEGRAMS_PORTS:
        known = ", ".join(map(str, TELEGRAMS_PORTS))
        yield bad("public address", f"Telegram does not call port {port}: use one of {known}.")


def _answer(url: str, seen: Seen | None) -> Iterator[Finding]:
    if seen is None or _up(seen):
        return
    if seen.distrusted:
        said = "Its certificate is not accepted, and providers will not accept it either: renew it."
        yield bad("public address", said)
    elif seen.status:
        said = f"It answers {seen.status} where Takepart would be well: see that it leads to this service."
        yield look("public address", said)
    else:
        said = "It does not answer from here: see that `takepart serve` runs and that it leads to its port."
        yield look("public address", f"{said} Some networks can't call themselves by their outer name.")


def _up(seen: Seen | None) -> bool:
    return seen is not None and seen.status == 200


def _private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith((".local", ".localhost", ".internal", ".lan"))
