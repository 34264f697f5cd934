"""Stopping, leaving and forgetting for a member, and giving them what is held about them."""

from starlette.responses import Response

from bot.staff import at_the_door
from bot.staff.forgetting import forget as erase
from bot.web.console.answers import to_keep
from bot.web.console.desk import Desk, Page
from bot.web.console.forms import Form, Line, Tick
from bot.web.console.people.door import NOT_TOLD, tools
from bot.web.console.people.finding import in_our_care
from flows.effects import Change
from storage.erasure.own_copy import own_copy
from storage.members.groups import Complaint
from storage.members.leaving import change
from storage.turning.views import changed


class Sure(Form):
    sure = Tick("They asked for this, and it cannot be taken back")


class Why(Form):
    why = Line("Why, in words that they will be told", "Say why: they will be told.", most=300)


async def copy(desk: Desk) -> Response:
    """All that is held about them as a text for them to have, but what only they may read."""
    member = await in_our_care(desk)
    async with desk.write() as conn:
        await desk.trace(conn, "wrote out everything held about them", subject=member.id)
        secrets, says = desk.app.secrets, desk.sentences
        words = await own_copy(conn, member.id, secrets, says, now=desk.now, printed=True)
    return to_keep(words, "what-is-held.txt", "text/plain; charset=utf-8")


async def before_stop(desk: Desk) -> Response:
    return desk.page("people/stop.html", member=await in_our_care(desk))


async def stop(desk: Desk) -> Response:
    """As if they had sent STOP."""
    member = await in_our_care(desk)
    async with desk.write() as conn:
        await change(conn, member.id, Change(to="stopped"), desk.now)
        await desk.trace(conn, "stopped all messages", subject=member.id)
        await changed(conn, [member.group])
    return desk.go(f"/people/{member.id}", said="They get nothing more from us.")


async def before_forget(desk: Desk) -> Response:
    return desk.page("people/forget.html", form=Sure(), member=await in_our_care(desk))


async def forget(desk: Desk) -> Response:
    """Erase them and everything they gave."""
    member, form = await in_our_care(desk), desk.form(Sure)
    if form.validate() and not form.sure.data:
        form.complain("sure", "Tick this if they asked for it.")
    if form.mistakes:
        return desk.page("people/forget.html", form=form, member=member)
    async with desk.write() as conn:
        await erase(conn, member, now=desk.now)
        await desk.trace(conn, "erased them", subject=member.id)
    return desk.go("/people", said="Erased. Results of votes that have closed are counts, and stay.")


async def before_end(desk: Desk) -> Response:
    return desk.page("people/end.html", form=Why(), member=await in_our_care(desk))


async def end(desk: Desk) -> Response:
    """It takes two of those who run the group."""
    member, form = await in_our_care(desk), desk.form(Why)
    if form.validate():
        why, secrets = form.why.data, desk.app.secrets
        try:
            async with desk.write() as conn:
                became = await at_the_door.end(
                    conn, member, desk.home, why, desk.sentences, tools(desk), secrets
                )
        except Complaint as complaint:
            form.complain("why", complaint)
        else:
            return desk.go("/people", said=_said(became))
    return desk.page("people/end.html", form=form, member=member)


def _said(became: at_the_door.Ended) -> str:
    if became == "proposed":
        return "Noted. Nothing has ended yet: another person who runs the group has to say the same."
    how = "They will be told why, and to whom they can object." if became == "told" else NOT_TOLD
    return f"Their membership has ended. {how}"


PAGES = (
    Page("/people/{member}/copy", do=copy),
    Page("/people/{member}/stop", show=before_stop, do=stop),
    Page("/people/{member}/forget", show=before_forget, do=forget),
    Page("/people/{member}/end", show=before_end, do=end),
)
