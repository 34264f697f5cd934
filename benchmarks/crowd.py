"""Fills an empty store with people: groups, members with a phone and a chat, an open vote in each group."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncConnection

from benchmarks.letters import chat, phone
from storage.database import Database
from storage.ids import Ids
from storage.lines import addresses
from storage.members.groups import add_group, find_group
from storage.secrets import Secrets
from storage.sessions.drafting import NewPoll
from storage.sessions.meetings import NewBrief, add_brief, add_meeting, find_meeting
from storage.sessions.polls import open_poll
from storage.store import open_store
from storage.tables import consents, contributions, given, lines, members, reaches, sendings

KEY = SecretStr("a key made up for benchmarks, long enough to be good")
GROUP = 500  # members in a group
NUMBERED = 9000  # how many members of a group can have a number to key
AT_ONCE = 5000
SOON = timedelta(days=2)  # until a meeting
KEPT = timedelta(days=1)  # between two contributions of one member


def url(folder: Path) -> str:
    """Where a store lies in a folder."""
    return f"sqlite+aiosqlite:///{folder / 'takepart.db'}"


async def gather(
    folder: Path, people: int, *, group: int = GROUP, gifts: int = 0, phones: bool = True
) -> None:
    """Make the store in this folder, with so many people who gave so many contributions each."""
    secrets, ids = Secrets(KEY), Ids()
    now = datetime.now(UTC)
    db = await open_store(url(folder), secrets)
    try:
        homes = [await _group(db, n, ids, now) for n in range(-(-people // group))]
        for start in range(0, people, AT_ONCE):
            some = range(start, min(start + AT_ONCE, people))
            rows = _Rows(secrets, ids, now, phones=phones)
            for person in some:
                rows.add(person, homes[person // group], person % group)
            async with db.write() as conn:
                for table, found in rows.tables():
                    await conn.execute(sa.insert(table), found)
        async with db.write() as conn:
            for n in range(gifts):
                await _give(conn, n, now - n * KEPT)
    finally:
        await db.close()


async def brief(db: Database, ids: Ids, now: datetime, *, due: datetime) -> str:
    """A brief that goes to everybody in the first group; its id."""
    async with db.write() as conn:
        home = await find_group(conn, "GROUP0")
        meeting = await add_meeting(conn, home, "Tea in the garden", now + SOON, ids=ids, now=now)
        new = NewBrief(
            meeting=await find_meeting(conn, meeting),
            title="The path",
            texts={("en", "plain"): "The path by the pond is to be made wide enough for two chairs. " * 5},
            befores=("6h",),
        )
        made, _ = await add_brief(conn, new, ids=ids, now=now)
        await conn.execute(sa.update(sendings).where(sendings.c.subject_id == made).values(due_at=due))
    return made


async def _group(db: Database, n: int, ids: Ids, now: datetime) -> str:
    """A group with a vote that is open and needs not be sent any more."""
    async with db.write() as conn:
        home = await add_group(conn, id=ids(), code=f"GROUP{n}", name=f"Group {n}", hours="0-24", now=now)
        poll = NewPoll(group=home.id, question="Where shall we meet?", options=("Library", "Café"))
        await open_poll(conn, poll, ids=ids, now=now)
        await conn.execute(sa.update(sendings).values(state="done", done_at=now))
    return home.id


async def _give(conn: AsyncConnection, n: int, at: datetime) -> None:
    """A diary entry of everybody's, by one statement for all."""
    m, words = members.c, "We planted beans and had tea with the neighbours."
    gift = m.id + sa.literal(f"-{n}")
    told: dict[str, Any] = {"flow": "diary", "channel": "sms", "text": words, "at": at}
    told["answers"] = {"entry": words, "feeling": "4"}
    fixed = [sa.literal(value, contributions.c[name].type) for name, value in told.items()]
    await conn.execute(
        sa.insert(contributions).from_select(["id", "group_id", *told], sa.select(gift, m.group_id, *fixed))
    )
    await conn.execute(sa.insert(given).from_select(["contribution_id", "member_id"], sa.select(gift, m.id)))


class _Rows:
    """The rows of some people, table by table, in the order in which they refer to each other."""

    def __init__(self, secrets: Secrets, ids: Ids, now: datetime, *, phones: bool) -> None:
        self._phones = phones
        self._secrets = secrets
        self._ids = ids
        self._now = now
        self._found: dict[sa.Table, list[dict[str, Any]]] = {
            table: [] for table in (members, lines, reaches, consents)
        }

    def tables(self) -> Iterator[tuple[sa.Table, list[dict[str, Any]]]]:
        return ((table, rows) for table, rows in self._found.items() if rows)

    def add(self, person: int, group: str, place: int) -> None:
        member, now = self._ids(), self._now
        named = {
            "id": member,
            "group_id": group,
            "name": f"Ada {person}",
            "number": f"{1000 + place}" if place < NUMBERED else None,
        }
        self._found[members].append(named | {"joined_at": now, "heard_at": now})
        if self._phones:
            self._line(member, "sms", phone(person))
        self._line(member, "telegram", str(chat(person)))
        said = {"purpose": "join", "wording": "v1", "language": "en", "form": "plain", "channel": "sms"}
        self._found[consents].append({"id": self._ids(), "member_id": member, "at": now, **said})

    def _line(self, member: str, channel: str, address: str) -> None:
        id_ = self._ids()
        row = addresses.row(self._secrets, id=id_, channel=channel, address=address, now=self._now)
        self._found[lines].append(row)
        ways = ("sms", "voice") if channel == "sms" else (channel,)
        for rank, way in enumerate(ways):
            reach = {"id": self._ids(), "member_id": member, "line_id": id_, "channel": way, "rank": rank}
            moments = {"may_start": way != "voice", "proved_at": self._now, "heard_at": self._now}
            self._found[reaches].append(reach | moments)
