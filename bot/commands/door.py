"""How people come into a group and out of it again: `takepart invite`, and parts of `takepart member`."""

from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.commands import audit
from bot.commands.base import GroupName, Here, Json, MemberName, print_json, run, say
from bot.staff import at_the_door
from bot.staff.at_the_door import Ended
from bot.ways import house
from storage.care.safety import staff_member
from storage.door import inviting, standing
from storage.door.letting_in import Tools
from storage.erasure import auditing
from storage.members import groups, people
from storage.members.groups import Complaint, Home
from storage.members.people import Listed
from storage.turning.views import changed

commands = typer.Typer()

NOT_TOLD = "There is no way by which we may tell them: please tell them yourself."

By = Annotated[str, typer.Option("--by", metavar="ME", help="Which facilitator you are: number, name or id.")]


def invite(
    name: GroupName,
    for_: Annotated[str, typer.Option("--for", metavar="NAME", help="What to offer to call them.")] = "",
    by: audit.By = None,
    as_json: Json = False,
) -> None:
    """Make a code that lets one person into a group, once, within 30 days.

    takepart invite GARDEN --for Ada --by Sam
    """

    async def work(here: Here) -> tuple[str, str]:
        async with here.db.write() as conn:
            home = await groups.find_group(conn, name)
            called = groups.named(for_, "A name") if for_ else ""
            made = await inviting.invite(
                conn, here.secrets, ids=here.ids, group=home.id, name=called, now=here.now
            )
            await audit.leave_trace(conn, here, home.id, "invited somebody", by=by, subject=made[0])
            return made

    id_, code = run(work)
    if as_json:
        print_json({"id": id_, "code": code})
        return
    say(
        id_,
        f"The code is {code[:4]} {code[4:]}. It is good once, for 30 days, and is shown only now.",
        f"They text JOIN {code}, ring and key it, or open the bot's link with ?start={code} on Telegram.",
    )


@commands.command("approve")
def member_approve(who: MemberName, by: By = "", as_json: Json = False) -> None:
    """Let somebody in who asked to join. They are welcomed by the way they came.

    takepart member approve 01k9q2… --by Sam
    """

    async def work(here: Here) -> Listed:
        async with here.db.write() as conn:
            member, home, tools = await _with_tools(here, conn, who, by)
            await at_the_door.approve(conn, member, home, house(), tools)
            return member

    found = run(work)
    if as_json:
        print_json({"id": found.id, "state": "active"})
        return
    say("They are in, and will hear so.")


@commands.command("refuse")
def member_refuse(who: MemberName, by: By = "", as_json: Json = False) -> None:
    """Don't let somebody in who asked to join. They are told, and nothing of theirs is kept.

    takepart member refuse 01k9q2… --by Sam
    """

    async def work(here: Here) -> tuple[Listed, bool]:
        async with here.db.write() as conn:
            member, _, tools = await _with_tools(here, conn, who, by)
            return member, await at_the_door.refuse(conn, member, house(), tools)

    found, told = run(work)
    if as_json:
        print_json({"id": found.id, "state": "erased", "told": told})
        return
    say("Nothing of theirs is kept.", "They will be told so." if told else NOT_TOLD)


@commands.command("end")
def member_end(
    who: MemberName,
    *,
    by: By,
    why: Annotated[str, typer.Option(metavar="REASON", help="Why, in words that they will be told.")],
    as_json: Json = False,
) -> None:
    """End a membership. It takes two facilitators: the first proposes, the second says the same again.

    What the member gave stays theirs. They are told why, and to whom they can object.

    takepart member end 4821 --by Sam --why "He shared what others told the group."
    """

    async def work(here: Here) -> tuple[Listed, Ended]:
        async with here.db.write() as conn:
            member, home, tools = await _with_tools(here, conn, who, by)
            return member, await at_the_door.end(conn, member, home, why, house(), tools, here.secrets)

    found, became = run(work)
    ended, told = became != "proposed", became == "told"
    if as_json:
        state = "left" if ended else found.state
        print_json({"id": found.id, "state": state, "ended": ended, "told": told})
        return
    if ended:
        how = "They will be told why, and to whom they can object." if told else NOT_TOLD
        say("Their membership has ended.", how)
    else:
        say("Noted. Nothing has ended yet: another facilitator has to say the same.")


@commands.command("standing")
def member_standing(
    who: MemberName,
    said: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="STANDING...", help=f"Some of: {', '.join(standing.STANDINGS)}. None takes it back."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Note what somebody says of themselves. Of facilitators everybody hears it who asks WHO.

    takepart member standing 4821 works leads
    """
    if unknown := set(said or ()) - set(standing.STANDINGS):
        known = ", ".join(standing.STANDINGS)
        raise Complaint(f"'{min(unknown)}' is nothing that people say of themselves here: use {known}.")

    async def work(here: Here) -> str:
        async with here.db.write() as conn:
            found = await people.find_member(conn, who, here.secrets)
            await standing.stand(conn, found.id, said or ())
            await changed(conn, [found.group])
            return found.id

    found = run(work)
    if as_json:
        print_json({"id": found, "standing": sorted(said or ())})
        return
    say("Noted.")


async def _with_tools(here: Here, conn: AsyncConnection, who: str, by: str) -> tuple[Listed, Home, Tools]:
    """The member, their group, and whoever does something about them; raise Complaint."""
    member = await people.find_member(conn, who, here.secrets)
    home = await groups.find_group(conn, member.group)
    me = (await staff_member(conn, home.id, by, here.secrets)).id if by else auditing.OPERATOR
    return member, home, Tools(by=me, channels=here.settings.channels_on, ids=here.ids, now=here.now)
