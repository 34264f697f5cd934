"""Meetings and pre-reading: `takepart meeting`, `takepart brief`."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.commands.base import GroupName, Here, Json, at, keep_file, print_json, run, say, stamp, table
from bot.staff import briefs
from flows.calendar import day_name, local
from storage.members.groups import find_group
from storage.sessions import briefing, meetings
from storage.sessions.meetings import Meeting, NewBrief, Planned

meeting = typer.Typer(no_args_is_help=True, help="Plan meetings. Members who were told hear of changes.")
brief = typer.Typer(
    no_args_is_help=True, help="Send pre-reading ahead of a meeting, and see whom it reached."
)

WHEN = "2026-03-03 14:00 in the group's zone, the same with an offset, or +2d, +90m from now."
When = Annotated[str, typer.Option("--at", metavar="WHEN", help=WHEN)]
MeetingId = Annotated[str, typer.Argument(metavar="MEETING", help="The id that `meeting add` printed.")]
BriefId = Annotated[str, typer.Argument(metavar="BRIEF", help="The id that `brief add` printed.")]


@meeting.command("add")
def meeting_add(
    name: GroupName,
    title: Annotated[str, typer.Argument(metavar="TITLE", help="What members will call it.")],
    when: When,
    as_json: Json = False,
) -> None:
    """Plan a meeting.

    takepart meeting add GARDEN "Travel and transport" --at "2026-03-03 14:00"
    """

    async def work(here: Here) -> tuple[str, str]:
        async with here.db.write() as conn:
            home = await find_group(conn, name)
            starts = local(when, home.zone, here.now)
            made = await meetings.add_meeting(conn, home, title, starts, ids=here.ids, now=here.now)
        return made, day_name(starts, home.zone, here.now)

    made, day = run(work)
    if as_json:
        print_json({"id": made})
        return
    say(made, f"Planned for {day}.")


@meeting.command("move")
def meeting_move(which: MeetingId, when: When, as_json: Json = False) -> None:
    """Move a meeting. Its briefs move with it, and those who were told the old time hear the new one.

    takepart meeting move 01k9q2… --at "2026-03-10 14:00"
    """

    async def work(here: Here) -> tuple[Meeting, list[Planned]]:
        async with here.db.write() as conn:
            found = await meetings.find_meeting(conn, which)
            starts = local(when, found.zone, here.now)
            planned = await meetings.move_meeting(conn, found, starts, ids=here.ids, now=here.now)
            return await meetings.find_meeting(conn, which), planned

    moved, planned = run(work)
    if as_json:
        print_json({"id": moved.id, "at": stamp(moved.at)})
        return
    say(f"Moved to {day_name(moved.at, moved.zone, moved.at)}.", *_sendings(planned, moved.zone))


@meeting.command("cancel")
def meeting_cancel(which: MeetingId, as_json: Json = False) -> None:
    """Cancel a meeting and its briefs. Those who were told of it hear that it will not take place.

    takepart meeting cancel 01k9q2…
    """

    async def work(here: Here) -> None:
        async with here.db.write() as conn:
            found = await meetings.find_meeting(conn, which)
            await meetings.cancel_meeting(conn, found, ids=here.ids, now=here.now)

    run(work)
    if as_json:
        print_json({"id": which, "state": "cancelled"})
        return
    say("Cancelled. Those who were told of it will hear.")


@brief.command("add")
def brief_add(
    which: MeetingId,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The text, in Markdown.")],
    before: Annotated[
        list[str] | None,
        typer.Option(
            "--before", metavar="SPAN", help="How long before: 3d, 1w (at 10:00), 6h. Give several to remind."
        ),
    ] = None,
    attach: Annotated[
        list[Path] | None,
        typer.Option("--attach", metavar="FILE", help="A picture, PDF or recording to go along."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Send pre-reading to every member ahead of a meeting, three days before where nothing is said.

    Versions beside it are used too: for travel.md they are travel.easy.md (easy read), travel.cy.md (Welsh),
    travel.cy.easy.md.

    takepart brief add 01k9q2… travel.md --before 1w --before 1d --attach map.png
    """

    async def work(here: Here) -> tuple[str, list[Planned], list[str], Meeting]:
        async with here.db.read() as conn:
            found = await meetings.find_meeting(conn, which)
            needed = await meetings.needed_versions(conn, found.group)
        written = briefs.read(file, found.language)
        kept = [(await keep_file(here, path, name=path.name), path.name) for path in attach or ()]
        new = NewBrief(
            meeting=found, title=written.title, texts=written.versions, befores=before or ["3d"], files=kept
        )
        async with here.db.write() as conn:
            made, planned = await meetings.add_brief(conn, new, ids=here.ids, now=here.now)
        return made, planned, _missing(needed, written.versions), found

    made, planned, missing, found = run(work)
    if as_json:
        plans = [{"before": one.before, "at": stamp(one.at)} for one in planned]
        print_json({"id": made, "sendings": plans, "missing": missing})
        return
    say(made, *_sendings(planned, found.zone), *missing)


@brief.command("status")
def brief_status(which: BriefId, as_json: Json = False) -> None:
    """Show for every member what became of a brief.

    A member is waiting, sent, delivered, acknowledged, failed or not reachable.

    takepart brief status 01k9q2…
    """

    async def work(here: Here) -> list[meetings.Status]:
        async with here.db.read() as conn:
            return await briefing.became(conn, which, here.settings.channels_on, here.now)

    found = run(work)
    if as_json:
        print_json(
            [
                {"member": one.member, "channel": one.channel, "state": one.state, "at": stamp(one.at)}
                for one in found
            ]
        )
        return
    rows = [(one.member, one.name, one.channel, one.state, at(one.at), one.why) for one in found]
    columns = ("member", "name", "channel", "state", "at", "why")
    table(columns, rows, empty="Nobody is in this group yet.")


def _missing(needed: Mapping[tuple[str, str], int], versions: Mapping[tuple[str, str], str]) -> list[str]:
    """A version that somebody needs and that is not there is named now, while it can still be written."""
    return [
        f"Needed and not there: {language}{', easy read' if form == 'easy' else ''} (members: {number}). "
        "They get the nearest version and are told so."
        for (language, form), number in sorted(needed.items())
        if (language, form) not in versions
    ]


def _sendings(planned: list[Planned], zone: str) -> list[str]:
    return [_sending(one.before, one.at, zone) for one in planned]


def _sending(before: str, moment: datetime | None, zone: str) -> str:
    if moment is None:
        return f"{before} before: it cannot go out before the meeting any more."
    return f"{before} before: goes out on {day_name(moment, zone, moment)}."
