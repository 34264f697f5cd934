"""Who agreed to what, in which words, on every kind of database."""

import pytest

from storage.database import Database
from storage.door import consenting, inviting, wordings
from storage.secrets import Secrets
from tests.office import NOON, Office

WORDS = {"en": "We keep it.", "en.easy": "We keep it all.", "cy": "Rydym yn ei gadw."}


@pytest.fixture
async def office(db: Database, secrets: Secrets) -> Office:
    made = Office(db, secrets)
    await made.group()
    await made.member("ada", agreed={"join": "v1"})
    await made.member("ben", agreed={"join": "v0"})
    await made.member("cat")
    return made


async def test_a_groups_own_words_are_kept_by_version_language_and_form(office: Office) -> None:
    async with office.db.write() as conn:
        for version, text in (("v1", {"en": "Older."}), ("v2", WORDS)):
            more = {"en": f"More of {version}."}
            await wordings.put(conn, "g", "join", version=version, text=text, more=more, now=NOON)
        assert await wordings.version_now(conn, "g", "join") == "v2"
        found = (await wordings.agreements(conn, {"join": "v2", "outside": "v1"}))["join"]
    assert (dict(found.text), dict(found.more)) == (WORDS, {"en": "More of v2."})


async def test_who_agreed_to_what_is_counted_and_can_stand_for_the_same(office: Office) -> None:
    async with office.db.write() as conn:
        assert await consenting.counted(conn, "g", "join", "v1") == (1, 1)
        await consenting.stands_for(conn, "g", "join", "v1", "v2")
        assert await consenting.counted(conn, "g", "join", "v2") == (1, 1)


async def test_no_two_invitations_have_one_code(office: Office) -> None:
    async with office.db.write() as conn:
        codes = {
            (await inviting.invite(conn, office.secrets, ids=office.ids, group="g", name="", now=NOON))[1]
            for _ in range(50)
        }
    assert len(codes) == 50
