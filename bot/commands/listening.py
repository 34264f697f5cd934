"""Recordings and photos that wait for somebody: `takepart unheard`, `takepart heard`."""

from datetime import UTC
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.commands.base import GroupName, Here, Json, at, print_json, run, say, stamp, table
from bot.commands.safety import By, safe_words
from storage.care import safety
from storage.given import listening
from storage.given.listening import Unheard
from storage.members import groups
from storage.members.groups import Complaint


def unheard(name: GroupName, as_json: Json = False) -> None:
    """Show recordings and photos that nobody has marked as heard or seen, the oldest first.

    takepart unheard GARDEN
    """

    async def work(here: Here) -> tuple[list[Unheard], Here]:
        async with here.db.read() as conn:
            home = await groups.find_group(conn, name)
            return await listening.unheard(conn, home.id), here

    found, here = run(work)
    if as_json:
        print_json([_waits(one, late=one.by <= here.now) for one in found])
        return
    rows = [
        (one.id, one.kind, one.of, _came(one), at(one.by), "late" if one.by <= here.now else "")
        for one in found
    ]
    columns = ("recording or photo", "kind", "of", "came", "somebody listens by", "")
    table(columns, rows, empty="Everything has been heard and seen.")


def _came(one: Unheard) -> str:
    return one.at.astimezone(UTC).date().isoformat() if one.unnamed else at(one.at)


def _waits(one: Unheard, *, late: bool) -> dict[str, object]:
    came = _came(one) if one.unnamed else stamp(one.at)
    shown = {"id": one.id, "kind": one.kind, "of": one.of, "at": came}
    return shown | {"by": stamp(one.by), "late": late, "contribution": one.contribution}


def heard(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID...]", help="As `takepart unheard` shows them.")
    ] = None,
    *,
    by: By,
    typed: Annotated[str, typer.Option(metavar="WORDS", help="What is said in it, typed up.")] = "",
    every: Annotated[str, typer.Option("--all", metavar="GROUP", help="All that wait in a group.")] = "",
    as_json: Json = False,
) -> None:
    """Mark recordings as heard and photos as seen, and type up what is said. Typed words are looked at too.

    takepart heard 01k9q2zt4vwxhepk --by Sam --typed "The bus was late again."
    """
    if typed and len(ids or ()) != 1:
        raise Complaint("Words are typed up for one recording at a time: give its id.")
    if not ids and not every:
        raise Complaint("Give the id that `takepart unheard GROUP` shows, or --all GROUP.")

    async def work(here: Here) -> list[bool]:
        async with here.db.write() as conn:
            wanted = ids or await _all_of(conn, every)
            return [await _hear(conn, here, one, by, typed) for one in wanted]

    alarmed = run(work)
    if as_json:
        print_json({"heard": len(alarmed), "alerts": sum(alarmed)})
        return
    say(f"Noted: {len(alarmed)}.")
    if any(alarmed):
        say("These words may mean danger: whoever is alerted in this group is told.")


async def _all_of(conn: AsyncConnection, group: str) -> list[str]:
    home = await groups.find_group(conn, group)
    return [one.id for one in await listening.unheard(conn, home.id)]


async def _hear(conn: AsyncConnection, here: Here, wanted: str, by: str, typed: str) -> bool:
    group = await listening.group_of(conn, wanted)
    staff = await safety.staff_member(conn, group, by, here.secrets)
    return await listening.hear(
        conn,
        group,
        wanted,
        staff.id,
        typed=typed,
        safe_words=safe_words(),
        ids=here.ids,
        now=here.now,
    )
