"""Recordings and photos do not wait unheard: by when they are heard, and who is told when they are not."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.rounds.reminding import Reminding
from flows.calendar import day_of, listened_by
from flows.safety import SafeWords
from storage.database import Database
from storage.erasure import auditing
from storage.given import listening
from storage.members.groups import Complaint
from storage.secrets import Secrets
from storage.tables import (
    alerts,
    contribution_media,
    contributions,
    given,
    matters,
    media,
    members,
    safe_contacts,
)
from tests.office import Office
from tests.scenes import shipped

FRIDAY = datetime(2026, 3, 6, 15, tzinfo=UTC)
DANGER = SafeWords(phrases={"en": ("want to die",)})


class Library(Office):
    """An office where Mary speaks, and Sam is to listen."""

    async def record(self, id: str = "v1", *, unnamed: bool = False, practice: bool = False) -> None:
        """Mary speaks a thought."""
        gift = {"id": f"c-{id}", "group_id": "g", "flow": "thought", "at": self.now, "practice": practice}
        async with self.db.write() as conn:
            await conn.execute(contributions.insert().values(**gift, unnamed=unnamed))
            await conn.execute(given.insert().values(contribution_id=f"c-{id}", member_id="mary"))
            await conn.execute(media.insert().values(id=id, kind="voice", state="stored", at=self.now))
            await conn.execute(contribution_media.insert().values(contribution_id=f"c-{id}", media_id=id))

    async def waiting(self) -> list[str]:
        async with self.db.read() as conn:
            return [one.id for one in await listening.unheard(conn, "g")]

    async def hear(self, id: str, typed: str = "") -> bool:
        async with self.db.write() as conn:
            asked = {"typed": typed, "safe_words": DANGER, "ids": self.ids, "now": self.now}
            return await listening.hear(conn, "g", id, "sam", **asked)  # type: ignore[arg-type]


@pytest.fixture
async def office(db: Database, secrets: Secrets) -> Library:
    made = Library(db, secrets)
    made.now = FRIDAY
    await made.group()
    await made.member("mary")
    await made.member("sam", permission="facilitator")
    async with db.write() as conn:
        await conn.execute(safe_contacts.insert().values(group_id="g", member_id="sam"))
    return made


@pytest.mark.parametrize(
    ("came", "days", "by"),
    [
        (datetime(2026, 3, 3, 9, tzinfo=UTC), 1, "Wednesday"),
        (datetime(2026, 3, 3, 23, 30, tzinfo=UTC), 1, "Wednesday"),
        (FRIDAY, 1, "Monday"),
        (datetime(2026, 3, 7, 9, tzinfo=UTC), 1, "Monday"),
        (FRIDAY, 3, "Wednesday"),
    ],
)
def test_somebody_listens_within_working_days(came: datetime, days: int, by: str) -> None:
    assert day_of(listened_by(came, days, "Europe/London"), "Europe/London") == by


async def test_what_is_heard_leaves_the_list_and_the_trail_says_so(office: Library) -> None:
    await office.record("v1")
    await office.record("v2")
    await office.record("v3", practice=True)
    assert await office.waiting() == ["v1", "v2"]
    assert not await office.hear("v1", "The bus was late")
    assert await office.waiting() == ["v2"]
    with pytest.raises(Complaint, match="heard or seen before"):
        await office.hear("v1")
    async with office.db.read() as conn:
        [trace] = await auditing.trail(conn, "g", subject="v1")
        typed = (await conn.execute(media.select().where(media.c.id == "v1"))).one().typed
    assert (trace.who, trace.did, typed) == ("sam", "typed up", "The bus was late")


async def test_words_that_are_typed_up_are_looked_at_too(office: Library) -> None:
    await office.record()
    assert await office.hear("v1", "She says: I want to die.")
    async with office.db.read() as conn:
        [alert] = (await conn.execute(alerts.select())).all()
    assert alert.member_id == "mary"


async def test_28_whoever_is_to_listen_is_told_once_a_day_when_it_is_late(office: Library) -> None:
    rounds = Reminding(db=office.db, flows=shipped(), ids=office.ids, channels=["sms"], wake=lambda: None)

    async def later(**span: int) -> list[str]:
        office.now += timedelta(**span)
        await rounds.round(office.now)
        return await office.send()

    await office.record()
    assert await later(days=2) == []  # the weekend
    [said] = await later(days=1, hours=4)
    assert said.startswith("1 recording or photo in Garden waits to be heard or seen, since Friday 6 March")
    assert said.endswith("They are on your pages, under Today.")
    assert await later(minutes=30) == []
    assert await later(hours=2) == []
    assert len(await later(days=1, hours=-3)) == 1
    await office.hear("v1")
    assert await later(days=1) == []


async def test_what_was_passed_on_waits_to_be_heard_too(office: Library) -> None:
    matter = {"id": "t1", "group_id": "g", "member_id": "mary", "kind": "passed on", "media": ["v9"]}
    async with office.db.write() as conn:
        await conn.execute(media.insert().values(id="v9", kind="voice", state="stored", at=office.now))
        await conn.execute(matters.insert().values(**matter, at=office.now))
        assert await listening.group_of(conn, "v9") == "g"
    assert await office.waiting() == ["v9"]


async def test_only_who_runs_the_group_is_told(office: Library) -> None:
    await office.change(members, "sam", permission="member")
    await office.record()
    rounds = Reminding(db=office.db, flows=shipped(), ids=office.ids, channels=["sms"], wake=lambda: None)
    office.now += timedelta(days=4)
    await rounds.round(office.now)
    assert await office.send() == []
