"""A group in which something of everything has happened, for tests that open every page.

`fill` gives an example for each name that stands in a page's address, such as {poll}.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from flows.events import Say
from storage.care import alerts
from storage.care.alerts import Found
from storage.door import sign_ins
from storage.members import needs
from storage.sending import outbox
from storage.sessions.briefing import keep_draft
from storage.sessions.drafting import NewPoll, keep
from storage.sessions.meetings import NewBrief, add_brief, add_meeting, find_meeting
from storage.sessions.polls import close_poll, open_poll
from storage.tables import (
    contribution_media,
    contributions,
    events,
    given,
    handover_words,
    handovers,
    matters,
    media,
    members,
    problems,
)
from storage.tables import outbox as box
from tests.console import Desk
from tests.fakes.twilio_calls import SOUND
from tests.joining import joins, uses
from tests.plenty import garden

PEOPLE = (("ada", "Ada", "sms", "+447700900101"), ("ben", "Ben Okoro", "voice", "+441632960102"))
HELP = "The gate is locked, and I have come all the way by bus. Is somebody there?"


async def fill(desk: Desk) -> Mapping[str, str]:
    """Let something of everything happen."""
    for who in PEOPLE:
        await _member(desk, *who)
    found = {"member": "ada", "handover": "h", "matter": "m", "message": "o", "problem": "x", "flow": "diary"}
    await _help(desk)
    kim = await desk.staff(desk.home, "Kim")
    async with desk.app.db.write() as conn:
        token = await sign_ins.new_link(conn, desk.app.secrets, kim, ids=desk.app.ids, now=desk.clock())
    found |= {"token": token, "asked": desk.app.ids(), "staff": kim, "purpose": "join"}
    async with desk.app.db.read() as conn:
        found["need"] = (await needs.list_of(conn, "ada"))[0].id
    return found | await _gifts(desk) | await _sessions(desk) | await _trouble(desk)


async def _member(desk: Desk, id_: str, name: str, channel: str, number: str) -> None:
    now = desk.clock()
    facts = {"number": number[-4:], "heard_at": now, "agreed": {}}
    await joins(desk.app, desk.home.id, name, id_=id_, **facts)
    await uses(desk.app, id_, channel=channel, address=number)
    async with desk.app.db.write() as conn:
        await needs.add(conn, id_, "large print", "18 points, please", ids=desk.app.ids, now=now)


async def _help(desk: Desk) -> None:
    """Ada asked for a person; something came from nobody known."""
    now = desk.clock() - timedelta(minutes=7)
    async with desk.app.db.write() as conn:
        over: dict[str, Any] = {"id": "h", "member_id": "ada", "line_id": "ada", "channel": "sms", "mark": 1}
        await conn.execute(handovers.insert().values(**over, opened_at=now, heard_at=now))
        said = {"id": "w", "handover_id": "h", "member_id": "ada", "by": "member", "text": HELP}
        await conn.execute(handover_words.insert().values(**said, media=[], at=now))
        await conn.execute(sa.update(members).where(members.c.id == "ada").values(handover="h"))
        matter = {"id": "m", "group_id": desk.home.id, "kind": "nobody known", "words": "Who are you?"}
        await conn.execute(matters.insert().values(**matter, at=now))


async def _gifts(desk: Desk) -> dict[str, str]:
    """A diary entry, a recording, a photo, a journey, and a thought without a name."""
    photo = await _file(desk, "photo", "image/jpeg", garden(), width=640, height=480)
    sound = await _file(desk, "voice", "audio/wav", SOUND, seconds=3)
    told = (("I rang the surgery", "2"), ("Nobody rang back", "1"), ("Somebody listened", "5"))
    moments = [{"happened": {"text": words}, "felt": {"keys": [felt]}} for words, felt in told]
    await _gift(desk, "c1", "diary", "Sat by the pond for an hour. A wren came close.")
    await _gift(desk, "c2", "diary", "", file=sound)
    await _gift(desk, "c3", "photo", "The gate", file=photo)
    await _gift(desk, "c4", "journey", "", answers={"moments": moments})
    await _gift(desk, "c5", "thought", "Nobody asks us.", unnamed=True)
    return {"contribution": "c3", "gift": "c3", "file": photo, "recording": sound, "journey": "c4"}


async def _gift(
    desk: Desk, id_: str, flow: str, text: str, *, file: str = "", unnamed: bool = False, **more: Any
) -> None:
    row = {"id": id_, "group_id": desk.home.id, "flow": flow, "text": text, "unnamed": unnamed}
    named = {} if unnamed else {"channel": "sms", "shown_name": "Ada"}
    async with desk.app.db.write() as conn:
        await conn.execute(contributions.insert().values(**row, at=desk.clock(), **named, **more))
        await conn.execute(given.insert().values(contribution_id=id_, member_id="ada"))
        if file:
            await conn.execute(contribution_media.insert().values(contribution_id=id_, media_id=file))


async def _file(desk: Desk, kind: str, type_: str, data: bytes, **size: int) -> str:
    id_ = desk.app.ids()
    sha256 = await desk.app.files.save(data)
    row = {"id": id_, "kind": kind, "type": type_, "state": "stored", **size}
    async with desk.app.db.write() as conn:
        await conn.execute(media.insert().values(**row, sha256=sha256, bytes=len(data), at=desk.clock()))
    return id_


async def _sessions(desk: Desk) -> dict[str, str]:
    """Two votes, of which a secret one is over, and a meeting with a brief."""
    app, now, home = desk.app, desk.clock(), desk.home
    ask = NewPoll(group=home.id, question="Where shall we meet?", options=("Library", "Town hall"))
    over = NewPoll(group=home.id, question="Shall we go on?", options=("Yes, please", "Not now"), secret=True)
    async with app.db.write() as conn:
        poll = await open_poll(conn, ask, ids=app.ids, now=now)
        closed = await open_poll(conn, over, ids=app.ids, now=now)
        await close_poll(conn, closed, ids=app.ids, now=now)
        draft = await keep(conn, ask, ids=app.ids, now=now)
        at = now + timedelta(days=9)
        meeting = await add_meeting(conn, home, "Our garden session", at, ids=app.ids, now=now)
        new = NewBrief(
            meeting=await find_meeting(conn, meeting),
            title="What the garden needs",
            texts={("en", "plain"): "# Why\n\nThe path floods.", ("en", "easy"): "The path is wet."},
            befores=("3d",),
        )
        brief, _ = await add_brief(conn, new, ids=app.ids, now=now)
        unsent = await keep_draft(conn, new, ids=app.ids, now=now)
    return {
        "poll": poll,
        "closed": closed,
        "draft": draft,
        "meeting": meeting,
        "brief": brief,
        "unsent": unsent,
    }


async def _trouble(desk: Desk) -> dict[str, str]:
    """An alert, a message that did not get through, and a turn that failed."""
    app, now, home = desk.app, desk.clock(), desk.home.id
    async with app.db.write() as conn:
        said = Found(words="He hits me", member="ben", line="ben")
        alert = await alerts.raise_alert(conn, home, said, ids=app.ids, now=now)
        lost = {"id": "o", "line_id": "ben", "member_id": "ben", "group_id": home, "channel": "voice"}
        body = outbox.packed(outbox.Body(say=Say(text="Hello")))
        state = {"lane": "voice", "class": "notice", "kind": "brief", "state": "failed", "body": body}
        why = {
            "dedupe_key": "o",
            "sentence": "The number is not in use.",
            "not_before": now,
            "created_at": now,
        }
        await conn.execute(box.insert().values(**lost, **state, **why))
        came = {
            "id": "e",
            "channel": "sms",
            "guard": b"e",
            "kind": "said",
            "line_id": "ada",
            "member_id": "ada",
        }
        await conn.execute(events.insert().values(**came, at=now))
        await conn.execute(problems.insert().values(id="x", event_id="e", error="KeyError at a.py:1", at=now))
    return {"alert": alert}
