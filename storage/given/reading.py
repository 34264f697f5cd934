"""What a group was given, read back for the facilitators: lists and exports."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.lines.persons import everyone, person
from storage.sessions.secrecy import without_ballot
from storage.tables import (
    contribution_media,
    contributions,
    given,
    groups,
    media,
    members,
    polls,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file of a contribution; no hash and no size while it is still to be fetched."""

    kind: str
    type: str
    sha256: str | None
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """One thing given. What was given without a name has no member, no channel, and only a day for `at`."""

    id: str
    flow: str
    member: str | None
    channel: str | None
    at: str
    text: str
    answers: dict[str, Any]
    audience: str
    practice: bool
    media: tuple[File, ...]
    hidden: str = ""  # why the other members don't see it


async def list_contributions(
    conn: AsyncConnection, group: str, *, practice: bool = True, giver: str = ""
) -> list[Contribution]:
    """What stands, of all or of one giver, the oldest first.

    Within a day what has no name comes last, in no order of time.
    What has nothing in it is left out, such as photos none of which could be kept: words that come
    to it later bring it back.
    """
    c, g = contributions.c, groups.c
    zone = ZoneInfo(await conn.scalar(sa.select(g.zone).where(g.id == group)) or "UTC")
    wanted = [c.group_id == group, c.taken_back_at.is_(None)]
    if not practice:
        wanted.append(c.practice.is_(False))
    if giver:
        wanted.append(given.c.member_id.in_(everyone(giver)))
    rows = await conn.execute(
        sa.select(contributions, person().label("member_id"), polls.c.secret)
        .outerjoin(given, given.c.contribution_id == c.id)
        .outerjoin(members, members.c.id == given.c.member_id)
        .outerjoin(polls, polls.c.id == c.poll_id)
        .where(*wanted)
        .order_by(c.at, c.id)
    )
    files = await _files(conn, group)
    found = [(row, row.at.astimezone(zone).date().isoformat()) for row in rows]
    found.sort(key=lambda one: (one[1], one[0].unnamed, one[0].text if one[0].unnamed else ""))
    listed = [_contribution(row, day, files.get(row.id, [])) for row, day in found]
    return [one for one in listed if one.text or one.media or says(one.answers)]


async def names(conn: AsyncConnection, group: str) -> dict[str, str]:
    """What the members of a group are called, by id."""
    m = members.c
    rows = await conn.execute(sa.select(m.id, m.name).where(m.group_id == group))
    return {row.id: row.name for row in rows}


def _contribution(row: sa.Row[*tuple[Any, ...]], day: str, files: list[File]) -> Contribution:
    return Contribution(
        id=row.id,
        flow=row.flow,
        member=None if row.unnamed else row.member_id,
        channel=None if row.unnamed else row.channel,
        at=day if row.unnamed else moment(row.at),
        text=row.text,
        # A comment on a secret vote is read while the vote is open; the choice beside it never is.
        answers=without_ballot(row.answers or {}) if row.secret else row.answers or {},
        audience=row.audience,
        practice=row.practice,
        media=tuple(files),
        hidden=row.hidden_reason or "",
    )


def plain(one: Contribution, *, marked: bool) -> dict[str, Any]:
    """As programs read it; `marked` says of what is hidden why it is."""
    row = asdict(one)
    if not (marked and one.hidden):
        del row["hidden"]
    return row


def says(answers: Any) -> bool:
    """Whether there is more in these answers than the ids of files."""
    if isinstance(answers, dict):
        return any(says(inner) for name, inner in answers.items() if name != "media")
    return any(map(says, answers)) if isinstance(answers, list) else answers not in ("", None)


def moment(at: datetime) -> str:
    """A moment as programs read it."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


async def _files(conn: AsyncConnection, group: str) -> dict[str, list[File]]:
    cm, m = contribution_media.c, media.c
    rows = await conn.execute(
        sa.select(cm.contribution_id, m.kind, m.type, m.sha256, m.bytes, m.state)
        .join(media, m.id == cm.media_id)
        .join(contributions, contributions.c.id == cm.contribution_id)
        .where(contributions.c.group_id == group, m.state != "refused")
        .order_by(cm.contribution_id, cm.position)
    )
    found: dict[str, list[File]] = {}
    for row in rows:
        kept = row.state == "stored"
        # Until it is here, type and size are only what the provider claims.
        file = File(
            kind=row.kind,
            type=row.type if kept else "",
            sha256=row.sha256 if kept else None,
            bytes=row.bytes if kept else 0,
        )
        found.setdefault(row.contribution_id, []).append(file)
    return found
