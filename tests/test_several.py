"""Two services on one PostgreSQL: together they do what one does, once each and in order."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.intake import chats
from flows.events import Abilities, Event
from storage.sessions import polls
from storage.sessions.drafting import NewPoll
from tests.world import ADA, BEN, World, open_beside, open_world

CAN = Abilities(takes=frozenset({"text"}), parts=3)
IN_ORDER = (
    "SELECT o.provider_id FROM outbox o JOIN reaches r ON r.line_id = o.line_id AND r.channel = o.channel "
    "JOIN members m ON m.id = r.member_id WHERE m.name = :name ORDER BY o.id"
)
MANY = [f"+4477009002{n:02d}" for n in range(6)]


@dataclass
class Pair:
    """Two services. `world` is the first, which the helpers of a world go to."""

    world: World
    other: World

    def toward(self, service: World) -> None:
        """The next webhooks of Twilio are brought to this one."""
        self.world.twilio.service = service.url

    async def take(self, *said: tuple[str, str]) -> None:
        """Texts from these numbers, each to the one and the other in turn, all at the same moment."""
        events = [self.event(line, words, n) for n, (line, words) in enumerate(said)]
        await asyncio.gather(
            self.world.app.intake.take_all(events[::2]), self.other.app.intake.take_all(events[1::2])
        )

    def event(self, line: str, words: str, n: int = 0) -> Event:
        """A text from a number; another `n` is another text."""
        return Event(
            channel="sms",
            id=f"SM{words}{line}{n}",
            line=line,
            to=self.world.twilio.number,
            at=self.world.clock(),
            kind="words",
            text=words,
            can=CAN,
        )


async def opened(stack: AsyncExitStack, folder: Path, migrated: Path, url: str, **more: Any) -> Pair:
    """Both, with the same settings."""
    (folder / "other").mkdir()
    first = open_world(folder, migrated, TAKEPART_DATABASE_URL=url, **more)
    world = await stack.enter_async_context(first)
    other = await stack.enter_async_context(open_beside(world, folder / "other"))
    return Pair(world, other)


@pytest.fixture
async def pair(tmp_path: Path, migrated: Path, postgres_url: str) -> AsyncIterator[Pair]:
    async with AsyncExitStack() as stack:
        yield await opened(stack, tmp_path, migrated, postgres_url)


async def test_a_message_brought_to_both_is_stored_and_answered_once(pair: Pair) -> None:
    world = pair.world
    await world.group()
    await world.joined(ADA)
    event = pair.event(ADA, "diary")
    results = await asyncio.gather(*(one.app.intake.take(event) for one in (world, pair.other)))
    assert sorted(one.repeat for one in results) == [False, True]
    await world.twilio.next_text(ADA, after=3)
    assert len(await world.rows("SELECT 1 FROM outbox")) == 4


async def test_a_conversation_goes_on_wherever_its_messages_are_brought(pair: Pair) -> None:
    world = pair.world
    await world.group()
    for n, words in enumerate(("JOIN GARDEN", "1", "Ada", "diary", "A lovely day in the garden", "4")):
        pair.toward((world, pair.other)[n % 2])
        (answer,) = await world.texts(ADA, words)
    assert "kept" in answer
    (gift,) = await world.rows("SELECT text, shown_name FROM contributions")
    assert tuple(gift) == ("A lovely day in the garden", "Ada")


async def test_who_says_two_names_in_one_moment_is_one_member(pair: Pair) -> None:
    world = pair.world
    await world.group()
    for said in (["JOIN GARDEN"], ["1"], ["Ada", "Ada Lovelace"]):
        await pair.take(*((ADA, words) for words in said))
    assert await world.count("members") == 1
    assert await world.count("problems") == 0


async def test_people_who_join_at_both_get_numbers_of_their_own(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("secrets.randbelow", lambda most: 0)  # all draw the same number
    monkeypatch.setattr("secrets.choice", lambda free: free[0])
    world = pair.world
    await world.group()
    for words in ("JOIN GARDEN", "1", "Sam"):
        await pair.take(*((line, words) for line in MANY))
    assert len(await world.rows("SELECT DISTINCT number FROM members")) == len(MANY)
    assert await world.count("problems") == 0


async def test_a_poll_goes_to_each_once_and_each_text_leaves_once(pair: Pair) -> None:
    world = pair.world
    home = await world.group(hours="0-24")
    for words in ("JOIN GARDEN", "1", "Sam"):
        await pair.take(*((line, words) for line in MANY))
    async with world.app.db.write() as conn:
        new = NewPoll(group=home.id, question="Where?", options=("Library", "Park"))
        await polls.open_poll(conn, new, ids=world.app.ids, now=world.clock())
    await world.met(lambda: all(len(world.twilio.sent_to(line)) == 4 for line in MANY))
    await asyncio.gather(*(one.app.scheduler.tick() for one in (world, pair.other)))
    for line in MANY:
        assert len(world.twilio.sent_to(line)) == 4
        assert "Where?" in world.twilio.sent_to(line)[-1]


async def test_answers_leave_in_their_order_whoever_sends_them(pair: Pair) -> None:
    world = pair.world
    await world.group()
    await world.joined(ADA)
    await world.joined(BEN, name="Ben")
    words = ("diary", "menu", "diary", "menu", "help")
    await pair.take(*((line, said) for said in words for line in (ADA, BEN, ADA, BEN)))
    await world.until("SELECT 1 WHERE (SELECT count(provider_id) FROM outbox) = 26")
    for name, line in (("Ada", ADA), ("Ben", BEN)):
        stored = await world.rows(IN_ORDER, name=name)
        left = [text.sid for text in world.twilio.texts if text.to == line]
        assert left == [row.provider_id for row in stored]


async def test_a_vote_counts_or_is_told_that_it_is_over(pair: Pair) -> None:
    world = pair.world
    home = await world.group(hours="0-24")
    for words in ("JOIN GARDEN", "1", "Sam"):
        await pair.take(*((line, words) for line in MANY))
    async with world.app.db.write() as conn:
        new = NewPoll(group=home.id, question="Where?", options=("Library", "Park"), secret=True)
        poll = await polls.open_poll(conn, new, ids=world.app.ids, now=world.clock())
    await world.met(lambda: all(len(world.twilio.sent_to(line)) == 4 for line in MANY))

    async def close() -> None:
        await world.until("SELECT 1 FROM ballots")
        await pair.other.app.db.transact(
            lambda conn: polls.close_poll(conn, poll, ids=world.app.ids, now=world.clock())
        )

    await asyncio.gather(close(), *(pair.take((line, "1")) for line in MANY))
    async with world.app.db.read() as conn:
        standing = await polls.tally(conn, poll, now=world.clock())
    await world.met(lambda: all(len(world.twilio.sent_to(line)) >= 5 for line in MANY))
    counted = [line for line in MANY if "Your vote is counted" in world.twilio.sent_to(line)[4]]
    assert standing and standing.voted == len(counted) > 0
    assert await world.count("ballots") == 0


async def test_one_polls_telegram_and_the_other_takes_over(
    tmp_path: Path, migrated: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chats, "SOON", 0.1)
    async with AsyncExitStack() as stack:
        pair = await opened(stack, tmp_path, migrated, postgres_url, webhooks=False)
        world = pair.world
        holder = "SELECT holder FROM leases WHERE name = 'telegram'"
        await world.until(holder)
        assert (await world.rows(holder))[0].holder == world.app.holder
        await world.group()
        ann = world.telegram.person("Ann")
        await world.writes(ann, "/start GARDEN")
        await world.app.stop()
        assert (await pair.other.until(holder))[0].holder == pair.other.app.holder
        await pair.other.writes(ann, "1")
