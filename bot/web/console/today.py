"""A group's first page: what came in, what needs a person, what goes out next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from starlette.responses import Response

from bot.web.console import starting
from bot.web.console.desk import Desk, Page
from storage.care import helped, matters, tending
from storage.care.matters import Open
from storage.given import browsing, listening
from storage.given.browsing import Wanted
from storage.given.unnaming import day_of
from storage.members import groups, quiet
from storage.running import today

FIRST_VISIT = timedelta(days=7)  # what counts as new for somebody who was never here
NEWEST = 5
MOST = 50  # of each kind of matter are listed
KINDS = {  # what stands on the list of matters, in the words of a heading
    "alert": "Alerts that nobody has looked at",
    "asks in": "People who ask to be let in",
    "call booked": "Calls that are booked",
    "ending": "Memberships that somebody would end",
    "help": "People who asked for a person",
    "look at a need again": "Needs to look at again",
    "name": "Names said on the phone, to be typed",
    "need": "Needs that are not met",
    "nobody known": "Words from people we don't know",
    "not understood": "Answers that were not understood",
    "not answered": "Words that could not be answered",
    "number changed": "People with another number now",
    "own copy": "People who would like to see what is held about them",
    "passed on": "Words that they passed on to you",
    "review": "Hidden things to look at as a second person",
    "ring": "People who would like to be rung",
    "spending": "What was spent",
}

ELSEWHERE = {"alert": "/safety", matters.ASKS_IN: "/people/waiting", "name": "/people/waiting"}
ABOUT = {  # where more can be done about one of a member, and what that is called
    matters.ENDING: ("/people/{0.member}/end", "See whether you would end it too"),
    "help": ("/people/{0.member}/write", "Answer them by text"),
    "review": ("/contributions/{0.gift}/review", "Look at it"),
    "need": ("/people/{0.member}/need/{0.id}", "Say how it is met, or what it waits for"),
    "look at a need again": ("/people/{0.member}/need/{0.id}", "Say whether it is met still"),
}
COMING = {  # what goes out next: how it is told, and below which page it is
    "brief": ("Brief", "/meetings/briefs"),
    "poll": ("Vote", "/polls"),
    "remind": ("Reminder to vote", "/polls"),
    "closing": ("A vote closes", "/polls"),
    "result": ("Result of a vote", "/polls"),
    "moved": ("News of a new time", "/meetings"),
    "cancelled": ("News of a cancelled meeting", "/meetings"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pile:
    """So many of one kind that need a person, and the page where they are seen to."""

    count: int
    words: str
    path: str
    oldest: datetime | None = None
    urgent: bool = False


async def show(desk: Desk) -> Response:
    since = desk.session.before or desk.now - FIRST_VISIT
    async with desk.read() as conn:
        came = await today.came(conn, desk.home, since)
        newest = await browsing.browse(conn, desk.home.id, Wanted(since=day_of(since, desk.home.zone)))
        ahead = await today.ahead(conn, desk.home.id, desk.now)
        start = await starting.start(desk, conn)
    return desk.page(
        "today/show.html",
        since=since,
        came=came,
        newest=newest.found[:NEWEST],
        ahead=ahead,
        coming=COMING,
        start=start,
        piles=await _piles(desk),
    )


async def needs_person(desk: Desk) -> Response:
    """Everything on the list of what needs a person."""
    async with desk.read() as conn:
        found = await matters.waiting(conn, desk.home.id, desk.now)
    return desk.page(
        "today/matters.html", found=found, kinds=KINDS, elsewhere=ELSEWHERE, about=ABOUT, most=MOST
    )


async def done(desk: Desk) -> Response:
    """Take one off the list."""
    async with desk.write() as conn:
        ended = await matters.done(conn, desk.path["matter"], group=desk.home.id, now=desk.now)
        if not ended:
            desk.missing()
        await desk.trace(conn, "matter done", subject=desk.path["matter"])
    return desk.go("/matters", said="It is off the list.")


async def _piles(desk: Desk) -> list[Pile]:
    """What needs a person, the most urgent first; nothing that there is none of."""
    here, now = desk.home.id, desk.now
    async with desk.read() as conn:
        weeks = (await groups.rules_of(conn, here)).quiet_weeks
        alerts = [one for one in await tending.list_alerts(conn, here) if one.state == "open"]
        overs = [one for one in await helped.list_open(conn, here) if one.state == "waiting"]
        unheard = await listening.unheard(conn, here)
        listed = await matters.waiting(conn, here, now)
        away = await quiet.list_quiet(conn, here, weeks=weeks, now=now)
        lost, failed = await today.not_through(conn, here, now), await today.not_answered(conn, here)
    found = [
        Pile(
            count=len(alerts),
            words="Alerts that somebody may be in danger",
            path="/safety",
            oldest=min((one.at for one in alerts), default=None),
            urgent=True,
        ),
        Pile(
            count=len(overs),
            words="People who wait for your answer by text",
            path="/messages/handovers",
            oldest=min((one.opened_at for one in overs), default=None),
            urgent=True,
        ),
        *_listed([one for one in listed if one.kind != "alert"]),
        Pile(
            count=len(unheard),
            words="Recordings and photos not heard or seen yet",
            path="/safety#unheard",
            oldest=min((one.at for one in unheard if not one.unnamed), default=None),
            urgent=any(one.by <= now for one in unheard),
        ),
        Pile(count=lost, words="People not reached in the last seven days", path="/messages/undelivered"),
        Pile(count=len(away), words="People not in touch lately", path="/people/quiet"),
        Pile(count=failed, words="Messages that could not be answered", path="/messages/problems"),
    ]
    return [pile for pile in found if pile.count]


def _listed(found: Sequence[Open]) -> list[Pile]:
    """The list of matters by kind."""
    by_kind = groupby(sorted(found, key=lambda one: one.kind), key=lambda one: one.kind)
    return [_pile(kind, list(those)) for kind, those in by_kind]


def _pile(kind: str, those: Sequence[Open]) -> Pile:
    return Pile(
        count=len(those),
        words=KINDS.get(kind, kind.capitalize()),
        path=ELSEWHERE.get(kind) or f"/matters#{kind.replace(' ', '-')}",
        oldest=min(one.at for one in those),
    )


PAGES = (
    Page("", show=show),
    Page("/matters", show=needs_person),
    Page("/matters/{matter}/done", do=done, show=needs_person),
)
