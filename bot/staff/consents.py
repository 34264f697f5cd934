"""What a group asks people to agree to, as it writes it: a file, its other languages and forms beside it.

What stands below a line of three dashes is said to who asks for more.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.staff.briefs import beside, pieces, words_of
from flows.files.checking import faults
from flows.library import CONSENT, MORE, Flows
from flows.steps import SayStep
from flows.wording import Text, key_of
from storage.door import consenting, wordings
from storage.members.groups import Complaint, Home
from storage.sessions.meetings import needed_versions
from storage.turning.views import changed

PURPOSES = ("join", "outside")
_BELOW = re.compile(r"^-{3,}\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A wording by language and form ("en", "cy.easy"), and what is said to who asks for more."""

    text: Mapping[str, str]
    more: Mapping[str, str]


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


def read(path: Path, language: str) -> Written:
    """The wording in `path`, which is in the group's `language`, and its versions beside it."""
    files = {(language, "plain"): path, **{where: other for other, where in beside(path, language)}}
    text, more = dict[str, str](), dict[str, str]()
    for (tongue, form), file in files.items():
        name = key_of(tongue, form)
        above, *below = _BELOW.split(words_of(file), maxsplit=1)
        text[name] = checked(above, file.name)
        if below:
            more[name] = checked(below[0], file.name)
    return Written(text=text, more=more)


def checked(markdown: str, called: str) -> str:
    """Words to agree to, as they are said; raise Complaint where they can't be."""
    words = "\n\n".join(pieces(markdown)).strip()
    if not words:
        raise Complaint(f"{called} has no words to agree to: write some.")
    for wrong, remedy in faults(SayStep(text=Text({"en": words})), set(), set()):
        raise Complaint(f"In {called}: {wrong} {remedy}")
    return words


async def change(
    conn: AsyncConnection,
    home: Home,
    purpose: str,
    written: Written,
    house: Flows,
    *,
    same: bool,
    version: str,
    now: datetime,
) -> None:
    """Put the group's own words in the place of those that it asked in.

    `same`: they say the same as before, so that what people agreed to stands.
    """
    if same:
        before = await wordings.version_now(conn, home.id, purpose) or house.agreements[purpose]
        await consenting.stands_for(conn, home.id, purpose, before, version)
    await wordings.put(conn, home.id, purpose, version=version, text=written.text, more=written.more, now=now)
    await changed(conn, [home.id])


async def asked(conn: AsyncConnection, home: Home, purpose: str, house: Flows) -> Asked:
    """How the group asks for this now, and how many agreed to it."""
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
        if key_of(language, form) not in text
    )
