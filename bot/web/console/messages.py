"""What goes out by each lane, what waits, what did not get through, and what it costs."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from bot.web.console.desk import Desk, Page
from storage.care import helped
from storage.keeping import holding
from storage.running import problems, undelivered
from storage.running.problems import Problem
from storage.sending import overview, spending

AT = "/messages"
NAMES = {"telegram": "Telegram", "sms": "Texts", "voice": "Calls", "practice": "Practice phones"}
KINDS = {
    "alert": "alert",
    "brief": "brief",
    "cancelled": "a meeting that is cancelled",
    "checkin": "check-in",
    "handover": "help by text",
    "moved": "a meeting's new time",
    "poll": "vote",
    "reply": "reply to what they gave",
    "result": "result of a vote",
    "say": "an answer",
}
WORDS: Mapping[str, Any] = {"names": NAMES, "kinds": KINDS}


async def show(desk: Desk) -> Response:
    home = desk.home.id
    async with desk.read() as conn:
        lanes = await overview.lanes(conn, home, desk.channels, desk.now)
        return desk.page(
            "messages/show.html",
            lanes=lanes,
            names=NAMES,
            held=await holding.held(conn),
            spent=await spending.today(conn, home, desk.now),
            overs=await helped.list_open(conn, home),
        )


async def waiting(desk: Desk) -> Response:
    async with desk.read() as conn:
        found, older = await overview.waiting(conn, desk.home.id, desk.after)
    return desk.page("messages/waiting.html", found=found, **WORDS, **desk.turned(older))


async def lost(desk: Desk) -> Response:
    async with desk.read() as conn:
        found, older = await overview.lost(conn, desk.home.id, desk.after)
    return desk.page("messages/undelivered.html", found=found, **WORDS, **desk.turned(older))


async def again(desk: Desk) -> Response:
    """Send one again that did not get through."""
    id_ = desk.path["message"]
    async with desk.write() as conn:
        if not await overview.belongs(conn, desk.home.id, id_):
            desk.missing()
        await undelivered.retry(conn, id_, now=desk.now)
        await desk.trace(conn, "message sent again", subject=id_)
    return desk.go(f"{AT}/undelivered", said="It is on its way again.")


async def failed(desk: Desk) -> Response:
    """What came in from this group's members and could not be answered."""
    return desk.page("messages/problems.html", found=await _failed(desk))


async def pass_on(desk: Desk) -> Response:
    """Take the words of one to the list of what needs a person."""
    one = await _one(desk)
    async with desk.write() as conn:
        await desk.trace(conn, "problem passed on", subject=one.id)
        await problems.pass_on(
            conn,
            one.id,
            group=desk.home.id,
            secrets=desk.app.secrets,
            ids=desk.app.ids,
            now=desk.now,
        )
    return desk.go("/matters", said="Its words are on the list of what needs a person.")


async def done(desk: Desk) -> Response:
    one = await _one(desk)
    async with desk.write() as conn:
        await desk.trace(conn, "problem done", subject=one.id)
        await problems.done(conn, one.id, now=desk.now)
    return desk.go(f"{AT}/problems", said="It is off the list.")


async def _failed(desk: Desk) -> list[Problem]:
    async with desk.read() as conn:
        return await problems.list_open(conn, desk.home.id)


async def _one(desk: Desk) -> Problem:
    for one in await _failed(desk):
        if one.id == desk.path["problem"]:
            return one
    desk.missing()


PAGES = (
    Page(AT, show=show),
    Page(AT + "/waiting", show=waiting),
    Page(AT + "/undelivered", show=lost),
    Page(AT + "/undelivered/{message}/again", show=lost, do=again),
    Page(AT + "/problems", show=failed),
    Page(AT + "/problems/{problem}/pass", show=failed, do=pass_on),
    Page(AT + "/problems/{problem}/done", show=failed, do=done),
)
