"""What operators do for members, and what members ask them to do: `takepart member`."""

import sys
from contextlib import suppress
from typing import Annotated

import typer

from bot.commands import door, lines
from bot.commands.audit import By, leave_trace
from bot.commands.base import GroupName, Here, Json, MemberName, at, print_json, run, say, stamp, table
from bot.staff.forgetting import forget
from bot.ways import house
from flows.effects import Change
from storage.erasure.held import member_data
from storage.erasure.own_copy import own_copy
from storage.files.leftovers import sweep
from storage.files.media_place import Away
from storage.lines.persons import NO_MEMBER
from storage.members import groups, people
from storage.members.leaving import change
from storage.members.people import Listed
from storage.turning.views import changed

member = typer.Typer(no_args_is_help=True, help="See who is in a group, and do what a member asks for.")
member.add_typer(lines.commands)
member.add_typer(door.commands)

NO_WAY_LEFT = "none left: takepart member code"


@member.command("list")
def member_list(name: GroupName, by: By = None, as_json: Json = False) -> None:
    """Show everybody in a group and how to reach them. It shows names and numbers: mind who is looking.

    takepart member list GARDEN
    """

    async def work(here: Here) -> list[Listed]:
        async with here.db.write() as conn:
            home = await groups.find_group(conn, name)
            await leave_trace(conn, here, home.id, "looked at the list of members", by=by)
            return await people.list_members(conn, home.id, here.secrets)

    found = run(work)
    if as_json:
        print_json([_member(one) for one in found])
        return
    rows = [
        (one.id, one.name, one.number, one.permission, _state(one), _ways(one), at(one.heard_at))
        for one in found
    ]
    columns = ("member", "name", "number", "permission", "state", "ways", "last heard")
    table(columns, rows, empty="Nobody is in this group yet.")


@member.command("name")
def member_name(
    who: MemberName,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What they said they would like to be called.")],
    by: By = None,
    as_json: Json = False,
) -> None:
    """Type the name that somebody said on the phone.

    takepart member name 4821 "George"
    """

    async def work(here: Here) -> str:
        async with here.db.write() as conn:
            found = await people.find_member(conn, who, here.secrets)
            await people.type_name(conn, found, name, here.now)
            await leave_trace(conn, here, found.group, "typed their name", by=by, subject=found.id)
            return found.id

    found = run(work)
    if as_json:
        print_json({"id": found})
        return
    say("Noted.")


@member.command("stop")
def member_stop(who: MemberName, by: By = None, as_json: Json = False) -> None:
    """Stop everything that we start with a member, on every channel, as if they had sent STOP.

    takepart member stop 01k9q2…
    """

    async def work(here: Here) -> Listed:
        async with here.db.write() as conn:
            found = await people.find_member(conn, who, here.secrets)
            await change(conn, found.id, Change(to="stopped"), here.now)
            await leave_trace(conn, here, found.group, "stopped all messages", by=by, subject=found.id)
            await changed(conn, [found.group])
            return found

    found = run(work)
    if as_json:
        print_json({"id": found.id, "state": "stopped"})
        return
    say("They get nothing more from us. They can still write or ring, and start again themselves.")


@member.command("export")
def member_export(
    who: MemberName,
    by: By = None,
    readable: Annotated[
        bool, typer.Option("--readable", help="As a text to print, and no data for programs.")
    ] = False,
) -> None:
    """Print, as JSON, everything that is held about a member, for them to have.

    takepart member export 01k9q2… > for-them.json
    """

    async def work(here: Here) -> dict[str, object] | str:
        async with here.db.write() as conn:
            found = await people.find_member(conn, who, here.secrets)
            did = "wrote out everything held about them"
            await leave_trace(conn, here, found.group, did, by=by, subject=found.id)
            if readable:
                return await own_copy(conn, found.id, here.secrets, house(), now=here.now)
            return {"member": _member(found), **await member_data(conn, found.id)}

    found = run(work)
    if isinstance(found, str):
        say(found)
    else:
        print_json(found)


@member.command("forget")
def member_forget(
    who: MemberName,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask whether you are sure.")] = False,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Erase a member and everything they gave. It cannot be taken back.

    takepart member forget 01k9q2…
    """
    if not yes and sys.stdin.isatty():  # there is somebody to ask
        typer.confirm("Erase this member and everything they gave, for ever?", abort=True, err=True)

    async def work(here: Here) -> str:
        async with here.db.write() as conn:
            found = await people.find_member(conn, who, here.secrets)
            await forget(conn, found, now=here.now)
            await leave_trace(conn, here, found.group, "erased them", by=by, subject=found.id)
        with suppress(Away):  # then the service removes them when it can
            while await sweep(here.db, here.files, here.now):
                pass
        return found.id

    id_ = run(work)
    if as_json:
        print_json({"id": id_, "state": "erased"})
        return
    say("Erased. Results of votes that have closed are counts, and stay.")


def _member(one: Listed) -> dict[str, object]:
    return {
        "id": one.id,
        "name": one.name,
        "number": one.number,
        "permission": one.permission,
        "state": one.state,
        "language": one.language,
        "form": one.form,
        "practice": one.practice,
        "joined": list(one.joined),
        "joined_at": stamp(one.joined_at),
        "heard_at": stamp(one.heard_at),
        "ways": [
            {"channel": way.channel, "address": way.address, "may_start": way.may_start} for way in one.ways
        ],
    }


def _state(one: Listed) -> str:
    marks = ["practice"] * one.practice + [f"one person with {other}" for other in one.joined]
    return ", ".join([one.state, *marks])


def _ways(one: Listed) -> str:
    if not one.ways and one.state not in NO_MEMBER and one.permission == "member":
        return NO_WAY_LEFT
    return "\n".join(f"{way.channel} {way.address}" for way in one.ways)
