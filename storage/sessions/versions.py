"""The words of polls in other languages and forms, kept as texts: one for each part of each version."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.polls import Worded
from storage.tables import texts

REASONS = ("changes", "decides")

Versions = Mapping[tuple[str, str], Worded]  # by language and form


async def keep(conn: AsyncConnection, poll: str, versions: Versions, now: datetime) -> None:
    """Keep the versions of a poll that has none."""
    rows = [row for where, one in versions.items() for row in _rows(poll, where, one, now)]
    if rows:
        await conn.execute(sa.insert(texts), rows)


async def of(conn: AsyncConnection, keys: Mapping[str, Sequence[str]]) -> dict[str, Versions]:
    """The versions of polls, by poll; `keys` has each one's options in their order."""
    parts = {owner: (poll, part) for poll, theirs in keys.items() for owner, part in _parts(poll, theirs)}
    if not parts:
        return {}
    t = texts.c
    rows = await conn.execute(sa.select(t.owner, t.language, t.form, t.body).where(t.owner.in_(parts)))
    found: dict[str, dict[tuple[str, str], dict[str, str]]] = {}
    for row in rows:
        poll, part = parts[row.owner]
        found.setdefault(poll, {}).setdefault((row.language, row.form), {})[part] = row.body
    return {
        poll: {where: _worded(said, keys[poll]) for where, said in theirs.items()}
        for poll, theirs in found.items()
    }


async def drop(conn: AsyncConnection, poll: str, keys: Sequence[str]) -> None:
    """Throw the versions of a poll away."""
    owners = [owner for owner, _ in _parts(poll, keys)]
    await conn.execute(sa.delete(texts).where(texts.c.owner.in_(owners)))


def _parts(poll: str, keys: Sequence[str]) -> Iterable[tuple[str, str]]:
    """What owns the text of each part, and what the part is called."""
    yield f"poll:{poll}", "question"
    for part in (*keys, *REASONS):
        yield f"poll:{poll}:{part}", part


def _rows(poll: str, where: tuple[str, str], one: Worded, now: datetime) -> Iterable[dict[str, Any]]:
    said = {"question": one.question, "changes": one.changes, "decides": one.decides}
    said |= {str(n): label for n, label in enumerate(one.options, start=1)}
    language, form = where
    for owner, part in _parts(poll, [str(n) for n in range(1, len(one.options) + 1)]):
        if said[part]:
            yield {"owner": owner, "language": language, "form": form, "body": said[part], "at": now}


def _worded(said: Mapping[str, str], keys: Sequence[str]) -> Worded:
    return Worded(
        question=said.get("question", ""),
        options=tuple(said.get(key, "") for key in keys),
        changes=said.get("changes", ""),
        decides=said.get("decides", ""),
    )
