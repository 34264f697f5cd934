"""One process at a time: what a lease allows, and when the next may have it."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from storage.database import Database
from storage.leases import hold, let_go
from storage.running.clearing import clear
from storage.tables import leases

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


async def holds(db: Database, holder: str, seconds: float = 0) -> bool:
    async with db.write() as conn:
        return await hold(conn, "telegram", holder, now=NOON + timedelta(seconds=seconds), lasts=MINUTE)


async def test_one_holds_a_lease_while_it_renews_it(db: Database) -> None:
    assert [await holds(db, who, 40 * n) for n, who in enumerate("ababab")] == [True, False] * 3


async def test_the_lease_of_one_that_died_runs_out(db: Database) -> None:
    assert [await holds(db, who, seconds) for who, seconds in (("a", 0), ("b", 59), ("b", 61))] == [
        True,
        False,
        True,
    ]


async def test_a_lease_that_is_given_back_is_free_at_once(db: Database) -> None:
    await holds(db, "a")
    for who, gained in (("b", False), ("a", True)):  # only its holder can
        async with db.write() as conn:
            await let_go(conn, "telegram", who)
        assert await holds(db, "b") is gained


async def test_what_the_dead_held_is_cleared_away_in_time(db: Database) -> None:
    await holds(db, "a")
    for days, left in ((0.5, 1), (2, 0)):
        await clear(db, NOON + timedelta(days=days))
        async with db.read() as conn:
            assert len((await conn.execute(sa.select(leases))).all()) == left
