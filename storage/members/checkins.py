"""Asking members now and then whether it still works for them: whom, and what they answered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows import effects as ef
from flows import rules
from storage.tables import checkins, groups, members
from storage.turning.stage import Stage

LASTS = timedelta(days=14)  # one that could not be asked by then is asked the next time
MOST = 50  # are asked at a time, so that no turn waits long


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Somebody to be asked, and in which words."""

    member: str
    language: str
    form: str


async def due(conn: AsyncConnection, now: datetime) -> list[Due]:
    """Who has not been asked for as long as their group has settled: nobody who stopped or paused, or wants
    to hear nothing first."""
    m, found = members.c, list[Due]()
    for group, settings in (await conn.execute(sa.select(groups.c.id, groups.c.settings))).all():
        weeks = rules.read(settings).check_in_weeks
        if not weeks or len(found) >= MOST:
            continue
        before = now - timedelta(weeks=weeks)
        wanted = (m.group_id == group, m.state == "active", m.permission == "member")
        spared = (~m.never_first, ~m.practice, m.joined_to.is_(None))
        late = (m.joined_at <= before, sa.or_(m.checked_in_at.is_(None), m.checked_in_at <= before))
        rows = await conn.execute(
            sa.select(m.id, m.language, m.form).where(*wanted, *spared, *late).order_by(m.id).limit(MOST)
        )
        found += [Due(member=row.id, language=row.language, form=row.form) for row in rows]
    return found[:MOST]


async def noted(conn: AsyncConnection, id: str, member: str, now: datetime, *, told: bool) -> None:
    """Somebody was asked; who has no way to be asked by is not tried again until the next time."""
    await conn.execute(sa.update(members).where(members.c.id == member).values(checked_in_at=now))
    if told:
        await conn.execute(checkins.insert().values(id=id, member_id=member, asked_at=now))


def _checked_in(s: Stage, effect: ef.CheckedIn) -> None:
    c = checkins.c
    open_ = sa.update(checkins).where(c.member_id == s.me, c.answered_at.is_(None))
    s.ledger.change(open_.values(answered_at=s.now, answers={"works": effect.answer}))


DEEDS: Mapping[type, Callable[[Stage, Any], None]] = {ef.CheckedIn: _checked_in}
