"""Group chats on Telegram: linked with a one-time word, shown the open vote, kept up to date."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

import sqlalchemy as sa
import structlog

from bot.logs import place
from bot.sending.notices import what_for
from bot.sending.pace import Closed
from channels.base import Parcel, Result, Trouble
from channels.telegram import TelegramChannel
from channels.telegram_out import room_poll, room_words
from flows.ballots import ballot_of
from flows.events import Event
from flows.library import Flows
from flows.polls import Poll
from flows.sentences import Sentences
from flows.state import Group
from storage.database import Database, away
from storage.keeping.holding import held
from storage.lines.rooms import Room, find_room, link_room, move_room
from storage.secrets import Secrets
from storage.tables import ballots, room_posts, rooms
from storage.turning.views import Views

MERGE = 2.0  # seconds in which ballots are gathered: a chat takes twenty messages a minute
STOPPING = "stopping"


class Rooms:
    """`command` answers what is written in a chat; `run` keeps posted votes up to date."""

    def __init__(
        self,
        *,
        db: Database,
        flows: Flows,
        channel: TelegramChannel,
        secrets: Secrets,
        views: Views,
        ids: Callable[[], str],
        clock: Callable[[], datetime],
        turn: Callable[[str, float], Awaitable[None]],
        merge: float = MERGE,
    ) -> None:
        """`turn`: see `bot.sending.lanes.Lanes.turn`, for the bot's lane."""
        self._db = db
        self._words = Sentences(flows.phrases)
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
                return self._words("room.no administrator")
        except Trouble:
            return self._words("room.unsure")
        async with self._db.write() as conn:
            room = await link_room(conn, self._secrets, word=word, address=event.room, now=self._clock())
            if room is None:
                return self._words("room.wrong word")
            view = await self._views.load(conn, {room.group}, self._clock())
        home = view[room.group]
        return self._to(home)("room.linked", group=home.name)

    async def _post(self, address: str) -> None:
        async with self._db.read() as conn:
            room = await find_room(conn, self._secrets, address)
            found = await self._views.load(conn, {room.group}, self._clock()) if room else {}
        home = found[room.group] if room else None
        polls = [poll for poll in home.polls if not poll.closed] if home else []
        words = self._to(home)
        if room is None or not polls:
            await self._send(room_words(address, words("room.no poll" if room else "room.not linked")))
            return
        for poll in polls:
            sent = await self._send(_post(words, address, poll, await self._count(poll.id)))
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
            poll = view[group].poll(poll_id)
            if poll:
                words = self._to(view[group])
                await self._send(_post(words, address, poll, voted, message=f"{address}:{message}"))

    def _to(self, home: Group | None) -> Sentences:
        """The sentences in the language of whoever is in the chat: the group's."""
        return self._words.to(home.language) if home else self._words

    async def _count(self, poll: str) -> int:
        async with self._db.read() as conn:
            count = sa.select(sa.func.count()).select_from(ballots).where(ballots.c.poll_id == poll)
            return await conn.scalar(count) or 0

    async def _moved(self, old: str, new: str) -> None:
        """Telegram gives a group chat another id when it grows."""
        async with self._db.write() as conn:
            await move_room(conn, self._secrets, old=old, new=new)

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


def _post(words: Sentences, address: str, poll: Poll, voted: int, *, message: str = "") -> Parcel:
    if poll.closed:
        closed = words("room.closed", outcome=poll.outcome).strip()
        return room_words(address, f"{poll.question}\n\n{closed}", message=message)
    name = {0: "room.nobody yet", 1: "room.one voted"}.get(voted, "room.many voted")
    asked = ballot_of(poll, text="\n".join((poll.question, *what_for(words, poll))))
    return room_poll(address, asked, words(name, voted=voted), words, message=message)


async def no_files(sha256: str) -> bytes:
    """For messages that carry no file."""
    raise FileNotFoundError(sha256)
