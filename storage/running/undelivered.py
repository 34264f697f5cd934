"""Messages that have not arrived: the list of them, and sending one again."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.given.unnaming import telling
from storage.members.groups import Complaint
from storage.sending.outbox import ANSWER_LASTS, make_due
from storage.tables import outbox, reached

OVER = ("failed", "dead")  # not tried again by itself

NONE = "There is no message with that id on the list: `takepart undelivered` shows them."
TRIED_ANYWAY = "It is being tried again by itself, so there is nothing to do."
EMPTIED = "Its words are no longer kept, so it can't be sent again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Undelivered:
    """A message that did not go, for the operator: no words and no name.

    `member` is left out where it would tell who gave something without a name.
    `again`: `takepart undelivered retry` can send it; else it is tried anyway, or its words are gone.
    """

    id: str
    channel: str
    kind: str
    state: str
    at: datetime
    tries: int
    sentence: str
    group: str | None
    member: str | None
    again: bool


async def undelivered(conn: AsyncConnection) -> list[Undelivered]:
    """What failed for good, what could not go in time, and what is being tried again; the oldest first."""
    o = outbox.c
    again = sa.and_(o.state.in_(OVER), o.body.is_not(None))
    member = sa.case((telling(), sa.null()), else_=o.member_id)
    found = await conn.execute(
        sa.select(
            *(o.id, o.channel, o.kind, o.state, o.created_at.label("at"), o.tries, o.sentence),
            *(o.group_id.label("group"), member.label("member"), again.label("again")),
        )
        .where(sa.or_(o.state.in_(OVER), sa.and_(o.state == "waiting", o.tries > 0)))
        .order_by(o.id)
    )
    return [Undelivered(**row) for row in found.mappings()]


async def retry(conn: AsyncConnection, id: str, *, now: datetime) -> None:
    """Try a message again that failed or is dead; raise Complaint where that can't be."""
    if await _again(conn, outbox.c.id == id, now):
        return
    state = await conn.scalar(sa.select(outbox.c.state).where(outbox.c.id == id))
    if state in OVER:
        raise Complaint(EMPTIED)
    raise Complaint(TRIED_ANYWAY if state in ("waiting", "sending") else NONE)


async def retry_all(conn: AsyncConnection, *, now: datetime) -> int:
    """Try again whatever failed or is dead and still has its words; how many that is."""
    return await _again(conn, sa.true(), now)


async def _again(conn: AsyncConnection, which: sa.ColumnElement[bool], now: datetime) -> int:
    o = outbox.c
    late = sa.case(
        (o["class"] == "answer", sa.literal(now + ANSWER_LASTS, o.expires_at.type)), else_=o.expires_at
    )
    anew = {"state": "waiting", "tries": 0, "outcome": None, "code": None, "sentence": "", "expires_at": late}
    found = await conn.execute(
        sa.update(outbox)
        .where(which, o.state.in_(OVER), o.body.is_not(None))
        .values(not_before=now, **anew)
        .returning(o.id, o.line_id)
    )
    rows = found.all()
    await make_due(conn, dict.fromkeys((row.line_id for row in rows), now))
    told = sa.update(reached).where(reached.c.outbox_id == sa.bindparam("row"))
    if rows:
        await conn.execute(told.values(state="waiting", at=now), [{"row": row.id} for row in rows])
    return len(rows)
