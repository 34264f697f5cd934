"""What an operator sees while the service runs: numbers, whether all is well, what went wrong."""

import asyncio
import io
import json
import re
import sqlite3
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from prometheus_client.parser import text_string_to_metric_families

from bot import cli
from bot.logs import configure
from channels.base import Result
from flows import engine
from storage import database
from storage.database import Database
from storage.running import figures, problems
from storage.secrets import Secrets
from storage.sending import slots
from storage.tables import outbox, spending
from tests.office import RETRY, Office
from tests.stores import KEY
from tests.world import ADA, PATIENCE, World

LABELS = {"channel", "class", "lane", "le", "loop", "outcome", "reason", "state"}
Run = Callable[..., Awaitable[Any]]


@contextmanager
def mistaken(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As long as this lasts, every turn fails."""

    def fails(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as mistake:
        mistake.setattr(engine, "turn", fails)
        yield


@pytest.fixture
async def page(world: World) -> AsyncIterator[Callable[[str], Awaitable[tuple[int, str]]]]:
    """What a path of the running service answers."""
    async with ClientSession() as http:

        async def get(path: str) -> tuple[int, str]:
            async with http.get(world.url + path) as answer:
                return answer.status, await answer.text()

        yield get


@pytest.fixture
def command(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """A command beside the running service: what it prints as JSON, or else what it complains of."""
    world.clock.set(datetime.now(UTC))  # a command has no other
    configure(to=io.StringIO())  # the service's log, which is in this process
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TAKEPART_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("TAKEPART_SECRET_KEY", KEY.get_secret_value())

    def run() -> str:
        capsys.readouterr()
        try:
            cli.main()
        except SystemExit as end:
            assert end.code in (0, 2)
        said = capsys.readouterr()
        return said.out or said.err

    async def type_in(*words: str) -> Any:
        monkeypatch.setattr(sys, "argv", ["takepart", *words, "--json"])
        said = await asyncio.to_thread(run)
        return json.loads(said) if said.startswith(("[", "{")) else said

    return type_in


@pytest.fixture
async def office(db: Database, secrets: Secrets) -> Office:
    opened = Office(db, secrets)
    await opened.group()
    await opened.member("ann")
    return opened


async def test_numbers_can_be_read_by_a_program_and_name_nobody(
    world: World, page: Callable[[str], Awaitable[tuple[int, str]]]
) -> None:
    await world.group()
    await world.joined(ADA)
    text, status = "", 0
    async with asyncio.timeout(PATIENCE):
        while 'takepart_sends_total{lane="sms",outcome="sent"} 3.0' not in text:
            status, text = await page("/metrics")  # what has arrived is counted a moment later
    found = {one.name: one for one in text_string_to_metric_families(text)}
    assert status == 200
    assert [one.name for one in found.values() if not one.documentation.endswith((".", "seconds"))] == []
    labels = [label for one in found.values() for sample in one.samples for label in sample.labels.items()]
    assert {name for name, _ in labels} <= LABELS
    assert [value for name, value in labels if name != "le" and not re.fullmatch("[a-z_]+", value)] == []
    (sent,) = (one for one in found["takepart_sends"].samples if one.name.endswith("_total"))
    assert (sent.labels, sent.value) == ({"lane": "sms", "outcome": "sent"}, 3.0)


async def test_numbers_are_told_while_the_database_is_away(
    world: World, page: Callable[[str], Awaitable[tuple[int, str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise OSError("no route to the database")

    monkeypatch.setattr(figures, "read", away)
    status, text = await page("/metrics")
    assert (status, "takepart_database_up 0.0" in text, "takepart_queue 0.0" in text) == (200, True, True)
    assert "\ntakepart_problems " not in text


async def test_it_is_not_ready_while_nothing_can_be_stored(
    world: World,
    page: Callable[[str], Awaitable[tuple[int, str]]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(database, "SOON", 0.2)
    other = sqlite3.connect(tmp_path / "takepart.db", timeout=PATIENCE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    status, told = await page("/health/ready")
    assert (status, json.loads(told)["down"]) == (503, ["database"])
    assert (await page("/health/live"))[0] == 200
    other.close()
    assert (await page("/health/ready"))[0] == 200


async def test_a_part_that_stops_is_named(
    world: World, page: Callable[[str], Awaitable[tuple[int, str]]]
) -> None:
    async def ends() -> None:
        raise ValueError

    world.app.tasks.keep_running("leases", ends)
    await asyncio.sleep(0)
    status, told = await page("/health/ready")
    assert (status, json.loads(told)["down"]) == (503, ["leases"])
    text = (await page("/metrics"))[1]
    assert 'takepart_loop_down{loop="leases"} 1.0' in text
    assert 'takepart_loop_down{loop="lanes"} 0.0' in text


async def test_what_waits_and_what_failed_is_counted(office: Office) -> None:
    office.channels["sms"].fails["ann"] = [Result(outcome="refused", sentence="It was too long."), RETRY]
    await office.write("ann", "bad")
    await office.send()
    await office.write("ann", "later")
    await office.send()
    async with office.db.read() as conn:
        found = await figures.read(conn, office.now)
    piles = {state: pile.number for (_, _, state), pile in found.outbox.items()}
    assert (piles, found.problems, found.held) == ({"failed": 1, "waiting": 1}, 0, False)


async def test_what_is_paused_and_what_was_spent_is_counted(office: Office) -> None:
    days = ("2026-03-02", "2026-03-03")  # yesterday's do not count
    rows = [{"group_id": "g", "day": day, "segments": 1700, "minutes": 3} for day in days]
    async with office.db.write() as conn:
        await conn.execute(spending.insert(), rows)
        await slots.pause(conn, "sms", "The token is wrong.", office.now)
        found = await figures.read(conn, office.now)
    assert (found.paused, found.segments, found.minutes, found.near) == (frozenset({"sms"}), 1700, 3, 1)


async def test_a_problem_is_replayed_beside_the_service_and_answered_by_it(
    world: World, command: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.group()
    await world.joined(ADA)
    with mistaken(monkeypatch):
        await world.texts(ADA, "diary")
    (listed,) = await command("problems")
    assert (listed["channel"], listed["kind"], listed["replay"]) == ("sms", "words", True)
    had = len(world.twilio.sent_to(ADA))
    assert await command("problems", "replay", listed["id"]) == {"id": listed["id"], "state": "replayed"}
    assert "put in your diary" in await world.twilio.next_text(ADA, after=had)
    assert await command("problems") == []


async def test_a_problem_that_cannot_be_replayed_is_handed_over(
    world: World, command: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.group()
    await world.joined(ADA)
    with mistaken(monkeypatch):
        await world.texts(ADA, "I could not get on to the bus")
    await world.texts(ADA, "menu")
    ((problem,),) = await world.rows("SELECT id FROM problems")
    assert await command("problems", "replay", problem) == problems.LATER + "\n"
    await command("problems", "pass", problem)
    (matter,) = await command("matters", "GARDEN")
    assert (matter["kind"], matter["words"]) == ("not answered", "I could not get on to the bus")


async def test_what_did_not_arrive_is_sent_again_once_told_to(world: World, command: Run) -> None:
    await world.group()
    await world.joined(ADA)
    async with world.app.db.write() as conn:
        await conn.execute(outbox.update().values(state="dead", body='{"say": {"text": "Welcome"}}'))
        await conn.exec_driver_sql("UPDATE outbox SET body = NULL WHERE id = (SELECT min(id) FROM outbox)")
    emptied, *others = await command("undelivered")
    assert (emptied["again"], [one["again"] for one in others]) == (False, [True, True])
    assert "no longer kept" in await command("undelivered", "retry", emptied["id"])
    assert (await command("undelivered", "retry", others[0]["id"]))["retried"] == 1
    assert (await command("undelivered", "retry", "--all"))["retried"] == 1
    await world.met(lambda: len(world.twilio.sent_to(ADA)) == 5)
