"""A group that does not keep things for ever: all are told a week ahead, and only then is anything erased."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.rounds.retention import Retention
from flows.library import Flows
from flows.wording import Text
from storage.database import Database
from storage.erasure.auditing import trail
from storage.secrets import Secrets
from storage.tables import contributions, events, given, groups, matters, members, outbox
from tests.office import NOON, Office
from tests.scenes import shipped

DAY, YEAR = timedelta(days=1), 365


@pytest.fixture
async def office(db: Database, secrets: Secrets) -> Office:
    """Ada gave something a year ago and yesterday; Ann runs the group."""
    made = Office(db, secrets)
    await made.group(settings={"keep_days": YEAR})
    await made.member("ada")
    await made.member("ben")
    await made.member("ann", permission="facilitator")
    for id_, at in (("old", NOON - YEAR * DAY), ("new", NOON - DAY)):
        async with db.write() as conn:
            row = {"id": id_, "group_id": "g", "flow": "thought", "at": at, "text": id_}
            await conn.execute(sa.insert(contributions).values(**row))
            await conn.execute(sa.insert(given).values(contribution_id=id_, member_id="ada"))
            event = {"id": id_, "channel": "sms", "guard": id_.encode(), "kind": "words", "body": id_}
            await conn.execute(sa.insert(events).values(**event, contribution_id=id_, at=at))
    return made


async def rounds(office: Office, *, days: int, flows: Flows | None = None) -> list[str]:
    """What the group still has after a round on each of these days."""
    flows = flows or shipped()
    made = Retention(db=office.db, flows=flows, ids=office.ids, channels=["sms"], wake=lambda: None)
    for _ in range(days):
        await made.round(office.now)
        office.now += DAY
    async with office.db.read() as conn:
        return sorted(await conn.scalars(sa.select(contributions.c.id)))


async def told(office: Office) -> list[str]:
    async with office.db.read() as conn:
        return sorted(await conn.scalars(sa.select(outbox.c.member_id).where(outbox.c.kind == "fading")))


async def test_givers_and_facilitators_are_told_once_and_a_week_later_it_goes(office: Office) -> None:
    assert await rounds(office, days=7) == ["new", "old"]
    assert await told(office) == ["ada", "ann"]
    assert await rounds(office, days=2) == ["new"]
    assert await told(office) == ["ada", "ann"]
    async with office.db.read() as conn:
        assert await conn.scalar(sa.select(events.c.body).where(events.c.id == "old")) is None
        (trace, *more) = await trail(conn, "g")
    assert (trace.did, more) == ("erased what had had its time", [])
    assert trace.why == "1 contributions, 0 passed on"


async def test_each_is_told_in_their_own_language_where_it_has_the_sentence(office: Office) -> None:
    await office.change(members, "ada", language="cy")
    await office.change(members, "ann", language="cy")
    welsh = Text({**shipped().phrases["fading.theirs"], "cy": "Bydd hyn yn mynd ymhen wythnos."})
    await rounds(
        office, days=1, flows=replace(shipped(), phrases={**shipped().phrases, "fading.theirs": welsh})
    )
    async with office.db.read() as conn:
        said = dict((await conn.execute(sa.select(outbox.c.member_id, outbox.c.body))).all())
    assert "ymhen wythnos" in said["ada"] and "erased in a week" in said["ann"]


async def test_what_was_passed_on_goes_too_but_not_what_still_asks_for_somebody(office: Office) -> None:
    for kind, words in (("passed on", "old words"), ("help", ""), ("asks in", "hello")):
        async with office.db.write() as conn:
            row = {"id": kind, "group_id": "g", "kind": kind, "words": words, "at": NOON - YEAR * DAY}
            await conn.execute(sa.insert(matters).values(**row, member_id="ben"))
    await rounds(office, days=8)
    async with office.db.read() as conn:
        assert sorted(await conn.scalars(sa.select(matters.c.id))) == ["asks in", "help"]
    assert await told(office) == ["ada", "ann", "ben"]


async def test_a_group_that_changes_its_mind_in_that_week_loses_nothing(office: Office) -> None:
    await rounds(office, days=5)
    async with office.db.write() as conn:
        await conn.execute(sa.update(groups).values(settings={"keep_days": 2 * YEAR}))
    assert await rounds(office, days=30) == ["new", "old"]


async def test_a_group_that_keeps_things_for_ever_does(office: Office) -> None:
    async with office.db.write() as conn:
        await conn.execute(sa.update(groups).values(settings=None))
    assert await rounds(office, days=3) == ["new", "old"]
    assert await told(office) == []
