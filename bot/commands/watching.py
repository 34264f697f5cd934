"""What went wrong and what can be done: `takepart problems`, `takepart undelivered`."""

import asyncio
from dataclasses import asdict
from typing import Annotated

import typer

from bot.commands.base import Here, Json, at, print_json, run, say, stamp, table, told
from bot.settings import load
from flows.files.lines import FlowError
from storage.members.groups import Complaint, find_group
from storage.running import problems as store
from storage.running.figures import too_late
from storage.running.problems import Problem
from storage.running.undelivered import Undelivered, retry, retry_all, undelivered

problems = typer.Typer(invoke_without_command=True)
messages = typer.Typer(invoke_without_command=True)

LATE = "Not sent in the last day, since they were out of date before they could go: {}."

ProblemId = Annotated[str, typer.Argument(metavar="ID", help="The id that `takepart problems` shows.")]


@problems.callback()
def problems_list(which: typer.Context, as_json: Json = False) -> None:
    """Show what came in and could not be answered, and say what is to be done with each.

    takepart problems --json
    """
    if which.invoked_subcommand:
        return

    async def work(here: Here) -> list[Problem]:
        async with here.db.read() as conn:
            return await store.list_open(conn)

    found = run(work)
    if as_json:
        print_json([asdict(one) | {"at": stamp(one.at)} for one in found])
        return
    rows = [
        (one.id, at(one.at), one.channel, one.kind, one.group, one.member, one.error, one.why or "yes")
        for one in found
    ]
    columns = ("problem", "at", "channel", "kind", "group", "member", "error", "can be replayed")
    table(columns, rows, empty="Everything that came in has been answered.")


@problems.command("replay")
def problems_replay(id: ProblemId, as_json: Json = False) -> None:
    """Answer it now, as it would have been answered then. Mend what was wrong first.

    takepart problems replay 01k9q2zt4vwxhepk
    """
    # Only here: the providers' libraries take a second to load, which no other command needs.
    from bot.app import App
    from bot.intake.replaying import replay

    async def work() -> None:
        app = App(load(), beside=True)
        await app.open()
        try:
            await replay(id, db=app.db, tools=app.tools, clock=app.clock)
        finally:
            await app.stop()

    try:
        asyncio.run(work())
    except FlowError as error:
        raise Complaint(str(error)) from None
    told(id, "replayed", "It has been taken in. The service sends the answer if it runs.", as_json)


@problems.command("pass")
def problems_pass(
    id: ProblemId,
    name: Annotated[
        str | None,
        typer.Option("--group", metavar="GROUP", help="Whose facilitators, if it came from a stranger."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Hand the words and files in it to the facilitators: they find them with `takepart matters`.

    takepart problems pass 01k9q2zt4vwxhepk
    """

    async def work(here: Here) -> str:
        async with here.db.write() as conn:
            group = (await find_group(conn, name)).id if name else None
            return await store.pass_on(
                conn, id, group=group, secrets=here.secrets, ids=here.ids, now=here.now
            )

    matter = run(work)
    told(matter, "passed", "The facilitators find it with `takepart matters`.", as_json)


@problems.command("done")
def problems_done(id: ProblemId, as_json: Json = False) -> None:
    """Take it off the list: it has been seen to in another way.

    takepart problems done 01k9q2zt4vwxhepk
    """

    async def work(here: Here) -> None:
        async with here.db.write() as conn:
            await store.done(conn, id, now=here.now)

    run(work)
    told(id, "done", "It is off the list.", as_json)


@messages.callback()
def undelivered_list(which: typer.Context, as_json: Json = False) -> None:
    """Show messages that did not arrive, with the reason, and how many were out of date before they could go.

    takepart undelivered --json
    """
    if which.invoked_subcommand:
        return

    async def work(here: Here) -> tuple[list[Undelivered], int]:
        async with here.db.read() as conn:
            return await undelivered(conn), await too_late(conn, here.now)

    found, late = run(work)
    if as_json:
        print_json([asdict(one) | {"at": stamp(one.at)} for one in found])
        return
    columns = ("message", "at", "channel", "kind", "state", "tries", "member", "why", "can be sent again")
    table(columns, [_row(one) for one in found], empty="Everything has arrived, or is on its way.")
    if late:
        say(LATE.format(late))


@messages.command("retry")
def undelivered_retry(
    id: Annotated[
        str | None, typer.Argument(metavar="ID", help="The id that `takepart undelivered` shows.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every one that can be sent again.")] = False,
    as_json: Json = False,
) -> None:
    """Send a message again that failed, or all of them.

    takepart undelivered retry 01k9q2zt4vwxhepk
    """
    if (id is None) == (not everything):
        raise Complaint("Name one message by its id, or all of them with --all.")

    async def work(here: Here) -> int:
        async with here.db.write() as conn:
            if id is None:
                return await retry_all(conn, now=here.now)
            await retry(conn, id, now=here.now)
            return 1

    number = run(work)
    if as_json:
        print_json({"id": id, "retried": number})
    else:
        say(f"Sent again: {number}. The service sends them if it runs.")


def _row(one: Undelivered) -> tuple[object, ...]:
    again = "yes" if one.again else "it is, by itself" if one.state == "waiting" else "no, its words are gone"
    facts = (one.id, at(one.at), one.channel, one.kind, one.state, one.tries, one.member, one.sentence)
    return (*facts, again)
