"""Things given to the group of a test's pages, as its members would have left them in the store."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from storage.files import fetches
from storage.files.cleaning import prepare
from storage.given.unnaming import day_of
from storage.tables import contribution_media, contributions, given, media
from tests.console import Desk
from tests.fakes.twilio_calls import sound
from tests.joining import joins, uses
from tests.practising import picture

JOURNEY = {
    "moments": [
        {
            "happened": {"text": "I waited in the rain"},
            "felt": {"text": "1", "keys": ["1"]},
            "helped": {"text": "A roof"},
        },
        {"happened": {"text": "The driver waited"}, "felt": {"text": "5", "keys": ["5"]}},
        {"happened": {"text": "Home"}, "felt": {"text": "Rather not say", "keys": ["none"]}},
    ]
}


async def member(desk: Desk, name: str, channel: str = "sms", **more: Any) -> str:
    """Somebody with a practice phone that stands for this channel; their id is their name, small."""
    id_ = name.lower()
    await joins(desk.app, more.pop("group", desk.home.id), name, id_=id_, **more)
    await uses(desk.app, id_, channel=channel)
    return id_


async def give(
    desk: Desk,
    who: str,
    text: str = "",
    *,
    flow: str = "thought",
    ago: timedelta = timedelta(),
    files: Sequence[str] = (),
    **more: Any,
) -> str:
    """Something that this member gave so long ago; its id. Unnamed ones are stored as `unnaming` does it."""
    id_, at = desk.app.ids(), desk.clock() - ago
    row = {"id": id_, "group_id": desk.home.id, "flow": flow, "text": text, "at": at, "channel": "sms"} | more
    if more.get("unnamed"):
        row |= {"channel": None, "at": day_of(at, desk.home.zone)}
    async with desk.app.db.write() as conn:
        await conn.execute(contributions.insert().values(row))
        await conn.execute(given.insert().values(contribution_id=id_, member_id=who))
        for n, file in enumerate(files):
            link = {"contribution_id": id_, "media_id": file, "position": n}
            await conn.execute(contribution_media.insert().values(link))
    return id_


async def stored(desk: Desk, kind: str = "voice", data: bytes = b"") -> str:
    """A recording or photo that is kept; its id."""
    prepared = await prepare(data or (picture() if kind == "photo" else sound(1)), "file")
    saved = await desk.app.files.keep(prepared)
    id_ = desk.app.ids()
    async with desk.app.db.write() as conn:
        await fetches.add_stored(conn, id_, saved, now=desk.clock(), name="")
        await conn.execute(media.update().where(media.c.id == id_).values(heard_at=None))
    return id_


def days(number: int) -> timedelta:
    return timedelta(days=number)
