"""What staff do at the terminal for members who asked for a person."""

import asyncio

import pytest

from storage.database import Database
from storage.tables import handover_words, handovers, lines, members, reaches
from tests.gatherings import NOW
from tests.terminal import Takepart


@pytest.fixture
def kind() -> str:
    """What commands say is the same on every kind of database."""
    return "sqlite"


@pytest.fixture
def ann(takepart: Takepart, store_url: str) -> str:
    """Ann runs the group, and Mary waits for a person; Ann's id."""
    home = takepart("group", "add", "GARDEN", "Garden", "--json").id
    ann = takepart("facilitator", "add", "GARDEN", "Ann Smith", "--json").id

    async def waits() -> None:
        db = await Database.open(store_url)
        row = {"id": "h", "member_id": "m", "line_id": "l", "channel": "sms", "mark": 1, "opened_at": NOW}
        said = {"id": "w", "handover_id": "h", "member_id": "m", "by": "member", "text": "It is shut"}
        async with db.write() as conn:
            await conn.execute(
                members.insert().values(id="m", group_id=home, name="Mary Jones", handover="h")
            )
            await conn.execute(lines.insert().values(id="l", kind="phone", address_hash=b"l" * 32))
            await conn.execute(reaches.insert().values(id="r", member_id="m", line_id="l", channel="sms"))
            await conn.execute(handovers.insert().values(**row))
            await conn.execute(handover_words.insert().values(**said, at=NOW))
        await db.close()

    asyncio.run(waits())
    return ann


def rows(store_url: str, sql: str) -> list[tuple[object, ...]]:
    """What stands in the store."""

    async def read() -> list[tuple[object, ...]]:
        db = await Database.open(store_url)
        async with db.read() as conn:
            found = [tuple(row) for row in await conn.exec_driver_sql(sql)]
        await db.close()
        return found

    return asyncio.run(read())


def test_staff_see_who_waits_and_what_was_said_and_that_is_noted(
    takepart: Takepart, ann: str, store_url: str
) -> None:
    [waiting] = takepart("handover", "list", "GARDEN", "--json").json
    assert (waiting["id"], waiting["state"], waiting["name"]) == ("h", "waiting", "Mary Jones")
    shown = takepart("handover", "show", "h", "--by", ann, "--json").json
    assert [one["text"] for one in shown["words"]] == ["It is shut"]
    [looked] = rows(store_url, "SELECT who, did, subject FROM audit WHERE subject = 'h'")
    assert looked == (ann, "read a hand-over", "h")


def test_staff_answer_and_end_it_at_the_terminal(takepart: Takepart, ann: str, store_url: str) -> None:
    assert takepart("handover", "answer", "h", "Ring the bell", "--by", ann).code == 0
    assert takepart("handover", "list", "GARDEN", "--json").json[0]["state"] == "answered"
    assert takepart("handover", "close", "h", "--by", ann, "--json").json == {"id": "h", "state": "over"}
    assert takepart("handover", "list", "GARDEN", "--json").json == []
    sent = [str(row[0]) for row in rows(store_url, "SELECT body FROM outbox ORDER BY id")]
    assert ["Ann: Ring the bell" in sent[0], "Ann has finished helping you" in sent[1]] == [True, True]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("show", "x", "--by", "ann"), "There is no hand-over 'x'"),
        (
            ("answer", "h", "Hello", "--by", "m"),
            "“m” is not one of this group's facilitators",
        ),
        (("answer", "h", "  ", "--by", "ann"), "Write what the member is to read"),
    ],
)
def test_what_is_asked_amiss_is_told_in_a_sentence(
    takepart: Takepart, ann: str, words: tuple[str, ...], complaint: str
) -> None:
    said = takepart("handover", *words)
    assert (said.code, complaint in said.err) == (2, True)
