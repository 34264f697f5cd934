"""However what comes in is mixed, repeated and broken off, it leaves what the same leaves one by one.

`pytest tests/test_properties.py --hypothesis-profile long` tries many more.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import ways
from bot.app import App
from bot.settings import Settings
from flows.events import Attachment, Event, Kind
from flows.library import Flows
from storage.database import Database
from storage.secrets import Secrets
from tests.left import ADA, EVE, SHARED, gather, left
from tests.people import CAN
from tests.stores import KEY, sqlite_url

TUESDAY = datetime(2026, 3, 10, 11, tzinfo=UTC)
NEW = "+447700900403"
WORDS = [
    *("diary", "thought", "vote", "menu", "undo", "later", "back", "more", "skip", "help", "stop", "start"),
    *(
        "1",
        "2",
        "3",
        "yes",
        "no",
        "Library",
        "Dov",
        "Cay",
        "1111",
        "2222",
        "JOIN GARDEN",
        "A walk in the rain",
    ),
]
KEYS = ["1", "2", "9", "0", "*"]
FEW = settings(
    max_examples=settings().max_examples // 4,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody does. Keys and hanging up belong to the last call."""

    who: str
    does: Kind
    what: str = ""


@dataclass(frozen=True, slots=True)
class Round:
    """What happens at one moment, so many minutes later: also what came before may come once more."""

    deeds: list[Deed]
    again: list[int]
    minutes: int
    anew: bool  # the service has ended, and all that was in its memory is gone


def a_deed() -> st.SearchStrategy[Deed]:
    """Anything that anybody may do."""
    words = st.builds(
        Deed, st.sampled_from([ADA, SHARED, NEW, EVE]), st.just("words"), st.sampled_from(WORDS)
    )
    eve = [
        st.builds(Deed, st.just(EVE), st.just("press"), st.sampled_from("12")),
        st.builds(Deed, st.just(EVE), st.just("media"), st.sampled_from(["", "album"])),
        st.builds(Deed, st.just(EVE), st.just("edit"), st.sampled_from(WORDS)),
    ]
    keys = st.builds(Deed, st.just(SHARED), st.just("press"), st.sampled_from(KEYS))
    others: list[Kind] = ["call", "hangup", "silence"]
    return st.one_of(words, words, *eve, keys, st.builds(Deed, st.just(SHARED), st.sampled_from(others)))


rounds = st.lists(
    st.builds(
        Round,
        st.lists(a_deed(), min_size=1, max_size=5),
        st.lists(st.integers(0, 30), max_size=2),
        st.sampled_from([0, 0, 1, 11, 40, 1500]),
        st.sampled_from([False, False, True]),
    ),
    min_size=1,
    max_size=8,
)


@dataclass(slots=True)
class Story:
    """The same deeds as events: each with an id of its own, and every step of a call with its number."""

    now: datetime = TUESDAY
    numbers: "count[int]" = field(default_factory=lambda: count(1))
    steps: "count[int]" = field(default_factory=lambda: count())
    call: str = ""
    written: str = "0:0"

    def passes(self, round_: Round) -> None:
        """Time goes on; where a service begins anew it takes a moment."""
        self.now += timedelta(minutes=round_.minutes, seconds=1)

    def event(self, deed: Deed) -> Event:
        """The next event."""
        by_phone = deed.who == SHARED and deed.does != "words"
        channel = "voice" if by_phone else "telegram" if deed.who == EVE else "sms"
        if deed.does == "call" or (by_phone and not self.call):
            self.call, self.steps = f"CA{next(self.numbers)}", count()
        id_ = f"{self.call}:{next(self.steps)}" if by_phone else f"{deed.who}:{next(self.numbers)}"
        kind: Kind = "call" if id_.endswith(":0") else deed.does
        event = Event(channel=channel, id=id_, line=deed.who, at=self.now, kind=kind, can=CAN[channel])
        return self._told(event, deed)

    def _told(self, event: Event, deed: Deed) -> Event:
        if event.channel == "voice":
            return replace(event, session=self.call, value=deed.what if event.kind == "press" else "")
        if event.kind == "words":
            self.written = event.id if deed.who == EVE else self.written
            return replace(event, text=deed.what)
        if event.kind == "press":
            return replace(event, question="p", value=deed.what, id=f"cb:{event.id}", session=event.id)
        if event.kind == "edit":
            return replace(event, of=self.written, text=deed.what)
        photo = Attachment(kind="photo", ref=f"file {event.id}", type="image/jpeg")
        return replace(event, attachments=(photo,), album=deed.what)


@pytest.fixture(scope="module")
def gathered(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Iterator[Path]:
    """A store with the group in it. Flows are read once, since that takes longer than all else."""
    path = tmp_path_factory.mktemp("gathered") / "takepart.db"
    shutil.copy(migrated, path)

    async def fill() -> Flows:
        db = await Database.open(sqlite_url(path))
        await gather(db, Secrets(KEY), TUESDAY)
        flows = await ways.open_flows(db, TUESDAY)
        await db.close()
        return flows

    flows = asyncio.run(fill())

    async def read(db: Database, now: datetime) -> Flows:
        return flows

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ways, "open_flows", read)
        yield path


class Service:
    """What takes events in, on a store of its own; `anew` ends it and begins another on the same store."""

    def __init__(self, folder: Path, story: Story) -> None:
        self._folder, self._story = folder, story
        self.app: App

    async def begin(self) -> None:
        given = {
            "TAKEPART_DATABASE_URL": sqlite_url(self._folder / "takepart.db"),
            "TAKEPART_DATA_DIR": str(self._folder),
            "TAKEPART_SECRET_KEY": KEY.get_secret_value(),
        }
        self.app = App(Settings.model_validate(given), clock=lambda: self._story.now)
        await self.app.open()
        self.app.tasks.keep_running("intake", self.app.intake.run)

    async def anew(self) -> None:
        await self.app.stop()
        await self.begin()


@asynccontextmanager
async def serving(gathered: Path, story: Story) -> AsyncIterator[Service]:
    with TemporaryDirectory() as folder:
        shutil.copy(gathered, folder)
        service = Service(Path(folder), story)
        await service.begin()
        try:
            yield service
        finally:
            await service.app.stop()


async def one_by_one(gathered: Path, told: Sequence[Round]) -> list[str]:
    """Each event alone, a call's before the others of its moment, as somebody is waiting on the line."""
    story = Story()
    async with serving(gathered, story) as service:
        for round_ in told:
            story.passes(round_)
            events = [story.event(deed) for deed in round_.deeds]
            for event in sorted(events, key=lambda event: not event.can.call):
                await service.app.intake.take(event)
        return await left(service.app.db, service.app.secrets)


async def mixed(gathered: Path, told: Sequence[Round]) -> list[str]:
    """All of a moment together, with repeats, and the service begun anew now and then."""
    story, before = Story(), list[Event]()
    async with serving(gathered, story) as service:
        for round_ in told:
            story.passes(round_)
            if round_.anew:
                await service.anew()
            events = [story.event(deed) for deed in round_.deeds]
            before += events
            again = [before[n % len(before)] for n in round_.again]
            await service.app.intake.take_all([*events, *again])
        return await left(service.app.db, service.app.secrets)


@FEW
@given(rounds)
async def test_mixed_repeated_and_broken_off_it_leaves_the_same(gathered: Path, told: list[Round]) -> None:
    assert await mixed(gathered, told) == await one_by_one(gathered, told)
