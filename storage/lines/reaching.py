"""By which ways we may start something with a member: those that they have, less those they do not want."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows import effects as ef
from flows.state import Wants
from storage.database import upsert
from storage.erasure.register import note, of_choice
from storage.lines.persons import everyone
from storage.members.wishes import prefer
from storage.tables import lines, members, reaches, unwanted
from storage.turning.stage import Stage

# What a message is for, by its kind. Everything else that we start concerns the member or their call on us.
PURPOSES: Mapping[str, str] = {
    "brief": "brief",
    "moved": "brief",
    "cancelled": "brief",
    "poll": "poll",
    "result": "result",
    "checkin": "checkin",
}

Choice = tuple[str, str, str]  # a member, a channel and a purpose; "" stands for every purpose


async def ways_to(
    conn: AsyncConnection, ids: Sequence[str], channels: Collection[str], kind: str = ""
) -> dict[str, list[sa.Row[*tuple[Any, ...]]]]:
    """The ways that we may use first for this kind of message, the one liked best first.

    A practice phone needs no account.
    """
    r, n = reaches.c, lines.c
    found = await conn.execute(
        sa.select(r.member_id, r.line_id, r.channel)
        .join(lines, n.id == r.line_id)
        .join(members, members.c.id == r.member_id)
        .where(
            r.member_id.in_(ids),
            sa.or_(r.channel != "voice", ~members.c.never_ring),
            r.retired_at.is_(None),
            r.may_start,
            n.stopped_at.is_(None),
            sa.or_(n.kind == "practice", r.channel.in_(channels)),
            sa.or_(r.channel != "sms", n.takes_texts.is_(None), n.takes_texts),
        )
        .order_by(r.member_id, r.rank, r.id)
    )
    against = await choices(conn, ids)
    ways: dict[str, list[sa.Row[*tuple[Any, ...]]]] = {}
    for row in found:
        if wanted(against, row.member_id, row.channel, kind):
            ways.setdefault(row.member_id, []).append(row)
    return ways


async def choices(conn: AsyncConnection, ids: Collection[str]) -> set[Choice]:
    """What these members do not want, and by which channel."""
    u = unwanted.c
    found = await conn.execute(sa.select(u.member_id, u.channel, u.purpose).where(u.member_id.in_(ids)))
    return {(member, channel, purpose) for member, channel, purpose in found}


def wanted(against: Collection[Choice], member: str, channel: str, kind: str) -> bool:
    """Whether nothing that they chose speaks against a message of this kind by this channel."""
    purpose = PURPOSES.get(kind, "")
    return (member, channel, "") not in against and (not purpose or (member, channel, purpose) not in against)


async def look(conn: AsyncConnection, stage: Stage, _: str) -> Wants:
    """What the member has and wants, for the flow in which they choose."""
    me, r = stage.me or "", reaches.c
    rows = await conn.execute(
        sa.select(r.channel, sa.func.max(sa.case((r.may_start, 1), else_=0)).label("may_start"))
        .where(r.member_id == me, r.retired_at.is_(None))
        .group_by(r.channel)
    )
    has: dict[str, int] = {row.channel: row.may_start for row in rows}
    against = {(channel, purpose) for _, channel, purpose in await choices(conn, [me])}
    against |= {(channel, "") for channel, may_start in has.items() if not may_start}
    if await conn.scalar(sa.select(members.c.never_ring).where(members.c.id == me)):
        against.add(("voice", ""))
    return Wants(has=frozenset(has), unwanted=frozenset(against))


def _choose(s: Stage, effect: ef.Choose) -> None:
    if s.me is None:
        return
    me, r = s.me, reaches.c
    if effect.wanted and not effect.purpose:
        here = (r.member_id == me, r.channel == effect.channel, r.retired_at.is_(None))
        s.ledger.change(sa.update(reaches).where(*here).values(may_start=True))
    if (effect.channel, effect.purpose) == ("voice", ""):  # the same as "do not ring me" anywhere else
        prefer(s, ef.Prefer(name="never_ring", value="no" if effect.wanted else "yes"))
        return

    async def write(conn: AsyncConnection) -> None:
        await choose(conn, me, effect.channel, effect.purpose, wanted=effect.wanted)

    s.ledger.deeds.append(write)


async def choose(conn: AsyncConnection, member: str, channel: str, purpose: str, *, wanted: bool) -> bool:
    """Note whether a member wants this by this channel, in the register too; False where it was so."""
    row = {"member_id": member, "channel": channel, "purpose": purpose}
    for one in await conn.scalars(everyone(member)):
        note(conn, "wanted" if wanted else "unwanted", of_choice(one, channel, purpose))
    if wanted:
        u = unwanted.c
        here = (u.member_id == member, u.channel == channel, u.purpose == purpose)
        changed = await conn.execute(sa.delete(unwanted).where(*here))
    else:
        changed = await conn.execute(upsert(conn, unwanted).values(row).on_conflict_do_nothing())
    return changed.rowcount > 0


DEEDS: Mapping[type, Callable[[Stage, Any], None]] = {ef.Choose: _choose}
