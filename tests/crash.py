"""A service that is killed again and again, the people who go on writing to it all the while, and the time
that passes meanwhile. What must be so in the end is in `tests/reckoning.py`.

Telegram repeats what was not answered; Twilio repeats nothing, and only lists.
"""

import asyncio
import itertools
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from urllib.parse import parse_qs, urlsplit

import sqlalchemy as sa
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.intake.arriving import guard
from channels.twiml import error_answer
from flows.events import Abilities, Event
from storage.database import Database
from storage.ids import Ids
from storage.members.groups import Home
from storage.secrets import Secrets
from storage.sending.checks import UNCLEAR
from storage.sessions import meetings, polls
from storage.sessions.drafting import NewPoll
from storage.tables import calls, conversations, events, leases, lines, media, outbox, sendings
from tests.fakes.telegram import BotApi
from tests.fakes.telegram_people import Person
from tests.fakes.twilio import FakeTwilio
from tests.fakes.twilio_api import Handler
from tests.fakes.twilio_calls import Call, sound
from tests.service import Service

TREES = (
    *("Alder", "Birch", "Cedar", "Damson", "Elder", "Fir", "Hazel"),
    *("Juniper", "Laurel", "Maple", "Olive", "Poplar", "Quince", "Rowan"),
)
PATIENCE = 300.0  # seconds, on a busy machine
DAY = 86400.0
Mark = tuple[str, bytes]  # a channel and a guard: by what a stored event is known


def _now() -> datetime:
    return datetime.now(UTC)


class Twilio(FakeTwilio):
    """Notes every step of a call that was asked, and those that were answered with what comes next."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: dict[tuple[str, int], bool] = {}  # by call and step: whether it had its answer
        self.caller: dict[str, str] = {}
        self._asking: set[asyncio.Future[None]] = set()
        self.stand = self._notes

    async def _notes(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Know what it is being asked by the service, which may be dead before it has the answer."""
        asked: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._asking.add(asked)
        try:
            return await handler(request)
        finally:
            self._asking.discard(asked)
            asked.set_result(None)

    async def answered(self) -> None:
        """Whatever is being asked now has been done. A minute, which is over in a second here, is as long."""
        await asyncio.gather(*self._asking)

    async def post(self, url: str, fields: Mapping[str, str]) -> tuple[int, str]:
        """A signed webhook, noted where it is a step of a call."""
        parts = urlsplit(url)
        step = parts.path.startswith("/twilio/voice") and not parts.path.endswith("/status")
        key = (fields.get("CallSid", ""), int(parse_qs(parts.query).get("n", ["0"])[0]))
        if step:
            self.caller[key[0]] = fields["From"]
            self.asked.setdefault(key, False)
        status, body = await super().post(url, fields)
        if step and status == 200 and body != error_answer() and "One moment" not in body:
            self.asked[key] = True
        return status, body


class Town:
    """Everybody who writes, rings and votes. `taken` is what must be stored, each once."""

    def __init__(
        self, telegram: BotApi, twilio: Twilio, db: Database, secrets: Secrets, chance: random.Random
    ) -> None:
        self.telegram, self.twilio = telegram, twilio
        self.db, self.secrets, self.chance = db, secrets, chance
        self.ids = Ids(_now)
        self.over = False
        self.voting = ""  # the group that votes and reads
        self.taken: set[Mark] = set()
        self.thoughts: list[str] = []
        self.recorded: list[bytes] = []  # what a caller was told is kept
        self.polls: dict[str, tuple[str, str]] = {}
        self.briefs: list[str] = []
        self.votes: dict[tuple[str, str], str] = {}  # by poll and name
        self._sounds = itertools.count(1)

    # What one person does with their phone

    async def text(self, number: str, words: str) -> None:
        """A text that Twilio has taken; returns when it is stored, however long that takes."""
        sid = self.twilio.new_id("SM")
        mark = self.mark("sms", sid, number)
        self.taken.add(mark)
        reply = await self.twilio.text(number, words, sid=sid)
        if reply.status != 200:
            await self._stored(mark)

    async def write(self, person: Person, words: str) -> None:
        """A message on Telegram; returns when it is stored."""
        await self._wrote(person, f"{person.id}:{person.writes(words)}")

    async def press(self, person: Person, label: str) -> None:
        """A button on Telegram; returns when it is stored."""
        await self._wrote(person, f"cb:{person.presses(label)}")

    async def _wrote(self, person: Person, id: str) -> None:
        mark = self.mark("telegram", id, str(person.id))
        self.taken.add(mark)
        await self._stored(mark)

    def mark(self, channel: str, id: str, address: str) -> Mark:
        """By what the stored event is known."""
        to = self.telegram.token.partition(":")[0] if channel == "telegram" else ""
        can = Abilities(takes=frozenset())
        event = Event(channel=channel, id=id, line=address, at=_now(), kind="words", can=can, to=to)
        return channel, guard(event, self.secrets)

    async def _stored(self, mark: Mark) -> None:
        e = events.c
        known = sa.select(e.id).where(e.channel == mark[0], e.guard == mark[1])

        async def there() -> bool:
            async with self.db.read() as conn:
                return (await conn.execute(known)).first() is not None

        await until(there)

    async def _rest(self, most: float = 0.3) -> None:
        await asyncio.sleep(self.chance.uniform(0, most))

    # What they do all day

    async def texts_thoughts(self, number: str, name: str) -> None:
        """Share one thought after another by text."""
        for n in itertools.count():
            if self.over:
                return
            words = f"{name} has thought {n}"
            for one in ("thought", words, "1"):
                await self.text(number, one)
                await self._rest()
            self.thoughts.append(words)

    async def chats_thoughts(self, person: Person) -> None:
        """The same on Telegram."""
        for n in itertools.count():
            if self.over:
                return
            words = f"{person.name} has thought {n}"
            for one in ("thought", words, "just you"):
                await self.write(person, one)
                await self._rest()
            self.thoughts.append(words)
            await self._rest(2)  # a chat gets one message a second

    async def rings(self, number: str, wish: str) -> None:
        """Ring, wish for something, speak where that is asked, and else press 1; again and again."""
        while not self.over:
            call = await self.twilio.ring(number)
            if call.waits == "Gather":
                await call.say_words(wish)
            for _ in range(6):
                await self._goes_on(call)
            if not call.over:
                await call.hang_up()
            await self._rest()

    async def _goes_on(self, call: Call) -> None:
        if call.waits == "Record":
            spoken = sound(0.1 + next(self._sounds) / 1000)
            await call.record(spoken, 1, key="#")
            if "kept" in call.said:
                self.recorded.append(spoken)
        elif call.waits == "Gather":
            await call.press("1")
        await self._rest(0.1)

    async def votes_by_text(self, number: str, name: str) -> None:
        """Choose in each vote as soon as its question is there."""
        async for poll, choice in self._choices():
            await until(partial(self._texted, number, choice), wait=DAY)
            await self.text(number, choice)
            await self.text(number, "skip")
            self.votes[poll, name] = choice

    async def votes_by_chat(self, person: Person) -> None:
        """The same by a button."""
        async for poll, choice in self._choices():
            await until(partial(self._shown, person, choice), wait=DAY)
            await self.press(person, choice)
            await self.write(person, "skip")
            self.votes[poll, person.name] = choice

    def _texted(self, number: str, words: str) -> bool:
        return any(words in text for text in self.twilio.sent_to(number))

    def _shown(self, person: Person, label: str) -> bool:
        with suppress(AssertionError):
            return bool(self.telegram.button(person.id, label))
        return False

    async def _choices(self) -> AsyncIterator[tuple[str, str]]:
        """Each vote when it is opened, and what this person would like."""
        for n in itertools.count():
            while len(self.polls) <= n:
                if self.over:
                    return
                await asyncio.sleep(0.1)
            poll = list(self.polls)[n]
            yield poll, self.chance.choice(self.polls[poll])

    # What a facilitator does

    async def opens_poll(self, home: Home) -> str:
        """A vote with options that no other vote has."""
        first = 2 * len(self.polls)
        labels = TREES[first], TREES[first + 1]
        new = NewPoll(group=home.id, question=f"Which tree, {labels[0]}?", options=labels)
        async with self.db.write() as conn:
            poll = await polls.open_poll(conn, new, ids=self.ids, now=_now())
        self.polls[poll] = labels
        return poll

    async def closes_polls(self) -> None:
        """Every vote ends, and everybody hears how."""
        for poll in self.polls:
            async with self.db.write() as conn:
                await polls.close_poll(conn, poll, ids=self.ids, now=_now())

    async def sends_brief(self, home: Home) -> None:
        """Something to read, which is due at once."""
        async with self.db.write() as conn:
            meeting = await meetings.add_meeting(
                conn, home, "Walk", _now() + timedelta(hours=20), ids=self.ids, now=_now()
            )
            new = meetings.NewBrief(
                meeting=await meetings.find_meeting(conn, meeting),
                title="The walk",
                texts={("en", "plain"): f"Walk {len(self.briefs)}: bring a coat."},
                befores=["3d"],
                files=[],
            )
            brief, _ = await meetings.add_brief(conn, new, ids=self.ids, now=_now())
        self.briefs.append(brief)


class Killer:
    """Kills one process after another at moments of chance, and starts each again. `kills`: when."""

    def __init__(self, services: Sequence[Service], town: Town, chance: random.Random) -> None:
        self._services = services
        self._chance = chance
        self._town = town
        self._turns = itertools.cycle(services)
        self._armed: Callable[[], None] = lambda: None
        self.kills: list[float] = []
        self.dead: list[int] = []  # process ids
        self.log: dict[str, list[tuple[str, float]]] = {}  # what was sent to whom: its name, and when
        town.telegram.told = lambda message: self._told(
            str(message["chat"]["id"]), message.get("text") or message.get("caption", "")
        )
        town.twilio.told = lambda thing: self._told(thing.to, thing.sid)

    def _told(self, whom: str, what: str) -> None:
        self.log.setdefault(whom, []).append((what, time.monotonic()))
        self._armed()

    async def kill_one(self) -> None:
        """The next victim dies at some moment of its life, and is started again."""
        victim = next(self._turns)
        moment = self._chance.choice(
            (self._while_starting, self._while_open, self._at_a_send, self._at_a_send)
        )
        await moment(victim)
        self.dead.append(victim.pid)
        await victim.kill()
        self.kills.append(time.monotonic())
        await victim.begin()

    async def _while_starting(self, victim: Service) -> None:
        await asyncio.sleep(self._chance.uniform(0, 0.5))

    async def _while_open(self, victim: Service) -> None:
        await until(victim.ready)
        await asyncio.sleep(self._chance.uniform(0, 0.6))

    async def _at_a_send(self, victim: Service) -> None:
        """The provider has the message, and the service does not know it yet."""
        await until(victim.ready)
        left, sent = self._chance.randint(1, 4), asyncio.Event()

        def one_more() -> None:
            nonlocal left
            left -= 1
            if left <= 0:
                victim.strike()
                sent.set()

        self._armed = one_more
        with suppress(TimeoutError):
            await asyncio.wait_for(sent.wait(), 1.5)
        self._armed = lambda: None


async def time_passes(db: Database, dead: Sequence[int]) -> None:
    """What only waits for a time waits no more: an unclear send, a dead process's lease, whoever hung up
    while nobody could hear it or stopped in the middle of something.
    """
    now, o = _now(), outbox.c

    async def change(conn: AsyncConnection) -> None:
        await conn.execute(sa.update(calls).where(calls.c.ended_at.is_(None)).values(ended_at=now))
        await conn.execute(sa.update(conversations).values(busy_until=None))
        await conn.execute(sa.update(leases).values(until=now))
        waits = sa.or_(o.outcome.in_(UNCLEAR), o.held)
        found = sa.update(outbox).where(o.state == "waiting", waits).values(not_before=now)
        due = set(await conn.scalars(found.returning(o.line_id)))
        for held in (lines, media, sendings) if dead else ():
            theirs = sa.or_(*(held.c.leased_by.like(f"{pid}-%") for pid in dead))
            over = sa.update(held).where(theirs).values(leased_until=now)
            left = set(await conn.scalars(over.returning(held.c.id)))
            due |= left if held is lines else set()
        await conn.execute(sa.update(lines).where(lines.c.id.in_(sorted(due))).values(due_at=now))

    await db.transact(change)  # once more where it and the services wait for each other


async def until(met: Callable[[], bool | Awaitable[bool]], *, wait: float = PATIENCE) -> None:
    """Wait until something is so; another process brings it about, so nobody here can tell us."""
    async with asyncio.timeout(wait):
        while True:
            found = met()
            if found if isinstance(found, bool) else await found:
                return
            await asyncio.sleep(0.02)
