"""What staff do where somebody may be in danger: `takepart safety`."""

from dataclasses import asdict
from enum import Enum
from typing import Annotated

import typer

from bot.commands.base import GroupName, Here, Json, at, print_json, run, say, stamp, table
from bot.ways import shipped
from flows.files.lines import read
from flows.safety import SafeWords
from storage.care import alerts, phrases, safety, tending
from storage.care.phrases import Phrase
from storage.care.tending import Raised, Sender, Shown
from storage.members import groups
from storage.members.groups import Complaint

commands = typer.Typer(no_args_is_help=True, help="See to alerts, and say who is alerted and by which words.")

AlertId = Annotated[str, typer.Argument(metavar="ID", help="The alert's number, or its id.")]
By = Annotated[str, typer.Option("--by", metavar="ME", help="Your own id, member number or name.")]
NOT_NAMED = "It stands without a name. For whom it is from: takepart safety who {} --by ME --why REASON"


NO_LINE = (
    "They have no line yet that we may write to or ring, so nobody can tell them. Let them join like a "
    "member, by text, phone or Telegram, and give their member number to `takepart facilitator add`."
)


class Does(Enum):
    """What to do with a phrase."""

    add = "add"
    remove = "remove"


def safe_words() -> SafeWords:
    """The phrases that are shipped."""
    source = "safe-words.yaml"
    return SafeWords.of(read(shipped()[source], source))


@commands.command("contact")
def contact(
    name: GroupName,
    person: Annotated[
        str, typer.Argument(metavar="[MEMBER]", help="A facilitator's name, number or id.")
    ] = "",
    any_hour: Annotated[
        bool, typer.Option("--any-hour", help="They agreed to be told by day and by night.")
    ] = False,
    first: Annotated[bool, typer.Option("--first", help="Before all others.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Take them off the list.")] = False,
    as_json: Json = False,
) -> None:
    """See who is alerted when somebody may be in danger, and in which order; or put somebody on the list.

    takepart safety contact GARDEN Sam --any-hour --first
    """

    async def work(here: Here) -> tuple[list[tuple[str, str, bool]], bool]:
        reached = True
        async with here.db.write() as conn:
            home = await groups.find_group(conn, name)
            if person and remove:
                await safety.drop_contact(conn, home.id, person, here.secrets)
            elif person:
                asked = {"any_hour": any_hour, "first": first}
                reached = await safety.name_contact(conn, home.id, person, here.secrets, **asked)
            return await safety.named(conn, home.id), reached

    found, reached = run(work)
    if as_json:
        print_json([{"id": id_, "name": called, "any_hour": always} for id_, called, always in found])
        return
    rows = [(called, "at any hour" if always else "in their hours", id_) for id_, called, always in found]
    empty = "Nobody is named, so all facilitators are told in turn, in their hours."
    table(("who is alerted", "when", "member"), rows, empty=empty)
    if not reached:
        say(NO_LINE)


@commands.command("words")
def words(
    name: GroupName,
    does: Annotated[Does | None, typer.Argument(metavar="[add|remove]", help="What to do.")] = None,
    phrase: Annotated[str, typer.Argument(metavar="[PHRASE]", help="Whole words, in this order.")] = "",
    language: Annotated[str, typer.Option(help="The language of a phrase that is added.")] = "en",
    as_json: Json = False,
) -> None:
    """See or change the phrases that may mean danger. The list misses things, and always will.

    takepart safety words GARDEN add "on the window ledge"

    takepart safety words GARDEN add "ar sil y ffenest" --language cy
    """
    if does and not phrase:
        raise Complaint("Give the phrase too, in quotation marks.")

    async def work(here: Here) -> list[Phrase]:
        shipped_words = safe_words()
        async with here.db.write() as conn:
            home = await groups.find_group(conn, name)
            if does is Does.add:
                await phrases.add_phrase(
                    conn, home.id, phrase, shipped_words, language=language, ids=here.ids
                )
            elif does is Does.remove:
                await phrases.drop_phrase(conn, home.id, phrase, shipped_words, ids=here.ids)
            return await phrases.phrases(conn, home.id, shipped_words)

    found = run(work)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    if does:
        say("Noted.")
        return
    rows = [(one.language, one.phrase, _whose(one)) for one in found]
    table(("language", "phrase", ""), rows, empty="")


def _whose(one: Phrase) -> str:
    return "left out" if one.dropped else "your own" if one.own else ""


@commands.command("list")
def alert_list(name: GroupName, as_json: Json = False) -> None:
    """Show a group's alerts: no words, and no names but of those who looked.

    takepart safety list GARDEN
    """

    async def work(here: Here) -> list[Raised]:
        async with here.db.read() as conn:
            home = await groups.find_group(conn, name)
            return await tending.list_alerts(conn, home.id)

    found = run(work)
    if as_json:
        moments = [{"at": stamp(one.at), "seen_at": stamp(one.seen_at)} for one in found]
        print_json([asdict(one) | times for one, times in zip(found, moments, strict=True)])
        return
    rows = [(one.number, at(one.at), _state(one), one.seen_by, at(one.seen_at)) for one in found]
    table(("alert", "at", "state", "seen by", "seen at"), rows, empty="There was no alert yet.")


def _state(one: Raised) -> str:
    practice = ", practice" if one.practice else ""
    return ("open, and everybody has been told" if one.nobody else one.state) + practice


@commands.command("show")
def alert_show(id: AlertId, by: By, as_json: Json = False) -> None:
    """Show the words that raised an alert, and who was told. That you looked is noted.

    takepart safety show 123 --by Sam
    """

    async def work(here: Here) -> Shown:
        async with here.db.write() as conn:
            alert, who = await tending.by_staff(conn, id, by, here.secrets)
            return await tending.show(conn, alert, who, ids=here.ids, now=here.now)

    found = run(work)
    if as_json:
        print_json(asdict(found) | {"steps": [asdict(one) | {"at": stamp(one.at)} for one in found.steps]})
        return
    say(f"Alert {found.number}, {found.state}.", found.name or NOT_NAMED.format(found.number))
    rows = [(one.at, one.words or ("taken back since" if one.taken_back else "")) for one in found.said]
    table(("at", "words"), rows, empty="Its words are no longer kept.")
    steps = [(at(one.at), one.what, one.name, one.channel) for one in found.steps]
    table(("at", "what was done", "who", "by"), steps, empty="")


@commands.command("seen")
def alert_seen(id: AlertId, by: By, as_json: Json = False) -> None:
    """Say that you look at an alert, so that nobody else is told of it.

    takepart safety seen 123 --by Sam
    """

    async def work(here: Here) -> tuple[str, bool]:
        async with here.db.write() as conn:
            alert, who = await tending.by_staff(conn, id, by, here.secrets)
            return alert.id, await alerts.see(conn, alert.id, who.id, ids=here.ids, now=here.now)

    found, first = run(work)
    if as_json:
        print_json({"id": found, "first": first})
        return
    say("Noted. Nobody else is told." if first else "Somebody has said before that they look at it.")


@commands.command("who")
def alert_who(
    id: AlertId,
    by: By,
    why: Annotated[str, typer.Option(metavar="REASON", help="Why you need to know: it is noted.")],
    as_json: Json = False,
) -> None:
    """Show who sent what raised an alert, also where they gave no name. You and your reason are noted.

    takepart safety who 123 --by Sam --why "to ring and ask how they are"
    """

    async def work(here: Here) -> Sender:
        async with here.db.write() as conn:
            alert, asks = await tending.by_staff(conn, id, by, here.secrets)
            return await tending.sender(conn, alert, asks, here.secrets, why=why, ids=here.ids, now=here.now)

    found = run(work)
    member = found.member
    ways = [(way.channel, way.address) for way in member.ways] if member else []
    if as_json:
        known = {"id": member.id, "name": member.name, "number": member.number} if member else None
        print_json({"member": known, "address": found.address, "ways": [list(way) for way in ways]})
        return
    say(f"{member.name}, member number {member.number}" if member else "Somebody who is no member.")
    table(("channel", "address"), ways or [("", found.address)], empty="")
