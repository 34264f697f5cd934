"""One member's page: how they take part, what they wish for and need, and what can be done for them."""

from typing import Any

from starlette.responses import Response

from bot.web.console.desk import Desk, Page
from bot.web.console.people import finding
from bot.web.console.people.finding import cared_for, in_our_care, member_of
from bot.web.console.words import AGREED
from flows.preferences import WISHES
from storage.door import consenting
from storage.given import supporting
from storage.lines import joined, linking
from storage.lines.reaching import ways_to
from storage.members import preferring
from storage.members.groups import Complaint
from storage.members.needs import list_of
from storage.members.people import Listed
from storage.members.roll import GETS
from storage.sessions import turnout


async def show(desk: Desk) -> Response:
    """That somebody looked is noted."""
    return await shown(desk, await member_of(desk))


async def numbers(desk: Desk) -> Response:
    """The same with their whole numbers, which is noted by itself."""
    member = await in_our_care(desk)
    async with desk.write() as conn:
        await desk.trace(conn, "looked at their numbers", subject=member.id)
    return await shown(desk, member, whole=True)


async def shown(desk: Desk, member: Listed, **more: Any) -> Response:
    """The page; `whole`: with whole numbers, `code`: with a code for them."""
    async with desk.write() as conn:
        await desk.trace(conn, "looked at somebody's page", subject=member.id)
        wishes = await preferring.all_noted(conn, member.id)
        first = await ways_to(conn, [member.id], desk.channels, "brief")
        return desk.page(
            "people/one.html",
            member=member,
            wishes=[(WISHES[name].says, value) for name, value in wishes.items() if name in WISHES],
            plan=finding.PLANS.get(wishes.get("if_quiet", ""), ""),
            needs=await list_of(conn, member.id),
            first=first[member.id][0].channel if member.id in first and member.state in GETS else "",
            agreed_to=AGREED,
            agreed=await consenting.record(conn, member.id),
            helped_by=await supporting.of_member(conn, member.id, desk.now),
            open=await turnout.open_polls(conn, member.group),
            finding=finding,
            ours=cared_for(desk, member),
            **more,
        )


async def code(desk: Desk) -> Response:
    """A code that brings them back by a new phone: shown once, to be given in person."""
    member = await in_our_care(desk)
    if member.state in ("left", "erased"):
        raise Complaint("They have left the group: they can join again.")
    async with desk.write() as conn:
        made = await linking.new_code(
            conn, desk.app.secrets, member.id, kind="back", ids=desk.app.ids, now=desk.now
        )
        if not made:
            raise Complaint("This member had too many codes today: try again tomorrow.")
        await desk.trace(conn, "made a code to come back", subject=member.id)
    return await shown(desk, member, code=made)


async def unjoin(desk: Desk) -> Response:
    """Make two members again of one who was joined by mistake."""
    member = await in_our_care(desk)
    async with desk.write() as conn:
        await joined.unjoin_members(conn, member.id, now=desk.now)
        await desk.trace(conn, "made two members of one", subject=member.id)
    return desk.go(f"/people/{member.id}", said="They are two members again.")


PAGES = (
    Page("/people/{member}", show=show),
    Page("/people/{member}/numbers", show=show, do=numbers),
    Page("/people/{member}/code", show=show, do=code),
    Page("/people/{member}/unjoin", show=show, do=unjoin),
)
