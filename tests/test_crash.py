"""The real service is killed at moments of chance while people write to it: nothing is lost or comes twice.

`pytest tests/test_crash.py --crashes 500 --seed 7` kills more often, and at other moments.
"""

import asyncio
import random
import shutil
from collections.abc import AsyncIterator, Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from storage.database import Database
from storage.lines import addresses
from storage.members.groups import Home, add_group, settle
from storage.secrets import Secrets
from storage.tables import lines, members, reaches
from tests.crash import TREES, Killer, Town, Twilio, time_passes, until
from tests.fakes.telegram import BotApi
from tests.fakes.telegram_people import Person
from tests.front import Front
from tests.reckoning import Reckoning
from tests.service import Service, environment, free_port
from tests.stores import KEY, sqlite_url
from tests.warm import Warm

BRISK = {"TAKEPART_SECRET_KEY": KEY.get_secret_value(), "TWILIO_SEGMENTS_PER_SECOND": "1000"}
CROWD = 600  # some slices of a sending
NAMES = ("Gus", "Hal", "Ida", "Jon", "Kim", "Lou", "Mia")
VOTERS = 4  # who choose as soon as they are asked
ROUND = 5  # kills from one vote and brief to the next


@pytest.fixture
async def telegram() -> AsyncIterator[BotApi]:
    async with BotApi() as api:
        yield api


@pytest.fixture
async def twilio() -> AsyncIterator[Twilio]:
    api = Twilio()
    async with api:
        yield api


async def test_nothing_is_lost_and_nothing_comes_twice_whenever_it_is_killed(
    tmp_path: Path, migrated: Path, telegram: BotApi, twilio: Twilio, warm: Warm, pytestconfig: pytest.Config
) -> None:
    shutil.copy(migrated, tmp_path / "takepart.db")
    url, port = sqlite_url(tmp_path / "takepart.db"), free_port()
    service = Service(environment(tmp_path, port, telegram, twilio, **BRISK), port, warm)
    twilio.service = twilio.public = service.url
    assert not await storm([service], url, telegram, twilio, pytestconfig)


async def test_one_of_two_processes_may_be_killed_at_any_moment(
    tmp_path: Path,
    postgres_url: str,
    telegram: BotApi,
    twilio: Twilio,
    warm: Warm,
    pytestconfig: pytest.Config,
) -> None:
    ports = free_port(), free_port()
    async with Front(ports) as front:
        shared = {
            "TAKEPART_DATABASE_URL": postgres_url,
            "TAKEPART_PUBLIC_URL": front.url,
            **BRISK,
        }
        services = [
            Service(environment(tmp_path, port, telegram, twilio, **shared), port, warm) for port in ports
        ]
        twilio.service = twilio.public = front.url
        assert not await storm(services, postgres_url, telegram, twilio, pytestconfig)


async def storm(
    services: Sequence[Service], url: str, telegram: BotApi, twilio: Twilio, config: pytest.Config
) -> list[str]:
    """Everybody does what they do while the services are killed; then all is finished, and reckoned."""
    seed, kills = config.getoption("seed"), config.getoption("crashes")
    db = await Database.open(url)
    town = Town(telegram, twilio, db, Secrets(KEY), random.Random(seed))
    try:
        for service in services:
            await service.start()
        faults = await weathered(services, town, kills, random.Random(seed))
    finally:
        for service in services:
            await service.kill()
        await db.close()
    return [f"--seed {seed}", *faults[:10]] if faults else []


async def weathered(services: Sequence[Service], town: Town, kills: int, chance: random.Random) -> list[str]:
    """What is wrong after so many kills."""
    home = await group(town, "VOTES")
    town.voting = home.id
    crowd = await crowded(town, home)
    killer = Killer(services, town, chance)
    clock = asyncio.create_task(passing(town, killer))
    async with asyncio.TaskGroup() as busy:
        for one in await people(town):
            busy.create_task(one)
        for n in range(kills):
            if n % max(ROUND, kills * 2 // len(TREES)) == 0:
                await town.sends_brief(home)
                # Nobody is asked three things at once: what fits neither of the last two is asked about.
                if len(town.votes) == VOTERS * len(town.polls):
                    await town.opens_poll(home)
            await killer.kill_one()
        town.over = True
    clock.cancel()
    for service in services:
        await until(service.ready)
    await town.closes_polls()
    reckoning = Reckoning(town.db, town, killer, crowd)
    await until(lambda: settled(town, killer, reckoning))
    return await reckoning.faults()


async def passing(town: Town, killer: Killer) -> None:
    """Waits of a minute are over in a second."""
    while True:
        await asyncio.sleep(1)
        await town.twilio.answered()
        await time_passes(town.db, killer.dead)


async def settled(town: Town, killer: Killer, reckoning: Reckoning) -> bool:
    """Whether all that was said is taken and all that is to be sent has gone."""
    await town.twilio.answered()
    await time_passes(town.db, killer.dead)
    await reckoning.try_again()
    await asyncio.sleep(0.2)
    return not town.telegram.waiting and not await reckoning.unfinished()


async def group(town: Town, code: str) -> Home:
    """A group that may be written to at any hour, and as often as there is something."""
    async with town.db.write() as conn:
        made = await add_group(
            conn, id=town.ids(), code=code, name=code.title(), now=datetime.now(UTC), hours="0-24"
        )
        await settle(conn, made.id, {"messages-a-week": "0"})
    return made


async def crowded(town: Town, home: Home) -> list[str]:
    """Many members of a group whom the provider wants nothing sent to just now."""
    now = datetime.now(UTC)
    ids = [town.ids() for _ in range(CROWD)]
    lines_ = [
        addresses.row(town.secrets, id=id_, channel="sms", address=f"+44770090{n:04}", now=now)
        | {"wait_until": now + timedelta(days=1)}
        for n, id_ in enumerate(ids, start=1000)
    ]
    async with town.db.write() as conn:
        await conn.execute(sa.insert(lines), lines_)
        await conn.execute(
            sa.insert(members),
            [{"id": id_, "group_id": home.id, "name": id_, "joined_at": now} for id_ in ids],
        )
        await conn.execute(
            sa.insert(reaches),
            [{"id": id_, "member_id": id_, "line_id": id_, "channel": "sms"} for id_ in ids],
        )
    return ids


async def people(town: Town) -> list[Coroutine[Any, Any, None]]:
    """Those who write, ring and vote, once all have joined; and what each is about to do."""
    await group(town, "NOTES")
    texting = [await joined(town, "NOTES", n) for n in range(4)]
    voting = [await joined(town, "VOTES", n) for n in range(4, 7)]
    chatting = [await started(town, "NOTES", name) for name in ("Ada", "Ben", "Cay")]
    pressing = [await started(town, "VOTES", name) for name in ("Dov", "Eva")]
    return [
        *(town.texts_thoughts(*one) for one in texting[:3]),
        *(town.chats_thoughts(one) for one in chatting),
        *(town.votes_by_text(*one) for one in voting[:2]),
        *(town.votes_by_chat(one) for one in pressing),
        town.rings(texting[3][0], "share a thought"),
        town.rings(voting[2][0], "vote"),
    ]


async def joined(town: Town, code: str, n: int) -> tuple[str, str]:
    """Somebody joins by text: their number and name."""
    number, name = f"+44770090020{n}", f"Texter {NAMES[n]}"
    for after, words in enumerate((f"JOIN {code}", "1", name)):
        await town.text(number, words)
        await town.twilio.next_text(number, after=after)
    return number, name


async def started(town: Town, code: str, name: str) -> Person:
    """Somebody joins on Telegram."""
    person = town.telegram.person(name)
    await town.write(person, f"/start {code}")
    await until(lambda: any("Would you like to join?" in one for one in person.heard()))
    await town.press(person, "Join")
    await until(lambda: any("called" in one for one in person.heard()))
    await town.write(person, name)
    await until(lambda: any("Welcome" in one for one in person.heard()))
    return person
