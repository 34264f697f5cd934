"""What is left of a group's first hour: a list on its first page, shown until all of it is done."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response

from bot.rounds.helping import first_name
from bot.sending import notices
from bot.sending.forecast import Writes, try_each_on_me
from bot.web.console.desk import Desk, Page
from bot.web.console.walking import walk
from flows.events import Say
from storage.care import safety
from storage.door import wordings
from storage.given.browsing import names
from storage.lines.reaching import ways_to
from storage.members import groups, people
from storage.running import beginnings
from storage.running.beginnings import Beginnings

NEUTRAL = "Takepart"  # the outside name of a group that chose none
WAYS = {"telegram": "on Telegram", "sms": "by text", "voice": "by a call"}
HELLO, WORDING, HELPER, DANGER = "hello", "wording", "helper", "danger"  # what can be tried
HELLO_WORDS = "Hello. This is how what {group} sends comes to you."
NO_ALERT = "000"  # the number of none


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to do: `words` as a link to the `path` where it is done, and `why`.

    Without a path it is done on the computer that Takepart runs on. `right`: the name under which somebody
    can say that it may stay as it is. `look`: where it can be seen on three phones. `tries`: the name of
    what whoever looks can have sent to themselves.
    """

    words: str
    why: str
    done: bool
    path: str = ""
    right: str = ""
    look: str = ""
    tries: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """All `steps`. `mine`: whether there is a phone of whoever looks, so that they can try things on it."""

    steps: Sequence[Step]
    mine: bool

    @property
    def left(self) -> list[Step]:
        """What is not done."""
        return [one for one in self.steps if not one.done]


async def start(desk: Desk, conn: AsyncConnection) -> Start:
    """Everything that a group needs, in its order, and whether it is done."""
    come = await beginnings.beginnings(conn, desk.home)
    mine = bool(await ways_to(conn, [desk.me.member], desk.channels))
    said, helped = await _said(desk, conn, come), await _people(desk, conn)
    return Start(steps=(*said, *helped, *_ways(desk), *_firsts(come, mine)), mine=mine)


async def say_right(desk: Desk) -> Response:
    """Take something off the list that may stay as it is."""
    async with desk.write() as conn:
        here = {one.right for one in (await start(desk, conn)).steps if one.right}
        if desk.path["what"] not in here:
            desk.missing()
        await beginnings.find_right(conn, desk.home.id, desk.path["what"])
        await desk.trace(conn, "found a setting right", subject=desk.path["what"])
    return desk.go("", said="It stays as it is.")


async def try_it(desk: Desk) -> Response:
    """What others would get, to whoever asks for it and to nobody else, by each way that they have."""
    what = desk.path["what"]
    async with desk.write() as conn:
        write = await _tried(desk, conn, what)
        ways = await try_each_on_me(desk.app, conn, desk.me.member, write)
        await desk.trace(conn, f"tried on themselves: {what}", subject=desk.me.member)
    return desk.go("", said=f"It is on its way to you {' and '.join(WAYS[way] for way in ways)}.")


async def _tried(desk: Desk, conn: AsyncConnection, what: str) -> Writes:
    """What is sent for a trial of this; raise Missing where there is nothing to send."""
    if what == HELLO:
        hello = Say(text=HELLO_WORDS.format(group=desk.home.name))
        return lambda _: hello
    if what == WORDING:
        group = (await desk.app.views.load(conn, [desk.home.id], desk.now))[desk.home.id]
        told = walk(desk.app, "join", group, now=desk.now, language=desk.home.language)
        return lambda one: _in_one(told[one.channel][0].says)
    if what == HELPER:
        helper, _ = await people.helper_of(conn, desk.home.id, desk.app.secrets)
        called = first_name((await names(conn, [helper])).get(helper or "", ""))
        opened = Say(
            text=desk.sentences("handover.opened", helper=called or desk.sentences("readers.nobody"))
        )
        return lambda _: opened
    if what == DANGER:
        pages, home = f"{desk.app.settings.address}/console", desk.home.name
        return lambda one: notices.alert(desk.sentences, pages, desk.app.ids(), NO_ALERT, home, one.channel)
    desk.missing()


def _in_one(says: Sequence[Say]) -> Say:
    """What is said first as one thing, with nothing to answer."""
    spoken = " ".join(one.spoken or one.text for one in says)
    return Say(text="\n\n".join(one.text for one in says), spoken=spoken)


async def _said(desk: Desk, conn: AsyncConnection, come: Beginnings) -> list[Step]:
    """What strangers are told, and what people agree to."""
    own = await wordings.version_now(conn, desk.home.id, "join")
    wording = f"wording-{own or desk.app.flows.agreements['join']}"
    return [
        Step(
            words="Give the group an outside name",
            why=f"Strangers, answerphones and whoever lifts the phone are told: {desk.home.outside_name}.",
            path="/settings/group",
            right="outside-name",
            tries=HELLO,
            done=desk.home.outside_name != NEUTRAL or "outside-name" in come.right,
        ),
        Step(
            words="Read what people agree to when they join",
            why="You can put it into your own words. Let the group read it too.",
            path="/settings/consent/join",
            right=wording,
            look="/settings/flows/join",
            tries=WORDING,
            done=bool(own) or wording in come.right,
        ),
    ]


async def _people(desk: Desk, conn: AsyncConnection) -> list[Step]:
    """Who helps, and who is told of danger."""
    settled = await groups.rules_of(conn, desk.home.id)
    here, on = desk.home.id, desk.channels
    helper, phone = await people.helper_of(conn, here, desk.app.secrets)
    reached = bool(helper) and bool(phone or (await ways_to(conn, [helper], on)).get(helper))
    contacts = await safety.contacts(conn, here, on, desk.now)
    named = bool(await safety.named(conn, here))
    return [
        Step(
            words="Name who helps members" if not helper else "Give the helper a phone",
            why="Whoever sends HELP, or presses 0 on a call, reaches them, "
            f"in these hours: {settled.helper_hours or desk.home.hours}.",
            path="/settings/helper",
            tries=HELPER,
            done=reached,
        ),
        Step(
            words="Name who is told when somebody may be in danger",
            why="They need a phone or chat of their own here, so that an alert can reach them.",
            path="/settings/safety",
            tries=DANGER,
            done=named and all(one.ways for one in contacts),
        ),
    ]


def _ways(desk: Desk) -> list[Step]:
    """What only whoever runs Takepart can turn on."""
    on = desk.app.settings
    found = [
        Step(
            words="Turn on Telegram, or texts and calls",
            why="Until then there is only the practice phone. The command is: takepart setup",
            done=bool(on.channels_on),
        )
    ]
    if on.twilio_on:
        found.append(
            Step(
                words="Give Takepart an address on the internet",
                why="Texts and calls cannot come in without one. The command is: takepart setup",
                done=on.public_url is not None,
            )
        )
    return found


def _firsts(come: Beginnings, mine: bool) -> Sequence[Step]:
    """The first of everything."""
    return (
        Step(
            words="Let Takepart know your own phone",
            why="Then you can try everything on yourself, and sign in with a code.",
            path="/console/my-page",
            done=mine,
        ),
        Step(
            words="Invite the first member",
            why="By a code, a link, or a poster to print.",
            path="/people/invite",
            done=come.member,
        ),
        Step(
            words="Plan a meeting and send its first brief",
            why="What it will look like, and whom it reaches, is shown before it goes.",
            path="/meetings/new",
            done=come.brief,
        ),
        Step(
            words="Ask the first question",
            why="You can try it on yourself before you open it.",
            path="/polls/new",
            done=come.poll,
        ),
        Step(
            words="Make a backup, and then one each night",
            why="Without one, everything is lost with the computer. The command is: takepart backup FILE",
            done=come.backup,
        ),
    )


PAGES = (
    Page("/start/{what}/try", do=try_it),
    Page("/start/{what}/right", do=say_right),
)
