"""Pausing, stopping, leaving and being erased."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.effects import Change
from storage import locks
from storage.erasure import erasing
from storage.erasure.register import Lifted, What, note_member
from storage.given.rewriting import drop_media
from storage.tables import conversations, members, outbox, reached, reaches

UNWANTED = "They asked not to be contacted."
NOTED: Mapping[str, What | Lifted] = {  # what the register is told of each wish
    "active": "started",
    "stopped": "stopped",
    "left": "left",
    "erased": "erased",
}


async def change(
    conn: AsyncConnection, member: str, wish: Change, now: datetime, *, talk: str = "{}"
) -> list[str | None]:
    """Do what the member asks for, and drop what waits against it; the hashes of files to remove.

    `talk` is their conversation where it is stored no more, since this ends it.
    """
    await locks.for_member(conn, member)
    m = members.c
    values: dict[str, dict[str, Any]] = {
        "active": {"state": "active", "paused_until": None, "stopped_at": None},
        "paused": {"state": "paused", "paused_until": wish.until},
        "stopped": {"state": "stopped", "stopped_at": now},
        "left": {"state": "left", "left_at": now},
    }
    if noted := NOTED.get(wish.to):
        await note_member(conn, noted, member)
    if wish.to == "erased":
        return await erasing.erase(conn, member, talk, now)
    # Who waits to be let in can only leave: no START or PAUSE is a way in.
    here = m.id == member if wish.to == "left" else sa.and_(m.id == member, m.state != "waiting")
    await conn.execute(sa.update(members).where(here).values(values[wish.to]))
    if wish.to in ("stopped", "left"):
        await cancel_notices(conn, member)
    if wish.to != "left":
        return []
    unfinished = set(await erasing.held(conn, member, talk)) - set(await erasing.passed_on(conn, member))
    await conn.execute(sa.update(reaches).where(reaches.c.member_id == member).values(retired_at=now))
    await conn.execute(sa.delete(conversations).where(conversations.c.owner == member))
    return await drop_media(conn, sorted(unfinished), now)


async def cancel_notices(conn: AsyncConnection, member: str, *, channel: str = "") -> None:
    """What we meant to start with this member and has not gone yet never goes."""
    o = outbox.c
    waiting = [o.member_id == member, o["class"] == "notice", o.state == "waiting"]
    if channel:
        waiting.append(o.channel == channel)
    drop = sa.update(outbox).values(state="dropped", body=None, sentence=UNWANTED).where(*waiting)
    dropped = list(await conn.scalars(drop.returning(o.id)))
    r = reached.c
    mine = (r.member_id == member, r.outbox_id.in_(dropped), r.state == "waiting")
    await conn.execute(sa.update(reached).where(*mine).values(state="not reachable"))
