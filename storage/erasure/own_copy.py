"""Everything held about a member as a text that they can read: a copy of their own."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.calendar import day_name
from storage.erasure.held import member_data, row_of
from storage.members.people import find_member
from storage.secrets import Secrets
from storage.tables import groups
from storage.turning.stage import Stage

HEADINGS: Mapping[str, str] = {
    "contributions": "What you gave",
    "consents": "What you agreed to",
    "standings": "What you say of yourself",
    "needs": "What you need",
    "preferences": "What you wish",
    "unwanted": "What you do not want",
    "reaches": "How each of your ways is used",
    "supporters": "Who helps you",
    "entries": "What somebody entered for you",
    "ballots": "Your votes that are open or open to all",
    "voted": "Secret votes that you took part in",
    "open_questions": "What we asked you",
    "reached": "What was sent to you",
    "thanks": "What you said thanks for",
    "backings": "What you backed",
    "payments": "Payments",
    "checkins": "When we asked whether this works for you",
    "matters": "What you asked a person for, or passed on",
    "handovers": "When a person helped you",
    "handover_words": "What was said then",
    "safe_contacts": "Whom you are there for when somebody is in danger",
    "joined_members": "Memberships that were found to be one",
    "conversations": "Where you are in what you began",
    "events": "What came from you in the last days",
    "outbox": "What we said to you in the last days",
    "calls": "Calls",
    "audit": "Who did what with your record",
}
EMPTY: tuple[Any, ...] = (None, "", [], {}, False)
UNSAID = (
    "agreed",  # the consents say it in full
    "id",
    "guard",
    "leased",
    "dedupe",
    "progress",
    "tries",
    "lane",
    "merge",
    "provider",
    "event",
)
INDENT = "  "
Row = Mapping[str, Any]
ANSWER = frozenset({"text", "keys", "media", "number"})  # what an answer holds
THE_REST = (
    "What only programs need of your messages is not in here. Whoever runs your group can give you that too."
)


async def look(conn: AsyncConnection, s: Stage, _: str) -> str:
    """The copy for the person of this turn."""
    return await own_copy(conn, s.me, s.secrets, now=s.now) if s.me else ""


async def own_copy(conn: AsyncConnection, member: str, secrets: Secrets, *, now: datetime) -> str:
    """All of it in one text."""
    found = await find_member(conn, member, secrets)
    zone = await conn.scalar(sa.select(groups.c.zone).where(groups.c.id == found.group)) or "UTC"
    head = f"What is held about {found.name or 'you'}, on {day_name(now, zone, now)}"
    ways = [{"way": way.channel, "address": way.address} for way in found.ways]
    parts = [
        head + "\n" + "=" * len(head),
        _part("You", [await row_of(conn, found.id)], zone, now),
        _part("Your ways", ways, zone, now),
    ]
    held = await member_data(conn, found.id)
    for name, heading in HEADINGS.items():
        plainly = PLAINLY.get(name)
        rows = [plainly(row) for row in held[name]] if plainly else held[name]
        parts.append(_part(heading, rows, zone, now))
    return "\n\n".join(filter(None, [*parts, THE_REST])) + "\n"


def _part(heading: str, rows: Sequence[Mapping[str, Any]], zone: str, now: datetime) -> str:
    """One kind of thing; nothing where there is none."""
    told = [lines for row in rows if (lines := "\n".join(_lines(row, zone, now)))]
    return "\n\n".join([f"{heading}\n{'-' * len(heading)}", *told]) if told else ""


def _gift(row: Row) -> Row:
    media = [f"{one['kind']}, {one['bytes']} bytes" for one in row["media"]]
    return {**_without(row, "member", "text"), "text": row["text"], "media": media}


def _came(row: Row) -> Row:
    """What came: when, by which channel, and the words or what was pressed."""
    body = _read(row["body"])
    return {name: row[name] for name in ("at", "channel")} | {"words": body.get("text") or body.get("value")}


def _went(row: Row) -> Row:
    body = _read(row["body"])
    said = body.get("say") or body
    words = said.get("text") or said.get("spoken")
    return {name: row[name] for name in ("created_at", "channel", "sent_at", "state")} | {"words": words}


def _talk(row: Row) -> Row:
    """What they have begun and not finished, with what they said so far."""
    begun = [frame for frame in _read(row["state"]).get("frames", ()) if frame.get("answers")]
    return {"begun": [{frame["flow"]: frame["answers"]} for frame in begun]}


def _without(row: Row, *names: str) -> Row:
    return {name: value for name, value in row.items() if name not in names}


PLAINLY: Mapping[str, Callable[[Row], Row]] = {  # of these a person reads only a part
    "contributions": _gift,
    "conversations": _talk,
    "events": _came,
    "outbox": _went,
}


def _lines(row: Mapping[str, Any], zone: str, now: datetime) -> Iterable[str]:
    for name, value in row.items():
        if value in EMPTY or name.startswith(UNSAID) or name.endswith(("_id", "_by", "_hash")):
            continue
        words = _words(value, zone, now)
        if words:
            between = "\n" if "\n" in words else " "
            shown = words.replace("\n", "\n" + INDENT)
            yield f"{name.replace('_', ' ')}:{between}{INDENT if between != ' ' else ''}{shown}"


def _words(value: Any, zone: str, now: datetime) -> str:
    """A value as somebody would write it down."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        if value and ANSWER.issuperset(value):
            return str(value.get("text") or "") or "a photo or a recording"
        return "\n".join(_lines(value, zone, now))
    if isinstance(value, list | tuple):
        return "\n".join(filter(None, (_words(one, zone, now) for one in value)))
    words = "" if value is None else str(value)
    if words.startswith("{"):
        return _words(_read(words) or words.strip("{}"), zone, now)
    return day_name(datetime.fromisoformat(words), zone, now) if _is_moment(words) else words


def _read(words: str | Mapping[str, Any] | None) -> Mapping[str, Any]:
    """What stands in a column of JSON; nothing where it was emptied."""
    if not isinstance(words, str):
        return words or {}
    try:
        found = json.loads(words)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _is_moment(words: str) -> bool:
    return len(words) == 20 and words[10] == "T" and words.endswith("Z")
