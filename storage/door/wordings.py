"""What groups ask people to agree to, in words of their own: by purpose, version, language and form.

A version's words are the texts `consent:VERSION`, and `consent:VERSION.more` what is said to who asks for
more. They stay when another version takes their place, since somebody agreed to them.
"""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.library import MORE
from flows.state import Agreement
from flows.wording import Text, key_of
from storage.tables import groups, texts


def rows(version: str, words: Mapping[str, str], now: datetime) -> list[dict[str, object]]:
    """One wording as rows of `texts`; its languages and forms are named as in flow files: "cy.easy"."""
    return [
        {
            "owner": f"consent:{version}",
            "language": language,
            "form": form or "plain",
            "body": body,
            "at": now,
        }
        for name, body in words.items()
        for language, _, form in [name.partition(".")]
    ]


async def agreements(conn: AsyncConnection, wordings: Mapping[str, str] | None) -> dict[str, Agreement]:
    """A group's own wordings by purpose; `wordings` are their versions."""
    if not wordings:
        return {}
    t, wanted = texts.c, [f"consent:{version}{part}" for version in wordings.values() for part in ("", MORE)]
    found: dict[str, dict[str, str]] = {owner: {} for owner in wanted}
    for row in await conn.execute(sa.select(texts).where(t.owner.in_(wanted))):
        found[row.owner][key_of(row.language, row.form)] = row.body
    return {
        purpose: Agreement(
            version=version,
            text=Text(found[f"consent:{version}"]),
            more=Text(found[f"consent:{version}{MORE}"]),
        )
        for purpose, version in wordings.items()
    }


async def put(
    conn: AsyncConnection,
    group: str,
    purpose: str,
    *,
    version: str,
    text: Mapping[str, str],
    more: Mapping[str, str],
    now: datetime,
) -> None:
    """Have a group ask in these words from now on. Whoever calls this lets the group be read anew."""
    kept = await conn.scalar(sa.select(groups.c.wordings).where(groups.c.id == group).with_for_update())
    wordings = dict(kept or {}) | {purpose: version}
    await conn.execute(sa.update(groups).where(groups.c.id == group).values(wordings=wordings))
    await conn.execute(sa.insert(texts), [*rows(version, text, now), *rows(version + MORE, more, now)])


async def version_now(conn: AsyncConnection, group: str, purpose: str) -> str | None:
    """The version of a group's own wording; None where it uses the house's."""
    kept = await conn.scalar(sa.select(groups.c.wordings).where(groups.c.id == group))
    return (kept or {}).get(purpose)
