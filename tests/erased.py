"""Lets time pass until there is nothing left of who was erased."""

from datetime import timedelta

from tests.world import World

LATER = timedelta(minutes=21)  # by then no answer can still be on its way


async def gone(world: World) -> None:
    """Have all removed that is to be removed."""
    for _ in range(100):
        if not await world.count("removals"):
            return
        world.clock.forward(LATER)
        await world.app.remover.once()
    raise AssertionError("something is still to be removed")
