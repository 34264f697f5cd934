"""What is known of lines that notices go to: who uses them, who is busy there, whose they still are."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.lines.failing import FAILS
from storage.tables import conversations, lines, members, reaches
from storage.turning.load import UNHEARD


@dataclass(slots=True)
class Use:
    """One line. `names` are first names by member; `doubted` are those who may not have it any more."""

    names: dict[str, str] = field(default_factory=dict)
    doubted: set[str] = field(default_factory=set)
    busy_until: datetime | None = None


async def reads(conn: AsyncConnection, line: str) -> tuple[str, str]:
    """The language and form of whoever has this line for themselves; the usual ones where several use it."""
    r, m = reaches.c, members.c
    here = sa.select(m.language, m.form).distinct().join(reaches, r.member_id == m.id)
    found = (await conn.execute(here.where(r.line_id == line, r.retired_at.is_(None)))).all()
    return (found[0].language, found[0].form) if len(found) == 1 else ("en", "plain")


async def uses(conn: AsyncConnection, ids: Collection[str], now: datetime) -> Mapping[str, Use]:
    """These lines, by id."""
    if not ids:
        return {}
    r, n, m, c = reaches.c, lines.c, members.c, conversations.c
    here = sa.and_(c.owner == m.id, c.line_id == r.line_id, c.busy_until > now)
    heard = sa.func.max(r.heard_at, type_=r.heard_at.type).label("heard")
    failing = sa.func.min(r.failing_since, type_=r.failing_since.type).label("failing")
    busy = sa.func.max(c.busy_until, type_=c.busy_until.type).label("busy")
    found = await conn.execute(
        sa.select(r.line_id, m.id, m.name, n.failing_since, heard, failing, busy)
        .join(members, m.id == r.member_id)
        .join(lines, n.id == r.line_id)
        .outerjoin(conversations, here)
        .where(r.line_id.in_(ids), r.retired_at.is_(None))
        .group_by(r.line_id, m.id, m.name, n.failing_since)
    )
    known: dict[str, Use] = defaultdict(Use)
    for line, member, name, broken, last, fails, until in found:
        use = known[line]
        use.names[member] = name.partition(" ")[0]
        if fails or (broken and now - broken > FAILS) or (last and now - last > UNHEARD):
            use.doubted.add(member)
        if until and (use.busy_until is None or until > use.busy_until):
            use.busy_until = until
    return known


def stays_with(line: str, member: str | None, until: datetime) -> sa.Update:
    """Whose a line is for a while: what comes from it next is taken for theirs."""
    return sa.update(lines).where(lines.c.id == line).values(at_member=member, at_until=until)
