"""Sees to it that no service works on a database while all of its data is read or replaced."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from bot.alone import Alone
from bot.settings import Settings
from storage import leases
from storage.database import Database
from storage.members.groups import Complaint

RUNNING = "A service runs on this data and would go on with what it had: end it first, then try again."
JUST_ENDED = f"{RUNNING} One that was killed counts as running for a minute."


@contextmanager
def nobody_serving(settings: Settings, *urls: str) -> Iterator[None]:
    """Hold the place of a service on this host as long as this lasts; raise Complaint where one runs."""
    with ExitStack() as held:
        for folder in {folder for url in urls for folder in _folders(settings, url)}:
            alone = Alone(folder)
            if not alone.enter():
                raise Complaint(RUNNING)
            held.callback(alone.leave)
        yield


async def nobody_elsewhere(db: Database) -> None:
    """Raise Complaint where a service on another host runs on this database."""
    async with db.read() as conn:
        if await leases.serving(conn, datetime.now(UTC)):
            raise Complaint(JUST_ENDED)


def _folders(settings: Settings, url: str) -> set[Path]:
    """The data folders of services that may be running on a database."""
    parsed = sa.make_url(url)
    found = {settings.data_dir} if url == settings.database_url else set()
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        found.add(Path(parsed.database).parent)
    return {folder.resolve() for folder in found if folder.is_dir()}
