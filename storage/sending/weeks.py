"""How many messages that we start a member wants in a week, and how many they have had in this one."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.sending.checks import WEEKLY
from storage.tables import outbox, reaches

WEEK = timedelta(days=7)
HAD = ("sending", "sent", "delivered")  # of these they may have heard


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """`left`: how many more; None for any number. `until`: when the next, where none is left."""

    left: int | None = None
    until: datetime | None = None


async def had(conn: AsyncConnection, ids: Collection[str], now: datetime) -> Mapping[str, list[datetime]]:
    """When these members got what counts in the last seven days, the latest first."""
    o, r = outbox.c, reaches.c
    theirs = sa.select(r.line_id).where(r.member_id.in_(ids))  # the outbox is found by its lines
    counted = (o["class"] == "notice", o.kind.in_(WEEKLY), o.state.in_(HAD), o.sent_at > now - WEEK)
    found: dict[str, list[datetime]] = defaultdict(list)
    sent = sa.select(o.member_id, o.sent_at).where(o.line_id.in_(theirs), o.member_id.in_(ids), *counted)
    for member, at in await conn.execute(sent.order_by(o.sent_at.desc())):
        found[member].append(at)
    return found


def week(times: list[datetime], most: int) -> Week:
    """What is left of `most` in a week after these; 0 is any number."""
    if not most:
        return Week()
    if len(times) < most:
        return Week(left=most - len(times))
    return Week(left=0, until=times[most - 1] + WEEK)
