"""A draft of a poll as members would get it, and what asking them will come to; trying it, opening it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response

from bot.sending import notices
from bot.sending.forecast import forecast, of, try_on_me, version_name
from bot.web.console.desk import WRONG, Desk, Page
from bot.web.console.phones import Phones, rung, three
from bot.web.console.words import by
from flows.calendar import day_name
from flows.events import Say
from flows.state import Notice
from flows.values import replace
from storage.members.groups import Complaint
from storage.sending.sendings import Recipient
from storage.sessions import drafting, polls
from storage.sessions.drafting import DRAFT, LASTS
from storage.sessions.polls import Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A poll in one language and form, on three phones."""

    name: str
    phones: Phones


async def look(desk: Desk) -> Response:
    return await _looked(desk)


async def _looked(desk: Desk, trouble: str = "") -> Response:
    """The draft on three phones, with what opening it comes to; `trouble`: why something was not done."""
    async with desk.read() as conn:
        draft = await polls.tally(conn, desk.path["draft"], now=desk.now, draft=True)
        if draft is None or draft.group != desk.home.id:
            desk.missing()
        if draft.state != DRAFT:
            return desk.go(f"/polls/{draft.id}")
        draft = _as_opened(desk, draft)
        own = (draft.asked.language, "plain")
        versions = [own, *draft.asked.versions]
        sending = of(desk.home.id, "poll", at=desk.now, until=draft.closes_at)
        write = _writes(desk, draft)
        foretold = await forecast(desk.app, conn, sending, write, staff=draft.staff, versions=versions)
    return desk.page(
        "polls/look.html",
        status=WRONG if trouble else 200,
        trouble=trouble,
        poll=draft,
        late=draft.closes_at is not None and draft.closes_at <= desk.now,
        foretold=foretold,
        versions=[_version(desk, draft, *where) for where in versions],
    )


async def try_it(desk: Desk) -> Response:
    """Send it to whoever looks at it, and nobody else."""
    try:
        async with desk.write() as conn:
            draft = _as_opened(desk, await _draft(desk, conn))
            way = await try_on_me(desk.app, conn, desk.me.member, _writes(desk, draft))
            await desk.trace(conn, "tried a vote", subject=draft.id)
    except Complaint as complaint:
        return await _looked(desk, str(complaint))
    said = f"It is on its way to you {by(way)}. What you answer to it is not counted."
    return desk.go(f"/polls/drafts/{draft.id}", said=said)


async def open_it(desk: Desk) -> Response:
    try:
        async with desk.write() as conn:
            draft = await _draft(desk, conn)
            await polls.open_draft(conn, desk.home.id, draft.id, ids=desk.app.ids, now=desk.now)
            await desk.trace(conn, "opened a vote", subject=draft.id)
    except Complaint as complaint:
        return await _looked(desk, str(complaint))
    return desk.go(f"/polls/{draft.id}", said="It is open. Everybody is being asked now.")


async def dropping(desk: Desk) -> Response:
    async with desk.read() as conn:
        return desk.page("polls/drop.html", poll=await _draft(desk, conn))


async def drop(desk: Desk) -> Response:
    async with desk.write() as conn:
        draft = await _draft(desk, conn)
        await drafting.drop(conn, desk.home.id, draft.id)
        await desk.trace(conn, "threw a draft of a vote away", subject=draft.id)
    return desk.go("/polls", said="The draft is thrown away.")


async def _draft(desk: Desk, conn: AsyncConnection) -> Tally:
    """The draft that the address names, in this group; raise Complaint where it is open by now."""
    found = await polls.tally(conn, desk.path["draft"], now=desk.now, draft=True)
    if found is None or found.group != desk.home.id:
        desk.missing()
    if found.state != DRAFT:
        raise Complaint(drafting.OPEN_ALREADY)
    return found


def _as_opened(desk: Desk, draft: Tally) -> Tally:
    """As it would be if it were opened now."""
    return replace(draft, closes_at=draft.closes_at or desk.now + LASTS)


def _writes(desk: Desk, draft: Tally) -> Callable[[Recipient], Say]:
    @cache
    def said(language: str, form: str) -> Say:
        return notices.poll(desk.sentences.to(language, form), draft, desk.now)

    return lambda one: said(one.language, one.form)


def _version(desk: Desk, draft: Tally, language: str, form: str) -> Version:
    said = notices.poll(desk.sentences.to(language, form), draft, desk.now)
    closes = day_name(draft.closes_at, draft.zone, desk.now) if draft.closes_at else ""
    turns = rung(
        desk.app,
        desk.home,
        Notice(id="", kind="poll", subject=draft.id, text=""),
        now=desk.now,
        polls=[replace(draft.asked, closes=closes)],
        language=language,
        form=form,
    )
    phones = three(desk.app, [said], group=desk.home, language=language, turns=turns)
    return Version(name=version_name(desk.app.flows, language, form), phones=phones)


PAGES = (
    Page("/polls/drafts/{draft}", show=look),
    Page("/polls/drafts/{draft}/try", show=look, do=try_it),
    Page("/polls/drafts/{draft}/open", show=look, do=open_it),
    Page("/polls/drafts/{draft}/drop", show=dropping, do=drop),
)
