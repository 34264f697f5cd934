"""What a group may spend on texts and calls in a day: counted, told, and held back beyond it."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from bot.sending import costs
from bot.sending.handing import cost
from channels.base import Parcel
from storage.care.matters import list_open
from storage.database import Database
from storage.secrets import Secrets
from storage.sending import spending
from storage.sending.spending import Spent
from storage.tables import groups, reaches
from tests.office import RETRY, Office
from tests.scenes import shipped

LONG = "a" * 400  # three segments


@pytest.fixture
async def office(db: Database, secrets: Secrets) -> Office:
    made = Office(db, secrets)
    await made.group(daily_segments=10, daily_minutes=2)
    for name in ("ann", "ben", "cyd"):
        await made.member(name)
    return made


async def spent(office: Office) -> Spent:
    async with office.db.read() as conn:
        return await spending.today(conn, "g", office.now)


async def spend(office: Office, segments: int) -> None:
    async with office.db.write() as conn:
        await costs.count(
            conn,
            {("g", "segments"): segments},
            flows=shipped(),
            ids=office.ids,
            channels=["sms"],
            now=office.now,
        )


async def matters_of(office: Office) -> list[str]:
    async with office.db.read() as conn:
        return [one.words for one in await list_open(conn, "g") if one.kind == "spending"]


async def test_texts_are_counted_in_segments_and_only_when_they_have_gone(office: Office) -> None:
    office.channels["sms"].fails["ben"] = [RETRY]
    await office.write("ann", LONG, "answer")
    await office.write("ben", "hello")
    await office.send()
    assert (await spent(office)).segments == 3
    await office.send(10)
    assert (await spent(office)).segments == 4


@pytest.mark.parametrize(
    ("channel", "params", "segments"),
    [("sms", {"body": "hello"}, 1), ("sms", {"body": LONG}, 3), ("sms", {"body": "", "media": ["f"]}, 3)],
)
def test_a_picture_message_counts_as_three_segments(
    channel: str, params: dict[str, object], segments: int
) -> None:
    assert cost(Parcel(channel=channel, line="ann", method="message", params=params)) == segments


async def test_beyond_the_limit_notices_wait_for_the_next_day_and_answers_go(office: Office) -> None:
    await spend(office, 9)
    for name in ("ann", "ben", "cyd"):
        await office.write(name, f"news for {name}")
    assert len(await office.send()) == 1
    await office.write("cyd", LONG, "answer")
    assert await office.send() == [LONG]
    assert await office.send(11 * 3600) == []  # 23:00
    assert len(await office.send(10 * 3600)) == 2


async def test_what_is_out_of_date_by_the_next_day_is_dropped(office: Office) -> None:
    await spend(office, 10)
    late = await office.write("ann", "news", expires_at=office.now + timedelta(hours=6))
    assert await office.send() == []
    assert (await office.row(late)).state == "dropped"


async def test_the_day_is_that_of_the_groups_zone(office: Office) -> None:
    async with office.db.write() as conn:
        await conn.execute(sa.update(groups).values(zone="Pacific/Auckland", hours="0-24"))
    office.now = datetime(2026, 3, 3, 10, 59, tzinfo=UTC)  # 23:59 there
    await spend(office, 10)
    await office.write("ann", "news")
    assert await office.send() == []
    assert await office.send(60) == ["news"]


@pytest.mark.parametrize("limit", [0, 11])
async def test_a_limit_that_is_raised_lets_go_what_it_held(office: Office, limit: int) -> None:
    await spend(office, 10)
    await office.write("ann", "news")
    assert await office.send() == []
    async with office.db.write() as conn:
        await spending.limit(conn, "g", segments=limit, minutes=None, now=office.now)
    assert await office.send() == ["news"]


async def test_facilitators_are_told_at_80_per_cent_and_at_the_limit_once(office: Office) -> None:
    await office.member("sam", permission="facilitator")
    await spend(office, 7)
    assert await office.send() == []
    await spend(office, 1)
    (told,) = await office.send()
    assert "80%" in told and "10" in told
    await spend(office, 1)  # and telling them was one
    (told,) = await office.send()
    assert "used all" in told
    await spend(office, 1)
    assert await office.send() == []
    assert len(await matters_of(office)) == 2


async def test_a_facilitator_without_a_line_finds_it_on_the_list(office: Office) -> None:
    await office.member("sam", permission="facilitator")
    await office.change(reaches, "sam", may_start=False)
    await spend(office, 8)
    assert await office.send() == []
    assert len(await matters_of(office)) == 1


@pytest.mark.parametrize(
    ("seconds", "ours", "minutes"),
    [
        (0, False, 0),
        (1, False, 1),
        (60, False, 1),
        (61, False, 2),
        (0, True, 0),
        (60, True, 0),
        (61, True, 1),
    ],
)
def test_of_a_call_each_minute_counts_that_began(seconds: int, ours: bool, minutes: int) -> None:
    assert costs.minutes(seconds, ours=ours) == minutes  # that we ring counts one already


async def test_calls_that_we_place_are_counted_and_held_beyond_the_limit(office: Office) -> None:
    for name in ("vic", "wyn", "xan"):
        await office.member(name, "voice", address=f"{name} rings")
        await office.write(name, name, channel="voice")
    assert len(await office.send()) == 2
    assert (await spent(office)).minutes == 2


async def test_practice_costs_nothing(office: Office) -> None:
    await office.member("pat", address="practice:pat")
    await office.write("pat", "hello", "answer")
    await office.send()
    assert (await spent(office)).segments == 0
