"""The trail of who did what to whom: `takepart audit`, and how other commands leave a line in it."""

from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.commands.base import GroupName, Here, Json, at, print_json, run, stamp, table
from storage.erasure import auditing
from storage.erasure.auditing import Trace
from storage.members import groups, people
from storage.members.groups import Complaint

By = Annotated[
    str | None, typer.Option("--by", metavar="ME", help="Who you are: your own id, member number or name.")
]


async def leave_trace(
    conn: AsyncConnection, here: Here, group: str, did: str, *, by: str | None, subject: str = ""
) -> None:
    """Note in a group's trail what is done to somebody's record, in the same transaction; raise Complaint."""
    who = await _staff(conn, here, group, by) if by else auditing.OPERATOR
    await auditing.record(conn, ids=here.ids, group=group, who=who, did=did, subject=subject, now=here.now)


async def _staff(conn: AsyncConnection, here: Here, group: str, by: str) -> str:
    found = [
        one.id
        for one in await people.facilitators(conn, group, here.secrets)
        if by in (one.id, one.number) or by.casefold() == one.name.casefold()
    ]
    if len(found) != 1:
        raise Complaint(
            f"{groups.quoted(by)} is not one of this group's facilitators: `takepart member list GROUP` "
            "shows their ids."
        )
    return found[0]


def audit(
    name: GroupName,
    subject: Annotated[
        str, typer.Option("--about", metavar="ID", help="Only what was done to this member or thing.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Show who looked at whose record and what was done in a group, the latest first. It holds no words.

    takepart audit GARDEN
    """

    async def work(here: Here) -> list[Trace]:
        async with here.db.read() as conn:
            home = await groups.find_group(conn, name)
            return await auditing.trail(conn, home.id, subject=subject)

    found = run(work)
    if as_json:
        print_json(
            [
                {"at": stamp(one.at), "who": one.who, "did": one.did, "subject": one.subject, "why": one.why}
                for one in found
            ]
        )
        return
    rows = [(at(one.at), one.who, one.did, one.subject, one.why) for one in found]
    table(("at", "who", "did", "to", "why"), rows, empty="Nothing has been noted for this group yet.")
