"""What one process keeps, another waits for: a member on any of their lines, a vote and its poll."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import locks
from storage.database import Database, Overtaken
from storage.secrets import Secrets
from storage.sessions.polls import close_poll
from storage.tables import lines, reaches
from storage.turning.load import Line
from tests.office import Office
from tests.stores import ON_POSTGRESQL

pytestmark = ON_POSTGRESQL
WHILE = 0.2  # seconds; what does not wait is done long before

Work = Callable[[AsyncConnection], Awaitable[object]]


@pytest.fixture
async def office(db: Database, secrets: Secrets) -> Office:
    """Ada has a mobile and a landline, which Ben uses too."""
    made = Office(db, secrets)
    await made.group()
    await made.member("ada")
    await made.member("ben", "voice")
    async with db.write() as conn:
        await conn.execute(reaches.insert().values(id="r", member_id="ada", line_id="ben", channel="voice"))
        await conn.execute(lines.insert().values(id="other", kind="phone", address_hash=b"o"))
    return made


def turn_on(line: str) -> Work:
    return lambda conn: locks.for_turns(conn, {line: Line(id=line, kind="phone")}, ())


@asynccontextmanager
async def beginning(office: Office, work: Work) -> AsyncIterator[asyncio.Task[object]]:
    """Work that has begun elsewhere, for a while; it ends after the block."""
    task = asyncio.ensure_future(office.db.transact(work))
    await asyncio.wait([task], timeout=WHILE)
    yield task


@pytest.mark.parametrize(("line", "waits"), [("ada", True), ("ben", True), ("other", False)])
async def test_nobody_else_steps_somebody_whom_a_turn_keeps(office: Office, line: str, waits: bool) -> None:
    async with office.db.write() as conn:
        await turn_on("ada")(conn)
        async with beginning(office, turn_on(line)) as task:
            assert task.done() is not waits
    await task


async def test_a_member_is_not_erased_while_a_turn_of_theirs_is_stored(office: Office) -> None:
    async with office.db.write() as conn:
        await turn_on("ada")(conn)
        async with beginning(office, lambda other: locks.for_member(other, "ada")) as task:
            assert not task.done()
    await task


async def test_a_poll_closes_after_the_votes_that_are_being_stored(office: Office) -> None:
    await office.poll()
    async with office.db.write() as conn:
        await locks.still_open(conn, ["p"])
        closing = beginning(office, lambda other: close_poll(other, "p", ids=office.ids, now=office.now))
        async with closing as task:
            assert not task.done()
    assert await task is True


async def test_a_vote_that_the_closing_has_overtaken_is_begun_anew(office: Office) -> None:
    await office.poll()
    async with office.db.write() as conn:
        await close_poll(conn, "p", ids=office.ids, now=office.now)
        voting = asyncio.ensure_future(vote(office))
        await asyncio.wait([voting], timeout=WHILE)
    with pytest.raises(Overtaken):
        await voting


async def vote(office: Office) -> None:
    async with office.db.write() as conn:
        await locks.still_open(conn, ["p"])
