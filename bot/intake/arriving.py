"""From what a channel decoded to what is stored: addresses become lines, ids become guards."""

from collections.abc import Callable, Sequence
from dataclasses import replace as changed
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from channels.text import clean
from flows.events import Event
from flows.values import replace
from storage.lines import addresses
from storage.lines.failing import takes_texts
from storage.secrets import Secrets
from storage.turning import load, turns
from storage.turning.load import Known, Line
from storage.turning.turns import Arrived


async def arrive(
    conn: AsyncConnection, events: Sequence[Event], *, secrets: Secrets, ids: Callable[[], str], now: datetime
) -> tuple[list[Arrived], dict[str, Line]]:
    """The events without their addresses, and the lines that they came on by id."""
    hashes = {
        (event.channel, event.line): addresses.hash_of(secrets, event.channel, event.line)
        for event in events
        if event.line
    }
    found = await load.find_lines(conn, set(hashes.values()))
    new = {
        hash_: addresses.row(secrets, id=ids(), channel=channel, address=address, now=now)
        for (channel, address), hash_ in hashes.items()
        if hash_ not in found
    }
    if new:
        # In one order, so that two processes that meet the same people can't wait for each other.
        await turns.add_lines(conn, [new[hash_] for hash_ in sorted(new)])
        found |= await load.find_lines(conn, new.keys())
    for (channel, address), hash_ in hashes.items():
        if found[hash_].nameless:
            await turns.name_line(conn, found[hash_].id, secrets.seal(address))
        if found[hash_].no_texts and channel == "sms":
            await takes_texts(conn, found[hash_].id)
    arrived = [
        _bare(event, found[hashes[event.channel, event.line]] if event.line else None, secrets, ids())
        for event in events
    ]
    return arrived, {line.id: line for line in found.values()}


def as_meant(arrived: Arrived, known: Known) -> Arrived:
    """A carrier marks START and YES of everybody: from who had not stopped they are answers like others."""
    event, line = arrived.event, known.lines.get(arrived.line or "")
    if event.kind != "optout" or event.value != "start" or not event.text or (line and line.closed):
        return arrived
    return changed(arrived, event=replace(event, kind="words", value=""))


def guard(event: Event, secrets: Secrets) -> bytes:
    """By what a repeat of this event is known."""
    return addresses.guard_of(secrets, _sender(event), event.id)


def mark(channel: str, guard: bytes) -> str:
    """What an event is called inside: it finds the stored event, and names nobody."""
    return f"{channel}:{guard.hex()}"


def unmark(marked: str) -> tuple[str, bytes] | None:
    """The channel and guard in a mark; None where it is none."""
    channel, _, guard = marked.partition(":")
    try:
        return (channel, bytes.fromhex(guard)) if guard else None
    except ValueError:
        return None


def _sender(event: Event) -> str:
    return f"{event.to}:{event.line or event.session}"


def _bare(event: Event, line: Line | None, secrets: Secrets, id: str) -> Arrived:
    known = guard(event, secrets)
    before = mark(event.channel, addresses.guard_of(secrets, _sender(event), event.of)) if event.of else ""
    bare = replace(
        event,
        id=mark(event.channel, known),
        of=before,
        line=line.id if line else "",
        room="room" if event.room else "",
        text=clean(event.text),
        value=clean(event.value),
    )
    return Arrived(id=id, event=bare, guard=known, line=line.id if line else None)
