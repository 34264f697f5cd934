"""How members would like to take part: `takepart member prefer`, `takepart need`, `takepart quiet`."""

from dataclasses import asdict
from typing import Annotated

import typer

from bot.commands.audit import By, leave_trace
from bot.commands.base import GroupName, Here, Json, MemberName, at, print_json, run, say, stamp, table
from bot.staff.caring import wish
from flows import preferences
from flows.calendar import local
from flows.preferences import WISHES
from storage.members import groups, needs, people, preferring
from storage.members.groups import Complaint
from storage.members.needs import KINDS, Needed
from storage.members.quiet import Quiet, list_quiet

need = typer.Typer(no_args_is_help=True, help="What members need to take part well, and whether it is met.")
NO_NEED = "There is no need with that id: `takepart need list GROUP` shows them."


def prefer(
    who: MemberName,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help=f"One of: {', '.join(map(preferences.shown, WISHES))}.")
    ] = "",
    value: Annotated[
        str, typer.Argument(metavar="VALUE", help="yes or no, or what belongs to the name.")
    ] = "",
    on: Annotated[
        str,
        typer.Option("--on", metavar="CHANNEL", help="Of which phone or chat, for what is only said of one."),
    ] = "",
    by: By = None,
    as_json: Json = False,
) -> None:
    """Note how a member would like us to keep in touch, as they have asked for it; without a name, show it.

    takepart member prefer 4821

    takepart member prefer 4821 hours 10-16 --by Sam

    takepart member prefer 4821 leave-message yes --on voice --by Sam
    """
    if not name:
        _show(who, by, as_json=as_json)
        return

    async def work(here: Here) -> tuple[str, str, str]:
        async with here.db.write() as conn:
            found = await people.find_member(conn, who, here.secrets)
            wanted, settled = await wish(conn, found, name, value, on, now=here.now)
            done = f"noted a wish: {preferences.shown(wanted)}"
            await leave_trace(conn, here, found.group, done, by=by, subject=found.id)
            return found.id, wanted, settled

    found, wanted, settled = run(work)
    if as_json:
        print_json({"id": found, "name": preferences.shown(wanted), "value": settled})
        return
    say("Noted. It counts from the next message on.")


def _show(who: str, by: str | None, *, as_json: bool) -> None:
    async def work(here: Here) -> dict[str, str]:
        async with here.db.write() as conn:
            found = await people.find_member(conn, who, here.secrets)
            await leave_trace(conn, here, found.group, "looked at wishes", by=by, subject=found.id)
            return await preferring.all_noted(conn, found.id)

    noted = {preferences.shown(one): value for one, value in run(work).items()}
    if as_json:
        print_json(noted)
        return
    says = {preferences.shown(one): wish.says for one, wish in WISHES.items()}
    rows = [(one, value, says[one]) for one, value in noted.items()]
    table(("wish", "it is", "what it means"), rows, empty="They have not wished for anything yet.")


@need.command("add")
def need_add(
    who: MemberName,
    kind: Annotated[str, typer.Argument(metavar="KIND", help=f"One of: {', '.join(KINDS)}.")],
    words: Annotated[str, typer.Option(metavar="WORDS", help="What they say of it themselves.")] = "",
    by: By = None,
    as_json: Json = False,
) -> None:
    """Note what somebody needs. Nobody is rung or written to first against "never ring" and "never first".

    takepart need add 4821 "large print" --words "Black on yellow is best." --by Sam
    """
    wanted = kind.strip().casefold().replace("-", " ")
    if wanted not in KINDS:
        raise Complaint(f"A need is one of: {', '.join(KINDS)}. Use 'other' with --words for anything else.")

    async def work(here: Here) -> str:
        async with here.db.write() as conn:
            found = await people.find_member(conn, who, here.secrets)
            made = await needs.add(conn, found.id, wanted, words, ids=here.ids, now=here.now)
            await leave_trace(conn, here, found.group, "noted a need", by=by, subject=found.id)
            return made

    made = run(work)
    if as_json:
        print_json({"id": made})
        return
    say(made, "Noted. It stays on `takepart matters` until it is met.")


@need.command("met")
def need_met(
    id: Annotated[str, typer.Argument(metavar="NEED", help="The id that `need list` shows.")],
    no: Annotated[bool, typer.Option("--not-yet", help="It is not met yet; say why.")] = False,
    why: Annotated[str, typer.Option(metavar="WORDS", help="How it is met, or why it is not yet.")] = "",
    review: Annotated[
        str, typer.Option(metavar="WHEN", help="When to look at it again; a year from now if it is met.")
    ] = "",
    by: By = None,
    as_json: Json = False,
) -> None:
    """Say that a need is met, or why it is not yet.

    takepart need met 01k9q2… --why "Sent in 18 point." --review +180d --by Sam
    """
    if no and not why:
        raise Complaint("Say with --why what it waits for.")

    async def work(here: Here) -> Needed:
        async with here.db.write() as conn:
            on = local(review, "Europe/London", here.now) if review else None
            found = await needs.meet(conn, id, met=not no, why=why, review_on=on, now=here.now)
            if found is None:
                raise Complaint(NO_NEED)
            member = await people.find_member(conn, found.member, here.secrets)
            done = "said that a need is not met yet" if no else "said that a need is met"
            await leave_trace(conn, here, member.group, done, by=by, subject=member.id)
            return found

    found = run(work)
    if as_json:
        print_json(_needed(found))
        return
    say(
        "Noted. It stays on the list."
        if no
        else f"Noted. It is to be looked at again on {at(found.review_on)}."
    )


@need.command("list")
def need_list(name: GroupName, as_json: Json = False) -> None:
    """Show what a group's members need, met or not.

    takepart need list GARDEN
    """

    async def work(here: Here) -> list[Needed]:
        async with here.db.read() as conn:
            home = await groups.find_group(conn, name)
            return await needs.list_needs(conn, home.id)

    found = run(work)
    if as_json:
        print_json([_needed(one) for one in found])
        return
    rows = [
        (
            one.id,
            one.name or one.member,
            one.kind,
            one.words,
            at(one.asked_on),
            _met(one),
            one.why,
            at(one.review_on),
        )
        for one in found
    ]
    columns = ("need", "member", "what", "in their words", "asked on", "met", "why", "look again on")
    table(columns, rows, empty="Nobody has told us of a need yet.")


def quiet(name: GroupName, as_json: Json = False) -> None:
    """Show who has not been in touch, why we think so, and what each chose that we do then.

    takepart quiet GARDEN
    """

    async def work(here: Here) -> list[Quiet]:
        async with here.db.read() as conn:
            home = await groups.find_group(conn, name)
            weeks = (await groups.rules_of(conn, home.id)).quiet_weeks
            return await list_quiet(conn, home.id, weeks=weeks, now=here.now)

    found = run(work)
    if as_json:
        print_json([asdict(one) | {"heard_at": stamp(one.heard_at), "why": list(one.why)} for one in found])
        return
    rows = [
        (one.member, one.name, one.number, at(one.heard_at), "\n".join(one.why), PLANS[one.plan])
        for one in found
    ]
    columns = ("member", "name", "number", "last heard", "why", "what they chose")
    table(columns, rows, empty="Everybody has been in touch.")


PLANS = {
    "ring": "ring them",
    "ask": "ask somebody whom they named",
    "leave": "leave them be",
    "": "nothing chosen yet",
}


def _needed(one: Needed) -> dict[str, object]:
    times = {"asked_on": stamp(one.asked_on), "review_on": stamp(one.review_on)}
    return asdict(one) | times


def _met(one: Needed) -> str:
    return {True: "yes", False: "not yet", None: "nobody has looked yet"}[one.met]
