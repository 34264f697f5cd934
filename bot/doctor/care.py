"""Looks at whether somebody hears of it when a member may be in danger."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.doctor.finding import Finding, bad, look
from storage.care import safety, tending
from storage.members.groups import Home, list_groups

NOBODY = "nobody is named to be alerted when somebody may be in danger: `takepart safety contact {} NAME`."
NO_LINE = (
    "{name} is to be alerted when somebody may be in danger, and has no line that we may write to or ring: "
    "let them join by text, phone or Telegram, or name somebody else with `takepart safety contact {code}`."
)
UNSEEN = "nobody has looked at alert {}: `takepart safety show {} --by ME` shows what came in."


async def care(conn: AsyncConnection, channels: Collection[str], now: datetime) -> list[Finding]:
    """For each group: contacts that are missing or can't be told, and alerts that nobody has seen."""
    found = []
    for home in await list_groups(conn):
        if not home.practice:
            found += await _contacts(conn, home, channels, now)
        for one in await tending.list_alerts(conn, home.id):
            if one.state == "open" and not one.practice:
                found.append(bad("alert", f"{home.code}: {UNSEEN.format(one.number, one.number)}"))
    return found


async def _contacts(
    conn: AsyncConnection, home: Home, channels: Collection[str], now: datetime
) -> list[Finding]:
    if not await safety.named(conn, home.id):
        return [look("safety", f"{home.code}: {NOBODY.format(home.code)}")]
    people = await safety.contacts(conn, home.id, channels, now)
    lost = [NO_LINE.format(name=one.name, code=home.code) for one in people if not one.ways]
    return [bad("safety", f"{home.code}: {sentence}") for sentence in lost]
