"""What is looked for is found on both databases, and only in its own group."""

from typing import Any

import pytest
import sqlalchemy as sa

from storage.database import Database
from storage.given import browsing, whose
from storage.given.browsing import Wanted
from storage.secrets import Secrets
from storage.tables import (
    contribution_media,
    contributions,
    given,
    handover_words,
    handovers,
    matters,
    media,
    members,
)
from tests.office import Office

FOUND = [
    (Wanted(words="STEEP"), ["c1"]),
    (Wanted(words="ŵyn"), ["c2"]),
    (Wanted(words='say "yes"'), ["c2"]),
    (Wanted(words="a\\b"), ["c2"]),
    (Wanted(words="text"), []),
    (Wanted(people=["mary"]), ["c3", "c1"]),
    (Wanted(people=["mary"], unheard=True), ["c3"]),
    (Wanted(people=[]), []),
]


@pytest.fixture
async def office(db: Database, secrets: Secrets) -> Office:
    made = Office(db, secrets)
    await made.group()
    await made.member("mary")
    await made.member("other", joined_to="mary", state="joined")
    common: dict[str, Any] = {"group_id": "g", "flow": "thought", "at": made.now}
    rows: list[dict[str, Any]] = [
        {"id": "c1", "text": "The Ramp is steep", "answers": None, "unnamed": False},
        {"id": "c2", "text": "", "answers": {"a": {"text": 'Ŵyn: say "yes" a\\b'}}, "unnamed": True},
        {"id": "c3", "text": "Once more", "answers": None, "unnamed": False},
        {"id": "c4", "text": "", "answers": {"a": {"media": ["gone"]}}, "unnamed": False},
    ]
    givers = {"c1": "mary", "c2": "mary", "c3": "other", "c4": "mary"}
    async with db.write() as conn:
        await conn.execute(contributions.insert(), [common | row for row in rows])
        await conn.execute(media.insert().values(id="v1", kind="voice", state="stored"))
        await conn.execute(contribution_media.insert().values(contribution_id="c3", media_id="v1"))
        rows = [{"contribution_id": gift, "member_id": who} for gift, who in givers.items()]
        await conn.execute(given.insert(), rows)
    return made


async def test_what_is_looked_for_is_found(office: Office) -> None:
    async with office.db.read() as conn:
        for wanted, ids in FOUND:
            shelf = await browsing.browse(conn, "g", wanted)
            assert [one.id for one in shelf.found] == ids, wanted
        first, *_ = (await browsing.browse(conn, "g", Wanted())).found
        assert (first.person, first.name) == ("mary", "mary")
        assert await browsing.find(conn, "other", "c1") is None


async def test_every_file_belongs_to_one_group(office: Office) -> None:
    files = ["m1", "h1", "n1", "lost"]
    common = {"kind": "voice", "state": "stored"}
    async with office.db.write() as conn:
        await conn.execute(media.insert(), [{"id": one, **common} for one in files])
        matter = {"id": "t", "group_id": "g", "kind": "passed on", "media": ["x", "m1"], "at": office.now}
        await conn.execute(matters.insert().values(matter))
        await conn.execute(handovers.insert().values(id="h", member_id="mary"))
        said = {"id": "w", "handover_id": "h", "member_id": "mary", "by": "member", "at": office.now}
        await conn.execute(handover_words.insert().values(said | {"media": ["h1"]}))
        await conn.execute(sa.update(members).where(members.c.id == "mary").values(name_media="n1"))
    wanted = {"v1": "contribution", "m1": "matter", "h1": "handover", "n1": "name"}
    async with office.db.read() as conn:
        for file, kind in wanted.items():
            found = await whose.find(conn, file, group="g")
            assert found and (found.kind, found.group) == (kind, "g")
            assert await whose.find(conn, file) == found and await whose.find(conn, file, group="h") is None
        assert await whose.find(conn, "lost") is None and await whose.find(conn, "nothing") is None
