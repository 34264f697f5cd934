"""The phrases that a group looks for: the shipped ones, and what it added and left out."""

from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.safety import SafeWords, plain
from storage.care.watches import changes
from storage.members.groups import Complaint, quoted
from storage.tables import safe_words
from storage.turning.views import changed

SHORTEST, LONGEST = 3, 80  # letters of a phrase


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """A phrase that a group looks for, or one of ours that it does not (`dropped`)."""

    language: str
    phrase: str
    own: bool = False
    dropped: bool = False


async def phrases(conn: AsyncConnection, group: str, shipped: SafeWords) -> list[Phrase]:
    """All phrases, by language: the shipped ones, and what the group changed of them."""
    rows = await changes(conn, group)
    dropped = {plain(row.phrase) for row in rows if row.dropped}
    ours = [
        Phrase(language=language, phrase=one, dropped=plain(one) in dropped)
        for language, found in shipped.phrases.items()
        for one in found
    ]
    own = [Phrase(language=row.language, phrase=row.phrase, own=True) for row in rows if not row.dropped]
    return sorted([*ours, *own], key=lambda one: one.language)


async def add_phrase(
    conn: AsyncConnection,
    group: str,
    phrase: str,
    shipped: SafeWords,
    *,
    language: str,
    ids: Callable[[], str],
) -> None:
    """Look for this phrase too, or for one of ours again that was left out; raise Complaint."""
    phrase = " ".join(phrase.split())
    if len(plain(phrase)) < SHORTEST or len(phrase) > LONGEST:
        raise Complaint(f"A phrase has {SHORTEST} to {LONGEST} letters.")
    if any(plain(one.phrase) == plain(phrase) and one.own for one in await phrases(conn, group, shipped)):
        raise Complaint(f"{quoted(phrase)} is looked for already.")
    if not await _forget(conn, group, phrase, dropped=True):
        row = {"id": ids(), "group_id": group, "language": language, "phrase": phrase}
        await conn.execute(safe_words.insert().values(**row))
    await changed(conn, [group])


async def drop_phrase(
    conn: AsyncConnection, group: str, phrase: str, shipped: SafeWords, *, ids: Callable[[], str]
) -> None:
    """Look for this phrase no more; raise Complaint where it is not looked for."""
    found = [
        one
        for one in await phrases(conn, group, shipped)
        if plain(one.phrase) == plain(phrase) and not one.dropped
    ]
    if not found:
        raise Complaint(f"{quoted(phrase)} is not looked for: `takepart safety words GROUP` shows all.")
    await _forget(conn, group, phrase, dropped=False)
    for one in found:
        if not one.own:
            row = {"group_id": group, "language": one.language, "phrase": one.phrase, "dropped": True}
            await conn.execute(safe_words.insert().values(id=ids(), **row))
    await changed(conn, [group])


async def _forget(conn: AsyncConnection, group: str, phrase: str, *, dropped: bool) -> int:
    """Undo what the group changed about a phrase; how many rows that were."""
    rows = await changes(conn, group)
    wanted = [row.id for row in rows if plain(row.phrase) == plain(phrase) and row.dropped == dropped]
    await conn.execute(sa.delete(safe_words).where(safe_words.c.id.in_(wanted)))
    return len(wanted)
