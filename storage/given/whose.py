"""What a stored file belongs to: nobody is shown one that is not of their own group."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.tables import (
    attachments,
    briefs,
    contribution_media,
    contributions,
    given,
    handover_words,
    handovers,
    matters,
    media,
    meetings,
    members,
)

Query = sa.Select[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Of:
    """What a file came with: a contribution, a matter, a handover, somebody's name, or a brief.

    `member` is whoever gave it, also without their name: read for sending and for safety alone.
    """

    kind: str
    id: str
    group: str
    member: str | None = None


async def find(conn: AsyncConnection, file: str, *, group: str | None = None) -> Of | None:
    """What the file with this id belongs to, in this group or in any; None where it is not there."""
    kept = sa.select(media.c.id).where(media.c.id == file, media.c.state != "refused")
    if await conn.scalar(kept) is None:
        return None
    for query, home in _places(file):
        here = query if group is None else query.where(home == group)
        if row := (await conn.execute(here.limit(1))).mappings().first():
            return Of(**row)
    return None


def _places(file: str) -> Iterator[tuple[Query, sa.Column[str]]]:
    """Where it may be, the likeliest place first; and the column that says which group's that is."""
    c, t, m, n = contributions.c, matters.c, members.c, meetings.c
    gave = _of("contribution", c.id, c.group_id, given.c.member_id)
    gave = gave.join(contribution_media, contribution_media.c.contribution_id == c.id)
    gave = gave.outerjoin(given, given.c.contribution_id == c.id)
    yield gave.where(contribution_media.c.media_id == file), c.group_id
    yield _of("matter", t.id, t.group_id, t.member_id).where(_names(t.media, file)), t.group_id
    handed = _of("handover", handovers.c.id, m.group_id, m.id)
    handed = handed.join(handover_words, handover_words.c.handover_id == handovers.c.id)
    handed = handed.join(members, m.id == handovers.c.member_id)
    yield handed.where(_names(handover_words.c.media, file)), m.group_id
    yield _of("name", m.id, m.group_id, m.id).where(m.name_media == file), m.group_id
    brief = _of("brief", briefs.c.id, n.group_id, sa.null())
    brief = brief.join(meetings, n.id == briefs.c.meeting_id)
    brief = brief.join(attachments, attachments.c.brief_id == briefs.c.id)
    yield brief.where(attachments.c.media_id == file), n.group_id


def _of(kind: str, id_: sa.Column[str], group: sa.Column[str], member: Any) -> Query:
    return sa.select(
        sa.literal(kind).label("kind"), id_.label("id"), group.label("group"), member.label("member")
    )


def _names(listed: sa.Column[Any], file: str) -> sa.ColumnElement[bool]:
    """Whether a JSON list of ids has this one: ids are letters and digits, so its text tells."""
    return sa.cast(listed, sa.Text).contains(f'"{file}"', autoescape=True)
