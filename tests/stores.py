"""A fresh, migrated store for each test. Another kind of database is added in `store_url`, in one place."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from storage.database import Database
from storage.secrets import Secrets
from storage.store import open_store

KEY = SecretStr("a key made up for tests, long enough to be good")


def sqlite_url(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


@pytest.fixture
def secrets() -> Secrets:
    return Secrets(KEY)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database, made once: copying it is much quicker than migrating."""
    path = tmp_path_factory.mktemp("migrated") / "takepart.db"

    async def make() -> None:
        await (await open_store(sqlite_url(path), Secrets(KEY))).close()

    asyncio.run(make())
    return path


@pytest.fixture
def store_url(tmp_path: Path, migrated: Path) -> str:
    """The address of an empty store, for what opens it by itself."""
    shutil.copy(migrated, tmp_path / "takepart.db")
    return sqlite_url(tmp_path / "takepart.db")


@pytest.fixture
async def db(store_url: str) -> AsyncIterator[Database]:
    """An empty store, open."""
    database = await Database.open(store_url)
    yield database
    await database.close()
