"""What a group's people agree to: `takepart consent`."""

from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.commands.base import GroupName, Here, Json, print_json, run, say, table
from bot.staff import consents
from bot.staff.consents import PURPOSES, Asked
from bot.ways import shipped
from flows.document import load
from storage.erasure import auditing
from storage.members import groups
from storage.members.groups import Complaint, Home


def consent(
    name: GroupName,
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="The group's own wording, plain or Markdown.")
    ] = None,
    purpose: Annotated[str, typer.Option(help="What it is for: join, or outside the group.")] = "join",
    same: Annotated[
        bool, typer.Option("--same", help="It says the same in other words or another language.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show what people agree to, or have the group ask in words of its own.

    Versions beside the file are used too: own.easy.md, own.cy.md, own.cy.easy.md. What stands below a line of
    three dashes is said to who asks for MORE. Whoever agreed to other words is asked again at their next
    visit, unless it says the --same.

    takepart consent GARDEN own.md
    """
    if purpose not in PURPOSES:
        raise Complaint(f"'{purpose}' is nothing that people are asked: write one of {', '.join(PURPOSES)}.")

    async def work(here: Here) -> Asked:
        async with here.db.write() as conn:
            home = await groups.find_group(conn, name)
            if file:
                await _change(here, conn, home, purpose, file, same=same)
            return await consents.asked(conn, home, purpose, load(shipped()))

    found = run(work)
    if as_json:
        counts = {"agreed": found.agreed, "others": found.others, "missing": list(found.missing)}
        words = {"text": dict(found.text), "more": dict(found.more)}
        print_json({"purpose": purpose, "version": found.version, "own": found.own, **words, **counts})
        return
    rows = [(where, words) for where, words in found.text.items()]
    rows += [(f"{where}, more", words) for where, words in found.more.items()]
    table(("for", "words"), rows, empty="")
    say(f"{found.agreed} people agreed to this, {found.others} to other words.", *found.missing)


async def _change(
    here: Here, conn: AsyncConnection, home: Home, purpose: str, file: Path, *, same: bool
) -> None:
    """Put the words of a file in the place of those that the group asked in."""
    written, version = consents.read(file, home.language), here.ids()
    await consents.change(
        conn, home, purpose, written, load(shipped()), same=same, version=version, now=here.now
    )
    trace = {"group": home.id, "did": f"changed what people agree to: {purpose}", "subject": version}
    await auditing.record(conn, ids=here.ids, now=here.now, **trace)
