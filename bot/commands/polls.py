"""Votes: `takepart poll`."""

from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.commands.base import GroupName, Here, Json, print_json, run, say, table
from flows.calendar import day_name, local
from storage.members.groups import Complaint, find_group
from storage.sessions import polls
from storage.sessions.drafting import NewPoll
from storage.sessions.polls import Tally

poll = typer.Typer(no_args_is_help=True, help="Ask everybody, count, and tell everybody.")

PollId = Annotated[str, typer.Argument(metavar="POLL", help="The id that `poll open` printed.")]
Practice = Annotated[bool, typer.Option("--practice", help="Count practice members too.")]


@poll.command("open")
def poll_open(
    name: GroupName,
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="What is asked.")],
    option: Annotated[
        list[str], typer.Option("-o", "--option", metavar="OPTION", help="One for each choice.")
    ],
    several: Annotated[bool, typer.Option("--several", help="More than one may be chosen.")] = False,
    secret: Annotated[bool, typer.Option("--secret", help="At closing, forget who chose what.")] = False,
    staff: Annotated[bool, typer.Option("--staff", help="Facilitators may vote too.")] = False,
    changes: Annotated[
        str, typer.Option(metavar="TEXT", help="What it will change. Members hear it with the question.")
    ] = "",
    decides: Annotated[
        str, typer.Option(metavar="WHO", help="Who decides in the end. Members hear it too.")
    ] = "",
    closes: Annotated[
        str | None, typer.Option(metavar="WHEN", help="2026-03-03 14:00, or +2d; else in 7 days.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Open a vote and send it to every member by the way each prefers.

    takepart poll open GARDEN "Where shall we meet?" -o Library -o "Town hall" --closes +3d
    """

    async def work(here: Here) -> tuple[str, Tally]:
        async with here.db.write() as conn:
            home = await find_group(conn, name)
            new = NewPoll(
                group=home.id,
                question=question,
                options=option,
                several=several,
                secret=secret,
                staff=staff,
                changes=changes,
                decides=decides,
                closes_at=local(closes, home.zone, here.now) if closes else None,
            )
            made = await polls.open_poll(conn, new, ids=here.ids, now=here.now)
            return made, await _tally(here, made, conn=conn)

    made, standing = run(work)
    if as_json:
        print_json({"id": made})
        return
    closing = standing.closes_at
    until = f" until {day_name(closing, standing.zone, closing)}" if closing else ""
    say(made, f"Open{until}. People who can vote and are being asked now: {standing.eligible}.")


@poll.command("close")
def poll_close(which: PollId, as_json: Json = False) -> None:
    """Close a vote now. Everybody hears the result.

    takepart poll close 01k9q2…
    """

    async def work(here: Here) -> Tally:
        async def close(conn: AsyncConnection) -> Tally:
            await _tally(here, which, conn=conn)
            if not await polls.close_poll(conn, which, ids=here.ids, now=here.now):
                raise Complaint("That vote has closed already: `takepart poll result` shows it.")
            return await _tally(here, which, conn=conn)

        return await here.db.transact(close)

    standing = run(work)
    if as_json:
        print_json(_json(standing))
        return
    _show(standing)


@poll.command("result")
def poll_result(which: PollId, practice: Practice = False, as_json: Json = False) -> None:
    """Show how a vote stands: how many have voted, and the counts once it has closed.

    takepart poll result 01k9q2…
    """

    async def work(here: Here) -> Tally:
        async with here.db.read() as conn:
            return await _tally(here, which, conn=conn, practice=practice)

    standing = run(work)
    if as_json:
        print_json(_json(standing))
        return
    _show(standing)


async def _tally(here: Here, which: str, *, conn: AsyncConnection, practice: bool = False) -> Tally:
    found = await polls.tally(conn, which, now=here.now, practice=practice)
    if found is None:
        raise Complaint("There is no poll with that id: `takepart poll open` prints it.")
    return found


def _json(standing: Tally) -> dict[str, object]:
    counts = standing.counts
    return {
        "id": standing.id,
        "question": standing.question,
        "state": standing.state,
        "options": [
            {"option": label, "count": counts[key] if counts else None} for key, label in standing.options
        ],
        "voted": standing.voted,
        "eligible": standing.eligible,
    }


def _show(standing: Tally) -> None:
    say(standing.question)
    if standing.counts:
        rows = [(label, standing.counts[key]) for key, label in standing.options]
        table(("option", "votes"), rows, empty="")
    say(standing.sentence)
