"""Clearing away what is left of what was erased, at once: `takepart tidy`."""

import asyncio
from contextlib import suppress
from dataclasses import asdict, dataclass

from bot.commands.base import Here, Json, print_json, run, say
from bot.practice.uploads import Uploads
from storage.erasure import erasing, removals
from storage.files.leftovers import sweep
from storage.files.media_place import Away
from storage.running import clearing


@dataclass(frozen=True, slots=True, kw_only=True)
class Tidied:
    """What was cleared away, and how many removals Twilio still owes; `stuck` are those that fail.

    `waiting` are lines to which the last answer has not gone yet.
    """

    lines: int
    waiting: int
    files: int
    removals: int
    stuck: int


def tidy(as_json: Json = False) -> None:
    """Clear away at once what is left of what was erased, and write the database's file anew.

    takepart tidy
    """
    done = run(clear_away)
    if as_json:
        print_json(asdict(done))
        return
    say(
        f"Tidied. Lines that were forgotten: {done.lines}. Files that were removed: {done.files}.",
        f"Not forgotten yet, since the last answer has not gone: {done.waiting}. Tidy again in a while."
        if done.waiting
        else "Nothing that was erased is left in the database's files.",
    )
    if done.removals:
        say(f"Still to be removed at Twilio, which the service does if it runs: {done.removals}.")
    if done.stuck:
        say(f"Of these could not be removed in several tries: {done.stuck}. `takepart doctor` says why.")


async def clear_away(here: Here) -> Tidied:
    """Forget lines, empty what has had its time, remove files, and write the database's file anew."""
    lines, waiting = await _forget_lines(here)
    await clearing.clear(here.db, here.now)
    await clearing.clear_heard(here.db)
    files = 0
    with suppress(Away):  # then the service removes them when it can
        while gone := await sweep(here.db, here.files, here.now):
            files += gone
    await asyncio.to_thread(Uploads(here.settings.data_dir / "practice").sweep)
    await here.db.compact()
    async with here.db.read() as conn:
        owed, stuck = await removals.waiting(conn), await removals.stuck(conn)
    return Tidied(lines=lines, waiting=waiting, files=files, removals=owed, stuck=len(stuck))


async def _forget_lines(here: Here) -> tuple[int, int]:
    """Forget those whose last answer has gone; how many these are, and how many have to wait."""
    async with here.db.read() as conn:
        left = await removals.left_lines(conn)
    count = 0
    for line in left:
        count += await here.db.transact(lambda conn: erasing.forget_line(conn, line, here.now))  # noqa: B023
    return count, len(left) - count
