"""Whom members named to enter things for them: `takepart supporter`."""

from datetime import timedelta
from typing import Annotated, Any

import typer

from bot.commands.base import Here, Json, MemberName, at, print_json, run, say, stamp, table
from storage.care.safety import staff_member
from storage.erasure import auditing
from storage.given import supporting
from storage.members import people
from storage.members.groups import Complaint

supporter = typer.Typer(no_args_is_help=True, help="Note whom a member names to enter things for them.")


@supporter.command("add")
def supporter_add(
    who: MemberName,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the supporter is called.")],
    by: Annotated[
        str, typer.Option(metavar="ME", help="The facilitator whom the member told: number, name or id.")
    ],
    votes: Annotated[bool, typer.Option("--votes", help="The member's votes too, not only words.")] = False,
    weeks: Annotated[int, typer.Option(min=1, max=104, help="For so many weeks.")] = 13,
    as_json: Json = False,
) -> None:
    """Note a supporter whom the member has named, and print the code for that one's own phone.

    takepart supporter add 4821 "Joan" --by Sam --votes
    """

    async def work(here: Here) -> str:
        async with here.db.write() as conn:
            member = await people.find_member(conn, who, here.secrets)
            staff = await staff_member(conn, member.group, by, here.secrets)
            ids, now = here.ids, here.now
            await auditing.record(
                conn,
                ids=ids,
                group=member.group,
                did="supporter named",
                subject=member.id,
                who=staff.id,
                now=now,
            )
            may, until = "votes" if votes else "words", now + timedelta(weeks=weeks)
            return await supporting.name(
                conn, here.secrets, member.id, name, may=may, until=until, ids=ids, now=now
            )

    code = run(work)
    if as_json:
        print_json({"code": code})
        return
    say(code, "They send this code to us from their own phone, in the next two days.")


@supporter.command("list")
def supporter_list(who: MemberName, as_json: Json = False) -> None:
    """Show whom a member has named.

    takepart supporter list 4821
    """

    async def work(here: Here) -> list[Any]:
        async with here.db.read() as conn:
            member = await people.find_member(conn, who, here.secrets)
            return await supporting.of_member(conn, member.id, here.now)

    found = run(work)
    if as_json:
        keys = ("id", "name", "purposes")
        print_json([{key: getattr(row, key) for key in keys} | {"until": stamp(row.until)} for row in found])
        return
    rows = [
        (row.id, row.name, " ".join(row.purposes), at(row.until), "yes" if row.line_id else "no")
        for row in found
    ]
    table(
        ("supporter", "name", "enters", "until", "by their own phone"), rows, empty="They have named nobody."
    )


@supporter.command("end")
def supporter_end(
    who: MemberName,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The supporter's name or id; else all.")] = "",
    as_json: Json = False,
) -> None:
    """End it, as if the member had sent ALONE.

    takepart supporter end 4821 Joan
    """

    async def work(here: Here) -> int:
        async with here.db.write() as conn:
            member = await people.find_member(conn, who, here.secrets)
            ended = await supporting.end(conn, member.id, here.now, called=name)
            if not ended:
                raise Complaint("They have named nobody who is called so.")
            await auditing.record(
                conn,
                ids=here.ids,
                group=member.group,
                did="supporters ended",
                subject=member.id,
                now=here.now,
            )
            return ended

    ended = run(work)
    if as_json:
        print_json({"ended": ended})
        return
    say("Ended. Nothing is taken from their phone any more.")
