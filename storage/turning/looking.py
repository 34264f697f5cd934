"""Looks up what a turn asks for while it is taken: one question, one answer. See `flows.looks`."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.looks import Look
from storage.care import flagging, handovers, ringing_back
from storage.door import inviting
from storage.erasure import own_copy
from storage.given import behalf, supporting, things
from storage.lines import linking, reaching, recognising
from storage.turning.stage import Stage

LookUp = Callable[[AsyncConnection, Stage, str], Awaitable[Any]]


async def look_up(conn: AsyncConnection, stage: Stage, look: Look) -> Any:
    """What this turn wants to know. It is read in the turn's transaction, before the batch is written."""
    return await LOOKS[look.what](conn, stage, look.value)


LOOKS: Mapping[str, LookUp] = {
    "alert": flagging.look,
    "handover": handovers.look,
    "my handovers": handovers.look_mine,
    "things": things.look,
    "own copy": own_copy.look,
    "wants": reaching.look,
    **inviting.LOOKS,
    **recognising.LOOKS,
    **ringing_back.LOOKS,
    **linking.LOOKS,
    "entries": behalf.look,
    **supporting.LOOKS,
}
