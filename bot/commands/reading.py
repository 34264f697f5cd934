"""Reading back: `takepart contributions`, `takepart matters`, `takepart export`."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from bot.commands.audit import By, leave_trace
from bot.commands.base import GroupName, Here, Json, at, print_json, run, say, stamp, table
from bot.exporting import folder as export
from storage.care import matters
from storage.given.reading import Contribution, list_contributions, names, plain
from storage.members.groups import Complaint, find_group

SHORT = 80  # characters of a text in the table; --json and export have all of it


def contributions(name: GroupName, by: By = None, as_json: Json = False) -> None:
    """Show what a group's members gave. Practice is listed and marked.

    takepart contributions GARDEN --json
    """

    async def work(here: Here) -> tuple[list[Contribution], dict[str, str]]:
        async with here.db.write() as conn:
            home = await find_group(conn, name)
            await leave_trace(conn, here, home.id, "read what members gave", by=by)
            return await list_contributions(conn, home.id), await names(conn, home.id)

    found, called = run(work)
    if as_json:
        print_json([plain(one, marked=False) for one in found])
        return
    rows = [
        (
            one.at,
            one.flow,
            called.get(one.member or "") or one.member,
            one.channel,
            _short(one),
            one.audience,
            ", ".join(filter(None, ("practice" if one.practice else "", _hidden(one)))),
        )
        for one in found
    ]
    columns = ("at", "what", "member", "channel", "text", "who may read it", "")
    table(columns, rows, empty="Nothing has been given yet.")


def matters_list(
    name: GroupName,
    done: Annotated[
        str | None, typer.Option("--done", metavar="ID", help="Somebody has seen to this one.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what needs a person: who asked for help, and words that were passed on or not understood.

    takepart matters GARDEN
    """

    async def work(here: Here) -> list[matters.Open]:
        async with here.db.write() as conn:
            home = await find_group(conn, name)
            if done and not await matters.done(conn, done, group=home.id, now=here.now):
                raise Complaint("There is nothing with that id on the list.")
            return await matters.waiting(conn, home.id, here.now)

    found = run(work)
    if as_json:
        print_json([asdict(one) | {"at": stamp(one.at)} for one in found])
        return
    rows = [(one.id, at(one.at), one.kind, one.name or one.member, one.words, one.question) for one in found]
    table(("matter", "at", "what", "member", "words", "asked"), rows, empty="Nothing waits for a person.")


def export_group(
    name: GroupName,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="An empty folder, or a new one.")],
    practice: Annotated[
        bool, typer.Option("--practice", help="Take what was given in practice too.")
    ] = False,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Write what a group's members gave into a folder: a table, JSON, the files, and a count of all.

    takepart export GARDEN garden-2026-03
    """

    async def work(here: Here) -> tuple[int, int]:
        async with here.db.write() as conn:
            home = await find_group(conn, name)
            await leave_trace(conn, here, home.id, "wrote out what members gave", by=by)
            found = await list_contributions(conn, home.id, practice=practice or home.practice)
        files = await export.write(folder, home, found, here.files.load, now=here.now)
        return len(found), files

    number, files = run(work)
    if as_json:
        print_json({"contributions": number, "files": files})
        return
    say(f"Written: {number} contributions and {files} files. manifest.json has the counts.")


def _hidden(one: Contribution) -> str:
    return f"hidden: {one.hidden}" if one.hidden else ""


def _short(one: Contribution) -> str:
    words = " ".join(one.text.split())
    shown = words if len(words) <= SHORT else words[: SHORT - 1].rstrip() + "…"
    files = f"({', '.join(file.kind for file in one.media)})" if one.media else ""
    return f"{shown} {files}".strip()
