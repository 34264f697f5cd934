"""Groups and what they have settled: `takepart group`."""

from dataclasses import asdict
from typing import Annotated

import typer

from bot.commands.base import GroupName, Here, Json, print_json, run, say, table
from flows import rules
from flows.rules import Rules
from storage.lines.rooms import room_word
from storage.members import groups, people
from storage.members.groups import Complaint, Home
from storage.sending import spending
from storage.sending.spending import Spent

group = typer.Typer(no_args_is_help=True, help="Make groups and link their chats.")


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
            return await room_word(conn, here.secrets, id=here.ids(), group=home.id, now=here.now)

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
            await people.name_helper(conn, home.id, helper, phone=phone, secrets=here.secrets)
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


@group.command("rules")
def group_rules(
    name: GroupName,
    asked: Annotated[
        list[str] | None,
        typer.Argument(metavar="RULE=VALUE...", help="What to change."),
    ] = None,
    as_json: Json = False,
) -> None:
    """See or change what a group has settled for itself.

    takepart group rules GARDEN messages-a-week=3
    """
    changes = dict(_pair(one) for one in asked or ())

    async def work(here: Here) -> Rules:
        async with here.db.write() as conn:
            home = await groups.find_group(conn, name)
            return await groups.settle(conn, home.id, changes)

    settled = rules.values(run(work))
    if as_json:
        print_json(settled)
        return
    says = rules.described()
    table(("rule", "value", "what it settles"), [(one, settled[one], says[one]) for one in says], empty="")


def _pair(asked: str) -> tuple[str, str]:
    name, equals, value = asked.partition("=")
    if not equals:
        raise Complaint(f"'{name}' needs a value: write {name}=VALUE.")
    return name, value


def _most(limit: int) -> str:
    return f"at most {limit} a day" if limit else "no limit"
