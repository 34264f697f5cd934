"""What staff do for members who asked for a person: `takepart handover`."""

from dataclasses import asdict
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.commands.base import GroupName, Here, Json, at, print_json, run, stamp, table, told
from bot.rounds.helping import first_name
from bot.ways import house
from storage.care import handovers, helped
from storage.care.handovers import Tools
from storage.care.helped import Listed, Said
from storage.care.safety import staff_member
from storage.erasure import auditing
from storage.members import groups
from storage.members.groups import Complaint
from storage.members.people import Listed as Staff

handover = typer.Typer(no_args_is_help=True, help="See who asked for a person, and answer them.")

HandoverId = Annotated[str, typer.Argument(metavar="ID", help="The id that `takepart handover list` shows.")]
By = Annotated[str, typer.Option("--by", metavar="ME", help="Your own id, member number or name.")]


@handover.command("list")
def handover_list(name: GroupName, as_json: Json = False) -> None:
    """Show who is being helped by text, or waits for it. It shows names: mind who is looking.

    takepart handover list GARDEN
    """

    async def work(here: Here) -> list[Listed]:
        async with here.db.read() as conn:
            home = await groups.find_group(conn, name)
            return await helped.list_open(conn, home.id)

    found = run(work)
    if as_json:
        print_json([_listed(one) for one in found])
        return
    rows = [(one.id, f"#{one.mark}", one.name, one.state, at(one.opened_at), one.helper) for one in found]
    columns = ("hand-over", "number", "member", "state", "since", "helper")
    table(columns, rows, empty="Nobody waits for a person.")


@handover.command("show")
def handover_show(id: HandoverId, by: By, as_json: Json = False) -> None:
    """Show what was said in a hand-over. That you looked is noted.

    takepart handover show 01k9q2zt4vwxhepk --by 4821
    """

    async def work(here: Here) -> tuple[Listed, list[Said]]:
        async with here.db.write() as conn:
            over, _ = await _mine(here, conn, id, by, "read a hand-over")
            return over, await helped.said(conn, id)

    over, words = run(work)
    if as_json:
        print_json(_listed(over) | {"words": [asdict(one) | {"at": stamp(one.at)} for one in words]})
        return
    rows = [(at(one.at), one.name or one.by, one.text, "\n".join(one.media)) for one in words]
    table(("at", "by", "words", "files"), rows, empty="Nothing has been written in it yet.")


@handover.command("answer")
def handover_answer(
    id: HandoverId,
    words: Annotated[str, typer.Argument(metavar="WORDS", help="What the member is to read.")],
    by: By,
    as_json: Json = False,
) -> None:
    """Write to the member, on the line on which they wrote last. They see your first name.

    takepart handover answer 01k9q2zt4vwxhepk "I will ring the bus company." --by 4821
    """
    words = words.strip()
    if not words:
        raise Complaint("Write what the member is to read.")

    async def work(here: Here) -> None:
        async with here.db.write() as conn:
            _, me = await _mine(here, conn, id, by, "answered in a hand-over")
            says = house()("handover.answer", helper=first_name(me.name), words=words)
            tools = Tools(ids=here.ids, now=here.now)
            await handovers.answer(conn, id, words, who=me.id, says=says, tools=tools)

    run(work)
    told(id, "answered", "It is on its way.", as_json)


@handover.command("close")
def handover_close(id: HandoverId, by: By, as_json: Json = False) -> None:
    """End it. The member is told, and is answered by the service again.

    takepart handover close 01k9q2zt4vwxhepk --by 4821
    """

    async def work(here: Here) -> bool:
        async with here.db.write() as conn:
            _, me = await _mine(here, conn, id, by, "ended a hand-over")
            says = house()("handover.ended", helper=first_name(me.name))
            tools = Tools(ids=here.ids, now=here.now)
            return await handovers.close(conn, id, says=says, tools=tools) is not None

    ended = run(work)
    told(id, "over", "It is over, and they are told." if ended else "It was over already.", as_json)


async def _mine(here: Here, conn: AsyncConnection, id: str, by: str, did: str) -> tuple[Listed, Staff]:
    """The hand-over and whoever sees to it, which is noted; raise Complaint."""
    over = await helped.find(conn, id)
    me = await staff_member(conn, over.group, by, here.secrets)
    trace = {"group": over.group, "did": did, "subject": over.id, "who": me.id}
    await auditing.record(conn, ids=here.ids, now=here.now, **trace)
    return over, me


def _listed(one: Listed) -> dict[str, object]:
    return {
        "id": one.id,
        "number": one.mark,
        "member": one.member,
        "name": one.name,
        "helper": one.helper,
        "state": one.state,
        "opened_at": stamp(one.opened_at),
        "late_at": stamp(one.due_at),
        "closed_at": stamp(one.closed_at),
    }
