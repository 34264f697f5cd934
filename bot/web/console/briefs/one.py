"""One brief: a draft with what it will come to, or one that is planned with whom it has reached."""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response

from bot.sending.forecast import Forecast, forecast, of, try_on_me, version_name
from bot.web.console.briefs import checking, spans
from bot.web.console.briefs.reached import became
from bot.web.console.briefs.writing import found
from bot.web.console.desk import WRONG, Desk, Page
from bot.web.console.words import by
from flows.calendar import day_name
from storage.members.groups import Complaint
from storage.sessions import briefing, meetings
from storage.sessions.briefing import Brief
from storage.sessions.meetings import Content


async def show(desk: Desk) -> Response:
    """One that goes out, has gone out, or was called off."""
    return await _show(desk)


async def _show(desk: Desk, trouble: str = "") -> Response:
    """The same; `trouble`: why something was not done."""
    async with desk.read() as conn:
        brief = await found(desk, conn)
        if brief.state == briefing.DRAFT:
            return desk.go(f"/meetings/drafts/{brief.id}")
        content = await meetings.brief_content(conn, brief.id)
        to_come = await _to_come(desk, conn, brief, content) if content else None
        people = await became(desk, conn, brief)
    looks = _looks(desk, content) if content else {}
    return desk.page(
        "briefs/one.html",
        status=WRONG if trouble else 200,
        trouble=trouble,
        brief=brief,
        times=spans.went(brief),
        to_come=to_come,
        **people,
        **looks,
    )


async def show_draft(desk: Desk) -> Response:
    """A draft as it would go out, and what that would come to."""
    return await _show_draft(desk)


async def _show_draft(desk: Desk, trouble: str = "") -> Response:
    async with desk.read() as conn:
        brief = await found(desk, conn)
        content = await meetings.brief_content(conn, brief.id)
        if brief.state != briefing.DRAFT or content is None:
            return desk.go(f"/meetings/briefs/{brief.id}")
        times = spans.planned(brief, desk.now)
        at = spans.first(times)
        made = await _foretell(desk, conn, brief, content, at) if at else None
    return desk.page(
        "briefs/draft.html",
        status=WRONG if trouble else 200,
        trouble=trouble,
        brief=brief,
        times=times,
        made=made,
        **_looks(desk, content),
    )


async def _to_come(desk: Desk, conn: AsyncConnection, brief: Brief, content: Content) -> Forecast | None:
    """What its first sending will come to, as long as that has not gone out."""
    waiting = [one.at for one in brief.goes if one.state == "waiting"]
    if not waiting or any(one.state == "done" for one in brief.goes):
        return None
    return await _foretell(desk, conn, brief, content, max(min(waiting), desk.now))


async def _foretell(
    desk: Desk, conn: AsyncConnection, brief: Brief, content: Content, at: datetime
) -> Forecast:
    sending = of(desk.home.id, "brief", at=at, until=brief.meeting.at, subject=brief.id)
    write = checking.written_for(desk.app, content, desk.now)
    return await forecast(desk.app, conn, sending, write, versions=content.versions)


def _looks(desk: Desk, content: Content) -> dict[str, Any]:
    """How it reads and looks, in the version that the address asks for."""
    own = (content.language, "plain")
    asked = tuple(desk.query.get("as", "").split("."))
    version = next((one for one in content.versions if one == asked), own)
    return {
        "checked": checking.check(desk.app, content, desk.now),
        "phones": checking.phones(desk, content, version),
        "versions": [
            (".".join(one), version_name(desk.app.flows, *one), one == version)
            for one in checking.in_order(content)
        ],
    }


async def try_it(desk: Desk) -> Response:
    """Send it to whoever presses the button, and to nobody else."""
    try:
        async with desk.write() as conn:
            brief = await found(desk, conn)
            content = await meetings.brief_content(conn, brief.id) or desk.missing()
            write = checking.written_for(desk.app, content, desk.now)
            channel = await try_on_me(desk.app, conn, desk.me.member, write)
    except Complaint as complaint:
        again = _show_draft if "unsent" in desk.path else _show
        return await again(desk, str(complaint))
    below = "drafts" if brief.state == briefing.DRAFT else "briefs"
    return desk.go(f"/meetings/{below}/{brief.id}", said=f"It is on its way to you {by(channel)}.")


async def schedule(desk: Desk) -> Response:
    """Let a draft go when it is to go."""
    async with desk.write() as conn:
        brief = await found(desk, conn)
        plans = await briefing.schedule(conn, brief, desk.now)
        await desk.trace(conn, "let a brief go out", subject=brief.id)
    when = day_name(min(one.at for one in plans if one.at), desk.home.zone, desk.now)
    return desk.go(f"/meetings/briefs/{brief.id}", said=f"It goes out on {when}.")


PAGES = (
    Page("/meetings/briefs/{brief}", show=show),
    Page("/meetings/briefs/{brief}/try", show=show, do=try_it),
    Page("/meetings/drafts/{unsent}", show=show_draft),
    Page("/meetings/drafts/{unsent}/try", show=show_draft, do=try_it),
    Page("/meetings/drafts/{unsent}/schedule", do=schedule),
)
