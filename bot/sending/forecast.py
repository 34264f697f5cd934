"""What sending something to many will come to, before it goes: people, ways, cost, who is not reached.

And trying it first on whoever sends it.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.sending import costs
from bot.sending.handing import cost
from bot.sending.senders import Senders
from bot.settings import Settings
from channels.spoken import prompt
from flows.events import Say
from flows.library import Flows
from flows.readable import seconds_to_listen
from flows.rules import Rules
from flows.sentences import Sentences
from storage.ids import Ids
from storage.members.groups import Complaint, rules_of
from storage.sending import asking, forecasting, spending, telling
from storage.sending.forecasting import Prospect
from storage.sending.sendings import Recipient, Sending
from storage.sending.spending import Spent

GREETING = 15  # seconds of a call of ours in which it says who rings, and waits for a key
TRIAL = "trial"  # the kind of message that only whoever sends it gets
ONLY_YOU = "This is a trial. Only you get it, and what you answer to it is not counted."
NO_WAY_TO_YOU = (
    "We have no phone or chat of yours to try it on. Choose your name at the top of this page, and get a "
    "code for a phone of yours there. Then try it again."
)

Writes = Callable[[Recipient], Say]  # what one member gets; the same for all alike


class Service(Protocol):
    """What this needs of the service."""

    @property
    def settings(self) -> Settings: ...
    @property
    def clock(self) -> Callable[[], datetime]: ...
    @property
    def ids(self) -> Ids: ...
    @property
    def senders(self) -> Senders: ...
    @property
    def flows(self) -> Flows: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How many people it reaches by one channel, and what that takes: parts of texts, or minutes of calls.

    `over`: how many of those are more than the group may spend that day; they wait for the next one.
    """

    channel: str
    people: int
    units: int = 0
    over: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """How many it reaches only later, for one reason, and between when and when."""

    why: str
    people: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreached:
    """Whom it will not reach, for one reason."""

    why: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lacking:
    """Who needs a version that is not there; they get the nearest one, and are told so."""

    version: str  # such as "Cymraeg, easy read"
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """`people` it reaches; those who practise are counted apart. `pence`: None where no price is known."""

    people: int
    practice: int
    ways: tuple[Way, ...]
    held: tuple[Held, ...]
    unreached: tuple[Unreached, ...]
    lacking: tuple[Lacking, ...]
    pence: int | None

    @property
    def missed(self) -> int:
        """How many it will not reach."""
        return sum(len(one.names) for one in self.unreached)


def of(
    group: str, kind: str, *, at: datetime, until: datetime | None, subject: str = "", before: str = ""
) -> Sending:
    """A sending that is not there yet, or not due yet, as it would be at that moment."""
    return Sending(
        id="", group=group, kind=kind, subject=subject, before=before, due_at=at, expires_at=until, cursor=""
    )


async def forecast(
    app: Service,
    conn: AsyncConnection,
    sending: Sending,
    write: Writes,
    *,
    staff: bool = True,
    versions: Collection[tuple[str, str]] = (),
) -> Forecast:
    """What this sending will come to.

    `staff`: whether it goes to those who run the group too. `versions`: the languages and forms that it is
    written in; none where there is only one.
    """
    found = await forecasting.prospects(
        conn,
        sending,
        channels=app.senders.on,
        staff=staff,
        carrier_stops=app.settings.sms_optout == "twilio",
    )
    people = [one for one in found if not one.practice]
    going = [one for one in people if one.does in ("goes", "waits")]
    spent = await spending.today(conn, sending.group, sending.due_at)
    settled = await rules_of(conn, sending.group)
    ways = tuple(_ways(app, going, write, spent))
    return Forecast(
        people=len(going),
        practice=sum(one.practice and one.does in ("goes", "waits") for one in found),
        ways=ways,
        held=_held(people),
        unreached=_unreached(people),
        lacking=_lacking(app.flows, going, versions),
        pence=_pence(ways, settled),
    )


def _ways(app: Service, going: Iterable[Prospect], write: Writes, spent: Spent) -> Iterator[Way]:
    alike = Counter(replace(one.recipient, member="", line="") for one in going)
    people: Counter[str] = Counter()
    units: Counter[str] = Counter()
    for one, many in alike.items():
        people[one.channel] += many
        units[one.channel] += many * _units(app, one.channel, write(one))
    left = {"sms": (spent.daily_segments, spent.segments), "voice": (spent.daily_minutes, spent.minutes)}
    for channel, many in sorted(people.items()):
        limit, used = left.get(channel, (0, 0))
        over = max(0, units[channel] - max(0, limit - used)) if limit else 0
        yield Way(channel=channel, people=many, units=units[channel], over=over)


def _units(app: Service, channel: str, say: Say) -> int:
    """What one message counts as: parts of a text as they really go, minutes of a call heard to its end."""
    if channel == "sms":
        said, _ = app.senders.sms.fit(say)
        return sum(map(cost, app.senders.sms.encode(said, "")))
    if channel == "voice":
        return 1 + costs.minutes(GREETING + seconds_to_listen(say.spoken or say.text), ours=True)
    return 0


def _pence(ways: Iterable[Way], settled: Rules) -> int | None:
    """About what it costs; None where the group has not said what a text or a minute costs it."""
    each = {"sms": settled.text_pence, "voice": settled.minute_pence}
    paid = [(way.units, each[way.channel]) for way in ways if way.channel in each]
    return sum(units * pence for units, pence in paid) if paid and all(pence for _, pence in paid) else None


def _held(people: Iterable[Prospect]) -> tuple[Held, ...]:
    until: dict[str, list[datetime]] = defaultdict(list)
    for one in people:
        if one.does == "waits" and one.until:
            until[one.why].append(one.until)
    return tuple(
        Held(why=why, people=len(times), first=min(times), last=max(times))
        for why, times in sorted(until.items())
    )


def _unreached(people: Iterable[Prospect]) -> tuple[Unreached, ...]:
    names: dict[str, list[str]] = defaultdict(list)
    for one in people:
        if one.does == "not reached":
            names[one.why].append(one.name)
    return tuple(Unreached(why=why, names=tuple(sorted(theirs))) for why, theirs in sorted(names.items()))


def _lacking(
    flows: Flows, going: Iterable[Prospect], versions: Collection[tuple[str, str]]
) -> tuple[Lacking, ...]:
    names: dict[tuple[str, str], list[str]] = defaultdict(list)
    for one in going if versions else ():
        where = (one.recipient.language, one.recipient.form)
        if where not in versions:
            names[where].append(one.name)
    return tuple(
        Lacking(version=version_name(flows, *where), names=tuple(sorted(theirs)))
        for where, theirs in sorted(names.items())
    )


def version_name(flows: Flows, language: str, form: str) -> str:
    """A language as those who speak it call it, and whether the words are easy ones."""
    called = flows.phrases.get(f"language.{language}")
    name = called.written["en", "plain"].text if called else language
    return f"{name}, easy read" if form == "easy" else name


async def try_on_me(app: Service, conn: AsyncConnection, me: str, write: Writes) -> str:
    """Send this to one facilitator alone, marked as a trial; by which channel it goes. Raise Complaint."""
    return (await _try(app, conn, me, write))[0]


async def try_each_on_me(app: Service, conn: AsyncConnection, me: str, write: Writes) -> list[str]:
    """The same by every way that they have."""
    return await _try(app, conn, me, write, every=True)


async def _try(
    app: Service, conn: AsyncConnection, me: str, write: Writes, *, every: bool = False
) -> list[str]:
    none, words = app.ids(), Sentences(app.flows.phrases)
    left = ""

    def marked(one: Recipient) -> Say:
        nonlocal left
        say = write(one)
        if one.channel == "voice":
            return _aloud(say, words)
        say, rest = app.senders.encoders[one.channel].fit(_marked(say, none))
        left = rest or left
        return say

    channels = await telling.try_on(
        conn,
        me,
        marked,
        kind=TRIAL,
        ids=app.ids,
        channels=app.senders.on,
        now=app.clock(),
        every=every,
    )
    if not channels:
        raise Complaint(NO_WAY_TO_YOU)
    if left:
        await asking.leave(conn, me, left, app.clock())
    return channels


def _marked(say: Say, none: str) -> Say:
    """The same with a word that it is a trial. Its buttons are of `none`, a question that nobody has."""
    asked = replace(say.question, id=none, poll="") if say.question else None
    return replace(say, text=f"{ONLY_YOU}\n\n{say.text}", question=asked)


def _aloud(say: Say, words: Sentences) -> Say:
    """The same for a call, which only reads it out: how to answer is told among its words."""
    heard = prompt(say, words.to(say.language))
    return replace(say, spoken=" ".join((ONLY_YOU, *heard.lines, *heard.menu)), question=None)
