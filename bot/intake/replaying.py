"""Takes an event whose turn failed through its turn again, in the code that runs now."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.intake.stepping import Batch, Tools, Turned
from bot.logs import place
from storage.database import Database
from storage.members.groups import Complaint
from storage.running import problems
from storage.turning import load
from storage.turning.turns import Ledger

AGAIN = (
    "It failed again ({error}). It stays on the list: mend that and replay it, or hand the words to the "
    "facilitators with `takepart problems pass ID`."
)


async def replay(id: str, *, db: Database, tools: Tools, clock: Callable[[], datetime]) -> Turned:
    """What came of the turn; what it says goes by the outbox. Raise Complaint where it can't be."""
    try:
        return await db.transact(partial(_turn, id, tools, clock()))
    except Complaint:
        raise
    except Exception as error:
        what = f"{type(error).__name__} at {place(error)}"
        structlog.get_logger().error("replay_failed", problem=id, error=what)
        async with db.write() as conn:
            await problems.failed_again(conn, id, what)
        raise Complaint(AGAIN.format(error=what)) from error


async def _turn(id: str, tools: Tools, now: datetime, conn: AsyncConnection) -> Turned:
    kept = await problems.claim(conn, id, now=now)
    event = kept.arrived.event
    known = await load.load(
        conn,
        lines_=[kept.line] if kept.line else [],
        sessions={event.session} if event.can.call and event.session else set(),
        now=now,
    )
    batch = Batch(tools=tools, conn=conn, known=known, ledger=Ledger(), now=now, replayed=True)
    await batch.prepare([kept.arrived])
    # The provider's own id and the chat's are not kept: it is a mark, and no room, that stand in the event.
    turned = await batch.step(kept.arrived, replace(event, id="", room=""))
    await batch.ledger.write(conn, now)
    return turned
