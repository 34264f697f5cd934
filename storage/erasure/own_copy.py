"""Everything held about a member as a text that they can read: a copy of their own."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.calendar import day_name
from flows.sentences import Sentences
from storage.erasure.held import member_data, row_of
from storage.erasure.printed import for_others_eyes
from storage.members.people import find_member
from storage.secrets import Secrets
from storage.tables import groups
from storage.turning.stage import Stage

HELD = (  # in this order; the heading of each is a sentence of the house
    "contributions",
    "replies",
    "consents",
    "standings",
    "needs",
    "preferences",
    "unwanted",
    "reaches",
    "supporters",
    "entries",
    "ballots",
    "voted",
    "open_questions",
    "reached",
    "thanks",
    "backings",
    "payments",
    "checkins",
    "matters",
    "handovers",
    "handover_words",
    "safe_contacts",
    "joined_members",
    "conversations",
    "events",
    "outbox",
    "calls",
    "audit",
)
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


async def look(conn: AsyncConnection, s: Stage, _: str) -> str:
    """The copy for the person of this turn."""
    if s.person is None:
        return ""
    member = s.person.member
    words = s.words.to(member.language, member.form)
    return await own_copy(conn, member.id, s.secrets, words, now=s.now)


async def own_copy(
    conn: AsyncConnection,
    member: str,
    secrets: Secrets,
    words: Sentences,
    *,
    now: datetime,
    printed: bool = False,
) -> str:
    """All of it in one text; `printed` by somebody else, it lacks what nobody else may read."""
    found = await find_member(conn, member, secrets)
    zone = await conn.scalar(sa.select(groups.c.zone).where(groups.c.id == found.group)) or "UTC"
    day = day_name(now, zone, now)
    head = words("own.head", who=found.name, day=day) if found.name else words("own.head of nobody", day=day)
    ways = [{"way": way.channel, "address": way.address} for way in found.ways]
    parts = [
        head + "\n" + "=" * len(head),
        _part(words("own.you"), [await row_of(conn, found.id)], zone, now),
        _part(words("own.ways"), ways, zone, now),
    ]
    held = await member_data(conn, found.id)
    if printed:
        held = await for_others_eyes(conn, found.id, held)
    for name in HELD:
        plainly, rows = PLAINLY.get(name), held.get(name, ())
        told = [plainly(row) for row in rows] if plainly else rows
        parts.append(_part(words(f"own.{name}"), told, zone, now))
    rest = words("own.printed" if printed else "own.the rest")
    return "\n\n".join(filter(None, [*parts, rest])) + "\n"


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
