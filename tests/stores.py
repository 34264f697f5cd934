"""A fresh, migrated store for each test, on each kind of database that Takepart works on.

What goes through `store_url` or `db` runs once on each; what is marked `ON_SQLITE` is about something else
than what a store does, or about SQLite itself.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.engine.default import DefaultDialect

from storage.database import Database
from storage.erasure.register import Register
from storage.files.media import MediaStore
from storage.files.media_folder import Folder
from storage.secrets import Secrets
from storage.store import open_store
from tests.postgres import Postgres, running

KEY = SecretStr("a key made up for tests, long enough to be good")
KINDS = ("sqlite", "postgresql")
ON_SQLITE, ON_POSTGRESQL = (pytest.mark.parametrize("kind", [kind]) for kind in KINDS)


def sqlite_url(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


@pytest.fixture(autouse=True, scope="session")
def statements_are_compiled_once() -> Iterator[None]:
    """For all stores of a kind, and not anew for each: that took a quarter of the tests' time."""
    compiled: dict[Any, Any] = {}

    def share(conn: sa.Connection) -> None:
        conn.execution_options(compiled_cache=compiled)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DefaultDialect, "__eq__", lambda one, other: type(one) is type(other))
        patch.setattr(DefaultDialect, "__hash__", lambda one: hash(type(one)))
        sa.event.listen(sa.Engine, "engine_connect", share)
        yield
        sa.event.remove(sa.Engine, "engine_connect", share)


@pytest.fixture
def secrets() -> Secrets:
    return Secrets(KEY)


@pytest.fixture
def register(tmp_path: Path, secrets: Secrets) -> Register:
    return Register(tmp_path / "register", secrets)


@pytest.fixture
def files(tmp_path: Path) -> MediaStore:
    return MediaStore(Folder(tmp_path / "media"))


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database, made once: copying it is much quicker than migrating."""
    path = tmp_path_factory.mktemp("migrated") / "takepart.db"
    _make(sqlite_url(path))
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server, for as long as tests run."""
    with running() as server:
        yield server


@pytest.fixture(scope="session")
def template(postgres: Postgres) -> str:
    """The same as `migrated`, on PostgreSQL."""
    name = postgres.new()
    _make(postgres.url(name))
    return name


@pytest.fixture
def postgres_url(postgres: Postgres, template: str) -> Iterator[str]:
    """The address of an empty store on PostgreSQL."""
    name = postgres.new(like=template)
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """The kind of database that a test runs on."""
    return str(request.param)


@pytest.fixture
def store_url(kind: str, request: pytest.FixtureRequest) -> str:
    """The address of an empty store, for what opens it by itself."""
    if kind == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    folder: Path = request.getfixturevalue("tmp_path")
    shutil.copy(request.getfixturevalue("migrated"), folder / "takepart.db")
    return sqlite_url(folder / "takepart.db")


@pytest.fixture
async def db(store_url: str) -> AsyncIterator[Database]:
    """An empty store, open."""
    database = await Database.open(store_url)
    yield database
    await database.close()


def _make(url: str) -> None:
    async def make() -> None:
        await (await open_store(url, Secrets(KEY))).close()

    asyncio.run(make())
