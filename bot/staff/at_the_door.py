"""What staff do at a group's door, with the words that are sent: letting in, sending away, ending."""

from collections.abc import Mapping
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.events import Say
from flows.sentences import Sentences
from flows.turns.facts import spelled
from storage.door import letting_in
from storage.door.letting_in import Tools
from storage.members import groups, people
from storage.members.groups import Home
from storage.members.people import Listed
from storage.secrets import Secrets

Ended = Literal["proposed", "told", "not told"]


async def approve(conn: AsyncConnection, member: Listed, home: Home, house: Sentences, tools: Tools) -> None:
    """Let somebody in who asked to join; they are welcomed by the way they came. Raise Complaint."""
    words = {"group": home.name, "name": member.name, "number": member.number}
    await letting_in.approve(conn, member, _says(house, "door.let in", member, words), tools)


async def refuse(conn: AsyncConnection, member: Listed, house: Sentences, tools: Tools) -> bool:
    """Don't let them in, and keep nothing of theirs; whether they will be told. Raise Complaint."""
    return await letting_in.refuse(conn, member, _says(house, "door.refused", member, {}), tools)


async def end(
    conn: AsyncConnection,
    member: Listed,
    home: Home,
    why: str,
    house: Sentences,
    tools: Tools,
    secrets: Secrets,
) -> Ended:
    """End a membership once two of those who run the group have said so. Raise Complaint."""
    reason = groups.named(why, "The reason")
    if not await letting_in.propose_end(conn, member, reason, tools):
        return "proposed"
    settled = await groups.rules_of(conn, home.id)
    whom = settled.objections_to or await _helper(conn, home, secrets)
    words = {"group": home.name, "why": _sentence(reason), "objections": whom}
    told = await letting_in.end(conn, member, _says(house, "door.ended", member, words), reason, tools)
    return "told" if told else "not told"


async def _helper(conn: AsyncConnection, home: Home, secrets: Secrets) -> str:
    staff = await people.facilitators(conn, home.id, secrets)
    return next((one.name for one in staff if one.name), "somebody in the group")


def _sentence(reason: str) -> str:
    return reason if reason.endswith((".", "!", "?")) else f"{reason}."


def _says(house: Sentences, phrase: str, member: Listed, words: Mapping[str, str]) -> Say:
    """A sentence of the house in a member's language and form, to read and to hear."""
    ours = house.to(member.language, member.form)
    written = ours(phrase, **words)
    spoken = ours.aloud(phrase, **{**words, "number": spelled(words.get("number", ""))})
    return Say(text=written, spoken="" if spoken == written else spoken, language=ours.tongue(phrase))
