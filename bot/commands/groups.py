"""Groups and their people: `takepart group`, `takepart facilitator`, `takepart member`."""

import sys
from contextlib import suppress
from dataclasses import asdict
from typing import Annotated

import typer

from bot.commands.base import GroupName, Here, Json, at, print_json, run, say, stamp, table
from flows.effects import Change
from storage import groups, spending
from storage.groups import Home, Listed
from storage.leaving import change
from storage.leftovers import discard, sweep
from storage.media_place import Away
from storage.reading import member_data
from storage.spending import Spent
from storage.views import changed

group = typer.Typer(no_args_is_help=True, help="Make groups and link their chats.")
facilitator = typer.Typer(no_args_is_help=True, help="Say who runs a group.")
member = typer.Typer(no_args_is_help=True, help="See who is in a group, and do what a member asks for.")

MemberName = Annotated[str, typer.Argument(metavar="MEMBER", help="The member's id or number.")]


@group.command("add")
def group_add(
    code: Annotated[
        str, typer.Argument(metavar="CODE", help="What people send to join: 3 to 20 letters and digits.")
    ],
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the group is called.")],
    timezone: Annotated[str, typer.Option(help="The zone that its times are in.")] = "Europe/London",
    hours: Annotated[str, typer.Option(help="When we may write or ring first; 0-24 is always.")] = "9-20",
    outside_name: Annotated[
        str, typer.Option(help="What strangers and answerphones hear: nothing that tells.")
    ] = "Takepart",
    practice: Annotated[bool, typer.Option(help="A group only for practising in.")] = False,
    as_json: Json = False,
) -> None:
    """Make a group.

    takepart group add GARDEN "The Garden Group" --hours 10-18
    """

    async def work(here: Here) -> tuple[Home, str]:
        async with here.db.write() as conn:
            made = await groups.add_group(
                conn,
                id=here.ids(),
                code=code,
                name=name,
                now=here.now,
                zone=timezone,
                hours=hours,
                outside_name=outside_name,
                practice=practice,
            )
        return made, here.settings.twilio_number or "your number"

    made, number = run(work)
    if as_json:
        print_json({"id": made.id, "code": made.code, "number": made.number})
        return
    say(
        made.id,
        f"{made.name} is ready. Its code is {made.code} and its number is {made.number}.",
        f"People join by texting JOIN {made.code} to {number}, or by ringing and keying {made.number}.",
    )


@group.command("telegram")
def group_telegram(name: GroupName, as_json: Json = False) -> None:
    """Get a word that links a Telegram group chat. It works once, for a day.

    takepart group telegram GARDEN
    """

    async def work(here: Here) -> str:
        async with here.db.write() as conn:
            home = await groups.find_group(conn, name)
            return await groups.room_word(conn, here.secrets, id=here.ids(), group=home.id, now=here.now)

    word = run(work)
    if as_json:
        print_json({"word": word})
        return
    say(
        f"/link {word}",
        "Add the bot to the group chat. Then an administrator of the chat sends the line above there.",
    )


@group.command("helper")
def group_helper(
    name: GroupName,
    helper: Annotated[str, typer.Argument(metavar="NAME", help="A facilitator's name, number or id.")],
    phone: Annotated[str, typer.Option(help="Where 0 on a call puts the caller through to.")] = "",
    as_json: Json = False,
) -> None:
    """Name the person who helps members. Without --phone nobody is put through on a call.

    takepart group helper GARDEN Sam --phone +441632960100
    """

    async def work(here: Here) -> str:
        async with here.db.write() as conn:
            home = await groups.find_group(conn, name)
            await groups.name_helper(conn, home.id, helper, phone=phone, secrets=here.secrets)
            return home.id

    found = run(work)
    if as_json:
        print_json({"id": found})
        return
    say("Noted. Callers who ask for a person are put through." if phone else "Noted.")


@group.command("limits")
def group_limits(
    name: GroupName,
    segments: Annotated[
        int | None, typer.Option(min=0, help="Segments of texts in a day; 0 for no limit.")
    ] = None,
    minutes: Annotated[
        int | None, typer.Option(min=0, help="Minutes of calls in a day; 0 for no limit.")
    ] = None,
    as_json: Json = False,
) -> None:
    """See or change what a group may spend in a day. Beyond it, what we start waits for the next day.

    takepart group limits GARDEN --segments 5000
    """

    async def work(here: Here) -> Spent:
        async with here.db.write() as conn:
            home = await groups.find_group(conn, name)
            await spending.limit(conn, home.id, segments=segments, minutes=minutes, now=here.now)
            return await spending.today(conn, home.id, here.now)

    spent = run(work)
    if as_json:
        print_json(asdict(spent))
        return
    say(
        f"Texts: {spent.segments} segments today, {_most(spent.daily_segments)}.",
        f"Calls: {spent.minutes} minutes today, {_most(spent.daily_minutes)}.",
    )


def _most(limit: int) -> str:
    return f"at most {limit} a day" if limit else "no limit"


@facilitator.command("add")
def facilitator_add(
    name: GroupName,
    person: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help="What members call them; or, of a member who has joined, the number or id."
        ),
    ],
    as_json: Json = False,
) -> None:
    """Add somebody who runs a group. Members are told their name when they ask who reads.

    Whoever joined like a member first, and is added by member number, also hears when much is spent.

    takepart facilitator add GARDEN "Sam"

    takepart facilitator add GARDEN 4821
    """

    async def work(here: Here) -> tuple[str, str]:
        async with here.db.write() as conn:
            home = await groups.find_group(conn, name)
            joined = await groups.appoint(conn, home.id, person, here.secrets)
            if joined:
                return joined.id, joined.number
            id_ = here.ids()
            number = await groups.add_facilitator(conn, id=id_, group=home.id, name=person, now=here.now)
            return id_, number

    id_, number = run(work)
    if as_json:
        print_json({"id": id_, "number": number})
        return
    say(id_, f"Added. Their member number is {number}.")


@member.command("list")
def member_list(name: GroupName, as_json: Json = False) -> None:
    """Show everybody in a group and how to reach them. It shows names and numbers: mind who is looking.

    takepart member list GARDEN
    """

    async def work(here: Here) -> list[Listed]:
        async with here.db.read() as conn:
            home = await groups.find_group(conn, name)
            return await groups.list_members(conn, home.id, here.secrets)

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
    as_json: Json = False,
) -> None:
    """Type the name that somebody said on the phone.

    takepart member name 4821 "George"
    """

    async def work(here: Here) -> str:
        async with here.db.write() as conn:
            found = await groups.find_member(conn, who, here.secrets)
            await groups.type_name(conn, found, name, here.now)
            return found.id

    found = run(work)
    if as_json:
        print_json({"id": found})
        return
    say("Noted.")


@member.command("stop")
def member_stop(who: MemberName, as_json: Json = False) -> None:
    """Stop everything that we start with a member, on every channel, as if they had sent STOP.

    takepart member stop 01k9q2…
    """

    async def work(here: Here) -> Listed:
        async with here.db.write() as conn:
            found = await groups.find_member(conn, who, here.secrets)
            await change(conn, found.id, Change(to="stopped"), here.now)
            await changed(conn, [found.group])
            return found

    found = run(work)
    if as_json:
        print_json({"id": found.id, "state": "stopped"})
        return
    say("They get nothing more from us. They can still write or ring, and start again themselves.")


@member.command("export")
def member_export(who: MemberName) -> None:
    """Print, as JSON, everything that is held about a member, for them to have.

    takepart member export 01k9q2… > for-them.json
    """

    async def work(here: Here) -> dict[str, object]:
        async with here.db.read() as conn:
            found = await groups.find_member(conn, who, here.secrets)
            return {"member": _member(found), **await member_data(conn, found.id)}

    print_json(run(work))


@member.command("forget")
def member_forget(
    who: MemberName,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask whether you are sure.")] = False,
    as_json: Json = False,
) -> None:
    """Erase a member and everything they gave. It cannot be taken back.

    takepart member forget 01k9q2…
    """
    if not yes and sys.stdin.isatty():  # there is somebody to ask
        typer.confirm("Erase this member and everything they gave, for ever?", abort=True, err=True)

    async def work(here: Here) -> str:
        async with here.db.write() as conn:
            found = await groups.find_member(conn, who, here.secrets)
            files = await change(conn, found.id, Change(to="erased"), here.now)
            await discard(conn, files)
            await changed(conn, [found.group])
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
        "joined_at": stamp(one.joined_at),
        "heard_at": stamp(one.heard_at),
        "ways": [
            {"channel": way.channel, "address": way.address, "may_start": way.may_start} for way in one.ways
        ],
    }


def _state(one: Listed) -> str:
    return f"{one.state}, practice" if one.practice else one.state


def _ways(one: Listed) -> str:
    return "\n".join(f"{way.channel} {way.address}" for way in one.ways)
