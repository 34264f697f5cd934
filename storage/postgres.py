"""Connections to a PostgreSQL server: one pool to write, one to read; and what its errors mean."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

WRITERS, READERS = 5, 4  # connections of each process, and one that listens
CONNECT = 10  # seconds until a server that does not answer is given up
ANSWER = 60  # seconds for one statement; none of ours takes one, but those of a migration
STATEMENTS = 500  # prepared for each connection: an IN of another length is another statement
NAMED = {"application_name": "takepart"}
HURRIED = {
    "synchronous_commit": "on",  # what is committed survives a power cut, whatever is usual on this server
    "jit": "off",  # compiling costs more than our short statements do
    "statement_timeout": f"{ANSWER}s",
    "lock_timeout": "15s",
    "idle_in_transaction_session_timeout": f"{ANSWER}s",
}
MIGRATING = 0x7461_6B65_7061_7274  # the name of the lock that whoever migrates holds

# Another process was in the way: it locked crosswise, was quicker with the same key, or took what was read.
AGAIN = frozenset({"40001", "40P01", "23505", "23503"})
# The server is ending, full, starting or beyond reach.
AWAY = ("08", "53", "57", "58", "55P03", "25P03")

Connect = Callable[[], Awaitable[Any]]


def connector(url: sa.URL, *, hurry: bool = True) -> Connect:
    """What opens a connection. It understands what libpq does: `sslmode`, a socket's folder, `PGPASSWORD`."""
    import asyncpg  # slow to load, and of no use to SQLite

    dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
    most = (
        {"command_timeout": ANSWER, "server_settings": NAMED | HURRIED}
        if hurry
        else {"server_settings": NAMED}
    )
    return partial(asyncpg.connect, dsn, timeout=CONNECT, **most)


def engines(url: sa.URL) -> tuple[AsyncEngine, AsyncEngine, AsyncEngine]:
    """To write, to read one unchanging view, and to change the tables, which may take its time."""
    connect = connector(url)
    reader = _engine(url, connect, **_pool(READERS), isolation_level="REPEATABLE READ")

    @sa.event.listens_for(reader.sync_engine, "connect")
    def only_reads(dbapi: Any, record: object) -> None:
        dbapi.readonly = True

    slow = _engine(url, connector(url, hurry=False), poolclass=NullPool)

    @sa.event.listens_for(slow.sync_engine, "begin")
    def alone(conn: sa.Connection) -> None:
        conn.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATING})")

    return _engine(url, connect, **_pool(WRITERS)), reader, slow


def another_was_quicker(error: sa.exc.DBAPIError) -> bool:
    """Whether the same would succeed if it were done once more."""
    from asyncpg import InvalidCachedStatementError

    stale = isinstance(getattr(error.orig, "__cause__", None), InvalidCachedStatementError)
    return stale or error.connection_invalidated or _state(error) in AGAIN


def away(error: sa.exc.DBAPIError) -> bool:
    """Whether the server, and not the statement, is at fault."""
    return error.connection_invalidated or _state(error).startswith(AWAY)


def why(error: Exception) -> str:
    """What kind of error it is, without its words: they may name a user."""
    cause = getattr(getattr(error, "orig", None), "__cause__", None)
    return type(cause or error).__name__


def _state(error: sa.exc.DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""


def _pool(size: int) -> dict[str, int]:
    return {"pool_size": size, "max_overflow": 0, "pool_timeout": ANSWER}


def _engine(url: sa.URL, connect: Connect, **more: Any) -> AsyncEngine:
    def creator() -> Any:
        dbapi = engine.sync_engine.dialect.loaded_dbapi
        return dbapi.connect(async_creator_fn=connect, prepared_statement_cache_size=STATEMENTS)

    # Errors are logged: what was to be stored is not to be part of them.
    engine = create_async_engine(url, creator=creator, hide_parameters=True, **more)

    @sa.event.listens_for(engine.sync_engine, "checkout")
    def whole(dbapi: Any, record: object, proxy: object) -> None:
        """Replace a connection that the server has ended. To ask it would cost each write a round trip."""
        if dbapi.driver_connection.is_closed():
            raise sa.exc.DisconnectionError

    return engine
