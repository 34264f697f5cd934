"""Members as the store has them: who has joined a group, and the phone or chat that they use."""

from typing import Any

import sqlalchemy as sa

from bot.app import App
from storage.lines import addresses
from storage.tables import lines, members, reaches


async def joins(app: App, group: str, name: str, *, id_: str = "", **more: Any) -> str:
    """Somebody joins this group; their id. `more` are other columns of theirs."""
    row = {"id": id_ or app.ids(), "group_id": group, "name": name, "joined_at": app.clock()} | more
    async with app.db.write() as conn:
        await conn.execute(sa.insert(members).values(row))
    return str(row["id"])


async def uses(app: App, *who: str, channel: str = "sms", address: str = "", proved: bool = True) -> None:
    """These members use one phone or chat; without an address a practice phone stands for it.

    The line has the id of the first of them, and each way to reach one that of its member.
    """
    id_, now = who[0], app.clock()
    line = {"id": id_, "kind": "practice", "address_hash": id_.encode().ljust(32)}
    if address:
        line = addresses.row(app.secrets, id=id_, channel=channel, address=address, now=now)
    way = {"line_id": id_, "channel": channel, "proved_at": now if proved else None}
    async with app.db.write() as conn:
        await conn.execute(sa.insert(lines).values(line))
        await conn.execute(sa.insert(reaches), [{"id": one, "member_id": one, **way} for one in who])
