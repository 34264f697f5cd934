"""Whoever writes or rings is answered at once, at night and while thousands are being written to."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from storage.lines import addresses
from storage.members.groups import Home
from storage.sessions import meetings
from storage.tables import lines, members, reaches
from tests.world import ADA, World, open_world

EVENING = datetime(2026, 3, 10, 19, 30, tzinfo=UTC)
CROWD = 5000  # many slices


async def sends_brief(world: World, home: Home) -> None:
    """Something to read for a session two days ahead, due at once."""
    now, ids = world.clock(), world.app.ids
    async with world.app.db.write() as conn:
        session = await meetings.add_meeting(conn, home, "Walk", now + timedelta(days=2), ids=ids, now=now)
        planned = await meetings.find_meeting(conn, session)
        texts = {("en", "plain"): "Bring a coat."}
        new = meetings.NewBrief(meeting=planned, title="Walk", texts=texts, befores=["3d"], files=[])
        await meetings.add_brief(conn, new, ids=ids, now=now)


async def crowds(world: World, home: Home) -> None:
    """Many members whom the provider wants nothing sent to just now."""
    now, secrets = world.clock(), world.app.secrets
    ids = [world.app.ids() for _ in range(CROWD)]
    waits = {"wait_until": now + timedelta(days=9)}
    theirs = [
        addresses.row(secrets, id=id_, channel="sms", address=f"+44770090{n}", now=now) | waits
        for n, id_ in enumerate(ids, start=2000)
    ]
    people = [{"id": id_, "group_id": home.id, "name": "Ben", "joined_at": now} for id_ in ids]
    ways = [{"id": id_, "member_id": id_, "line_id": id_, "channel": "sms"} for id_ in ids]
    async with world.app.db.write() as conn:
        for table, rows in ((lines, theirs), (members, people), (reaches, ways)):
            await conn.execute(sa.insert(table), rows)


async def test_who_writes_at_night_is_answered_and_the_brief_waits_for_the_morning(
    tmp_path: Path, migrated: Path
) -> None:
    async with open_world(tmp_path, migrated, at=EVENING) as world:
        home = await world.group(hours="9-20")
        await world.joined(ADA)
        async with world.app.db.write() as conn:
            await conn.execute(sa.update(members).values(hours="9-12"))
        await sends_brief(world, home)
        await world.until("SELECT 1 FROM outbox WHERE kind = 'brief' AND not_before > created_at")
        world.clock.set(EVENING.replace(hour=23))
        assert "What would you like to do?" in (await world.texts(ADA, "menu"))[0]
        assert not await world.rows("SELECT 1 FROM outbox WHERE kind = 'brief' AND state != 'waiting'")
        world.clock.set(EVENING + timedelta(hours=14))
        assert "Walk" in await world.twilio.next_text(ADA, after=4)


async def test_a_call_is_answered_while_thousands_are_being_written_to(
    tmp_path: Path, migrated: Path
) -> None:
    async with open_world(tmp_path, migrated) as world:
        home = await world.group()
        await crowds(world, home)
        await sends_brief(world, home)
        await world.until("SELECT 1 FROM outbox WHERE kind = 'brief'")
        call = await world.twilio.ring(ADA)
        written = len(await world.rows("SELECT 1 FROM outbox WHERE kind = 'brief'"))
        assert "press 1" in call.said
        assert 0 < written < CROWD  # between two slices, not after the last
