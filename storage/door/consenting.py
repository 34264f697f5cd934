"""What members have agreed to: a record of each time, and which wordings stand.

`consents` holds purpose, version, language, form, channel and when; `members.agreed` holds what stands, so
that a turn need read no more. The words of a version are in `storage.door.wordings`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows import effects as ef
from storage.keeping import exports
from storage.lines.persons import NO_MEMBER, everyone
from storage.tables import consents, contributions, given, members
from storage.turning.stage import Stage


def consent(s: Stage, member: str, agrees: ef.Agree) -> None:
    """Put one consent on record."""
    s.ledger.add(
        consents,
        id=s.ids(),
        member_id=member,
        purpose=agrees.purpose,
        wording=agrees.wording,
        language=agrees.language,
        form=agrees.form,
        channel=s.channel,
        at=s.now,
    )


def _agree(s: Stage, effect: ef.Agree) -> None:
    if s.person is None:
        return
    consent(s, s.person.member.id, effect)
    _stands(s, {**s.person.member.agreed, effect.purpose: effect.wording})


def _withdraw(s: Stage, effect: ef.Withdraw) -> None:
    if s.person is None:
        return
    me = s.person.member
    c = consents.c
    mine = (c.member_id == me.id, c.purpose == effect.purpose, c.withdrawn_at.is_(None))
    s.ledger.change(sa.update(consents).where(*mine).values(withdrawn_at=s.now))
    _stands(s, {name: said for name, said in me.agreed.items() if name != effect.purpose})
    if effect.purpose == "outside":
        s.ledger.deeds.append(lambda conn: _back_inside(conn, me.id))
        if s.group:
            s.ledger.groups.add(s.group.id)


def _stands(s: Stage, agreed: Mapping[str, str]) -> None:
    if s.person:
        me = s.person.member = replace(s.person.member, agreed=agreed)
        s.ledger.change(sa.update(members).where(members.c.id == me.id).values(agreed=dict(agreed)))


async def _back_inside(conn: AsyncConnection, member: str) -> None:
    """What was for people outside is for the group alone from now on, and so is no older copy of it."""
    c = contributions.c
    mine = sa.select(given.c.contribution_id).where(given.c.member_id.in_(everyone(member)))
    outside = sa.update(contributions).where(c.id.in_(mine), c.audience == "outside")
    narrowed = await conn.scalars(outside.values(audience="group").returning(c.id))
    await exports.void(conn, list(narrowed))


async def stands_for(conn: AsyncConnection, group: str, purpose: str, before: str, now: str) -> None:
    """Whoever agreed to the wording before agrees to this one, which says the same; the record stays."""
    m = members.c
    found = await conn.execute(sa.select(m.id, m.agreed).where(m.group_id == group, m.agreed.is_not(None)))
    same = [
        {"who": id_, "stands": {**agreed, purpose: now}}
        for id_, agreed in found
        if (agreed or {}).get(purpose) == before
    ]
    if same:
        theirs = sa.update(members).where(m.id == sa.bindparam("who"))
        await conn.execute(theirs.values(agreed=sa.bindparam("stands", type_=m.agreed.type)), same)


async def record(conn: AsyncConnection, member: str) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """What one member agreed to, the oldest first: the purpose, when, on which channel, and its end."""
    c = consents.c
    found = sa.select(c.purpose, c.at, c.channel, c.withdrawn_at).where(c.member_id == member)
    return (await conn.execute(found.order_by(c.at, c.id))).all()


async def counted(conn: AsyncConnection, group: str, purpose: str, version: str) -> tuple[int, int]:
    """How many members agree to this version, and how many to another."""
    m = members.c
    here = sa.select(m.agreed).where(m.group_id == group, m.state.not_in(NO_MEMBER))
    said = [(agreed or {}).get(purpose) for agreed in await conn.scalars(here)]
    return said.count(version), len([one for one in said if one not in (version, None)])


DEEDS: Mapping[type, Callable[[Stage, Any], None]] = {ef.Agree: _agree, ef.Withdraw: _withdraw}
