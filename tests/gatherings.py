"""A group with members to send to: made in a line or two, in tests of what goes to many."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot.sending.scheduler import Scheduler
from storage.database import Database
from storage.ids import Ids
from storage.members.groups import Home, add_group
from storage.sending.outbox import Body, unpacked
from storage.sessions import meetings
from storage.sessions.meetings import NewBrief, Planned
from storage.tables import lines, members, outbox, reached, reaches
from tests.scenes import shipped

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)  # a Monday
MEETING = NOW + timedelta(days=10, hours=4)  # Thursday 12 March at 2pm
TEXTS = {("en", "plain"): "Buses are late.\n\nSo are trains."}


@dataclass
class Files:
    """A store for pictures, in memory."""

    kept: list[bytes] = field(default_factory=list)

    async def save(self, data: bytes) -> str:
        self.kept.append(data)
        return f"{len(data):064x}"


class Gathering:
    """One group, a clock that tests set, and the scheduler over both."""

    def __init__(self, db: Database, now: datetime = NOW) -> None:
        self.db = db
        self.now = now
        self.ids = Ids(clock=lambda: self.now)
        self.files = Files()
        self.woken = 0
        self.home: Home

    async def found(self, *, practice: bool = False, hours: str = "9-20") -> "Gathering":
        async with self.db.write() as conn:
            self.home = await add_group(
                conn,
                id=self.ids(),
                code="GARDEN",
                name="Garden",
                now=self.now,
                practice=practice,
                hours=hours,
            )
        return self

    async def join(self, *channels: str, line: str = "phone", **facts: Any) -> str:
        """A new member with these ways, the first liked best; `facts` are columns of theirs."""
        member = self.ids()
        async with self.db.write() as conn:
            row = {"id": member, "group_id": self.home.id, "name": "Ada", "joined_at": self.now, **facts}
            await conn.execute(sa.insert(members).values(row))
            for rank, channel in enumerate(channels):
                await self._reach(conn, member, channel, rank, line)
        return member

    async def _reach(self, conn: Any, member: str, channel: str, rank: int, kind: str) -> None:
        line = {"id": self.ids(), "kind": kind, "address_hash": self.ids().encode().ljust(32)}
        await conn.execute(sa.insert(lines).values(line))
        reach = {
            "id": self.ids(),
            "member_id": member,
            "line_id": line["id"],
            "channel": channel,
            "rank": rank,
        }
        await conn.execute(sa.insert(reaches).values(reach))

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)

    def scheduler(
        self, *, most: int = 500, channels: Sequence[str] = ("telegram", "sms", "voice")
    ) -> Scheduler:
        return Scheduler(
            self.db,
            flows=shipped(),
            clock=lambda: self.now,
            ids=self.ids,
            files=self.files,
            channels=channels,
            holder=self.ids(),
            wake=self._wake,
            every=0.01,
            most=most,
        )

    async def tick(self) -> None:
        await self.scheduler().tick()

    async def sent(self, kind: str) -> dict[str, tuple[str, Body]]:
        """What waits in the outbox of this kind, the newest for each member: channel and body."""
        o = outbox.c
        async with self.db.read() as conn:
            rows = await conn.execute(
                sa.select(o.member_id, o.channel, o.body)
                .where(o.kind == kind, o.body.is_not(None))
                .order_by(o.id)
            )
            return {member: (channel, unpacked(body)) for member, channel, body in rows}

    async def count(self, table: sa.Table, *where: sa.ColumnElement[bool]) -> int:
        async with self.db.read() as conn:
            return await conn.scalar(sa.select(sa.func.count()).select_from(table).where(*where)) or 0

    async def change(self, table: sa.Table, *where: sa.ColumnElement[bool], **values: Any) -> None:
        async with self.db.write() as conn:
            await conn.execute(sa.update(table).where(*where).values(**values))

    def _wake(self) -> None:
        self.woken += 1


@pytest.fixture
async def garden(db: Database) -> Gathering:
    """A group of nobody yet."""
    return await Gathering(db).found()


async def meeting(garden: Gathering, at: datetime = MEETING) -> str:
    async with garden.db.write() as conn:
        return await meetings.add_meeting(conn, garden.home, "Travel", at, ids=garden.ids, now=garden.now)


async def brief(
    garden: Gathering, of: str, *befores: str, texts: Mapping[tuple[str, str], str] = TEXTS, **more: Any
) -> tuple[str, list[Planned]]:
    async with garden.db.write() as conn:
        found = await meetings.find_meeting(conn, of)
        new = NewBrief(meeting=found, title="Getting about", texts=texts, befores=befores or ("3d",), **more)
        return await meetings.add_brief(conn, new, ids=garden.ids, now=garden.now)


async def status(garden: Gathering, brief_id: str) -> dict[str, tuple[str | None, str]]:
    async with garden.db.read() as conn:
        return {one.member: (one.channel, one.state) for one in await meetings.brief_status(conn, brief_id)}


async def went(garden: Gathering, member: str, state: str = "sent") -> None:
    """What waits for this member has gone out and become so."""
    await garden.change(outbox, outbox.c.member_id == member, outbox.c.state == "waiting", state="sent")
    await garden.change(reached, reached.c.member_id == member, state=state)
