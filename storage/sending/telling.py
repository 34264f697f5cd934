"""Tells one member something that we start, by the way that they like best.

It only writes to the outbox: `checks.may_send` decides, at the moment of sending, whether it may go.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.events import Say
from storage.lines.reaching import ways_to
from storage.sending import outbox as box
from storage.sending.sendings import Recipient
from storage.tables import members

Way = sa.Row[*tuple[Any, ...]]


Write = Callable[[str, str], Say]  # what is said to somebody of this language and form


async def tell(
    conn: AsyncConnection,
    people: Sequence[str],
    say: Say | Write,
    *,
    kind: str,
    key: str,
    ids: Callable[[], str],
    channels: Collection[str],
    now: datetime,
    subject: str | None = None,
    expires_at: datetime | None = None,
    by: str = "",
) -> set[str]:
    """Put a notice to each of these members into the outbox; those for whom there is a way.

    `key` with the member's id tells this message from all others: told twice, it goes once.
    `by` is the channel to prefer where they have it.
    """
    m = members.c
    found = await conn.execute(sa.select(m.id, m.group_id, m.language, m.form).where(m.id.in_(people)))
    known = {row.id: row for row in found}
    ways = await ways_to(conn, list(known), channels, kind)
    rows = [
        box.Row(
            id=ids(),
            line=one.line_id,
            channel=one.channel,
            klass="notice",
            dedupe_key=f"{key}:{member}",
            say=say(known[member].language, known[member].form) if callable(say) else say,
            member=member,
            group=known[member].group_id,
            kind=kind,
            subject=subject,
            expires_at=expires_at,
        )
        for member, one in ((member, preferred(theirs, by)) for member, theirs in ways.items())
    ]
    await box.add(conn, rows, now=now)
    return set(ways)


async def try_on(
    conn: AsyncConnection,
    member: str,
    write: Callable[[Recipient], Say],
    *,
    kind: str,
    ids: Callable[[], str],
    channels: Collection[str],
    now: datetime,
    every: bool = False,
) -> list[str]:
    """Send something to one member who has just asked for it; by which channels, none where there is no way.

    It goes by the way that they like best, or by `every` one. It is an answer: it goes at any hour, and at
    once or not at all.
    """
    m = members.c
    found = (await conn.execute(sa.select(m.group_id, m.language, m.form).where(m.id == member))).one()
    ways = (await ways_to(conn, [member], channels, kind)).get(member, [])
    said = []
    for way in ways if every else ways[:1]:
        one = Recipient(
            member=member, language=found.language, form=found.form, line=way.line_id, channel=way.channel
        )
        row = ids()
        said.append(
            box.Row(
                id=row,
                line=one.line,
                channel=one.channel,
                klass="answer",
                dedupe_key=f"{kind}:{row}",
                say=write(one),
                member=member,
                group=found.group_id,
                kind=kind,
            )
        )
    await box.add(conn, said, now=now)
    return [one.channel for one in said]


def preferred(ways: Sequence[Way], by: str) -> Way:
    """The first of these ways that is by this channel, or else the one liked best."""
    return next((one for one in ways if one.channel == by), ways[0])


async def staff(conn: AsyncConnection, group: str) -> list[str]:
    """Those who run a group and have not stopped us."""
    m = members.c
    here = (m.group_id == group, m.permission != "member", m.state.in_(("active", "paused")))
    return list(await conn.scalars(sa.select(m.id).where(*here)))
