"""What a notice becomes in the claim that sends it: asked or announced, cut to fit, with the way back.

The member's conversation is changed in the same transaction, before the provider is called.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.engine import asked
from flows.events import Question, Say
from flows.sentences import Sentences
from flows.state import Conversation
from storage.database import upsert
from storage.sending.checks import ALERT, HELPING, STILL, Waiting
from storage.sending.outbox import Body, Row, add
from storage.tables import conversations, open_questions
from storage.turning.states import packed, unpacked

BETWEEN = (ALERT, HELPING)  # what is answered in between: nothing has to be gone back to

Fit = Callable[[str, Say], tuple[Say, str]]  # by channel: what goes out now, and what waits for MORE


def dressed(
    row: Waiting, body: Body, talk: Conversation | None, fit: Fit, words: Sentences, called: str = ""
) -> tuple[Say, Conversation | None]:
    """A notice as it goes out now, and the conversation after it.

    `called`: the first name, on a line that others use too.
    """
    if row.channel == "voice":  # a call of ours tells what it is for once somebody has answered
        return body.say, talk
    talk = talk or Conversation()
    say = body.say
    if body.announce and talk.busy:
        say = body.announce
    elif row.kind == "poll" and say.question:
        talk = asked(_without(talk, row.subject or ""), say.question)
    elif row.kind == "checkin" and say.question:
        talk = asked(talk, say.question)
    if talk.frames and (talk.away or talk.busy) and row.kind not in BETWEEN:
        back = words.to(say.language)("notice.way back")
        say = replace(say, text=f"{back}\n\n{say.text}")
    if called and row.kind != STILL:
        say = replace(say, text=f"{called}: {say.text}")
    say, rest = fit(row.channel, say)
    return say, replace(talk, rest=rest) if rest else talk


async def ask(
    conn: AsyncConnection,
    says: Mapping[Waiting, Say],
    talks: Mapping[str | None, Conversation | None],
    now: datetime,
) -> None:
    """Put polls on their members' lists of open questions, and save the conversations."""
    notices = [row for row in says if row.klass == "notice" and row.member]
    polls = [
        {"id": row.id, "member_id": row.member, "poll_id": row.subject, "state": "open", "asked_at": now}
        for row in notices
        if row.kind == "poll" and row.subject
    ]
    if polls:
        await conn.execute(upsert(conn, open_questions).on_conflict_do_nothing(), polls)
    saved = [
        {"owner": member, "member_id": member, "state": packed(talk), "updated_at": now}
        for member in sorted({row.member for row in notices if row.member})
        if (talk := talks.get(member)) is not None
    ]
    saved += [
        {
            "owner": f"line:{row.line}",
            "member_id": None,
            "state": packed(Conversation(asked=says[row].question)),
            "updated_at": now,
        }
        for row in notices
        if row.kind == STILL
    ]
    if saved:
        make = upsert(conn, conversations)
        change = {"state": make.excluded.state}
        await conn.execute(make.on_conflict_do_update(index_elements=["owner"], set_=change), saved)


async def leave(conn: AsyncConnection, member: str, rest: str, now: datetime) -> None:
    """Keep what waits until this member texts MORE."""
    stored = await conn.scalar(
        sa.select(conversations.c.state).where(conversations.c.owner == member).with_for_update()
    )
    talk = replace(unpacked(stored) if stored else Conversation(), rest=rest)
    make = upsert(conn, conversations)
    row = {"owner": member, "member_id": member, "state": packed(talk), "updated_at": now}
    kept = make.on_conflict_do_update(index_elements=["owner"], set_={"state": make.excluded.state})
    await conn.execute(kept, row)


async def put_doubts(
    conn: AsyncConnection, rows: Mapping[Waiting, Question], ids: Callable[[], str], now: datetime
) -> None:
    """Ask once, on each line that may be somebody else's by now, if it is still this member's.

    `rows` are what waits for that, each with its question.
    """
    asked_for = {(row.line, row.member): (row, question) for row, question in rows.items()}
    questions = [
        Row(
            id=ids(),
            line=row.line,
            channel=row.channel,
            klass="notice",
            dedupe_key=f"{STILL}:{row.member}:{row.line}:{now:%Y-%m}",
            say=Say(text=question.text, question=question),
            member=row.member,
            group=row.group,
            kind=STILL,
        )
        for row, question in asked_for.values()
    ]
    await add(conn, questions, now=now)


async def unask(conn: AsyncConnection, member: str, poll: str) -> None:
    """Take a poll's question off the list again: it never reached them."""
    q = open_questions.c
    await conn.execute(sa.delete(open_questions).where(q.member_id == member, q.poll_id == poll))
    stored = await conn.scalar(sa.select(conversations.c.state).where(conversations.c.owner == member))
    if stored is None:
        return
    state = packed(_without(unpacked(stored), poll))
    await conn.execute(sa.update(conversations).where(conversations.c.owner == member).values(state=state))


def _without(talk: Conversation, poll: str) -> Conversation:
    """The conversation as if this poll had never been asked."""
    current = talk.asked if talk.asked and talk.asked.poll != poll else None
    return replace(talk, asked=current, before=tuple(one for one in talk.before if one.poll != poll))
