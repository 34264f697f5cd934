"""Who runs a group, and the links that let them in to the pages: `takepart facilitator`."""

from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.commands.base import GroupName, Here, Json, print_json, run, say, told
from storage.care.safety import staff_member
from storage.door import sign_ins, staffing
from storage.erasure import auditing
from storage.members import groups, people
from storage.members.people import Listed

facilitator = typer.Typer(no_args_is_help=True, help="Say who runs a group, and let them in to the pages.")

Staff = Annotated[str, typer.Argument(metavar="NAME", help="A facilitator's name, number or id.")]
LASTS = "It works once, for 7 days. Send it to nobody else: whoever opens it first is let in."


@facilitator.command("add")
def facilitator_add(
    name: GroupName,
    person: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help="What members call them; or, of a member who has joined, the number or id."
        ),
    ],
    owner: Annotated[bool, typer.Option("--owner", help="They look after every group here.")] = False,
    as_json: Json = False,
) -> None:
    """Add somebody who runs a group, and get a link that lets them in to the pages once.

    Members are told their name when they ask who reads. Whoever joined like a member first, and is added
    by member number, can later have a code sent to their own phone instead. They also hear when much is
    spent.

    takepart facilitator add GARDEN "Sam"

    takepart facilitator add GARDEN 4821
    """
    permission = "owner" if owner else "facilitator"

    async def work(here: Here) -> tuple[str, str, str]:
        async with here.db.write() as conn:
            home = await groups.find_group(conn, name)
            joined = await people.appoint(conn, home.id, person, here.secrets, permission=permission)
            id_, number = (joined.id, joined.number) if joined else (here.ids(), "")
            if not joined:
                row = {"id": id_, "group": home.id, "name": person, "permission": permission}
                number = await people.add_facilitator(conn, **row, now=here.now)
            done = {"group": home.id, "did": f"made {permission}", "subject": id_}
            await auditing.record(conn, ids=here.ids, **done, now=here.now)
            return id_, number, await new_link(here, conn, id_)

    id_, number, link = run(work)
    if as_json:
        print_json({"id": id_, "number": number, "link": link})
        return
    say(id_, f"Added. Their member number is {number}.", "This link lets them in to the pages:", link, LASTS)


@facilitator.command("link")
def facilitator_link(name: GroupName, person: Staff, as_json: Json = False) -> None:
    """Get a new link that lets a facilitator in to the pages. The one they had works no more.

    takepart facilitator link GARDEN Sam
    """

    async def work(here: Here) -> tuple[Listed, str]:
        async with here.db.write() as conn:
            home = await groups.find_group(conn, name)
            found = await staff_member(conn, home.id, person, here.secrets)
            done = {"group": home.id, "did": "gave a link to the pages", "subject": found.id}
            await auditing.record(conn, ids=here.ids, **done, now=here.now)
            return found, await new_link(here, conn, found.id)

    found, link = run(work)
    if as_json:
        print_json({"id": found.id, "link": link})
        return
    say(link, f"This lets {found.name} in to the pages. {LASTS}")


@facilitator.command("remove")
def facilitator_remove(name: GroupName, person: Staff, as_json: Json = False) -> None:
    """Let somebody run a group no more. They are signed out at once.

    Whoever joined like a member is one still. Whoever was only added here is in the group no more.

    takepart facilitator remove GARDEN Sam
    """

    async def work(here: Here) -> tuple[Listed, bool]:
        async with here.db.write() as conn:
            home = await groups.find_group(conn, name)
            found = await staff_member(conn, home.id, person, here.secrets)
            stays = await staffing.dismiss(conn, found, now=here.now)
            done = {"group": home.id, "did": "made facilitator no more", "subject": found.id}
            await auditing.record(conn, ids=here.ids, **done, now=here.now)
        return found, stays

    found, stays = run(work)
    rest = "They are a member still." if stays else "They are in the group no more."
    told(
        found.id,
        "member" if stays else "left",
        f"{found.name} does not run the group any more. {rest}",
        as_json,
    )


async def new_link(here: Here, conn: AsyncConnection, member: str) -> str:
    """A link that lets this member in to the pages, once."""
    token = await sign_ins.new_link(conn, here.secrets, member, ids=here.ids, now=here.now)
    return f"{here.settings.address}/console/sign-in/{token}"
