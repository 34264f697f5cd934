"""Who runs the group: adding them, a new link, letting them go; and the helper on the phone."""

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response

from bot.web.console.desk import Desk, Page
from bot.web.console.forms import Form, Line, Pick, Tick
from storage import locks
from storage.care.safety import staff_member
from storage.door import sign_ins, staffing
from storage.members import people
from storage.members.groups import Complaint
from storage.members.people import Listed
from storage.twice import TWICE

RUNS_ALREADY = "They run the group already. Only somebody who looks after every group can give them a link."


class New(Form):
    who = Line(
        "Their name, or the member number of somebody who has joined",
        "Write a name or a member number.",
        most=80,
    )
    owner = Tick("They look after every group here", hint="Only somebody who does so can give this on.")


class Helper(Form):
    who = Pick("Who helps members", hint="Members who ask for help are told their first name.")
    phone = Line(
        "Where callers are put through to",
        hint="With its country, such as +441632960100. Leave it out, and nobody is put through.",
        most=20,
    )


async def listed(desk: Desk) -> Response:
    return await _page(desk, New())


async def add(desk: Desk) -> Response:
    form = desk.form(New)
    if form.validate() and form.owner.data and desk.me.permission != "owner":
        form.complain("owner", "Only somebody who looks after every group can make another one.")
    if form.mistakes:
        return await _page(desk, form)
    permission = "owner" if form.owner.data else "facilitator"
    try:
        async with desk.write() as conn:
            secrets, home = desk.app.secrets, desk.home.id
            joined = await people.appoint(conn, home, form.who.data, secrets, permission=permission)
            if joined and joined.permission != "member" and desk.me.permission != "owner":
                raise Complaint(RUNS_ALREADY)
            id_ = joined.id if joined else await _made(desk, conn, form.who.data, permission)
            await desk.trace(conn, f"made {permission}", subject=id_)
            token = await sign_ins.new_link(conn, secrets, id_, ids=desk.app.ids, now=desk.now)
    except Complaint as complaint:
        form.complain("who", complaint)
        return await _page(desk, form)
    return await _page(desk, New(), link=_link(desk, token), whose=joined.name if joined else form.who.data)


async def _made(desk: Desk, conn: AsyncConnection, name: str, permission: str) -> str:
    """Somebody new who runs the group; the same one where a button was pressed twice."""
    await locks.for_member(conn, desk.me.member)
    for one in await people.facilitators(conn, desk.home.id, desk.app.secrets):
        new = one.joined_at is not None and one.joined_at > desk.now - TWICE
        if new and (one.name, one.permission) == (name, permission):
            return one.id
    row = {"id": desk.app.ids(), "group": desk.home.id, "name": name, "permission": permission}
    await people.add_facilitator(conn, **row, now=desk.now)
    return row["id"]


async def link(desk: Desk) -> Response:
    """A new link that lets them in once, from owners alone: whoever has it acts under their name."""
    if desk.me.permission != "owner":
        desk.missing()
    who = await _one(desk)
    async with desk.write() as conn:
        token = await sign_ins.new_link(conn, desk.app.secrets, who.id, ids=desk.app.ids, now=desk.now)
        await desk.trace(conn, "gave a link to the pages", subject=who.id)
    return await _page(desk, New(), link=_link(desk, token), whose=who.name)


async def before_removing(desk: Desk) -> Response:
    return desk.page("settings/remove.html", who=await _one(desk))


async def remove(desk: Desk) -> Response:
    """They are signed out at once."""
    who = await _one(desk)
    if who.id == desk.me.member:
        raise Complaint("You cannot take this away from yourself: ask another person who runs the group.")
    async with desk.write() as conn:
        stays = await staffing.dismiss(conn, who, now=desk.now)
        await desk.trace(conn, "made facilitator no more", subject=who.id)
    rest = "They are a member still." if stays else "They are in the group no more."
    return desk.go("/settings/staff", said=f"They do not run the group any more. {rest}")


async def helper(desk: Desk) -> Response:
    return desk.page("settings/helper.html", form=await _helper_form(desk))


async def name_helper(desk: Desk) -> Response:
    form = await _helper_form(desk)
    if form.validate():
        try:
            async with desk.write() as conn:
                phone, secrets = form.phone.data or "", desk.app.secrets
                await people.name_helper(conn, desk.home.id, form.who.data, phone=phone, secrets=secrets)
                await desk.trace(conn, "named the helper", subject=form.who.data)
        except Complaint as complaint:
            form.complain("phone", complaint)
        else:
            through = "Callers who ask for a person are put through." if form.phone.data else ""
            return desk.go("/settings", said=f"Noted. {through}".strip())
    return desk.page("settings/helper.html", form=form)


async def _helper_form(desk: Desk) -> Helper:
    async with desk.read() as conn:
        who, phone = await people.helper_of(conn, desk.home.id, desk.app.secrets)
    form = desk.form(Helper, who=who, phone=phone)
    form.who.choices = [(one.id, one.name or one.number) for one in await _staff(desk)]
    return form


async def _page(desk: Desk, form: New, *, link: str = "", whose: str = "") -> Response:
    return desk.page("settings/staff.html", form=form, staff=await _staff(desk), link=link, whose=whose)


async def _staff(desk: Desk) -> list[Listed]:
    async with desk.read() as conn:
        return await people.facilitators(conn, desk.home.id, desk.app.secrets)


async def _one(desk: Desk) -> Listed:
    wanted = desk.path["staff"]
    async with desk.read() as conn:
        try:
            found = await staff_member(conn, desk.home.id, wanted, desk.app.secrets)
        except Complaint:
            desk.missing()
    if found.id != wanted or (found.permission == "owner" and desk.me.permission != "owner"):
        desk.missing()
    return found


def _link(desk: Desk, token: str) -> str:
    return f"{desk.app.settings.address}/console/sign-in/{token}"


PAGES = (
    Page("/settings/staff", show=listed, do=add),
    Page("/settings/staff/{staff}/link", show=listed, do=link),
    Page("/settings/staff/{staff}/remove", show=before_removing, do=remove),
    Page("/settings/helper", show=helper, do=name_helper),
)
