"""What needs a person: the list, and taking something off it."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.tables import matters, members


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """Something that waits for a person. `media` are ids of the files that came with it."""

    id: str
    at: datetime
    kind: str
    member: str | None
    name: str
    words: str
    question: str
    media: tuple[str, ...]


async def list_open(conn: AsyncConnection, group: str) -> list[Open]:
    """What nobody has seen to yet, the oldest first."""
    m = matters.c

    def named(column: sa.Column[str]) -> sa.Case[str]:
        return sa.case((m.unnamed.is_(False), column))

    found = (
        sa.select(m.id, m.at, m.kind, named(m.member_id), named(members.c.name), m.words, m.question, m.media)
        .outerjoin(members, members.c.id == m.member_id)
        .where(m.group_id == group, m.done_at.is_(None))
        .order_by(m.at, m.id)
    )
    return [
        Open(
            id=id_,
            at=at,
            kind=kind,
            member=member,
            name=name or "",
            words=words,
            question=question,
            media=tuple(media or ()),
        )
        for id_, at, kind, member, name, words, question, media in await conn.execute(found)
    ]


async def done(conn: AsyncConnection, id: str, *, group: str, now: datetime) -> bool:
    """Take one off the list; False where it is not on it."""
    m = matters.c
    mine = (m.id == id, m.group_id == group, m.done_at.is_(None))
    ended = await conn.execute(sa.update(matters).where(*mine).values(done_at=now))
    return ended.rowcount > 0
