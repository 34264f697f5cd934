"""Polls that are open or closed: the turnout as it grows, who is reminded, closing, the result, comments."""

from dataclasses import replace
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response

from bot.drawing import charts
from bot.sending import notices
from bot.sending.forecast import Forecast, forecast, of
from bot.web.console.answers import drawing, no_news
from bot.web.console.contributions import called
from bot.web.console.desk import Desk, Page
from flows.ballots import count, lines, sentence
from flows.events import Say
from storage.given import browsing
from storage.given.browsing import Wanted
from storage.members.groups import Complaint
from storage.sending.sendings import AGAIN, Recipient
from storage.sessions import polls, turnout
from storage.sessions.drafting import DRAFT
from storage.sessions.polls import NEWS_FOR, Tally

FEW_COMMENTS = 5
CLOSED = "That vote has closed already."


async def listed(desk: Desk) -> Response:
    async with desk.read() as conn:
        found, older = await turnout.listed(conn, desk.home.id, desk.now, desk.after)
    return desk.page("polls/list.html", found=found, **desk.turned(older))


async def one(desk: Desk) -> Response:
    async with desk.read() as conn:
        poll = await _poll(desk, conn)
        if poll.state == DRAFT:
            return desk.go(f"/polls/drafts/{poll.id}")
        shelf = await browsing.browse(conn, desk.home.id, Wanted(poll=poll.id))
        sent, ways = "poll" if poll.state == "open" else "result", desk.channels
        return desk.page(
            "polls/one.html",
            poll=poll,
            turnout=await turnout.turnout(conn, desk.home.id, poll.id, desk.now),
            still="still" in desk.query,
            reminded=await polls.reminded(conn, poll.id),
            became=await turnout.became(conn, sent, poll.id, ways, desk.now, practice=desk.home.practice),
            comments=shelf.found[:FEW_COMMENTS],
            more=len(shelf.found) > FEW_COMMENTS,
            called=called,
        )


async def standing(desk: Desk) -> Response:
    """Only the turnout, for a page that is open; nothing where it is as that page has it."""
    async with desk.read() as conn:
        poll = await _opened(desk, conn)
        found = await turnout.turnout(conn, desk.home.id, poll.id, desk.now)
    if found and desk.query.get("had") == f"{poll.state}-{found.voted}-{found.eligible}":
        return no_news()
    return desk.page("polls/turnout.html", poll=poll, turnout=found, still=False)


async def bars(desk: Desk) -> Response:
    """The result as bars."""
    async with desk.read() as conn:
        drawn = charts.of_result(await _opened(desk, conn)) or desk.missing()
    return drawing(drawn, "result")


async def comments(desk: Desk) -> Response:
    async with desk.read() as conn:
        poll = await _opened(desk, conn)
        shelf = await browsing.browse(conn, desk.home.id, Wanted(poll=poll.id), desk.after)
    return desk.page("polls/comments.html", poll=poll, shelf=shelf, called=called, **desk.turned(shelf.older))


async def reminding(desk: Desk) -> Response:
    async with desk.read() as conn:
        poll = await _opened(desk, conn)
        return desk.page(
            "polls/remind.html",
            poll=poll,
            turnout=await turnout.turnout(conn, desk.home.id, poll.id, desk.now),
            reminded=await polls.reminded(conn, poll.id),
            foretold=await _reminder(desk, conn, poll),
        )


async def remind(desk: Desk) -> Response:
    async with desk.write() as conn:
        poll = await _opened(desk, conn)
        await polls.remind(conn, desk.home.id, poll.id, ids=desk.app.ids, now=desk.now)
        await desk.trace(conn, "reminded of a vote", subject=poll.id)
    return desk.go(f"/polls/{poll.id}", said="Those who have not voted are asked once more.")


async def closing(desk: Desk) -> Response:
    async with desk.read() as conn:
        poll = await _opened(desk, conn)
        return desk.page("polls/close.html", poll=poll, foretold=await _news(desk, conn, poll))


async def close(desk: Desk) -> Response:
    async def work(conn: AsyncConnection) -> Tally:
        poll = await _opened(desk, conn)
        if not await polls.close_poll(conn, poll.id, ids=desk.app.ids, now=desk.now):
            raise Complaint(CLOSED)
        await desk.trace(conn, "closed a vote", subject=poll.id)
        return poll

    poll = await desk.app.db.transact(work)
    return desk.go(f"/polls/{poll.id}", said="The vote is closed. Everybody is told the result now.")


async def _poll(desk: Desk, conn: AsyncConnection) -> Tally:
    """The poll or draft that the address names, in this group."""
    found = await polls.tally(conn, desk.path["poll"], now=desk.now, draft=True)
    return found if found and found.group == desk.home.id else desk.missing()


async def _opened(desk: Desk, conn: AsyncConnection) -> Tally:
    found = await _poll(desk, conn)
    return desk.missing() if found.state == DRAFT else found


async def _reminder(desk: Desk, conn: AsyncConnection, poll: Tally) -> Forecast:
    """Whom a reminder would reach now."""

    def said(one: Recipient) -> Say:
        return notices.poll(desk.sentences.to(one.language, one.form), poll, desk.now, again=one.again)

    sending = of(desk.home.id, "poll", at=desk.now, until=poll.closes_at, subject=poll.id, before=AGAIN)
    return await forecast(desk.app, conn, sending, said, staff=poll.staff)


async def _news(desk: Desk, conn: AsyncConnection, poll: Tally) -> Forecast:
    """Whom the result would reach now. Nobody knows it yet, so any stands in for its length."""
    first = [key for key, _ in poll.options[:1]]
    any_ = count(poll.options, [first] * poll.voted, secret=poll.secret, eligible=poll.eligible)
    about = partial(notices.result, tally=replace(poll, lines=lines(any_), sentence=sentence(any_)))

    def said(one: Recipient) -> Say:
        return about(desk.sentences.to(one.language, one.form))

    sending = of(desk.home.id, "result", at=desk.now, until=desk.now + NEWS_FOR, subject=poll.id)
    return await forecast(desk.app, conn, sending, said)


PAGES = (
    Page("/polls", show=listed),
    Page("/polls/{poll}", show=one),
    Page("/polls/{poll}/turnout", show=standing, part=True),
    Page("/polls/{poll}/result.svg", show=bars, part=True),
    Page("/polls/{poll}/comments", show=comments),
    Page("/polls/{poll}/remind", show=reminding, do=remind),
    Page("/polls/{poll}/close", show=closing, do=close),
)
