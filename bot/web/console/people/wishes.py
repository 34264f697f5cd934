"""What a member wishes for and needs, noted as they asked for it."""

from datetime import time

from starlette.responses import Response

from bot.staff.caring import wish
from bot.web.console.desk import Desk, Page
from bot.web.console.forms import Choice, Day, Form, Line, Pick, Words, moment
from bot.web.console.people.finding import in_our_care, member_of
from bot.web.console.words import CHANNELS, capital, need
from flows.calendar import WhenError
from flows.preferences import OF_A_PHONE, WISHES, shown
from storage.members import needs, preferring
from storage.members.groups import Complaint
from storage.members.needs import KINDS, Needed
from storage.members.people import Listed

WISH = {name: one.says for name, one in WISHES.items()}
REVIEW_AT = time(10)


class Wish(Form):
    name = Pick("What they wish for", choices=WISH)
    value = Line("It is", "Say what it is: yes or no, or what belongs to it.", most=60)
    on = Pick(
        "On which phone or chat",
        choices={"": "It is the same for all", **CHANNELS},
        default="",
        hint="Only for a greeting, a message left, or writing about anything.",
    )


class Need(Form):
    kind = Pick("What they need", choices={one: capital(need(one)) for one in KINDS})
    words = Words("In their own words", rows=3, most=500)


class Met(Form):
    met = Choice("Is it met?", "Say whether it is met.", choices={"yes": "Yes", "no": "Not yet"})
    why = Line("How it is met, or what it waits for", most=300)
    review = Day("When to look at it again", hint="If it is met and you leave this out: a year from now.")


async def wishing(desk: Desk) -> Response:
    return await _wishes(desk, Wish())


async def wished(desk: Desk) -> Response:
    """Note one wish of theirs."""
    member, form = await in_our_care(desk), desk.form(Wish)
    if not form.validate():
        return await _wishes(desk, form)
    try:
        async with desk.write() as conn:
            await wish(conn, member, form.name.data, form.value.data, form.on.data or "", now=desk.now)
            await desk.trace(conn, f"noted a wish: {shown(form.name.data)}", subject=member.id)
    except Complaint as complaint:
        form.complain("on" if form.name.data in OF_A_PHONE else "value", complaint)
        return await _wishes(desk, form)
    return desk.go(f"/people/{member.id}", said="Noted. It counts from the next message on.")


async def needing(desk: Desk) -> Response:
    return desk.page("people/need.html", form=Need(), member=await member_of(desk))


async def needed(desk: Desk) -> Response:
    """Note what they need."""
    member, form = await member_of(desk), desk.form(Need)
    if form.validate() and form.kind.data == "other" and not form.words.data:
        form.complain("words", "Say what they need.")
    if form.mistakes:
        return desk.page("people/need.html", form=form, member=member)
    async with desk.write() as conn:
        given = (form.kind.data, form.words.data or "")
        await needs.add(conn, member.id, *given, ids=desk.app.ids, now=desk.now)
        await desk.trace(conn, "noted a need", subject=member.id)
    return desk.go(f"/people/{member.id}", said="Noted. It stays on the list until it is met.")


async def meeting(desk: Desk) -> Response:
    member = await member_of(desk)
    return desk.page("people/met.html", form=Met(), member=member, need=await _need(desk, member))


async def met(desk: Desk) -> Response:
    """Say that a need is met, or why it is not yet."""
    member, form = await member_of(desk), desk.form(Met)
    one, on = await _need(desk, member), None
    if form.validate():
        if form.met.data == "no" and not form.why.data:
            form.complain("why", "Say what it waits for.")
        if form.review.data:
            try:
                on = moment(desk.home, form.review.data, REVIEW_AT, desk.now)
            except WhenError as error:
                form.complain("review", error)
    if form.mistakes:
        return desk.page("people/met.html", form=form, member=member, need=one)
    is_met, why = form.met.data == "yes", form.why.data or ""
    async with desk.write() as conn:
        await needs.meet(conn, one.id, met=is_met, why=why, review_on=on, now=desk.now)
        did = "said that a need is met" if is_met else "said that a need is not met yet"
        await desk.trace(conn, did, subject=member.id)
    return desk.go(f"/people/{member.id}", said="Noted.")


async def _wishes(desk: Desk, form: Wish) -> Response:
    member = await in_our_care(desk)
    async with desk.read() as conn:
        noted = await preferring.all_noted(conn, member.id)
    listed = [(WISH[name], value) for name, value in noted.items() if name in WISH]
    return desk.page("people/wish.html", form=form, member=member, noted=listed)


async def _need(desk: Desk, member: Listed) -> Needed:
    async with desk.read() as conn:
        found = await needs.list_of(conn, member.id)
    for one in found:
        if one.id == desk.path["need"]:
            return one
    desk.missing()


PAGES = (
    Page("/people/{member}/wish", show=wishing, do=wished),
    Page("/people/{member}/need", show=needing, do=needed),
    Page("/people/{member}/need/{need}", show=meeting, do=met),
)
