"""What is done about things that members gave: `takepart hide`, `takepart review`."""

from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.commands.base import Here, Json, print_json, run, say
from bot.staff import givers
from bot.staff.givers import Means
from bot.ways import house
from storage.care.safety import staff_member
from storage.given import hiding
from storage.members.people import Listed

GiftId = Annotated[
    str, typer.Argument(metavar="ID", help="The id that `takepart contributions --json` shows.")
]
By = Annotated[str, typer.Option("--by", metavar="ME", help="Which facilitator you are: number, name or id.")]

TOLD = "Whoever gave it is told."
NOT_TOLD = "Whoever gave it can't be told: there is no way to them that we may use."


def hide(
    id: GiftId,
    why: Annotated[
        str, typer.Option("--why", metavar="REASON", help=f"One of: {', '.join(hiding.REASONS)}.")
    ],
    by: By,
    as_json: Json = False,
) -> None:
    """Hide something from the other members. Nothing of it is changed, and whoever gave it is told why.

    takepart hide 8zq4… --why "names somebody" --by Sam
    """

    async def work(here: Here) -> bool:
        async with here.db.write() as conn:
            me = await _staff(here, conn, id, by)
            return await givers.hide(conn, id, why, by=me, means=_means(here))

    told = run(work)
    if as_json:
        print_json({"id": id, "hidden": why, "told": told})
        return
    say("It is hidden from the others.", TOLD if told else NOT_TOLD)


def review(
    id: GiftId,
    by: By,
    show: Annotated[bool, typer.Option("--show/--keep", help="Show it again, or keep it hidden.")],
    as_json: Json = False,
) -> None:
    """Look at something hidden as a second person, and say whether it stays so.

    takepart review 8zq4… --by Kim --show
    """

    async def work(here: Here) -> tuple[str, bool]:
        async with here.db.write() as conn:
            me = await _staff(here, conn, id, by)
            return await givers.review(conn, id, show=show, by=me, means=_means(here))

    why, told = run(work)
    if as_json:
        print_json({"id": id, "hidden": "" if show else why, "told": told})
        return
    say("It is shown again." if show else "It stays hidden.", TOLD if told else NOT_TOLD)


async def _staff(here: Here, conn: AsyncConnection, gift: str, by: str) -> Listed:
    return await staff_member(conn, await hiding.group_of(conn, gift), by, here.secrets)


def _means(here: Here) -> Means:
    return Means(words=house(), ids=here.ids, channels=here.settings.channels_on, now=here.now)
