"""The member whose page it is, and words that several of these pages use."""

from collections.abc import Mapping

from bot.web.console.desk import Desk
from storage.members.groups import Complaint
from storage.members.people import Listed, find_member

STATES: Mapping[str, str] = {
    "active": "takes part",
    "paused": "has a break",
    "stopped": "has stopped our messages",
    "waiting": "asks to be let in",
    "left": "has left",
}
PLANS: Mapping[str, str] = {
    "ring": "ring them",
    "ask": "ask somebody whom they named",
    "leave": "leave them be",
    "": "they have not chosen anything yet",
}
THEIRS = "They run the group. Only they themselves can do this, or somebody who looks after every group."


async def member_of(desk: Desk) -> Listed:
    """Who is meant by the address, if they are of this group and not erased; else there is no such page."""
    async with desk.read() as conn:
        try:
            found = await find_member(conn, desk.path["member"], desk.app.secrets)
        except Complaint:
            desk.missing()
    if found.group != desk.home.id or found.id != desk.path["member"] or found.state == "erased":
        desk.missing()
    return found


async def in_our_care(desk: Desk) -> Listed:
    """The same, for what would let us act as them or be rid of them: not of another who runs the group."""
    member = await member_of(desk)
    if not cared_for(desk, member):
        raise Complaint(THEIRS)
    return member


def cared_for(desk: Desk, member: Listed) -> bool:
    """Whether whoever is here may do everything for this member."""
    return member.permission == "member" or desk.me.permission == "owner" or member.id == desk.me.member
