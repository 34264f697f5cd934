"""Carries out what a turn asks for: each effect becomes rows in the batch's ledger."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows import effects as ef
from flows.effects import Effect
from storage.care import flagging, handovers, ringing_back
from storage.database import upsert
from storage.door import consenting
from storage.door.joining import join
from storage.files import fetches
from storage.given import behalf, gifts, hiding, supporting
from storage.given.rewriting import drop_media
from storage.given.unnaming import day_of
from storage.lines import linking, reaching, recognising
from storage.members import checkins, needs, wishes
from storage.tables import (
    matters,
    media,
    outbox,
    reached,
    thanks,
)
from storage.turning.stage import Stage


def apply(stage: Stage, effect: Effect) -> None:
    """Put one effect into the ledger, and into what the rest of the batch knows."""
    DEEDS[type(effect)](stage, effect)


def _fetch(s: Stage, effect: ef.Fetch) -> None:
    s.ledger.fetch = True
    row = fetches.asked(
        s.secrets,
        id=effect.media,
        channel=s.channel,
        attachment=effect.attachment,
        line=s.line.id if s.line else None,
        practice=bool(s.line and s.line.kind == "practice"),
        now=s.now,
    )
    s.ledger.add(media, **row)


def _vote(s: Stage, effect: ef.Vote) -> None:
    """Count a ballot, unless the poll has closed or this person has no vote in it."""
    poll = next((one for one in s.group.polls if one.id == effect.poll), None) if s.group else None
    if poll is None or poll.closed or s.person is None:
        return
    if s.person.member.permission != "member" and not poll.staff:
        return
    me = s.person.member
    key = (poll.id, me.id)
    row = {
        "poll_id": poll.id,
        "member_id": me.id,
        "choices": list(effect.keys),
        "channel": s.channel,
        "at": s.now,
    }
    s.ledger.ballots[key] = row if effect.keys else None
    votes = {**me.votes, poll.id: effect.keys}
    s.person.member = replace(me, votes={id_: keys for id_, keys in votes.items() if keys})
    s.poll, s.secret = poll.id, s.secret or poll.secret
    s.ledger.answered.append({"member": me.id, "poll": poll.id})


def _acknowledge(s: Stage, effect: ef.Acknowledge) -> None:
    if s.person is None:
        return
    me = s.person.member
    s.person.member = replace(me, acknowledged=me.acknowledged | {effect.brief})
    row = {
        "kind": "brief",
        "subject_id": effect.brief,
        "member_id": me.id,
        "channel": s.channel,
        "state": "acknowledged",
        "at": s.now,
    }

    async def write(conn: AsyncConnection) -> None:
        make = upsert(conn, reached).values(row)
        new = {name: row[name] for name in ("channel", "state", "at")}
        key = ["kind", "subject_id", "member_id"]
        not_yet = reached.c.state != "acknowledged"  # the first time is the one that counts
        await conn.execute(make.on_conflict_do_update(index_elements=key, set_=new, where=not_yet))

    s.ledger.deeds.append(write)


def _delivered(s: Stage, effect: ef.Delivered) -> None:
    o, r = outbox.c, reached.c
    arrived = sa.update(outbox).where(o.id == effect.outbox).values(state="delivered")
    told = (
        sa.update(reached)
        .where(r.outbox_id == effect.outbox, r.state != "acknowledged")
        .values(state="delivered", at=s.now, channel=s.channel)
    )
    s.ledger.change(arrived)
    s.ledger.change(told)


def _thank(s: Stage, effect: ef.Thank) -> None:
    if s.me is None:
        return
    row = {"contribution_id": effect.id, "member_id": s.me, "at": s.now}

    async def write(conn: AsyncConnection) -> None:
        await conn.execute(upsert(conn, thanks).values(row).on_conflict_do_nothing())

    s.ledger.deeds.append(write)


def _matter(s: Stage, effect: ef.Matter) -> None:
    if s.group is None:  # nobody could take it up: the stranger has been told how to reach a group
        return
    s.ledger.add(
        matters,
        id=effect.id or s.ids(),
        group_id=s.group.id,
        member_id=s.me,
        kind=effect.kind,
        words=effect.words,
        question=effect.question,
        media=list(effect.media),
        unnamed=effect.unnamed,
        at=day_of(s.now, s.group.zone) if effect.unnamed else s.now,
    )


def _practised(s: Stage, effect: ef.Practised) -> None:
    """What was sent to practise is emptied, and its files go before anybody has fetched them."""
    s.secret = True

    async def write(conn: AsyncConnection) -> None:
        s.ledger.gone += await drop_media(conn, effect.media, s.now)

    if effect.media:
        s.ledger.deeds.append(write)


DEEDS: Mapping[type, Callable[[Stage, Any], None]] = {
    ef.Fetch: _fetch,
    ef.Join: join,
    ef.Vote: _vote,
    ef.Acknowledge: _acknowledge,
    ef.Delivered: _delivered,
    ef.Thank: _thank,
    ef.Matter: _matter,
    ef.Practised: _practised,
    **checkins.DEEDS,
    **consenting.DEEDS,
    **gifts.DEEDS,
    **hiding.DEEDS,
    **handovers.DEEDS,
    **linking.DEEDS,
    **behalf.DEEDS,
    **reaching.DEEDS,
    **needs.DEEDS,
    **recognising.DEEDS,
    **ringing_back.DEEDS,
    **wishes.DEEDS,
    **flagging.DEEDS,
    **supporting.DEEDS,
}
