"""The list of what came in, the newest first, with what it can be searched by."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from starlette.responses import Response

from bot.web.console.contributions import called
from bot.web.console.desk import Desk, Page
from bot.web.console.forms import Day, Form, Line, Pick, Tick
from bot.web.console.words import BY
from storage.given import browsing
from storage.given.browsing import Shelf, Wanted

ANY: Mapping[str, str] = {"": "Any"}
SHOWN = 600  # characters in the list; the rest is on the page of its own


class Find(Form):
    """What is looked for. What came without a name is found by neither person nor channel."""

    words = Line("Words in it")
    flow = Pick("Kind", choices=ANY, default="")
    person = Line("Who gave it", hint="A name or a member number")
    channel = Pick("How it came", choices={**ANY, **BY}, default="")
    meeting = Pick("Meeting", choices=ANY, default="")
    since = Day("From")
    until = Day("To")
    unheard = Tick("Only where a recording or photo waits to be heard or seen")


async def listed(desk: Desk) -> Response:
    form = Find(desk.query)
    async with desk.read() as conn:
        meetings = await browsing.meetings_of(conn, desk.home.id)
        form.flow.choices = {**ANY, **{one: called.kind(one) for one in called.ways(desk.app.flows)}}
        form.meeting.choices = {**ANY, **{id_: f"{title}, {at:%d.%m.%Y}" for id_, title, at in meetings}}
        if not form.validate():
            return desk.page("contributions/listed.html", form=form, shelf=Shelf(found=()), called=called)
        people = await browsing.people_called(conn, desk.home.id, form.person.data or "")
        wanted = Wanted(
            flow=form.flow.data or "",
            meeting=form.meeting.data or "",
            channel=form.channel.data or "",
            people=people if form.person.data else None,
            since=_begins(desk, form.since.data),
            until=_begins(desk, form.until.data, later=1),
            words=form.words.data or "",
            unheard=form.unheard.data,
        )
        shelf = await browsing.browse(conn, desk.home.id, wanted, desk.after)
    return desk.page(
        "contributions/listed.html",
        form=form,
        shelf=shelf,
        called=called,
        shown=SHOWN,
        asked=bool(desk.asked),
        **desk.turned(shelf.older),
    )


def _begins(desk: Desk, day: date | None, *, later: int = 0) -> datetime | None:
    """When a day begins there, or one so many days later."""
    if day is None or day.year == date.max.year:
        return None
    return datetime.combine(day + timedelta(days=later), time(), ZoneInfo(desk.home.zone))


PAGES = (Page("/contributions", show=listed),)
