"""A member's number and PIN: who they are on any phone, and what somebody who guesses finds out."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from flows.lines import Opened
from storage.database import Database
from storage.lines.guessing import NUMBERS, PINS, PINS_A_DAY, count, shut
from storage.lines.pins import WRONG, Checked, check_number, keep_pin
from storage.secrets import Secrets
from storage.tables import members
from tests.gatherings import Gathering
from tests.people import Person
from tests.scenes import Scene
from tests.stores import ON_SQLITE


async def _home(db: Database, secrets: Secrets) -> tuple[Gathering, str]:
    """A group with a member 4821, whose PIN is 7305."""
    home = await Gathering(db).found()
    member = await home.join("voice", number="4821")
    async with db.write() as conn:
        await keep_pin(conn, secrets, member, "7305")
    return home, member


async def _tries(home: Gathering, secrets: Secrets, **more: Any) -> Checked:
    asked: dict[str, Any] = {"number": "4821", "by": "line", "must_have_pin": True, **more}
    async with home.db.write() as conn:
        return await check_number(conn, secrets, group=home.home.id, ids=home.ids, now=home.now, **asked)


async def test_a_pin_is_the_members_own_and_is_not_readable(db: Database, secrets: Secrets) -> None:
    home, member = await _home(db, secrets)
    async with db.read() as conn:
        kept = await conn.scalar(sa.select(members.c.pin_hash))
    assert kept and "7305" not in kept
    assert await _tries(home, secrets, pin="7305") == Checked(member=member)


@ON_SQLITE
@pytest.mark.parametrize(("number", "pin"), [("4821", "7306"), ("4822", "7305"), ("4821", ""), ("", "")])
async def test_whatever_is_wrong_the_answer_is_the_same(
    db: Database, secrets: Secrets, number: str, pin: str
) -> None:
    home, _ = await _home(db, secrets)
    assert await _tries(home, secrets, number=number, pin=pin) == WRONG


@ON_SQLITE
async def test_a_number_alone_is_enough_only_where_no_pin_is_set(db: Database, secrets: Secrets) -> None:
    home, _ = await _home(db, secrets)
    other = await home.join("voice", line="another", number="5555")
    assert (await _tries(home, secrets, must_have_pin=False)).asks_pin
    assert await _tries(home, secrets, number="5555", must_have_pin=False) == Checked(member=other)
    assert await _tries(home, secrets, number="5555") == WRONG


@ON_SQLITE
async def test_after_five_wrong_ones_a_phone_is_told_nothing_for_an_hour(
    db: Database, secrets: Secrets
) -> None:
    home, member = await _home(db, secrets)
    for _ in range(NUMBERS.each):
        await _tries(home, secrets, pin="0001")
    assert (await _tries(home, secrets, pin="7305")).closed
    assert await _tries(home, secrets, pin="7305", by="another line") == Checked(member=member)
    home.now += timedelta(hours=1, seconds=1)
    assert await _tries(home, secrets, pin="7305") == Checked(member=member)


@ON_SQLITE
async def test_one_pin_is_not_guessed_from_many_phones(db: Database, secrets: Secrets) -> None:
    home, _ = await _home(db, secrets)
    for n in range(PINS.each):
        await _tries(home, secrets, pin="0001", by=f"line {n}")
    assert (await _tries(home, secrets, pin="7305", by="one more line")).closed
    async with db.read() as conn:
        assert await shut(conn, home.now) == []


@ON_SQLITE
async def test_a_pin_is_not_guessed_all_day_either(db: Database, secrets: Secrets) -> None:
    home, member = await _home(db, secrets)
    async with db.write() as conn:
        for n in range(PINS_A_DAY.each):
            await count(conn, PINS, member, ids=home.ids, now=home.now - timedelta(hours=n))
    home.now += timedelta(hours=2)  # so that in the last hour there were none
    assert await _tries(home, secrets, pin="7305") == Checked(closed=True, today=True)
    home.now += timedelta(days=1)
    assert await _tries(home, secrets, pin="7305") == Checked(member=member)


def test_who_guessed_all_day_is_told_to_try_tomorrow() -> None:
    closed = Scene(member=None).finds(number=lambda asked: Opened(result="closed today"))
    assert "try again tomorrow" in Person(scene=closed, channel="sms").writes("COME BACK", "4821", "7305")
