"""A small group, two of whom share a phone; and all that is left of what people did, to be compared."""

import re
from collections.abc import AsyncIterator
from datetime import datetime
from itertools import groupby

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.columns import EPOCH
from storage.database import Database
from storage.lines import addresses
from storage.members.groups import add_group
from storage.secrets import Secrets
from storage.tables import lines, members, options, polls, reaches

ADA, SHARED, EVE = "+447700900401", "+441632960402", "4711"
GARDEN = "g"
PEOPLE = (("ada", ADA, ("sms",)), ("cay", SHARED, ("voice", "sms")), ("dov", SHARED, ("voice",)))
ID = re.compile(r"(?<![0-9a-z])[0-9a-hjkmnp-tv-z]{16}(?![0-9a-z])")
THEIRS = "WITH theirs (id) AS (SELECT member_id FROM reaches WHERE line_id = :line) "
OF_A_LINE = {
    "sent": "SELECT class, kind, body FROM outbox WHERE line_id = :line ORDER BY id",
    "came": "SELECT kind, body, answer FROM events WHERE line_id = :line ORDER BY id",
    "member": "SELECT name, state, language, form FROM members WHERE id IN theirs ORDER BY id",
    "talk": "SELECT state, busy_until FROM conversations WHERE member_id IN theirs ORDER BY owner",
    "stranger": "SELECT state FROM conversations WHERE line_id = :line AND member_id IS NULL",
    "gave": "SELECT c.flow, c.text, c.answers, c.audience, c.channel, c.taken_back_at FROM contributions c"
    " JOIN given g ON g.contribution_id = c.id WHERE g.member_id IN theirs ORDER BY c.id",
    "voted": "SELECT poll_id, choices FROM ballots WHERE member_id IN theirs ORDER BY member_id",
    "matter": "SELECT kind, words FROM matters WHERE member_id IN theirs ORDER BY id",
    "reach": "SELECT channel, rank, may_start FROM reaches WHERE line_id = :line ORDER BY id",
}
STEPS = "SELECT call_id, step, answer FROM call_steps ORDER BY call_id, step"
NUMBER = re.compile(r"\b\d{4}\b")  # a member's, which chance gives


async def gather(db: Database, secrets: Secrets, now: datetime) -> None:
    """Ada has a phone of her own, Cay and Dov share one, Eve is on Telegram; and there is a vote."""
    async with db.write() as conn:
        await add_group(conn, id=GARDEN, code="GARDEN", name="Garden", now=now, hours="0-24")
        for n, (name, address, channels) in enumerate((*PEOPLE, ("eve", EVE, ("telegram",)))):
            line = addresses.row(secrets, id=f"line {address}", channel=channels[0], address=address, now=now)
            if name != "dov":
                await conn.execute(sa.insert(lines).values(line))
            row = {"id": name, "group_id": GARDEN, "name": name.title(), "number": str(n + 1) * 4}
            await conn.execute(sa.insert(members).values(**row, joined_at=now))
            for rank, channel in enumerate(channels):
                reach = {"id": f"{name} {channel}", "member_id": name, "line_id": line["id"], "rank": rank}
                await conn.execute(sa.insert(reaches).values(**reach, channel=channel))
        poll = {"id": "p", "group_id": GARDEN, "question": "Where shall we meet?", "opened_at": EPOCH}
        await conn.execute(sa.insert(polls).values(poll))
        for key, label in (("1", "Library"), ("2", "Park")):
            await conn.execute(sa.insert(options).values(poll_id="p", key=key, label=label))


async def left(db: Database, secrets: Secrets) -> list[str]:
    """What the store holds of each line and member, with ids as numbers in the order of their coming."""
    async with db.read() as conn:
        rows = [row async for row in _rows(conn, secrets)]
    names: dict[str, str] = {}

    def named(found: re.Match[str]) -> str:
        return names.setdefault(found[0], f"#{len(names)}")

    def known(row: str) -> str:
        return ID.sub(lambda found: names.get(found[0], ""), row)

    listed = []
    for gave, some in groupby(rows, key=lambda row: " gave: " in row):
        # The ids of what was given do not tell which came first.
        listed += [NUMBER.sub("#", ID.sub(named, row)) for row in (sorted(some, key=known) if gave else some)]
    return listed


async def _rows(conn: AsyncConnection, secrets: Secrets) -> AsyncIterator[str]:
    found = await conn.execute(sa.select(lines.c.id, lines.c.address))
    for address, line in sorted((secrets.open(address), line) for line, address in found):
        for name, query in OF_A_LINE.items():
            for row in await conn.execute(sa.text(THEIRS + query), {"line": line}):
                yield f"{address} {name}: {tuple(row)}"
    for row in await conn.execute(sa.text(STEPS)):
        yield f"step: {tuple(row)}"
