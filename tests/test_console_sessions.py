"""Who is signed in to the pages: for how long, to which groups, and what ends it sooner."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
import sqlalchemy as sa

from flows.effects import Change
from flows.events import Say
from storage.database import Database
from storage.door import sessions, sign_ins
from storage.door.sessions import Session
from storage.members.groups import add_group
from storage.members.leaving import change
from storage.running.clearing import clear
from storage.secrets import Secrets
from storage.tables import members
from storage.tables import sessions as rows
from tests.gatherings import Gathering
from tests.stores import ON_SQLITE

LONG = timedelta(hours=12)


class Staffed:
    """A group that Sam runs, signed in; and another group."""

    def __init__(self, home: Gathering, secrets: Secrets) -> None:
        self.home, self.secrets, self.db = home, secrets, home.db

    async def found(self, permission: str = "facilitator") -> "Staffed":
        await self.home.found()
        self.sam = await self.home.join(name="Sam", permission=permission)
        async with self.db.write() as conn:
            await add_group(conn, id="other", code="OTHER", name="Other", now=self.home.now)
        self.cookie = await self.begin()
        return self

    async def begin(self) -> str:
        async with self.db.write() as conn:
            return await sessions.begin(conn, self.secrets, [self.sam], ids=self.home.ids, now=self.home.now)

    async def session(self, cookie: str = "") -> Session | None:
        async with self.db.read() as conn:
            return await sessions.find(conn, self.secrets, cookie or self.cookie, now=self.home.now)

    async def here(self) -> Session:
        found = await self.session()
        assert found
        return found

    async def becomes(self, **values: str) -> None:
        async with self.db.write() as conn:
            await conn.execute(sa.update(members).where(members.c.id == self.sam).values(**values))


@pytest.fixture
async def staffed(db: Database, secrets: Secrets) -> Staffed:
    return await Staffed(Gathering(db), secrets).found()


async def test_who_is_signed_in_runs_their_group_for_twelve_hours(staffed: Staffed) -> None:
    found = await staffed.here()
    assert [(one.name, one.code) for one in found.members] == [("Sam", "GARDEN")]
    assert found.acting_in(staffed.home.home.id) and not found.acting_in("other")
    staffed.home.now += LONG - timedelta(seconds=1)
    async with staffed.db.write() as conn:
        await sessions.seen(conn, await staffed.here(), now=staffed.home.now)
    staffed.home.now += timedelta(seconds=1)
    assert await staffed.session() is None


@ON_SQLITE
async def test_a_cookie_cannot_be_read_from_the_database(staffed: Staffed) -> None:
    async with staffed.db.read() as conn:
        stored = await conn.scalar(sa.select(rows.c.cookie_hash))
    assert stored and staffed.cookie.encode() not in stored
    assert await staffed.session("x" + staffed.cookie) is None
    assert await staffed.begin() != staffed.cookie


@ON_SQLITE
async def test_an_owner_sees_every_group(staffed: Staffed) -> None:
    await staffed.becomes(permission="owner")
    found = await staffed.here()
    assert (owner := found.acting_in("other")) and owner.member == staffed.sam
    async with staffed.db.read() as conn:
        assert [home.code for home in await sessions.groups_of(conn, found)] == ["GARDEN", "OTHER"]


async def test_a_link_and_a_code_let_in_once(staffed: Staffed) -> None:
    home, secrets, codes = staffed.home, staffed.secrets, list[str]()
    sam = await home.join("sms", name="Sam", permission="facilitator", number="4821")

    def words(code: str, *_: str) -> Say:
        codes.append(code)
        return Say(text=code)

    async with staffed.db.write() as conn:
        link = await sign_ins.new_link(conn, secrets, sam, ids=home.ids, now=home.now)
        sent = await sign_ins.send_code(
            conn,
            secrets,
            group=home.home.id,
            number="4821",
            asked="here",
            channels=("sms",),
            words=words,
            ids=home.ids,
            now=home.now,
        )
    assert sent
    for who in (sam, None):
        async with staffed.db.write() as conn:
            opened = await sign_ins.use_link(conn, secrets, link, now=home.now)
            let_in = await sign_ins.use_code(conn, secrets, "here", codes[0], now=home.now)
        assert (opened and opened.member, let_in) == (who, [who] if who else [])


LOST: Mapping[str, Mapping[str, str]] = {
    "permission": {"permission": "member"},
    "left": {"state": "left"},
    "joined": {"state": "joined"},
    "waits": {"state": "waiting"},
}


@ON_SQLITE
@pytest.mark.parametrize("lost", LOST.values(), ids=LOST)
async def test_who_may_no_more_is_out_at_the_next_page(staffed: Staffed, lost: Mapping[str, str]) -> None:
    await staffed.becomes(**lost)
    assert await staffed.session() is None


@ON_SQLITE
async def test_signing_out_here_leaves_the_other_browser_and_everywhere_does_not(staffed: Staffed) -> None:
    other = await staffed.begin()
    async with staffed.db.write() as conn:
        await sessions.end(conn, await staffed.here(), now=staffed.home.now)
    assert await staffed.session() is None and await staffed.session(other)
    async with staffed.db.write() as conn:
        await sessions.end_all_of(conn, [staffed.sam], now=staffed.home.now)
    assert await staffed.session(other) is None


async def test_being_erased_leaves_nothing_of_it(staffed: Staffed) -> None:
    async with staffed.db.write() as conn:
        await change(conn, staffed.sam, Change(to="erased"), staffed.home.now)
        assert await conn.scalar(sa.select(sa.func.count()).select_from(rows)) == 0
    assert await staffed.session() is None


@ON_SQLITE
async def test_the_last_visit_is_known_at_the_next(staffed: Staffed) -> None:
    assert (await staffed.here()).before is None
    begun = staffed.home.now
    staffed.home.now += timedelta(hours=2)
    async with staffed.db.write() as conn:
        await sessions.seen(conn, await staffed.here(), now=staffed.home.now)
    assert (await staffed.here()).before == begun  # after two hours away this is another visit
    staffed.home.now, seen = staffed.home.now + timedelta(days=2), staffed.home.now
    staffed.cookie = await staffed.begin()
    assert (await staffed.here()).before == seen


@ON_SQLITE
async def test_old_sessions_are_cleared_away(staffed: Staffed) -> None:
    over = staffed.home.now + LONG + sessions.REMEMBERED
    for now, left in ((over, 1), (over + timedelta(seconds=1), 0)):
        await clear(staffed.db, now)
        async with staffed.db.read() as conn:
            assert await conn.scalar(sa.select(sa.func.count()).select_from(rows)) == left
