"""The register of stops: what stands in it, what a death or another host does to it, what it never holds."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from flows.effects import Change
from storage.database import Database
from storage.erasure.register import Note, Register, RegisterError, of_gift, of_line, of_member, register_in
from storage.members import leaving
from storage.secrets import Secrets
from storage.tables import lines, members
from tests.office import NOON, Office
from tests.world import ADA, World

ADA_SAYS = of_member("ada")


@pytest.fixture
async def office(db: Database, secrets: Secrets) -> Office:
    made = Office(db, secrets)
    await made.group()
    await made.member("ada")
    await made.member("ben")
    return made


def says(register: Register, subject: str) -> dict[str, bool]:
    return register.standing().says.get(register.hash(subject), {})


@pytest.mark.parametrize(
    ("words", "standing"),
    [
        (("stopped",), {"stopped": True}),
        (("stopped", "started"), {"stopped": False}),
        (("stopped", "started", "stopped"), {"stopped": True}),
        (("no-calls", "stopped", "calls"), {"no-calls": False, "stopped": True}),
        (("stopped", "erased"), {"stopped": True, "erased": True}),
    ],
)
def test_the_last_word_of_each_wish_counts(
    register: Register, words: tuple[str, ...], standing: dict[str, bool]
) -> None:
    for word in words:
        register.append([Note(what=word, subject=ADA_SAYS)])  # type: ignore[arg-type]
    assert says(register, ADA_SAYS) == standing


def test_a_clock_that_goes_back_does_not_undo_a_stop(register: Register, secrets: Secrets) -> None:
    early = Register(register.path, secrets, clock=lambda: datetime.now(UTC) - timedelta(hours=1))
    register.append([Note(what="started", subject=ADA_SAYS)])
    early.append([Note(what="stopped", subject=ADA_SAYS)])
    assert says(register, ADA_SAYS) == {"stopped": True}


def test_a_torn_line_costs_only_itself(register: Register) -> None:
    register.append([Note(what="stopped", subject=ADA_SAYS)])
    register.path.write_bytes(register.path.read_bytes() + b"2026-03-03T12:00:00.000Z erased 12ab")
    register.append([Note(what="left", subject=ADA_SAYS)])
    assert says(register, ADA_SAYS) == {"stopped": True, "left": True}
    assert register.standing().unreadable == 1


def test_registers_of_several_hosts_say_together_what_was_last(
    register: Register, secrets: Secrets, tmp_path: Path
) -> None:
    other = Register(tmp_path / "other", secrets, clock=lambda: datetime.now(UTC) + timedelta(minutes=1))
    other.append([Note(what="stopped", subject=ADA_SAYS), Note(what="erased", subject=of_member("ben"))])
    register.append([Note(what="started", subject=ADA_SAYS)])
    register.take_over(other.path)
    assert says(register, ADA_SAYS) == {"stopped": True}
    assert says(register, of_member("ben")) == {"erased": True}


def test_what_was_lifted_before_data_was_saved_lifts_nothing_in_it(register: Register) -> None:
    """It may have been said again since, on a host whose register is not here."""
    register.append([Note(what="stopped", subject=ADA_SAYS), Note(what="started", subject=ADA_SAYS)])
    for hours, said in ((-1, {"stopped": False}), (1, {})):
        standing = register.standing(lifted_since=datetime.now(UTC) + timedelta(hours=hours))
        assert standing.says[register.hash(ADA_SAYS)] == said


def test_a_register_of_another_key_is_refused(register: Register) -> None:
    register.path.write_text("takepart-register-1 " + "0" * 64 + "\n")
    with pytest.raises(RegisterError, match="another secret key"):
        register.standing()


def test_it_is_for_our_eyes_only_and_names_nobody(register: Register) -> None:
    register.append([Note(what="stopped", subject=of_member("ada")), Note(what="left", subject="member:ben")])
    assert register.path.stat().st_mode & 0o777 == 0o600
    text = register.path.read_text()
    assert re.fullmatch(r"takepart-register-1 \w{64}\n(\S+Z (stopped|left) [0-9a-f]{64}\n){2}", text)
    assert "ada" not in text


async def test_a_stop_stands_in_it_before_the_database_has_it(office: Office, register: Register) -> None:
    before: list[dict[str, bool]] = []
    office.db.on_write("commit", lambda _: before.append(says(register, ADA_SAYS)))
    await register.keep(office.db)
    office.db.on_write("commit", lambda _: before.append(says(register, ADA_SAYS)))
    async with office.db.write() as conn:
        await leaving.change(conn, "ada", Change(to="stopped"), NOON)
    assert before == [{}, {"stopped": True}]


async def test_what_is_undone_is_not_written_down(office: Office, register: Register) -> None:
    await register.keep(office.db)
    with pytest.raises(ZeroDivisionError):
        async with office.db.write() as conn:
            await leaving.change(conn, "ada", Change(to="stopped"), NOON)
            raise ZeroDivisionError
    async with office.db.write() as conn:
        await leaving.change(conn, "ben", Change(to="left"), NOON)
    assert (says(register, ADA_SAYS), says(register, of_member("ben"))) == ({}, {"left": True})


async def test_nothing_is_changed_where_it_cannot_be_written(office: Office, register: Register) -> None:
    await register.keep(office.db)
    register.path.unlink()
    register.path.mkdir()
    with pytest.raises(RegisterError, match="nothing was changed"):
        async with office.db.write() as conn:
            await leaving.change(conn, "ada", Change(to="stopped"), NOON)
    async with office.db.read() as conn:
        assert await conn.scalar(sa.select(members.c.state).where(members.c.id == "ada")) == "active"


async def test_a_carrier_that_refuses_us_stands_in_it(office: Office, register: Register) -> None:
    await register.keep(office.db)
    await office.refused("ada")
    async with office.db.read() as conn:
        line = await conn.scalar(sa.select(lines.c.address_hash).where(lines.c.id == "ada"))
    assert says(register, of_line(line or b"")) == says(register, ADA_SAYS) == {"stopped": True}


async def test_a_lost_register_begins_with_what_is_still_known(office: Office, register: Register) -> None:
    await office.refused("ada")
    async with office.db.write() as conn:
        await leaving.change(conn, "ben", Change(to="left"), NOON)
        line = await conn.scalar(sa.select(lines.c.address_hash).where(lines.c.id == "ada"))
    await register.keep(office.db)
    assert says(register, of_line(line or b"")) == says(register, ADA_SAYS) == {"stopped": True}
    assert says(register, of_member("ben")) == {"left": True}


async def test_what_members_say_themselves_stands_in_it(world: World) -> None:
    await world.group()
    await world.joined(ADA)
    await world.texts(ADA, "thought", "A bench by the gate", "undo")
    ((ada,),) = await world.rows("SELECT id FROM members")
    ((gift,),) = await world.rows("SELECT id FROM contributions")
    ((line,),) = await world.rows("SELECT address_hash FROM lines")
    register = register_in(world.app.settings.data_dir, world.app.secrets)
    assert says(register, of_gift(gift)) == {"taken-back": True}
    for word, standing in (("STOP", True), ("START", False)):
        await world.twilio.text(ADA, word)
        await world.until(
            "SELECT 1 FROM members WHERE state = :state", state="stopped" if standing else "active"
        )
        assert says(register, of_member(ada)) == says(register, of_line(line)) == {"stopped": standing}
