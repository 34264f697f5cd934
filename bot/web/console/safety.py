"""Alerts that somebody may be in danger. Words and names are shown only when asked for, and that is noted."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from bot.web.console.desk import Desk, Page
from bot.web.console.forms import Form, Line
from storage.care import alerts, safety, tending
from storage.given import listening
from storage.members.groups import Complaint
from storage.members.people import Listed, find_member

AT = "/safety"
MOST = 50  # of what waits are listed


class Why(Form):
    why = Line(
        "Why you need to know who it was",
        "Say why you need to know who it was.",
        hint="Your name and your reason are noted. Members were told that this can happen.",
    )


async def listed(desk: Desk) -> Response:
    """Every alert of the group, and what nobody has heard or seen yet. No words."""
    async with desk.read() as conn:
        found = await tending.list_alerts(conn, desk.home.id)
        unheard = await listening.unheard(conn, desk.home.id)
        contacts = await safety.named(conn, desk.home.id)
    return desk.page("safety/list.html", found=found, unheard=unheard, contacts=contacts, most=MOST)


async def one(desk: Desk) -> Response:
    alert = await _mine(desk)
    return desk.page("safety/one.html", alert=alert, form=Why())


async def seen(desk: Desk) -> Response:
    """Whoever is here looks at it: nobody else is told."""
    alert = await _mine(desk)
    async with desk.write() as conn:
        first = await alerts.see(conn, alert.id, desk.me.member, ids=desk.app.ids, now=desk.now)
    said = "Noted. Nobody else is told." if first else "Somebody has said before that they look at it."
    return desk.go(f"{AT}/{alert.id}", said=said)


async def words(desk: Desk) -> Response:
    """What was sent, and what was done about it."""
    alert = await _mine(desk)
    async with desk.write() as conn:
        shown = await tending.show(conn, alert, await _me(desk), ids=desk.app.ids, now=desk.now)
    return desk.page("safety/one.html", alert=alert, shown=shown, form=Why())


async def who(desk: Desk) -> Response:
    """Who sent it, for a reason."""
    alert, form = await _mine(desk), desk.form(Why)
    if not form.validate():
        return desk.page("safety/one.html", form=form, alert=alert)
    asks = await _me(desk)
    asked: Mapping[str, Any] = {"why": form.why.data, "ids": desk.app.ids, "now": desk.now}
    try:
        async with desk.write() as conn:
            sender = await tending.sender(conn, alert, asks, desk.app.secrets, **asked)
    except Complaint as complaint:
        form.complain("why", complaint)
        return desk.page("safety/one.html", form=form, alert=alert)
    return desk.page("safety/one.html", alert=alert, sender=sender, form=Why())


async def _mine(desk: Desk) -> Any:
    async with desk.read() as conn:
        alert = await alerts.find(conn, desk.path["alert"], group=[desk.home.id])
    if alert is None or alert.id != desk.path["alert"]:
        desk.missing()
    return alert


async def _me(desk: Desk) -> Listed:
    async with desk.read() as conn:
        return await find_member(conn, desk.me.member, desk.app.secrets)


PAGES = (
    Page(AT, show=listed),
    Page(AT + "/{alert}", show=one),
    Page(AT + "/{alert}/seen", show=one, do=seen),
    Page(AT + "/{alert}/words", show=one, do=words),
    Page(AT + "/{alert}/who", show=one, do=who),
)
