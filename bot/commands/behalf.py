"""What a member said or wrote on paper: `takepart contribute`, `takepart ballot`."""

from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.commands.base import Here, Json, keep_file, print_json, run, say
from bot.commands.safety import safe_words
from storage.care import alerts
from storage.care.alerts import Found
from storage.given import behalf
from storage.given.behalf import Words
from storage.members import people

ForMember = Annotated[str, typer.Option("--for", metavar="MEMBER", help="Whose it is: their number or id.")]
By = Annotated[
    str, typer.Option("--by", metavar="ME", help="Who enters it: a facilitator, or a supporter they named.")
]
AUDIENCES = ("facilitators", "group")


def contribute(
    words: Annotated[str, typer.Argument(metavar="WORDS", help="What they said or wrote, as they did.")] = "",
    *,
    for_: ForMember,
    by: By,
    flow: Annotated[str, typer.Option(help="thought, diary, idea, photo or journey.")] = "thought",
    everybody: Annotated[
        bool, typer.Option("--group", help="They want everybody in the group to read it.")
    ] = False,
    no_name: Annotated[
        bool, typer.Option("--no-name", help="They want no name beside it, this once. Lasting wishes hold.")
    ] = False,
    file: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="A photo or recording of theirs.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Enter what a member said or wrote on paper. It is theirs, and is read back to them.

    takepart contribute "The bus stop has no seat." --for 4821 --by Sam

    takepart contribute --for 4821 --by Sam --flow photo --file letter.jpg
    """

    async def work(here: Here) -> str:
        async with here.db.read() as conn:
            member = await people.find_member(conn, for_, here.secrets)
            await behalf.who_enters(conn, member, by, here.secrets, purpose="words", now=here.now)
        kept = [await keep_file(here, path, name="") for path in file or ()]
        audience = AUDIENCES[everybody]
        entered = Words(flow=flow, text=words, audience=audience, files=kept, unnamed=no_name)

        async def enter(conn: AsyncConnection) -> str:
            who = await behalf.who_enters(conn, member, by, here.secrets, purpose="words", now=here.now)
            made = await behalf.contribute(conn, member, entered, who, ids=here.ids, now=here.now)
            gave = Found(words=words, gift=made, member=member.id, practice=member.practice)
            await alerts.look_at(conn, member.group, gave, safe_words(), ids=here.ids, now=here.now)
            return made

        return await here.db.transact(enter)

    made = run(work)
    if as_json:
        print_json({"id": made})
        return
    say(made, "Kept as theirs. They hear what was entered when they are next in touch, and can take it back.")


def ballot(
    poll: Annotated[str, typer.Argument(metavar="POLL", help="The id that `poll open` printed.")],
    option: Annotated[
        list[str],
        typer.Option("-o", "--option", metavar="OPTION", help="What they chose: its words or its number."),
    ],
    *,
    for_: ForMember,
    by: By,
    as_json: Json = False,
) -> None:
    """Enter a member's vote. It counts instead of one they had; a later one of theirs counts instead of it.

    takepart ballot 01k9q2… -o Library --for 4821 --by Sam
    """

    async def work(here: Here) -> tuple[str, ...]:
        async def enter(conn: AsyncConnection) -> tuple[str, ...]:
            member = await people.find_member(conn, for_, here.secrets)
            who = await behalf.who_enters(conn, member, by, here.secrets, purpose="votes", now=here.now)
            return await behalf.vote(conn, member, poll, option, who, ids=here.ids, now=here.now)

        return await here.db.transact(enter)

    chosen = run(work)
    if as_json:
        print_json({"id": poll, "options": list(chosen)})
        return
    say(f"Counted: {', '.join(chosen)}. They hear of it when they are next in touch, and can change it.")
