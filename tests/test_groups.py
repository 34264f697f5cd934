"""Groups: made with plain errors, found by what people call them, and linked to their chats."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database
from storage.lines import rooms
from storage.members import groups, people
from storage.members.groups import Complaint, Home
from storage.secrets import Secrets
from storage.tables import lines, members, reaches

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


async def garden(conn: AsyncConnection, code: str = "GARDEN", **other: str) -> Home:
    made = {"id": f"id-{code}", "code": code, "name": "The Garden Group"} | other
    return await groups.add_group(
        conn,
        id=made["id"],
        code=made["code"],
        name=made["name"],
        now=NOW,
        zone=made.get("zone", "Europe/London"),
        hours=made.get("hours", "9-20"),
        outside_name=made.get("outside_name", "Takepart"),
    )


async def member(conn: AsyncConnection, id: str, group: str, number: str = "4321") -> None:
    await conn.execute(
        members.insert().values(id=id, group_id=group, name="Ada", number=number, joined_at=NOW)
    )


async def test_a_group_is_found_by_what_people_call_it(db: Database) -> None:
    async with db.write() as conn:
        made = await garden(conn, "garden")
        assert made.code == "GARDEN"
        for name in (made.id, "GARDEN", "garden", made.number):
            assert await groups.find_group(conn, name) == made
        assert [one.code for one in await groups.list_groups(conn)] == ["GARDEN"]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"code": "AB"}, "3 to 20"),
        ({"code": "GARDEN-1"}, "3 to 20"),
        ({"code": "1234"}, "four digits"),
        ({"name": "  "}, "1 to 100"),
        ({"name": "x" * 101}, "1 to 100"),
        ({"outside_name": "bell\a"}, "outside name"),
        ({"zone": "Europe/Nowhere"}, "time zone"),
        ({"zone": "../etc"}, "time zone"),
        ({"hours": "morning"}, "like 9-20"),
        ({"hours": "20-9"}, "like 9-20"),
        ({"hours": "9-25"}, "like 9-20"),
    ],
)
async def test_a_group_that_cannot_be_is_one_sentence(db: Database, wrong: dict[str, str], says: str) -> None:
    async with db.write() as conn:
        with pytest.raises(Complaint, match=says) as caught:
            await garden(conn, **wrong)
    assert str(caught.value).endswith(".")


async def test_two_groups_share_neither_code_nor_number(db: Database) -> None:
    async with db.write() as conn:
        first, second = await garden(conn), await garden(conn, "CAFE")
        assert first.number != second.number
        with pytest.raises(Complaint, match="already a group"):
            await garden(conn, "garden", id="other")


async def test_an_unknown_group_or_member_is_said_plainly(db: Database, secrets: Secrets) -> None:
    async with db.read() as conn:
        with pytest.raises(Complaint, match="no group “POND”"):
            await groups.find_group(conn, "POND")
        with pytest.raises(Complaint, match="no member “nobody”"):
            await people.find_member(conn, "nobody", secrets)


async def test_a_member_is_listed_with_the_ways_to_them_in_their_order(
    db: Database, secrets: Secrets
) -> None:
    async with db.write() as conn:
        group = await garden(conn)
        await member(conn, "ada", group.id)
        for rank, address in enumerate(["+441632960001", "99"]):
            line = {"id": address, "kind": "x", "address": secrets.seal(address)}
            await conn.execute(lines.insert().values(address_hash=secrets.hash(address, "address"), **line))
            reach = {"id": address, "member_id": "ada", "line_id": address, "channel": "sms", "rank": -rank}
            await conn.execute(reaches.insert().values(**reach))
        [ada] = await people.list_members(conn, group.id, secrets)
    assert [way.address for way in ada.ways] == ["99", "+441632960001"]
    assert (ada.name, ada.number, ada.permission) == ("Ada", "4321", "member")


async def test_a_member_number_finds_somebody_only_where_it_is_one_persons(
    db: Database, secrets: Secrets
) -> None:
    async with db.write() as conn:
        first, second = await garden(conn), await garden(conn, "CAFE")
        await member(conn, "ada", first.id)
        assert (await people.find_member(conn, "4321", secrets)).id == "ada"
        await member(conn, "ben", second.id)
        with pytest.raises(Complaint, match="Several groups"):
            await people.find_member(conn, "4321", secrets)
        assert (await people.find_member(conn, "ben", secrets)).group == second.id


async def test_a_facilitator_gets_digits_nobody_else_in_the_group_has(db: Database, secrets: Secrets) -> None:
    async with db.write() as conn:
        group = await garden(conn)
        await member(conn, "ada", group.id)
        number = await people.add_facilitator(conn, id="fay", group=group.id, name="Fay", now=NOW)
        assert len(number) == 4
        assert number != "4321"
        assert [one.name for one in await people.facilitators(conn, group.id, secrets)] == ["Fay"]


@pytest.mark.parametrize("called", ["ada", "4321"])
async def test_a_member_who_joined_can_become_a_facilitator(
    called: str, db: Database, secrets: Secrets
) -> None:
    async with db.write() as conn:
        group, other = await garden(conn), await garden(conn, "CAFE")
        await member(conn, "ada", group.id)
        assert await people.appoint(conn, other.id, called, secrets) is None
        assert await people.appoint(conn, group.id, "Ada", secrets) is None  # names are no proof
        assert (await people.appoint(conn, group.id, called, secrets)) is not None
        assert [one.id for one in await people.facilitators(conn, group.id, secrets)] == ["ada"]


async def test_a_word_links_one_chat_once(db: Database, secrets: Secrets) -> None:
    async with db.write() as conn:
        group = await garden(conn)
        word = await rooms.room_word(conn, secrets, id="r1", group=group.id, now=NOW)
        room = await rooms.link_room(conn, secrets, word=f" {word.lower()} ", address="-100", now=NOW)
        assert room
        assert room.group == group.id
        assert await rooms.link_room(conn, secrets, word=word, address="-200", now=NOW) is None
        assert await rooms.find_room(conn, secrets, "-100") == room


async def test_an_old_or_replaced_or_invented_word_links_nothing(db: Database, secrets: Secrets) -> None:
    async with db.write() as conn:
        group = await garden(conn)
        first = await rooms.room_word(conn, secrets, id="r1", group=group.id, now=NOW)
        second = await rooms.room_word(conn, secrets, id="r2", group=group.id, now=NOW)
        late = NOW + timedelta(hours=25)
        for word, when in [(first, NOW), ("ABCDEFGH", NOW), ("", NOW), (second, late)]:
            assert await rooms.link_room(conn, secrets, word=word, address="-100", now=when) is None


async def test_a_chat_belongs_to_the_group_whose_word_it_got_last(db: Database, secrets: Secrets) -> None:
    async with db.write() as conn:
        for code in ("GARDEN", "CAFE"):
            group = await garden(conn, code)
            word = await rooms.room_word(conn, secrets, id=code, group=group.id, now=NOW)
            assert await rooms.link_room(conn, secrets, word=word, address="-100", now=NOW)
        room = await rooms.find_room(conn, secrets, "-100")
    assert room
    assert room.group == "id-CAFE"
