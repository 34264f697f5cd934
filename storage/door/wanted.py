"""Which group a stranger asks for, and which they can only mean."""

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows import rules
from storage.tables import groups


@dataclass(frozen=True, slots=True)
class Found:
    """A group that a code or number is of. It is not `open` to strangers where people come by invitation."""

    id: str
    open: bool


async def find(conn: AsyncConnection, wanted: Collection[str]) -> dict[str, Found]:
    """Groups by the codes and numbers that were asked for."""
    if not wanted:
        return {}
    g = groups.c
    codes = {one.upper() for one in wanted}
    rows = await conn.execute(
        sa.select(g.id, g.code, g.number, g.settings).where(sa.or_(g.code.in_(codes), g.number.in_(wanted)))
    )
    return {
        name: Found(id_, rules.read(settings).door != "invitation")
        for id_, code, number, settings in rows
        for name in (code, number)
    }


async def only(conn: AsyncConnection, *, practice: bool) -> str | None:
    """The one group that a stranger can mean; None where there are several, or none."""
    found = (await conn.scalars(sa.select(groups.c.id).where(groups.c.practice == practice).limit(2))).all()
    return found[0] if len(found) == 1 else None
