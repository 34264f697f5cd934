"""What members give: with their name or without, for whom, and how they take it back."""

from typing import Any

import pytest

from flows.effects import Keep, Matter, Unname
from flows.values import scattered
from storage.ids import Ids
from storage.reading import list_contributions
from tests.people import somebody
from tests.scenes import MARY
from tests.stores import migrated
from tests.world import ADA, World, world

__all__ = ["migrated", "world"]


async def listed(world: World, group: str) -> list[Any]:
    async with world.app.db.read() as conn:
        return list(await list_contributions(conn, group))


# 34. "Without my name" in a group of eight, with the minute and the channel beside it.
async def test_34_nothing_beside_it_tells_who_gave_it_or_when(world: World) -> None:
    home = await world.group()
    await world.joined(ADA)
    await world.texts(ADA, "THOUGHT", "The cook shouts", "3", "2")
    (one,) = await listed(world, home.id)
    assert (one.member, one.channel, one.at) == (None, None, "2026-03-10")
    assert one.audience == "group"
    (row,) = await world.rows("SELECT at % 3600000000, shown_name FROM contributions")
    assert tuple(row) == (0, "")


@pytest.mark.parametrize(
    "said", [["THOUGHT", "The cook shouts", "1", "NO NAME"], ["The cook shouts. No name", "1"]]
)
async def test_34_what_was_kept_with_a_name_loses_all_that_leads_to_it(world: World, said: list[str]) -> None:
    home = await world.group()
    await world.joined(ADA)
    answer = (await world.texts(ADA, *said))[-1]
    assert (await listed(world, home.id))[0].member is None
    assert await world.rows("SELECT id FROM events WHERE contribution_id IS NOT NULL") == []
    assert await world.rows("SELECT id FROM events WHERE body LIKE '%cook%'") == []
    assert "name" in answer
    await world.texts(ADA, "UNDO")
    assert await listed(world, home.id) == []


async def test_34_words_passed_on_without_a_name_are_listed_without_one(world: World) -> None:
    await world.group()
    await world.joined(ADA)
    await world.texts(ADA, "The cook shouts. No name", "3")
    (matter,) = await world.rows("SELECT words, unnamed FROM matters WHERE kind = 'passed on'")
    assert tuple(matter) == ("The cook shouts", True)
    assert "Nothing of that is kept" in (await world.texts(ADA, "UNDO"))[0]
    assert await world.rows("SELECT id FROM matters WHERE words <> '' OR done_at IS NULL") == []


def test_34_an_id_does_not_tell_when_it_was_made() -> None:
    ids = Ids()
    made = [scattered(ids()) for _ in range(40)]
    assert made != sorted(made)
    assert len({one[:4] for one in made}) > 30


@pytest.mark.parametrize("words", ["diary", "thought", "idea", "journey", "photo", "vote"])
def test_who_never_wants_their_name_beside_anything_has_it_nowhere(words: str) -> None:
    person = somebody("sms", member=MARY.__class__(id="m1", name="Mary", never_named=True))
    person.writes(words, "What I give", "2", "skip", "later", "xx yy zz", "xx yy zz", "pass")
    kept = [*person.of(Keep), *(one for one in person.of(Matter) if one.kind != "help")]
    assert all(one.unnamed for one in kept)
    assert kept


def test_leaving_the_name_out_says_where_that_ends() -> None:
    person = somebody("telegram")
    said = person.writes("thought", "The cook shouts", "1", "without my name")
    assert "Ann and Bo can find out who gave it, and that is noted" in said
    assert "voice may be known" in said
    assert [one.id for one in person.of(Unname)] == [person.of(Keep)[-1].id]


def test_a_sentence_about_names_is_no_wish() -> None:
    person = somebody("sms")
    person.writes("diary", "The new street has no name", "skip")
    assert not person.of(Keep)[-1].unnamed
