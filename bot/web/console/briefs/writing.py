"""Writing a brief, and changing it while it is a draft; beside it what it will be like."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response

from bot.sending.forecast import version_name
from bot.staff.briefs import titled
from bot.web.console.briefs import checking, written
from bot.web.console.briefs.written import Written
from bot.web.console.desk import Desk, Page
from bot.web.console.forms import Form
from bot.web.console.meetings import found as meeting_found
from bot.web.console.versions import Version, versions_of
from storage.files import fetches
from storage.members.groups import Complaint
from storage.sessions import briefing, meetings
from storage.sessions.briefing import Brief
from storage.sessions.meetings import Meeting, NewBrief

MOST = 64 * 1024 * 1024  # bytes of a form with files
MOST_WORDS = 2 * 1024 * 1024  # and of the words alone
UNTITLED = "(its title)"
CHECK = "check"  # what the button says that only looks


async def new(desk: Desk) -> Response:
    async with desk.read() as conn:
        meeting = await meeting_found(desk, conn)
        versions = await versions_of(conn, desk.home)
    meetings.planned(meeting, desk.now)
    form = written.writing(versions)(data={"spans": [written.USUAL]})
    return _page(desk, form, meeting, versions)


async def create(desk: Desk) -> Response:
    async with desk.read() as conn:
        meeting = await meeting_found(desk, conn)
        versions = await versions_of(conn, desk.home)
    return await _take(desk, meeting, versions)


async def change(desk: Desk) -> Response:
    async with desk.read() as conn:
        brief = await draft(desk, conn)
        content = await meetings.brief_content(conn, brief.id) or desk.missing()
        versions = await versions_of(conn, desk.home, *content.versions)
    befores = [one.before for one in brief.goes]
    form = written.writing(versions, brief.files)(data=written.begins(brief.title, content.versions, befores))
    return _page(desk, form, brief.meeting, versions, brief)


async def changed(desk: Desk) -> Response:
    async with desk.read() as conn:
        brief = await draft(desk, conn)
        content = await meetings.brief_content(conn, brief.id) or desk.missing()
        versions = await versions_of(conn, desk.home, *content.versions)
    return await _take(desk, brief.meeting, versions, brief)


async def beside(desk: Desk) -> Response:
    """What is beside the words while they are typed."""
    async with desk.read() as conn:
        meeting = await meeting_found(desk, conn)
        versions = await versions_of(conn, desk.home)
    form = written.writing(versions)(desk.given)
    await written.texts_of(form, versions)
    return desk.page("briefs/beside.html", **_look(desk, form, meeting, versions))


async def _take(
    desk: Desk, meeting: Meeting, versions: Sequence[Version], brief: Brief | None = None
) -> Response:
    kept = brief.files if brief else ()
    form = written.writing(versions, kept)(desk.given)
    if desk.given and desk.given.get("press") == CHECK:
        await written.texts_of(form, versions)
        return _page(desk, form, meeting, versions, brief)
    made = await written.read(form, meeting, versions, kept)
    if made is None:
        return _page(desk, form, meeting, versions, brief)
    try:
        id_ = await _keep(desk, meeting, made, brief)
    except Complaint as complaint:
        form.complain("title", complaint)
        return _page(desk, form, meeting, versions, brief)
    return desk.go(f"/meetings/drafts/{id_}", said="It is kept as a draft. Nobody has got it yet.")


def _look(desk: Desk, form: Form, meeting: Meeting, versions: Sequence[Version]) -> dict[str, Any]:
    """What the words in the form will be like, as far as there are any."""
    texts = written.standing(form, versions)
    own, title = versions[0], form["title"].data
    if not title and own in texts:
        title, texts[own] = titled(texts[own], "")
    content = checking.content_of(meeting, title or UNTITLED, texts)
    return {
        "checked": checking.check(desk.app, content, desk.now),
        "phones": checking.phones(desk, content, own) if own in texts else None,
    }


def _page(
    desk: Desk, form: Form, meeting: Meeting, versions: Sequence[Version], brief: Brief | None = None
) -> Response:
    """The form as it is filled in, with what its words will be like beside it."""
    places = [
        (version_name(desk.app.flows, *one), form[written.words_place(one)], form[written.file_place(one)])
        for one in versions
    ]
    values: dict[str, Any] = {"meeting": meeting, "brief": brief, "places": places}
    return desk.page("briefs/write.html", form=form, **values, **_look(desk, form, meeting, versions))


async def _keep(desk: Desk, meeting: Meeting, made: Written, brief: Brief | None) -> str:
    saved = [(desk.app.ids(), await desk.app.files.keep(file), name) for file, name in made.files]
    kept = [(one.media, one.name) for one in made.kept]
    files = [*kept, *((id_, name) for id_, _, name in saved)]
    new = NewBrief(meeting=meeting, title=made.title, texts=made.texts, befores=made.befores, files=files)
    async with desk.write() as conn:
        for id_, one, name in saved:
            await fetches.add_stored(conn, id_, one, now=desk.now, name=name)
        which = brief.id if brief else ""
        id_ = await briefing.keep_draft(conn, new, ids=desk.app.ids, now=desk.now, brief=which)
        await desk.trace(conn, "changed a brief" if brief else "wrote a brief", subject=id_)
    return id_


async def found(desk: Desk, conn: AsyncConnection) -> Brief:
    """The brief that the address names, in this group."""
    wanted = desk.path.get("brief") or desk.path["unsent"]
    return await briefing.find_brief(conn, desk.home.id, wanted) or desk.missing()


async def draft(desk: Desk, conn: AsyncConnection) -> Brief:
    """The same where it is a draft still."""
    brief = await found(desk, conn)
    return brief if brief.state == briefing.DRAFT else desk.missing()


PAGES = (
    Page("/meetings/{meeting}/briefs/new", show=new, do=create, most=MOST),
    Page("/meetings/{meeting}/briefs/beside", do=beside, most=MOST_WORDS, part=True),
    Page("/meetings/drafts/{unsent}/change", show=change, do=changed, most=MOST),
)
