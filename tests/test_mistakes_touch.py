"""What other systems got wrong in keeping in touch, and we don't: each test has the number of its mistake."""

from dataclasses import replace
from datetime import timedelta

import pytest

from flows.state import Way
from storage.database import Database
from storage.running.figures import read
from storage.secrets import Secrets
from tests.office import NOON, Office
from tests.people import somebody
from tests.scenes import GROUP, MARY, NOTICE
from tests.stores import ON_SQLITE

HOURS = timedelta(hours=4)


@ON_SQLITE
async def test_19_what_is_out_of_date_after_a_break_or_a_night_never_goes_and_is_counted(
    db: Database, secrets: Secrets
) -> None:
    office = Office(db, secrets)
    await office.group()
    await office.member("ann", state="paused", paused_until=office.now + timedelta(days=3))
    await office.member("ben", hours="9-10")
    for name in ("ann", "ben"):
        await office.write(name, "Today at 4pm", kind="brief", subject="b", expires_at=office.now + HOURS)
    assert await office.send() == []
    assert await office.send(4 * 86400) == []
    assert await office.reached("ann") == "failed"
    async with db.read() as conn:
        assert (await read(conn, NOON + HOURS)).late == 2


def test_27_a_machine_is_told_whom_it_is_for_only_on_a_phone_where_that_may_be() -> None:
    called = {"notice": NOTICE, "group": replace(GROUP, phone="01632 960001")}
    for allowed in (False, True):
        mary = replace(MARY, way=Way(leave_message=allowed))
        said = somebody("voice", member=mary, **called).does("call", value="machine", question="o1")
        assert ("Mary" in said, "before the next session" in said) == (allowed, allowed)
        assert "The bus routes" not in said


@pytest.mark.parametrize("way", [Way(leave_message=True), Way(leave_message=True, doubted=True)])
def test_27_a_machine_never_hears_the_words_of_a_message(way: Way) -> None:
    """Where the phone may be another's by now it does not even hear whom it is for."""
    news = replace(NOTICE, kind="say", text="Your words about the ramp were heard.")
    called = {"notice": news, "group": replace(GROUP, phone="+441632960001")}
    said = somebody("voice", member=replace(MARY, way=way), **called).does("call", value="machine")
    assert ("Mary" in said, "We have a message for you." in said) == (not way.doubted, not way.doubted)
    assert "ramp" not in said and "0 1 6 3 2 9 6 0 0 0 1" in said


def test_27_nobody_who_lifts_the_phone_and_says_nothing_hears_whom_it_is_for() -> None:
    mary = replace(MARY, way=Way(leave_message=True))
    person = somebody("voice", member=mary, notice=replace(NOTICE, greet=False))
    person.does("call", value="out", question="o1")
    person.does("silence")
    assert "Mary" not in person.does("silence")
