"""Who has not been in touch, why we think so, and what they would like us to do then.

Silence is only what somebody could have broken without paying: a check-in that reached them on Telegram or by
a call. Who was asked by text may have no credit to answer with, and what did not arrive was not asked.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.tables import checkins, lines, members, outbox, preferences, reaches

PATIENCE = timedelta(days=7)  # so long somebody has for an answer
NOT_HEARD = "not heard"
NO_ARRIVAL = "messages do not arrive"
NO_TEXTS = "their phone takes no texts"
NO_ANSWER = "no answer"
TEXTED = "no answer to a text: they may have no credit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """Somebody who has not been in touch. `plan` is what they chose for this, "" for nothing."""

    member: str
    name: str
    number: str
    heard_at: datetime | None
    why: tuple[str, ...]
    silent: bool
    plan: str


async def list_quiet(conn: AsyncConnection, group: str, *, weeks: int, now: datetime) -> list[Quiet]:
    """Those of a group who have not been in touch for so many weeks, or do not answer; who longest first."""
    m, p = members.c, preferences.c
    plan = sa.select(p.value).where(p.member_id == m.id, p.name == "if_quiet").scalar_subquery()
    here = (m.group_id == group, m.permission == "member", m.state == "active", ~m.practice)
    heard = sa.func.coalesce(m.heard_at, m.joined_at)
    rows = await conn.execute(
        sa.select(m.id, m.name, m.number, heard.label("heard_at"), plan.label("plan"))
        .where(*here, ~m.never_first, m.joined_to.is_(None))
        .order_by(heard, m.id)
    )
    people = rows.all()
    failing, unanswered = await _failing(conn, group), await _unanswered(conn, group, now - PATIENCE)
    found = []
    for row in people:
        by = unanswered.get(row.id, "")
        why = [NOT_HEARD] if row.heard_at and row.heard_at <= now - timedelta(weeks=weeks) else []
        why += [failing[row.id]] if row.id in failing else []
        why += [TEXTED if by == "sms" else NO_ANSWER] if by else []
        if why:
            found.append(
                Quiet(
                    member=row.id,
                    name=row.name,
                    number=row.number or "",
                    heard_at=row.heard_at,
                    why=tuple(why),
                    silent=NO_ANSWER in why,
                    plan=row.plan or "",
                )
            )
    return found


async def _failing(conn: AsyncConnection, group: str) -> dict[str, str]:
    """Those to whom nothing comes by any way that we may use, and why. A fault of ours never makes a line
    fail."""
    r, n = reaches.c, lines.c
    well = sa.and_(n.failing_since.is_(None), n.stopped_at.is_(None))
    no_texts = sa.and_(r.channel == "sms", n.takes_texts.is_(False))
    found = await conn.execute(
        sa.select(r.member_id, well, no_texts)
        .join(lines, n.id == r.line_id)
        .join(members, members.c.id == r.member_id)
        .where(members.c.group_id == group, r.retired_at.is_(None), r.may_start)
    )
    why: dict[str, set[str]] = {}
    for member, comes_through, textless in found:
        why.setdefault(member, set()).add(NO_TEXTS if textless else "" if comes_through else NO_ARRIVAL)
    return {member: min(reasons) for member, reasons in why.items() if "" not in reasons}


async def _unanswered(conn: AsyncConnection, group: str, before: datetime) -> dict[str, str]:
    """Who was asked how it goes and has been silent since, by the channel by which that arrived."""
    c, o = checkins.c, outbox.c
    arrived = sa.or_(o.state == "delivered", sa.and_(o.state == "sent", o.channel == "telegram"))
    found = await conn.execute(
        sa.select(c.member_id, o.channel)
        .join(outbox, sa.and_(o.subject_id == c.id, o.kind == "checkin", o.member_id == c.member_id))
        .join(members, members.c.id == c.member_id)
        .where(members.c.group_id == group, c.answered_at.is_(None), o.sent_at <= before, arrived)
        .where(sa.or_(members.c.heard_at.is_(None), members.c.heard_at < o.sent_at))
        .order_by(o.sent_at)
    )
    return {row.member_id: row.channel for row in found}
