"""How people come in: the code, the numbers, the link, an invitation for one, and a poster to print."""

import io
from urllib.parse import quote

import segno
from markupsafe import Markup
from starlette.responses import Response

from bot.web.console.desk import Desk, Page
from bot.web.console.forms import Form, Line
from bot.web.console.words import spaced
from storage.door import inviting
from storage.members import groups
from storage.members.groups import Complaint


class Invitation(Form):
    name = Line("What to offer to call them", most=80, hint="You may leave this out.")


async def show(desk: Desk) -> Response:
    return await _invite(desk, Invitation())


async def invite(desk: Desk) -> Response:
    """A code that lets one person in, once. It is shown only now."""
    form = desk.form(Invitation)
    if form.validate():
        try:
            name = groups.named(form.name.data, "A name") if form.name.data else ""
            async with desk.write() as conn:
                id_, code = await inviting.invite(
                    conn, desk.app.secrets, ids=desk.app.ids, group=desk.home.id, name=name, now=desk.now
                )
                await desk.trace(conn, "invited somebody", subject=id_)
        except Complaint as complaint:
            form.complain("name", complaint)
        else:
            return desk.page("people/invited.html", code=code, called=name, ways=_ways(desk, code))
    return await _invite(desk, form)


async def poster(desk: Desk) -> Response:
    """A page to print: how to join, in large letters."""
    ways = _ways(desk)
    square = _square(ways["link"] or ways["sms"])
    return desk.page("people/poster.html", ways=ways, square=square, shut=await _shut(desk))


async def _invite(desk: Desk, form: Invitation) -> Response:
    return desk.page("people/invite.html", form=form, ways=_ways(desk), shut=await _shut(desk))


async def _shut(desk: Desk) -> bool:
    """Whether only an invitation lets people in, so that the group's code does not."""
    async with desk.read() as conn:
        return (await groups.rules_of(conn, desk.home.id)).door == "invitation"


def _ways(desk: Desk, code: str = "") -> dict[str, str]:
    """By which ways somebody joins with this code; "" where that channel has no account."""
    code, settings = code or desk.home.code, desk.app.settings
    texts = settings.twilio_number if settings.twilio_on else None
    ring = (settings.twilio_voice_number or settings.twilio_number) if settings.twilio_on else None
    chat = desk.app.house.chat
    return {
        "code": code,
        "number": desk.home.number,
        "link": f"https://t.me/{chat}?start={quote(code)}" if chat else "",
        "texts": spaced(texts) if texts else "",
        "ring": spaced(ring) if ring else "",
        "sms": f"sms:{texts}?body={quote(f'JOIN {code}')}" if texts else "",
    }


def _square(address: str) -> Markup:
    """A QR code as a drawing, "" for no address. The words beside it say the same."""
    if not address:
        return Markup()
    drawn = io.BytesIO()
    made = segno.make(address, error="m", micro=False)
    made.save(drawn, kind="svg", xmldecl=False, svgns=True, scale=8, border=4, title="A square for phones")
    return Markup(drawn.getvalue().decode())  # noqa: S704  # the library's own drawing, no words of anybody


PAGES = (
    Page("/people/invite", show=show, do=invite),
    Page("/people/poster", show=poster),
)
