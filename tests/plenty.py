"""A group that has been at it for weeks: it fills the pages of `tests/full_group.py`, for pictures too.

Everything in it is made up, and the same each time.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import sqlalchemy as sa
from PIL import Image, ImageDraw
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.events import Say
from storage.members import needs
from storage.sending.outbox import Body, packed
from storage.sessions.drafting import NewPoll
from storage.sessions.meetings import NewBrief, add_brief, add_meeting, find_meeting
from storage.sessions.polls import close_poll, open_poll
from storage.tables import (
    ballots,
    hidings,
    matters,
    members,
    outbox,
    reached,
    replies,
    senders,
    sendings,
    spending,
)
from tests.console import Desk
from tests.gifts import days, give, member, stored

LONG_NAME = "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh"
FOLK: tuple[tuple[str, str, Mapping[str, Any]], ...] = (  # name, channel, what is special about them
    ("Mina", "telegram", {}),
    ("Joe", "sms", {}),
    ("Priya", "telegram", {}),
    ("George", "voice", {"slower": True}),
    ("Tomasz", "sms", {"form": "easy"}),
    ("Edith", "voice", {"more_time": True}),
    ("נועה", "telegram", {}),
    (LONG_NAME, "sms", {}),
    ("Walter", "sms", {"state": "paused"}),
    ("Newcomer", "sms", {"state": "waiting"}),
    ("Trial", "telegram", {"practice": True}),
)
VOTERS = ("mina", "joe", "priya", "george", "tomasz", "edith")
GIFTS = (  # who, by which way of giving, what, how many days ago
    ("joe", "diary", "The path was under water again, so I turned round at the gate.", 1, "2"),
    ("mina", "idea", "Could we meet in the garden itself? I talk more easily while I do something.", 2, ""),
    ("george", "thought", "I stay longer when there is somewhere to sit in the shade.", 3, ""),
    ("priya", "diary", "Picked beans with the children. They asked when we go again.", 5, "5"),
    ("tomasz", "thought", "The sign at the gate is too small. I walked past it twice.", 8, ""),
    ("נועה", "diary", "הלכתי בגן היום. השביל היה יבש, והספסל היה פנוי.", 9, "4"),
    ("edith", "thought", "Somebody held the gate open for me. That is why I came back.", 12, ""),
)
WALKS = (  # who, and each moment with how it felt
    (
        "george",
        (("The bus was full", "2"), ("The driver let me on", "4"), ("I missed the start", "1"), ("Tea", "5")),
    ),
    ("priya", (("Found the garden on my phone", "4"), ("The gate was locked", "1"), ("Mina let me in", "5"))),
)
PLANTING = """\
# Planting day

We plant beans and herbs by the south wall. There are gloves in every size, and beds to reach from a chair.

- Come when you can, and leave when you like.
- There is tea from three.
"""
RTL = "מתי נפגש שוב?"
BECAME = ("acknowledged", "delivered", "sent", "acknowledged", "failed")  # of a brief, one after the other
REASONS = (
    ("mina", "It is the one that everybody can reach."),
    ("george", "I would come more often."),
)
WORDS = (
    "The kettle in the hall is broken. Who is to be told?",
    "Whoever reads this: thank you for ringing me back last week.",
)


async def plenty(desk: Desk, known: Mapping[str, str]) -> Mapping[str, str]:
    """Let some weeks have passed in the group that `fill` gave these examples of."""
    for name, channel, special in FOLK:
        more: dict[str, Any] = {"joined_at": desk.clock() - days(40), "agreed": {}, **special}
        await member(desk, name, channel, heard_at=desk.clock() - days(2), **more)
    async with desk.app.db.write() as conn:
        quiet = sa.update(members).where(members.c.id.in_(("edith", "walter")))
        await conn.execute(quiet.values(heard_at=desk.clock() - days(70)))
        for who, kind, words in (("edith", "hearing loop", ""), ("tomasz", "other", "A taxi to the door")):
            await needs.add(conn, who, kind, words, ids=desk.app.ids, now=desk.clock() - days(4))
    await _lists(desk)
    return {
        **known,
        "hidden": await _gifts(desk),
        "closed": await _votes(desk, known["poll"]),
        "brief": await _calendar(desk),
    }


async def _gifts(desk: Desk) -> str:
    """What people gave; the id of what is hidden of it."""
    for who, flow, text, ago, felt in GIFTS:
        answers = {"feeling": {"text": felt, "keys": [felt]}} if felt else {}
        gift = await give(desk, who, text, flow=flow, ago=days(ago), shown_name=who.title(), answers=answers)
        if who == "george":
            await _answered(desk, gift)
    photo = await stored(desk, "photo", garden())
    for who, shows in (("mina", "The gate after the rain"), ("joe", "The bench in full sun")):
        name = who.title()
        await give(desk, who, shows, flow="photo", ago=days(4), files=[photo], shown_name=name)
    for who, walked in WALKS:
        moments = [{"happened": {"text": words}, "felt": {"keys": [felt]}} for words, felt in walked]
        await give(desk, who, flow="journey", ago=days(7), answers={"moments": moments})
    return await _hidden(desk)


async def _answered(desk: Desk, gift: str) -> None:
    said = "We asked the council for a second bench, under the lime tree."
    row = {"id": desk.app.ids(), "contribution_id": gift, "body": said, "by_id": desk.sam_id}
    async with desk.app.db.write() as conn:
        await conn.execute(sa.insert(replies).values(row | {"at": desk.clock() - days(1)}))


async def _hidden(desk: Desk) -> str:
    why, at = "names somebody", desk.clock() - days(5)
    hidden: dict[str, Any] = {"hidden_reason": why, "hidden_at": at}
    gift = await give(desk, "priya", "It was at 4 Mill Lane, where the Harts live.", ago=days(6), **hidden)
    row = {"id": desk.app.ids(), "contribution_id": gift, "by_id": desk.sam_id, "why": why, "at": at}
    async with desk.app.db.write() as conn:
        await conn.execute(sa.insert(hidings).values(row | {"asked_at": at}))
    return gift


async def _votes(desk: Desk, under_way: str) -> str:
    """Half have voted in the one that is open; the id of one that is over and counted."""
    ids, now = desk.app.ids, desk.clock()
    ask = NewPoll(
        group=desk.home.id,
        question="What should the garden get first?",
        options=("A path that stays dry", "A bench in the shade", "Beds to reach from a chair"),
        changes="what the council pays for this year",
        decides="all of us, by most votes",
    )
    async with desk.app.db.write() as conn:
        over = await open_poll(conn, ask, ids=ids, now=now - days(9))
        for n, who in enumerate(VOTERS):
            await _vote(conn, over, who, str(1 + n % 3 if n < 4 else 1), now)
        for who in VOTERS[:3]:
            await _vote(conn, under_way, who, "1", now)
        await close_poll(conn, over, ids=ids, now=now - days(2))
    for poll in (under_way, over):
        for who, words in REASONS:
            await give(desk, who, words, flow="comment", ago=days(3), poll_id=poll, shown_name=who.title())
    return over


async def _vote(conn: AsyncConnection, poll: str, who: str, key: str, now: datetime) -> None:
    channel = next(channel for name, channel, _ in FOLK if name.lower() == who)
    row = {"poll_id": poll, "member_id": who, "choices": [key], "channel": channel}
    await conn.execute(sa.insert(ballots).values(row | {"at": now - days(3)}))


async def _calendar(desk: Desk) -> str:
    """More meetings in the same month, one of them over; the id of a brief that most have got."""
    now, ids = desk.clock(), desk.app.ids
    async with desk.app.db.write() as conn:
        for title, ahead in (("With the council", 16), (RTL, 17)):
            await add_meeting(conn, desk.home, title, now + days(ahead), ids=ids, now=now)
        past = now - days(6)
        await add_meeting(conn, desk.home, "How we began", past, ids=ids, now=past - days(9))
        meeting = await add_meeting(
            conn, desk.home, "Planting day", now + days(4), ids=ids, now=now - days(9)
        )
        new = NewBrief(
            meeting=await find_meeting(conn, meeting),
            title="What we plant",
            texts={("en", "plain"): PLANTING, ("en", "easy"): "We plant beans.\n\nBring gloves."},
            befores=("6d", "1d"),
        )
        brief, _ = await add_brief(conn, new, ids=ids, now=now - days(3))
        for n, (name, channel, _) in enumerate(FOLK):
            row = {"kind": "brief", "subject_id": brief, "member_id": name.lower(), "channel": channel}
            state = {"state": BECAME[n % len(BECAME)], "at": now - days(1)}
            await conn.execute(sa.insert(reached).values(row | state))
        past_due = sendings.c.due_at < now
        await conn.execute(sa.update(sendings).where(past_due).values(state="done", done_at=now - days(1)))
    return brief


async def _lists(desk: Desk) -> None:
    """Things that need a person, a lane that waits, and what was spent."""
    now = desk.clock()
    async with desk.app.db.write() as conn:
        for n, words in enumerate(WORDS):
            row = {
                "id": desk.app.ids(),
                "group_id": desk.home.id,
                "member_id": VOTERS[n],
                "kind": "not understood",
            }
            await conn.execute(sa.insert(matters).values(row | {"words": words, "at": now - days(n)}))
        asks = {"id": desk.app.ids(), "group_id": desk.home.id, "member_id": "newcomer", "kind": "asks in"}
        await conn.execute(sa.insert(matters).values(asks | {"at": now - days(1)}))
        paused = {"name": "sms", "paused": "Twilio says that the account has no money left."}
        await conn.execute(sa.insert(senders).values(paused | {"paused_at": now - timedelta(hours=2)}))
        say = packed(Body(say=Say(text="Thank you for the photo.")))
        held = {
            "id": "held",
            "line_id": "joe",
            "member_id": "joe",
            "group_id": desk.home.id,
            "channel": "sms",
        }
        held |= {"lane": "sms", "class": "notice", "kind": "reply", "body": say, "dedupe_key": "held"}
        why = {"sentence": "Held until the member's hours begin.", "created_at": now}
        await conn.execute(sa.insert(outbox).values(**held, **why, not_before=now + timedelta(hours=22)))
        today = {"group_id": desk.home.id, "day": f"{now:%Y-%m-%d}", "segments": 84, "minutes": 12}
        await conn.execute(sa.insert(spending).values(today))


def garden() -> bytes:
    """A photo, as far as one can be drawn: sky, a hill, and a path that leads to a gate."""
    scene = Image.new("RGB", (640, 480), "#bcd9ea")
    draw = ImageDraw.Draw(scene)
    draw.ellipse((-200, 220, 840, 900), fill="#6f9a57")
    draw.ellipse((480, 40, 560, 120), fill="#f6dd7d")
    draw.polygon(((250, 480), (420, 480), (345, 250), (325, 250)), fill="#cbb892")
    for left in (285, 315, 345, 375):
        draw.rectangle((left, 190, left + 12, 265), fill="#7a5433")
    draw.rectangle((275, 205, 397, 217), fill="#7a5433")
    out = BytesIO()
    scene.save(out, "JPEG", quality=80)
    return out.getvalue()
