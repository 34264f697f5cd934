"""What a secret poll leaves behind when it closes: who voted, and nothing of what they chose."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.state import Conversation
from storage.database import upsert
from storage.tables import (
    ballots,
    call_steps,
    calls,
    contributions,
    conversations,
    events,
    outbox,
    receipts,
    voted,
)
from storage.turning.states import packed, unpacked

BALLOT = "ballot"  # what the answer is called in flows


async def forget_choices(conn: AsyncConnection, poll: str, *, since: datetime, now: datetime) -> None:
    """Keep who voted; delete the choices wherever they may still be read, for the poll open `since`."""
    who = sa.select(ballots.c.poll_id, ballots.c.member_id).where(ballots.c.poll_id == poll)
    insert = upsert(conn, voted).from_select(["poll_id", "member_id"], who)
    await conn.execute(insert.on_conflict_do_nothing())
    await conn.execute(sa.delete(ballots).where(ballots.c.poll_id == poll))
    await _empty_events(conn, poll, now)
    await _empty_answers(conn, poll, since)
    await _empty_comments(conn, poll)
    await _empty_conversations(conn, poll)


async def _empty_events(conn: AsyncConnection, poll: str, now: datetime) -> None:
    """Ballots are emptied as they are counted; here go the messages that became comments on them."""
    gifts = sa.select(contributions.c.id).where(contributions.c.poll_id == poll)
    await conn.execute(
        sa.update(events)
        .where(
            sa.or_(events.c.contribution_id.in_(gifts), events.c.answer == f"poll:{poll}"),
            events.c.body.is_not(None),
        )
        .values(body=None, emptied_at=now)
    )


async def _empty_answers(conn: AsyncConnection, poll: str, since: datetime) -> None:
    """Our own answers to voters repeat the choice; which of them did is not known, so all are emptied."""
    voters = sa.select(voted.c.member_id).where(voted.c.poll_id == poll)
    o = outbox.c
    await conn.execute(
        sa.update(outbox)
        .where(o.member_id.in_(voters), o["class"] == "answer", o.created_at >= since, o.state != "waiting")
        .values(body=None)
    )
    asked = sa.select(o.id).where(o.kind == "poll", o.subject_id == poll)
    await conn.execute(sa.delete(receipts).where(receipts.c.outbox_id.in_(asked)))
    over = sa.select(calls.c.id).where(calls.c.member_id.in_(voters), calls.c.ended_at.is_not(None))
    await conn.execute(sa.update(call_steps).where(call_steps.c.call_id.in_(over)).values(answer=""))


async def _empty_comments(conn: AsyncConnection, poll: str) -> None:
    """A comment stays its giver's own words; the choice that stood beside it goes."""
    c = contributions.c
    of_it = sa.select(c.id, c.answers).where(c.poll_id == poll).with_for_update()
    found = (await conn.execute(of_it)).all()
    changed = [{"gift": id_, "left": without_ballot(answers)} for id_, answers in found if answers]
    if changed:
        left = sa.bindparam("left", type_=c.answers.type)
        await conn.execute(
            sa.update(contributions).where(c.id == sa.bindparam("gift")).values(answers=left), changed
        )


def without_ballot(answers: Any) -> Any:
    """The stored answers without a ballot, at whatever depth it stands."""
    if isinstance(answers, dict):
        return {name: without_ballot(inner) for name, inner in answers.items() if name != BALLOT}
    return [without_ballot(inner) for inner in answers] if isinstance(answers, list) else answers


async def _empty_conversations(conn: AsyncConnection, poll: str) -> None:
    """Somebody may be in the middle of voting: what they had chosen goes from there too."""
    c = conversations.c
    found = (
        await conn.execute(sa.select(c.owner, c.state).where(c.state.contains(poll, autoescape=True)))
    ).all()
    changed = []
    for owner, state in found:
        try:
            changed.append({"who": owner, "now": packed(_forgetting(unpacked(state), poll))})
        except ValueError:  # it cannot be read by anybody: begin anew
            changed.append({"who": owner, "now": "{}"})
    if changed:
        await conn.execute(
            sa.update(conversations).where(c.owner == sa.bindparam("who")).values(state=sa.bindparam("now")),
            changed,
        )


def _forgetting(conversation: Conversation, poll: str) -> Conversation:
    frames = tuple(
        replace(frame, answers={name: one for name, one in frame.answers.items() if name != BALLOT})
        if frame.poll == poll
        else frame
        for frame in conversation.frames
    )
    pending = ("", "") if conversation.pending[0] == poll else conversation.pending
    return replace(conversation, frames=frames, pending=pending)
