"""What people say of themselves in a group: they use services, care for somebody, work here, lead here."""

from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.tables import standings

STANDINGS = ("uses", "cares", "works", "leads")


async def standing_of(conn: AsyncConnection, people: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """What each of these members says of themselves, in their order."""
    t, found = standings.c, dict[str, list[str]]()
    if people:
        for row in await conn.execute(sa.select(standings).where(t.member_id.in_(people))):
            found.setdefault(row.member_id, []).append(row.standing)
    return tuple(tuple(sorted(found.get(one, ()), key=STANDINGS.index)) for one in people)


async def stand(conn: AsyncConnection, member: str, said: Collection[str]) -> None:
    """Note what a member says of themselves, some of STANDINGS, in place of what they said before."""
    await conn.execute(sa.delete(standings).where(standings.c.member_id == member))
    if said:
        rows = [{"member_id": member, "standing": one} for one in sorted(set(said))]
        await conn.execute(sa.insert(standings), rows)
