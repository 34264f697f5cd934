"""Group chats on Telegram: linked with a one-time word, shown the open vote, kept up to date."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

import sqlalchemy as sa
import structlog

from bot.logs import place
from bot.pace import Closed
from channels.base import Parcel, Result, Trouble
from channels.telegram import TelegramChannel
from channels.telegram_out import room_poll, room_words
from flows.ballots import ballot_of
from flows.events import Event
from flows.state import Poll
from storage.database import Database, away
from storage.keeping.holding import held
from storage.members import groups
from storage.members.groups import Room
from storage.secrets import Secrets
from storage.tables import ballots, room_posts, rooms
from storage.turning.views import Views

MERGE = 2.0  # seconds in which ballots are gathered: a chat takes twenty messages a minute
STOPPING = "stopping"
LINKED = "This chat is now linked to {name}. Send /poll to see the open vote here."
NOT_GOOD = "That word is not right, or is too old. Ask your facilitator for a new one."
NOT_ADMIN = "Only an administrator of this chat can link it."
UNSURE = "We could not check that just now. Please try again in a minute."
NOT_LINKED = (
    "This chat is not linked yet. An administrator can send /link and the word from your facilitator."
)
NO_POLL = "There is no open vote at the moment."


class Rooms:
    """`command` answers what is written in a chat; `run` keeps posted votes up to date."""

    def __init__(
        self,
        *,
        db: Database,
        channel: TelegramChannel,
        secrets: Secrets,
        views: Views,
        ids: Callable[[], str],
        clock: Callable[[], datetime],
        turn: Callable[[str, float], Awaitable[None]],
        merge: float = MERGE,
    ) -> None:
        """`turn`: see `bot.lanes.Lanes.turn`, for the bot's lane."""
        self._db = db
        self._channel = channel
        self._secrets = secrets
        self._views = views
        self._ids = ids
        self._clock = clock
        self._turn = turn
        self._merge = merge
        self._stale: set[str] = set()
        self._some = asyncio.Event()

    async def command(self, event: Event) -> None:
        """Do what a /link or /poll in a chat asks for."""
        word, _, rest = event.text.strip().partition(" ")
        if event.value.startswith("migrated:"):
            await self._moved(event.room, event.value.removeprefix("migrated:"))
        elif word.lower() == "link":
            await self._send(room_words(event.room, await self._link(event, rest.strip())))
        elif word.lower() == "poll":
            await self._post(event.room)

    def voted(self, poll: str) -> None:
        """The count of a posted vote has changed."""
        self._stale.add(poll)
        self._some.set()

    async def run(self) -> None:
        """Bring posted votes up to date, many ballots at a time, until cancelled."""
        while True:
            await self._some.wait()
            await asyncio.sleep(self._merge)
            self._some.clear()
            stale, self._stale = self._stale, set()
            for poll in stale:
                await self._refresh(poll)

    async def _link(self, event: Event, word: str) -> str:
        try:
            if not await self._channel.administers(event.room, event.line):
                return NOT_ADMIN
        except Trouble:
            return UNSURE
        async with self._db.write() as conn:
            room = await groups.link_room(
                conn, self._secrets, word=word, address=event.room, now=self._clock()
            )
            if room is None:
                return NOT_GOOD
            view = await self._views.load(conn, {room.group}, self._clock())
        return LINKED.format(name=view[room.group].name)

    async def _post(self, address: str) -> None:
        async with self._db.read() as conn:
            room = await groups.find_room(conn, self._secrets, address)
            found = await self._views.load(conn, {room.group}, self._clock()) if room else {}
        polls = [poll for group in found.values() for poll in group.polls if not poll.closed]
        if room is None or not polls:
            await self._send(room_words(address, NO_POLL if room else NOT_LINKED))
            return
        for poll in polls:
            sent = await self._send(room_poll(address, ballot_of(poll), await self._count(poll.id)))
            if sent:
                await self._remember(room, poll, sent)

    async def _remember(self, room: Room, poll: Poll, message: str) -> None:
        """The newest post of a vote in a chat is the one that is kept up to date."""
        c = room_posts.c
        row = {
            "id": self._ids(),
            "room_id": room.id,
            "poll_id": poll.id,
            "message_id": message.rpartition(":")[2],
            "at": self._clock(),
        }
        async with self._db.write() as conn:
            await conn.execute(sa.delete(room_posts).where(c.room_id == room.id, c.poll_id == poll.id))
            await conn.execute(sa.insert(room_posts).values(row))

    async def _refresh(self, poll: str) -> None:
        """One that fails holds up no other; while the database is away it is tried again."""
        try:
            await self._show(poll)
        except Exception as error:
            facts = {"error": type(error).__name__, "at": place(error)}
            structlog.get_logger().error("room_not_updated", poll=poll, **facts)
            if away(error):
                self.voted(poll)

    async def _show(self, poll_id: str) -> None:
        async with self._db.read() as conn:
            if await held(conn):
                self._stale.add(poll_id)  # for the next time that a count changes
                return
            found = await conn.execute(
                sa.select(room_posts.c.message_id, rooms.c.address, rooms.c.group_id)
                .join(rooms, rooms.c.id == room_posts.c.room_id)
                .where(room_posts.c.poll_id == poll_id)
            )
            posts = [(row.message_id, self._secrets.open(row.address), row.group_id) for row in found]
            view = await self._views.load(conn, {group for _, _, group in posts}, self._clock())
        voted = await self._count(poll_id) if posts else 0
        for message, address, group in posts:
            poll = next((one for one in view[group].polls if one.id == poll_id), None)
            if poll:
                await self._send(_post(address, poll, voted, f"{address}:{message}"))

    async def _count(self, poll: str) -> int:
        async with self._db.read() as conn:
            count = sa.select(sa.func.count()).select_from(ballots).where(ballots.c.poll_id == poll)
            return await conn.scalar(count) or 0

    async def _moved(self, old: str, new: str) -> None:
        """Telegram gives a group chat another id when it grows."""
        async with self._db.write() as conn:
            await groups.move_room(conn, self._secrets, old=old, new=new)

    async def _send(self, parcel: Parcel) -> str:
        """Send to a chat; the message's id, "" where it did not go."""
        result = await self._try(parcel)
        if result.outcome == "throttled":
            result = await self._try(parcel, after=result.wait)
        if result.outcome != "sent":
            structlog.get_logger().warning("room_not_reached", outcome=result.outcome, code=result.code)
        return result.id

    async def _try(self, parcel: Parcel, *, after: float = 0.0) -> Result:
        try:
            await self._turn(parcel.line, after)
        except Closed:
            return Result(outcome="retry", code=STOPPING)
        return await self._channel.send(parcel, load=no_files)


def _post(address: str, poll: Poll, voted: int, message: str) -> Parcel:
    if poll.closed:
        words = f"{poll.question}\n\nThis vote has closed. {poll.outcome}".strip()
        return room_words(address, words, message=message)
    return room_poll(address, ballot_of(poll), voted, message=message)


async def no_files(sha256: str) -> bytes:
    """For messages that carry no file."""
    raise FileNotFoundError(sha256)
