"""Two members found to be one person: one voice, one vote, the more cautious wish, and all of it undone."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from flows.effects import Change
from storage.database import Database
from storage.erasure.abiding import abide
from storage.erasure.held import member_data
from storage.erasure.register import Register
from storage.given.reading import list_contributions
from storage.given.rewriting import take_back
from storage.lines.joined import join_members, latest, unjoin_members
from storage.members import leaving
from storage.members.groups import Complaint
from storage.members.people import find_member, list_members
from storage.secrets import Secrets
from storage.sessions.drafting import NewPoll
from storage.sessions.polls import open_poll, tally
from storage.tables import ballots, contributions, given, lines, members, outbox, reaches
from storage.turning import load
from tests.gatherings import Gathering
from tests.stores import ON_SQLITE


class Pair(Gathering):
    """Somebody who takes part by Telegram as `kept` and by text as `other`."""

    async def met(self, **other: Any) -> "Pair":
        await self.found()
        self.kept = await self.join("telegram", line="telegram", number="1111")
        self.other = await self.join("sms", number="2222", **other)
        return self

    async def joins(self) -> None:
        async with self.db.write() as conn:
            await join_members(conn, self.kept, self.other, ids=self.ids, now=self.now)

    async def parts(self) -> None:
        async with self.db.write() as conn:
            await unjoin_members(conn, self.kept, now=self.now)

    async def changes(self, member: str, to: Any) -> None:
        async with self.db.write() as conn:
            await leaving.change(conn, member, Change(to=to), self.now)

    async def gives(self, member: str, words: str) -> str:
        gift = self.ids()
        row = {"id": gift, "group_id": self.home.id, "flow": "thought", "text": words, "at": self.now}
        async with self.db.write() as conn:
            await conn.execute(sa.insert(contributions).values(row))
            await conn.execute(sa.insert(given).values(contribution_id=gift, member_id=member))
        return gift

    async def asks(self) -> str:
        """A poll goes to everybody; its id."""
        new = NewPoll(group=self.home.id, question="Where?", options=("Library", "Café"))
        async with self.db.write() as conn:
            return await open_poll(conn, new, ids=self.ids, now=self.now)

    async def votes(self, poll: str, member: str, key: str) -> None:
        self.later(minutes=1)
        row = {"poll_id": poll, "member_id": member, "choices": [key], "channel": "sms", "at": self.now}
        async with self.db.write() as conn:
            await conn.execute(sa.insert(ballots).values(row))

    async def abides(self, register: Register) -> None:
        async with self.db.write() as conn:
            await abide(conn, register, register.standing(), self.now)

    async def ways(self, member: str) -> int:
        return await self.count(reaches, reaches.c.member_id == member, reaches.c.retired_at.is_(None))

    async def state(self, member: str) -> str:
        async with self.db.read() as conn:
            return str(await conn.scalar(sa.select(members.c.state).where(members.c.id == member)))


@pytest.fixture
async def pair(db: Database) -> Pair:
    return await Pair(db).met()


async def test_both_lines_lead_to_one_person(pair: Pair) -> None:
    await pair.joins()
    assert (await pair.ways(pair.kept), await pair.ways(pair.other)) == (2, 0)
    assert await pair.state(pair.other) == "joined"


async def test_of_two_ballots_the_later_counts_and_one_person_is_counted(pair: Pair) -> None:
    poll = await pair.asks()
    await pair.votes(poll, pair.kept, "1")
    await pair.votes(poll, pair.other, "2")
    await pair.joins()
    async with pair.db.read() as conn:
        person = (await load.people(conn, [pair.kept], pair.now))[pair.kept]
        found = await tally(conn, poll, now=pair.now)
    assert person.member.votes == {poll: ("2",)}
    assert found and (found.voted, found.eligible) == (1, 1)


async def test_what_both_gave_is_theirs_and_no_row_of_it_is_rewritten(pair: Pair) -> None:
    first, second = await pair.gives(pair.kept, "one"), await pair.gives(pair.other, "two")
    await pair.joins()
    async with pair.db.read() as conn:
        listed = await list_contributions(conn, pair.home.id)
        held = await member_data(conn, pair.kept)
        rows = await conn.execute(sa.select(given.c.contribution_id, given.c.member_id))
        whose = {row.contribution_id: row.member_id for row in rows}
    assert {one.member for one in listed} == {pair.kept}
    assert {one["text"] for one in held["contributions"]} == {"one", "two"}
    assert whose == {first: pair.kept, second: pair.other}


@ON_SQLITE
async def test_what_was_given_under_the_other_id_can_be_taken_back(pair: Pair) -> None:
    gift = await pair.gives(pair.other, "two")
    await pair.joins()
    async with pair.db.write() as conn:
        await take_back(conn, gift, pair.kept, pair.now)
    assert not await pair.count(contributions, contributions.c.taken_back_at.is_(None))


@ON_SQLITE
@pytest.mark.parametrize("stopped", ["kept", "other"])
async def test_who_had_stopped_stays_stopped(pair: Pair, stopped: str) -> None:
    await pair.changes(getattr(pair, stopped), "stopped")
    await pair.joins()
    assert await pair.state(pair.kept) == "stopped"


@ON_SQLITE
async def test_never_ring_me_holds_for_both(pair: Pair) -> None:
    await pair.change(members, members.c.id == pair.other, never_ring=True)
    await pair.joins()
    assert await pair.count(members, members.c.id == pair.kept, members.c.never_ring)


@ON_SQLITE
async def test_what_goes_to_everybody_goes_to_one_person_once(pair: Pair) -> None:
    await pair.joins()
    await pair.asks()
    await pair.tick()
    assert set(await pair.sent("poll")) == {pair.kept}


@ON_SQLITE
async def test_what_was_on_its_way_to_both_goes_once(pair: Pair) -> None:
    await pair.asks()
    await pair.tick()
    await pair.joins()
    assert await pair.count(outbox, outbox.c.state == "waiting") == 1


async def test_undone_each_has_their_own_lines_and_words_again(pair: Pair) -> None:
    await pair.gives(pair.other, "two")
    await pair.joins()
    await pair.parts()
    async with pair.db.read() as conn:
        (gift,) = await list_contributions(conn, pair.home.id)
    assert gift.member == pair.other
    assert (await pair.ways(pair.kept), await pair.ways(pair.other)) == (1, 1)
    assert await pair.state(pair.other) == "active"


@ON_SQLITE
@pytest.mark.parametrize("before", [True, False])
async def test_undoing_wakes_nobody_who_stopped(pair: Pair, before: bool) -> None:
    if before:
        await pair.changes(pair.other, "stopped")
    await pair.joins()
    await pair.changes(pair.kept, "active" if before else "stopped")
    await pair.parts()
    assert await pair.state(pair.other) == "stopped"


@ON_SQLITE
async def test_after_thirty_days_it_cannot_be_undone(pair: Pair) -> None:
    await pair.joins()
    pair.later(days=31)
    with pytest.raises(Complaint):
        await pair.parts()


@ON_SQLITE
async def test_three_become_one_and_part_one_by_one(pair: Pair) -> None:
    third = await pair.join("voice", line="another", number="3333")
    gift = await pair.gives(pair.other, "two")
    await pair.joins()
    async with pair.db.write() as conn:
        await join_members(conn, third, pair.kept, ids=pair.ids, now=pair.now + timedelta(minutes=1))
    async with pair.db.read() as conn:
        (found,) = await list_contributions(conn, pair.home.id)
        last = await latest(conn, third, pair.now)
    assert (found.id, found.member) == (gift, third)
    assert last and last.other_id == pair.kept
    async with pair.db.write() as conn:
        await unjoin_members(conn, third, now=pair.now)
    assert (await pair.ways(third), await pair.ways(pair.kept)) == (1, 2)
    async with pair.db.read() as conn:
        (found,) = await list_contributions(conn, pair.home.id)
    assert found.member == pair.kept


# Kept beside the database -----------------------------------------------------------------------------
async def test_older_data_knows_of_a_stop_of_the_one_person(pair: Pair, register: Register) -> None:
    await register.keep(pair.db)
    await pair.joins()
    await pair.changes(pair.kept, "stopped")
    for member in (pair.kept, pair.other):  # as they were before they were found to be one
        await pair.change(members, members.c.id == member, state="active", joined_to=None)
    await pair.abides(register)
    assert [await pair.state(one) for one in (pair.kept, pair.other)] == ["stopped", "stopped"]


@ON_SQLITE
async def test_data_from_while_they_were_one_knows_that_one_stopped_since(
    pair: Pair, register: Register
) -> None:
    await register.keep(pair.db)
    await pair.joins()
    await pair.parts()
    await pair.changes(pair.other, "stopped")
    await pair.change(members, members.c.id == pair.other, state="joined", joined_to=pair.kept)
    await pair.abides(register)
    assert await pair.state(pair.kept) == "stopped"


@ON_SQLITE
async def test_data_from_while_they_were_one_leads_to_no_strangers_phone(
    pair: Pair, register: Register
) -> None:
    await register.keep(pair.db)
    await pair.joins()
    await pair.parts()
    await pair.change(reaches, reaches.c.member_id == pair.kept, retired_at=None)
    await pair.abides(register)
    assert await pair.ways(pair.kept) == 1


@ON_SQLITE
async def test_started_again_both_ids_have_started(pair: Pair, register: Register) -> None:
    await register.keep(pair.db)
    await pair.changes(pair.other, "stopped")
    await pair.joins()
    await pair.changes(pair.kept, "active")
    await pair.abides(register)
    assert await pair.state(pair.kept) == "active"


@ON_SQLITE
async def test_one_person_stands_in_the_list_once_and_is_found_by_either_number(
    pair: Pair, secrets: Secrets
) -> None:
    await pair.change(lines, lines.c.address.is_(None), address=secrets.seal("+447700900101"))
    await pair.joins()
    async with pair.db.read() as conn:
        (listed,) = await list_members(conn, pair.home.id, secrets)
        found = await find_member(conn, "2222", secrets)
    assert found == listed
    assert (listed.id, listed.joined, len(listed.ways)) == (pair.kept, (pair.other,), 2)
