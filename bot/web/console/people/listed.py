"""The list of people, and of those who have not been in touch."""

from starlette.responses import Response

from bot.web.console.desk import Desk, Page
from bot.web.console.forms import Form, Line, Pick
from bot.web.console.people import finding
from bot.web.console.words import CHANNELS, capital, need
from storage.members import groups, quiet, roll
from storage.members.needs import KINDS
from storage.members.roll import Wanted

ANY = {"": "Any"}


class Find(Form):
    words = Line("Name or member number")
    state = Pick("Who", choices={"": "All who are there", **finding.STATES}, default="")
    channel = Pick("Takes part by", choices={**ANY, **CHANNELS}, default="")
    need = Pick("Needs", choices={**ANY, **{one: capital(need(one)) for one in KINDS}}, default="")


async def listed(desk: Desk) -> Response:
    """Everybody, by name. That somebody looked is noted."""
    form = Find(desk.query, channel="", state="", need="")
    if not form.validate():
        return desk.page("people/list.html", form=form, found=[], finding=finding)
    wanted = Wanted(
        words=form.words.data or "",
        state=form.state.data or "",
        channel=form.channel.data or "",
        need=form.need.data or "",
    )
    async with desk.write() as conn:
        await desk.trace(conn, "looked at the list of members")
        secrets = desk.app.secrets
        found, older = await roll.browse(
            conn, desk.home.id, wanted, secrets, channels=desk.channels, after=desk.after
        )
        number = await roll.count(conn, desk.home.id)
    return desk.page(
        "people/list.html",
        form=form,
        found=found,
        number=number,
        finding=finding,
        **desk.turned(older),
    )


async def not_in_touch(desk: Desk) -> Response:
    """Who has not been in touch, why we think so, and what each chose for this."""
    async with desk.read() as conn:
        weeks = (await groups.rules_of(conn, desk.home.id)).quiet_weeks
        found = await quiet.list_quiet(conn, desk.home.id, weeks=weeks, now=desk.now)
    return desk.page("people/quiet.html", found=found, weeks=weeks, finding=finding)


PAGES = (Page("/people", show=listed), Page("/people/quiet", show=not_in_touch))
