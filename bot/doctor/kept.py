"""Looks at what is kept: the database, what waits in it, and the photos and recordings."""

import secrets as chance
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import sqlalchemy as sa

from bot.doctor.care import care
from bot.doctor.finding import Finding, bad, good, look
from bot.files import media_store
from bot.settings import Settings
from storage.care.helped import unread_helpers
from storage.database import Database, StorageError
from storage.erasure import removals
from storage.files.fetches import overdue
from storage.keeping.holding import held
from storage.lines.guessing import shut
from storage.members.groups import list_groups
from storage.migrations import behind
from storage.running.problems import count as count_problems
from storage.running.undelivered import undelivered
from storage.secrets import Secrets, check_key
from storage.sending.records import paused

PROBE = 64  # bytes
GUESSED = "{kind}s were guessed so often that nobody can try one for the rest of the hour."
UNREAD = {  # whether a helper is named: why nobody is handed over to one
    False: "nobody helps members by text. `takepart group helper` names somebody.",
    True: "the helper has no line of their own, so who asks for help by text is only put on the list. "
    "They can join like a member, and be made a facilitator by their member number.",
}


async def database(settings: Settings, secrets: Secrets) -> AsyncIterator[Finding]:
    """Whether it opens, is this version's, fits the key, and what in it waits for a person."""
    try:
        db = await Database.open(settings.database_url)
    except StorageError as error:
        yield bad("database", str(error))
        return
    try:
        for finding in await _inside(db, secrets, settings):
            yield finding
    except StorageError as error:
        yield bad("database", str(error))
    except sa.exc.DBAPIError as error:
        yield bad("database", f"It opens but cannot be read ({type(error).__name__}): look at its own log.")
    finally:
        await db.close()


async def media(settings: Settings) -> Finding:
    """Whether a file can be kept, read and removed again."""
    store, probe = media_store(settings), chance.token_bytes(PROBE)
    where = "The bucket" if settings.media_url else "The folder for photos and recordings"
    try:
        name = await store.save(probe)
        same = await store.load(name) == probe
        await store.remove(name)
    except StorageError as error:
        return bad("media", str(error))
    if not same:
        return bad("media", f"{where} gives back other bytes than were put there: use another one.")
    return good("media", f"{where} can be written, read and emptied.")


async def _inside(db: Database, secrets: Secrets, settings: Settings) -> list[Finding]:
    kind = "SQLite" if settings.database_url.startswith("sqlite") else "PostgreSQL"
    if await behind(db):
        said = "`takepart serve` makes its tables, or brings them up to date."
        return [good("database", f"{kind} opens. {said}")]
    await check_key(db, secrets)
    async with db.read() as conn:
        groups = len(await list_groups(conn))
        waits = [
            ("messages", len(await undelivered(conn)), "have not arrived: `takepart undelivered` says why."),
            ("problems", await count_problems(conn), "could not be answered: `takepart problems` says why."),
            ("media", await overdue(conn), "photos or recordings can't be fetched yet and are tried again."),
        ]
        owed = await removals.stuck(conn)
        why = await held(conn)
        lanes = await paused(conn)
        missing = await care(conn, settings.channels_on, datetime.now(UTC))
        unread = await unread_helpers(conn)
        guessed = await shut(conn, datetime.now(UTC))
    has = f"it has groups: {groups}." if groups else "it has no group yet."
    found = [good("database", f"{kind} opens, is of this version, the key fits, and {has}")]
    found += [look(what, f"{number} {said}") for what, number, said in waits if number]
    found += [look("helper", f"{code}: {UNREAD[named]}") for code, named in unread]
    found += [look("codes", GUESSED.format(kind=kind)) for kind in guessed]
    if owed:
        found.append(look("removals", f"{len(owed)} could not be removed at Twilio yet: {owed[0].sentence}"))
    found += missing
    if why:
        found.append(look("sending", f"{why} `takepart resume` shows what would go, and lets it go."))
    return found + [bad(f"{lane} lane", f"It waits: {sentence}") for lane, (sentence, _) in lanes.items()]
