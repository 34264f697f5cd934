"""A small post office for tests: a store, a clock that is set by hand, channels that note what they send."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot.sending.lanes import WIDTHS, Lanes, Width
from bot.sending.pace import Speed
from channels.base import Inbound, Load, Parcel, Result
from flows.events import Abilities, Event, Option, Question, Say
from flows.state import Conversation, Frame
from storage.database import Database
from storage.ids import Ids
from storage.lines.addresses import row as line_row
from storage.secrets import Secrets
from storage.sending import outbox
from storage.tables import conversations, groups, lines, members, options, polls, reached, reaches
from storage.tables import outbox as box
from storage.turning import states
from tests.scenes import shipped

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
RETRY = Result(outcome="retry", sentence="The provider is away.")
QUICK = {name: replace(width, speed=Speed()) for name, width in WIDTHS.items()}


class FakeChannel:
    """Sends one parcel for each paragraph; `fails` holds the results of the next sends by address."""

    can = Abilities(takes=frozenset({"text"}))

    def __init__(self, name: str) -> None:
        self.name = name
        self.sent: list[tuple[str, str]] = []
        self.fails: dict[str, list[Result]] = defaultdict(list)
        self.longest = 1000

    def encode(self, say: Say, line: str) -> tuple[Parcel, ...]:
        words = say.text.split("¶")
        return tuple(Parcel(channel=self.name, line=line, method="m", params={"body": one}) for one in words)

    def fit(self, say: Say) -> tuple[Say, str]:
        return replace(say, text=say.text[: self.longest]), say.text[self.longest :]

    async def send(self, parcel: Parcel, *, outbox: str, load: Load) -> Result:
        if self.fails[parcel.line]:
            return self.fails[parcel.line].pop(0)
        self.sent.append((parcel.line, str(parcel.params["body"])))
        return Result(outcome="sent", id=f"SM{len(self.sent)}")

    def verify(self, request: Inbound) -> None: ...

    def decode(self, request: Inbound, now: datetime) -> tuple[Event, ...]:
        return ()

    async def fetch(self, ref: str, *, most: int) -> bytes:
        return b""


class ListingChannel(FakeChannel):
    """Its provider can be asked: `listed` has what it was given, as (id, address, words)."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.listed: list[tuple[str, str, str]] = []
        self.asked = 0
        self.away = 0  # for so many times it can't be asked

    async def find(self, parcel: Parcel, *, since: datetime, known: Collection[str]) -> Result | None:
        self.asked += 1
        if self.away:
            self.away -= 1
            return RETRY
        wanted = (parcel.line, parcel.params["body"])
        found = [id_ for id_, *given in self.listed if (*given,) == wanted and id_ not in known]
        return Result(outcome="sent", id=found[0]) if found else None


class Drawer:
    """A practice phone's carrier."""

    def __init__(self) -> None:
        self.got: list[tuple[str, str]] = []

    async def send(self, line: str, parcels: Sequence[Parcel], *, outbox: str) -> None:
        self.got += [(line, str(parcel.params["body"])) for parcel in parcels]


class Office:
    """One group; members are added by name. `now` is what every clock says."""

    def __init__(self, db: Database, secrets: Secrets) -> None:
        self.db = db
        self.secrets = secrets
        self.now = NOON
        self.ids = Ids(lambda: self.now)
        self.sms = ListingChannel("sms")
        self.channels = {
            "telegram": FakeChannel("telegram"),
            "sms": self.sms,
            "voice": ListingChannel("voice"),
        }
        self.practice = Drawer()
        self.carrier_stops = True
        self.lanes = self.open()

    def open(self, holder: str = "one", *, widths: Mapping[str, Width] = QUICK, **more: Any) -> Lanes:
        """The lanes of one process."""
        return Lanes(
            db=self.db,
            secrets=self.secrets,
            carriers=self.channels,
            encoders=self.channels,
            practice=self.practice,
            load=_nothing,
            flows=shipped(),
            clock=lambda: self.now,
            ids=self.ids,
            holder=holder,
            carrier_stops=self.carrier_stops,
            chance=lambda: 0.0,
            seconds=lambda: self.now.timestamp(),
            sleep=self.sleep,
            widths=widths,
            **more,
        )

    async def sleep(self, seconds: float) -> None:
        """Let time go by for whoever waits for their turn."""
        self.now += timedelta(seconds=seconds)
        await asyncio.sleep(0)

    async def group(self, **more: Any) -> None:
        row = {"id": "g", "code": "GARDEN", "number": "1234", "name": "Garden", "created_at": self.now}
        async with self.db.write() as conn:
            await conn.execute(groups.insert().values(**row | more))

    async def member(self, name: str, channel: str = "sms", *, address: str = "", **more: Any) -> None:
        """A member, their line and their reach have the same id: the name."""
        where = line_row(self.secrets, id=name, channel=channel, address=address or name, now=self.now)
        async with self.db.write() as conn:
            await conn.execute(members.insert().values(id=name, group_id="g", name=name, **more))
            await conn.execute(lines.insert().values(**where))
            await conn.execute(
                reaches.insert().values(id=name, member_id=name, line_id=name, channel=channel)
            )

    async def poll(self, id: str = "p", **more: Any) -> None:
        row = {"id": id, "group_id": "g", "question": "Where?", "opened_at": self.now}
        async with self.db.write() as conn:
            await conn.execute(polls.insert().values(**row | more))
            await conn.execute(options.insert().values(poll_id=id, key="a", label="Library"))

    async def write(self, to: str, words: str, klass: outbox.Class = "notice", **more: Any) -> str:
        """Put a message in the outbox; its id."""
        id_ = self.ids()
        say = more.pop("say", None) or Say(text=words, merge=more.pop("merge", ""))
        plain = {"line": to, "member": to, "group": "g", "channel": "sms", "dedupe_key": id_}
        row = outbox.Row(**{"id": id_, "klass": klass, "say": say, **plain, **more})
        async with self.db.write() as conn:
            await outbox.add(conn, [row], now=self.now)
        return id_

    async def busy(self, member: str, *, minutes: int = 10, frame: bool = True) -> None:
        """The member is in the middle of their diary, until so many minutes from now."""
        frames = (Frame(id="f", flow="diary", version="1"),) if frame else ()
        row = {
            "owner": member,
            "member_id": member,
            "state": states.packed(Conversation(frames=frames)),
            "busy_until": self.now + timedelta(minutes=minutes) if minutes else None,
            "updated_at": self.now,
        }
        async with self.db.write() as conn:
            await conn.execute(sa.delete(conversations).where(conversations.c.owner == member))
            await conn.execute(conversations.insert().values(**row))

    async def change(self, table: sa.Table, id_: str, **values: Any) -> None:
        async with self.db.write() as conn:
            await conn.execute(sa.update(table).where(table.c.id == id_).values(**values))

    async def send(self, seconds: float = 0) -> list[str]:
        """Let time go by, send all that is due, and give the words that left by any channel."""
        self.now += timedelta(seconds=seconds)
        before = {name: len(channel.sent) for name, channel in self.channels.items()}
        while await self.lanes.once():
            pass
        return [words for name, channel in self.channels.items() for _, words in channel.sent[before[name] :]]

    async def refused(self, member: str) -> None:
        """The carrier does not let a text through: their phone had sent it a stop word."""
        stopped = Result(outcome="stopped", code="21610", sentence="They sent STOP.")
        self.sms.fails[member].append(stopped)
        await self.write(member, "Hello")
        await self.send()

    async def row(self, id_: str) -> Any:
        async with self.db.read() as conn:
            return (await conn.execute(sa.select(box).where(box.c.id == id_))).one()

    async def talk(self, member: str) -> Conversation:
        async with self.db.read() as conn:
            stored = await conn.scalar(
                sa.select(conversations.c.state).where(conversations.c.owner == member)
            )
        return states.unpacked(stored or "")

    async def reached(self, member: str) -> str:
        async with self.db.read() as conn:
            return await conn.scalar(sa.select(reached.c.state).where(reached.c.member_id == member)) or ""


def ballot(poll: str = "p") -> Say:
    """A poll's question as it is sent."""
    question = Question(
        id=f"q{poll}",
        name="ballot",
        text="Where?",
        takes=("choice",),
        options=(Option(key="a", label="Library"),),
        poll=poll,
    )
    return Say(text="Where shall we meet?", question=question)


async def _nothing(sha256: str) -> bytes:
    return b""
