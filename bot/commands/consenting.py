"""What a group's people agree to: `takepart consent`."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import consents
from bot.commands.base import GroupName, Here, Json, print_json, run, say, table
from bot.ways import shipped
from flows.document import load
from flows.library import CONSENT, MORE
from flows.wording import Text
from storage.door import consenting, wordings
from storage.erasure import auditing
from storage.members import groups
from storage.members.groups import Complaint, Home
from storage.sessions.meetings import needed_versions
from storage.turning.views import changed

PURPOSES = ("join", "outside")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How a group asks for one purpose. `agreed` people agreed to this version, `others` to another."""

    purpose: str
    version: str
    own: bool
    text: Mapping[str, str]
    more: Mapping[str, str]
    agreed: int
    others: int
    missing: tuple[str, ...]


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
            return await _asked(conn, home, purpose)

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
    """Put the group's own words in the place of those that it asked in."""
    written, version = consents.read(file, home.language), here.ids()
    if same:
        before = await wordings.version_now(conn, home.id, purpose) or load(shipped()).agreements[purpose]
        await consenting.stands_for(conn, home.id, purpose, before, version)
    await wordings.put(
        conn, home.id, purpose, version=version, text=written.text, more=written.more, now=here.now
    )
    await changed(conn, [home.id])
    trace = {"group": home.id, "did": f"changed what people agree to: {purpose}", "subject": version}
    await auditing.record(conn, ids=here.ids, now=here.now, **trace)


async def _asked(conn: AsyncConnection, home: Home, purpose: str) -> Asked:
    house = load(shipped())
    kept = await wordings.version_now(conn, home.id, purpose)
    version = kept or house.agreements[purpose]
    own = (await wordings.agreements(conn, {purpose: kept}))[purpose] if kept else None
    text = own.text if own else house.phrases[CONSENT + purpose]
    more = own.more if own else house.phrases.get(CONSENT + purpose + MORE, Text({}))
    agreed, others = await consenting.counted(conn, home.id, purpose, version)
    return Asked(
        purpose=purpose,
        version=version,
        own=own is not None,
        text=text,
        more=more,
        agreed=agreed,
        others=others,
        missing=_missing(await needed_versions(conn, home.id), text),
    )


def _missing(needed: Mapping[tuple[str, str], int], text: Mapping[str, str]) -> tuple[str, ...]:
    """A version that somebody needs and that is not there is named now, while it can still be written."""
    return tuple(
        f"Needed and not there: {language}{', easy read' if form == 'easy' else ''} (members: {number}). "
        "They are asked in the nearest version."
        for (language, form), number in sorted(needed.items())
        if (language if form == "plain" else f"{language}.{form}") not in text
    )
