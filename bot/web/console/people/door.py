"""Who asks to be let in, and names that were said on the phone and are to be typed."""

from starlette.responses import Response

from bot.staff import at_the_door
from bot.web.console.desk import Desk, Page
from bot.web.console.forms import Form, Line
from bot.web.console.people.finding import in_our_care, member_of
from storage.care import matters
from storage.care.matters import Open
from storage.door.letting_in import Tools
from storage.members import people
from storage.members.groups import Complaint

AT = "/people/waiting"
NOT_TOLD = "There is no way by which we may tell them: please tell them yourself."


class Name(Form):
    name = Line("Their name", "Type what they would like to be called.", most=80)


async def waiting(desk: Desk) -> Response:
    return await _shown(desk, Name())


async def let_in(desk: Desk) -> Response:
    member = await member_of(desk)
    async with desk.write() as conn:
        await at_the_door.approve(conn, member, desk.home, desk.sentences, tools(desk))
    return desk.go(AT, said="They are in, and will hear so.")


async def send_away(desk: Desk) -> Response:
    """Ask first: nothing of theirs is kept."""
    return desk.page("people/refuse.html", member=await member_of(desk))


async def refuse(desk: Desk) -> Response:
    member = await member_of(desk)
    async with desk.write() as conn:
        told = await at_the_door.refuse(conn, member, desk.sentences, tools(desk))
    return desk.go(AT, said=f"Nothing of theirs is kept. {'They will be told so.' if told else NOT_TOLD}")


async def name(desk: Desk) -> Response:
    """Type the name that somebody said on the phone."""
    member, form = await in_our_care(desk), desk.form(Name)
    if not form.validate():
        return await _shown(desk, form, whose=member.id)
    try:
        async with desk.write() as conn:
            await people.type_name(conn, member, form.name.data, desk.now)
            await desk.trace(conn, "typed their name", subject=member.id)
    except Complaint as complaint:
        form.complain("name", complaint)
        return await _shown(desk, form, whose=member.id)
    return desk.go(AT, said="Their name is noted.")


async def _shown(desk: Desk, form: Name, *, whose: str = "") -> Response:
    async with desk.read() as conn:
        found = await matters.list_open(conn, desk.home.id)
    return desk.page(
        "people/waiting.html",
        form=form,
        whose=whose,
        asking=_of(found, matters.ASKS_IN),
        unnamed=_of(found, "name"),
    )


def _of(found: list[Open], kind: str) -> list[Open]:
    return [one for one in found if one.kind == kind and one.member]


def tools(desk: Desk) -> Tools:
    """What these deeds need."""
    return Tools(by=desk.me.member, channels=desk.channels, ids=desk.app.ids, now=desk.now)


PAGES = (
    Page(AT, show=waiting),
    Page("/people/{member}/let-in", show=waiting, do=let_in),
    Page("/people/{member}/refuse", show=send_away, do=refuse),
    Page("/people/{member}/name", show=waiting, do=name),
)
