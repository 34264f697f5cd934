"""Whom a brief has reached and whom not; sending it once more, by phone too; calling it off."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response

from bot.sending.forecast import Forecast, forecast, of
from bot.web.console.briefs import checking
from bot.web.console.briefs.writing import draft, found
from bot.web.console.desk import Desk, Page
from bot.web.console.templating import HEADERS
from bot.web.console.words import by
from storage.sending.sendings import AGAIN, RING
from storage.sessions import briefing, meetings
from storage.sessions.briefing import Brief
from storage.sessions.meetings import Status

RUNG = "We rang them, and nobody has listened to it yet"
UNCHANGED = 204
PART = 50  # people in one part of the list
# What became of it, in the order of the page: its name in the address, and in words.
PILES = {
    "missed": "Not reached",
    "waiting": "On its way",
    "got": "Have got it",
    "read": "Have read or heard it",
}
STATES = {
    "waiting": "It waits to go out",
    "sent": "It was sent",
    "delivered": "It arrived",
    "acknowledged": "They told us that they have read or heard it",
}


async def became(desk: Desk, conn: AsyncConnection, brief: Brief) -> dict[str, Any]:
    """What became of it, for the page: counts of people, and one pile of them by name."""
    gone = any(one.state == "done" for one in brief.goes)
    listed = await briefing.became(conn, brief.id, desk.channels, desk.now) if gone else []
    piles: dict[str, list[Status]] = {name: [] for name in PILES}
    for one in listed:
        piles[_pile(one)].append(one)
    asked, begun = desk.query.get("which", ""), desk.query.get("after", "")
    which = asked if asked in piles else next((name for name, those in piles.items() if those), "missed")
    part, after = _part(piles[which], begun)
    return {
        "gone": gone,
        "had": _mark(listed),
        "piles": [(name, words, _many(piles[name])) for name, words in PILES.items()],
        "which": which,
        "asked": which if which == asked else "",
        "live": not begun,  # a later part of a long list stays as it is
        "part": part,
        "after": after,
        "stands": _stands,
        "ahead": brief.state == briefing.PLANNED and brief.meeting.at > desk.now,
    }


def _mark(listed: Sequence[Status]) -> str:
    """What changes whenever what became of it does."""
    states = sorted(Counter(one.state for one in listed).items())
    last = max((one.at for one in listed if one.at), default=None)
    return "-".join((*(f"{state}{many}" for state, many in states), f"{last:%d%H%M%S%f}" if last else ""))


def _pile(one: Status) -> str:
    if briefing.is_missed(one):
        return "missed"
    if _rings(one):
        return "waiting"
    return {"waiting": "waiting", "acknowledged": "read"}.get(one.state, "got")


def _rings(one: Status) -> bool:
    """Whether their phone was rung and nobody has pressed 1 yet: then they have not heard it."""
    return one.state == "sent" and one.channel == "voice"


def _stands(one: Status) -> str:
    """How it stands with somebody, in words."""
    if briefing.is_missed(one):
        return one.why or "They joined after it had gone out."
    if _rings(one):
        return RUNG
    said = STATES.get(one.state, one.state)
    return f"{said}, {by(one.channel)}" if one.channel else said


def _many(people: Sequence[Status]) -> int:
    """How many those are; who only practises is not counted."""
    return sum(not one.practice for one in people)


def _part(people: Sequence[Status], after: str) -> tuple[Sequence[Status], str]:
    """The next of them after this one, and the last of those where there are more."""
    rest = [one for one in people if one.member > after]
    return rest[:PART], rest[PART - 1].member if len(rest) > PART else ""


async def again(desk: Desk) -> Response:
    return await _asked(desk, AGAIN)


async def ring(desk: Desk) -> Response:
    return await _asked(desk, RING)


async def _asked(desk: Desk, how: str) -> Response:
    """What sending it once more will come to."""
    async with desk.read() as conn:
        brief = await found(desk, conn)
        content = await meetings.brief_content(conn, brief.id) or desk.missing()
        until = max(brief.meeting.at, desk.now)
        sending = of(desk.home.id, "brief", at=desk.now, until=until, subject=brief.id, before=how)
        write = checking.written_for(desk.app, content, desk.now)
        made: Forecast = await forecast(desk.app, conn, sending, write, versions=content.versions)
    return desk.page("briefs/again.html", brief=brief, made=made, rings=how == RING)


async def send_again(desk: Desk) -> Response:
    return await _send(desk, rings=False)


async def ring_now(desk: Desk) -> Response:
    return await _send(desk, rings=True)


async def _send(desk: Desk, *, rings: bool) -> Response:
    async with desk.write() as conn:
        brief = await found(desk, conn)
        await briefing.send_again(conn, brief, ring=rings, ids=desk.app.ids, now=desk.now)
        did = "had a brief read out by phone" if rings else "sent a brief once more"
        await desk.trace(conn, did, subject=brief.id)
    return desk.go(f"/meetings/briefs/{brief.id}", said="It is on its way, in the hours that people chose.")


async def cancelling(desk: Desk) -> Response:
    async with desk.read() as conn:
        brief = await found(desk, conn)
        people = await became(desk, conn, brief)
    return desk.page("briefs/cancel.html", brief=brief, **people)


async def cancel(desk: Desk) -> Response:
    async with desk.write() as conn:
        brief = await found(desk, conn)
        await briefing.cancel_brief(conn, brief, desk.now)
        await desk.trace(conn, "called off a brief", subject=brief.id)
    return desk.go(f"/meetings/briefs/{brief.id}", said="It is called off. Nobody else gets it.")


async def dropping(desk: Desk) -> Response:
    async with desk.read() as conn:
        return desk.page("briefs/drop.html", brief=await draft(desk, conn))


async def drop(desk: Desk) -> Response:
    async with desk.write() as conn:
        brief = await draft(desk, conn)
        await briefing.drop_draft(conn, brief.id)
        await desk.trace(conn, "threw a draft away", subject=brief.id)
    return desk.go(f"/meetings/{brief.meeting.id}", said="The draft is thrown away.")


async def people(desk: Desk) -> Response:
    """The part of the page that changes by itself."""
    async with desk.read() as conn:
        brief = await found(desk, conn)
        people = await became(desk, conn, brief)
    if desk.query.get("had") == people["had"]:
        return Response(status_code=UNCHANGED, headers=HEADERS)
    return desk.page("briefs/became.html", brief=brief, **people)


PAGES = (
    Page("/meetings/briefs/{brief}/people", show=people, part=True),
    Page("/meetings/briefs/{brief}/again", show=again, do=send_again),
    Page("/meetings/briefs/{brief}/ring", show=ring, do=ring_now),
    Page("/meetings/briefs/{brief}/cancel", show=cancelling, do=cancel),
    Page("/meetings/drafts/{unsent}/drop", show=dropping, do=drop),
)
