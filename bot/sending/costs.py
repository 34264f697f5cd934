"""Counts what texts and calls cost the groups, and tells their facilitators where it becomes much."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.sending import notices
from flows.library import Flows
from flows.sentences import Sentences
from storage.sending import spending


async def count(
    conn: AsyncConnection,
    spent: Mapping[tuple[str, str], int],
    *,
    flows: Flows,
    ids: Callable[[], str],
    channels: Collection[str],
    now: datetime,
) -> None:
    """Add what was spent, by group and unit. `channels` are those that are on."""
    for passed in await spending.count(conn, spent, now):
        write = Sentences(flows.phrases).each(notices.spent, passed)
        await spending.tell(conn, passed, write, ids=ids, channels=channels, now=now)


def minutes(seconds: int, *, ours: bool) -> int:
    """What a call counts when it is over: each minute that began. Ours count their first when they ring."""
    began = -(-seconds // 60)
    return max(began - 1, 0) if ours else began
