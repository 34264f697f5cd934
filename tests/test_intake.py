"""What comes in is stored once, in order, and answered; a mistake with one event costs nobody else."""

from tests.stores import migrated
from tests.world import ADA, World, world

__all__ = ["migrated", "world"]


async def test_a_text_is_answered_and_what_was_given_is_kept(world: World) -> None:
    await world.group()
    await world.joined(ADA)
    answers = await world.texts(ADA, "diary", "A lovely day in the garden", "4")
    assert "kept" in answers[-1]
    (gift,) = await world.rows("SELECT text, shown_name, channel FROM contributions")
    assert tuple(gift) == ("A lovely day in the garden", "Ada", "sms")
