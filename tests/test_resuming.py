"""After a restore nothing goes until it was shown; then what is out of date is dropped and the rest goes."""

import io
import sys
from datetime import timedelta

import pytest
import sqlalchemy as sa

from storage.database import Database
from storage.keeping import holding, resuming
from storage.keeping.holding import Doubt
from storage.keeping.resuming import Plan, Terms
from storage.secrets import Secrets
from storage.tables import sendings
from tests.office import NOON, Office, ballot
from tests.stores import ON_SQLITE
from tests.terminal import Takepart

HOUR = timedelta(hours=1)
RESTORED = NOON + HOUR
DOUBT = Doubt(since=NOON, until=RESTORED)


@pytest.fixture
async def office(db: Database, secrets: Secrets) -> Office:
    """Restored an hour after its backup, with nothing in it that waits."""
    made = Office(db, secrets)
    await made.group()
    for name in ("ann", "ben"):
        await made.member(name)
    async with db.write() as conn:
        await holding.hold(conn, "The data was restored.", doubt=DOUBT)
    return made


def terms(office: Office) -> Terms:
    return Terms(now=office.now, carrier_stops=True)


async def plan(office: Office) -> Plan:
    async with office.db.read() as conn:
        return await resuming.plan(conn, terms(office))


async def state(office: Office, id_: str) -> str:
    return str((await office.row(id_)).state)


async def test_what_would_go_is_counted_by_kind_way_and_people(office: Office) -> None:
    office.now = RESTORED + HOUR
    for name in ("ann", "ann", "ben"):
        await office.write(name, "Dear all", kind="brief", subject="b")
    await office.write("ann", "Thank you", klass="answer")
    found = [
        (one.kind, one.klass, one.fate, one.messages, len(one.people)) for one in (await plan(office)).piles
    ]
    assert found == [("say", "answer", "goes", 1, 1), ("brief", "notice", "goes", 3, 2)]


async def test_what_is_out_of_date_is_dropped_and_the_rest_goes(office: Office) -> None:
    await office.poll(closes_at=NOON + HOUR)
    late = [
        await office.write("ann", "An hour ago", klass="answer", expires_at=NOON + HOUR),
        await office.write("ann", "Come today", expires_at=NOON + HOUR),
        await office.write("ben", "", say=ballot(), kind="poll", subject="p"),
    ]
    office.now = RESTORED + HOUR
    good = await office.write("ben", "Come tomorrow")
    assert (await plan(office)).messages("out of date") == 3
    assert await office.send() == []
    assert await resuming.resume(office.db, terms(office), drop_doubtful=False) == 3
    assert await office.send() == ["Come tomorrow"]
    assert [await state(office, id_) for id_ in (*late, good)] == ["dropped"] * 3 + ["sent"]


@pytest.mark.parametrize(("drop", "sent"), [(False, ["Due since", "New"]), (True, ["New"])])
async def test_what_may_have_gone_goes_again_only_if_it_is_let(
    office: Office, drop: bool, sent: list[str]
) -> None:
    old = await office.write("ann", "Due since")
    office.now = RESTORED + HOUR
    await office.write("ben", "New")
    assert (await plan(office)).messages("may have gone") == 1
    await resuming.resume(office.db, terms(office), drop_doubtful=drop)
    assert sorted(await office.send()) == sent
    assert await state(office, old) == ("dropped" if drop else "sent")


async def test_what_became_due_while_data_was_away_is_in_doubt_too(office: Office) -> None:
    row = {"group_id": "g", "kind": "brief", "state": "done", "cursor": ""}
    async with office.db.write() as conn:
        for n, due_at in enumerate((NOON - HOUR, NOON + HOUR / 2, RESTORED + HOUR)):
            await conn.execute(
                sendings.insert().values(id=f"s{n}", subject_id="b", before=f"{n}d", due_at=due_at, **row)
            )
    office.now = RESTORED + HOUR
    for n in range(3):
        await office.write("ann", "Read this", kind="brief", subject="b", dedupe_key=f"brief:b:{n}d:ann")
    assert [(one.fate, one.messages) for one in (await plan(office)).piles] == [
        ("goes", 2),
        ("may have gone", 1),
    ]


async def test_what_is_due_for_a_group_is_shown_before_it_is_written(office: Office) -> None:
    row = {"group_id": "g", "kind": "poll", "subject_id": "p", "state": "waiting", "cursor": ""}
    late = {"expires_at": NOON}
    async with office.db.write() as conn:
        for id_, due_at, more in (("a", NOON, late), ("b", NOON + HOUR, {}), ("c", RESTORED + HOUR, {})):
            await conn.execute(sendings.insert().values(id=id_, due_at=due_at, before=id_, **row, **more))
    office.now = RESTORED + 2 * HOUR
    due = {one.id: one.fate for one in (await plan(office)).due}
    assert due == {"a": "out of date", "b": "may have gone", "c": "goes"}
    await resuming.resume(office.db, terms(office), drop_doubtful=True)
    async with office.db.read() as conn:
        found = await conn.execute(sa.select(sendings.c.id).where(sendings.c.state == "waiting"))
    assert sorted(found.scalars()) == ["a", "c"]


async def test_a_hold_outlives_whoever_would_send(office: Office) -> None:
    await office.write("ann", "Hello", klass="answer")
    office.lanes = office.open("another")
    assert await office.send() == []
    async with office.db.write() as conn:
        await holding.let_go(conn)
    assert await office.send() == ["Hello"]


# By command ------------------------------------------------------------------------------------------
@pytest.fixture
def restored(takepart: Takepart) -> Takepart:
    takepart("example")
    takepart("backup", "b.zip")
    assert takepart("restore", "b.zip", "--overwrite").code == 0
    return takepart


def test_resuming_shows_what_would_go_and_lets_it_go(restored: Takepart) -> None:
    shown = restored("resume", "--show")
    assert "restored from a backup" in shown.out
    assert "Nothing has gone" in shown.out
    said = restored("resume", "--json").json
    assert (said["messages"], said["resumed"], said["dropped"]) == ([], True, 0)
    assert "Nothing is held back" in restored("resume").out


@ON_SQLITE
def test_somebody_at_a_terminal_is_asked_first(restored: Takepart, monkeypatch: pytest.MonkeyPatch) -> None:
    for typed, words in (("n\n", "Nothing has gone"), ("y\n", "Messages are sent again")):
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
        assert words in restored("resume").out
