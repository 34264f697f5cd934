"""Both providers fail in every way for some minutes; afterwards all has gone, in order and not too often."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from aiohttp import ClientTimeout, web

from channels.base import Load, Parcel, Result
from channels.telegram import TelegramChannel
from channels.twilio import Account
from flows.events import Say
from storage.lines import addresses
from storage.sending import outbox
from storage.tables import lines, members, reaches
from storage.tables import outbox as box
from tests.weather import HURRY, UNCLEAR, Key, Weather
from tests.world import World, open_world

STORM = timedelta(minutes=3)
STEP = timedelta(seconds=3)
NUMBERS = ("+447700900301", "+447700900302", "+447700900303")
PHONES = ("+441632960301", "+441632960302")
MESSAGES: tuple[outbox.Class, ...] = ("notice", "answer") * 3
CALL = "a call"


class Storm:
    """What was written to whom, the weather before each provider, and what arrived.

    `late`: how often a machine that is busy was too slow for an answer, which then was unclear too.
    """

    def __init__(self, world: World, chance: random.Random, patch: pytest.MonkeyPatch) -> None:
        self.world = world
        self.telegram = Weather(chance, world.clock, _chat, _telegrams)
        self.twilio = Weather(chance, world.clock, _message, _twilios)
        world.telegram.stand, world.twilio.stand = self.telegram.stand, self.twilio.stand
        world.telegram.told = lambda message: self.went.append((str(message["chat"]["id"]), message["text"]))
        world.twilio.told = lambda text: self.went.append((text.to, getattr(text, "body", CALL)))
        self.went: list[Key] = []
        self.rows: dict[str, Key] = {}  # in the order of sending within each line and class
        self.classes: dict[str, str] = {}
        self.late = Counter[Key]()
        for name, channel in world.app.senders.on.items():
            weather = self.telegram if name == "telegram" else self.twilio
            patch.setattr(channel, "send", self._noted(channel.send, weather))

    def _noted(self, send: Callable[..., Awaitable[Result]], weather: Weather) -> Callable[..., Any]:
        async def noted(parcel: Parcel, *, outbox: str, load: Load) -> Result:
            result = await send(parcel, outbox=outbox, load=load)
            met = weather.met.get(key := self.rows[outbox], ["fine"])
            self.late[key] += result.outcome == "unclear" and met[-1] not in UNCLEAR
            return result

        return noted

    async def write(self, channel: str, address: str, *classes: outbox.Class) -> None:
        """A new member with one line, and messages of these classes to them."""
        world, now, id_ = self.world, self.world.clock(), self.world.app.ids()
        line = addresses.row(world.app.secrets, id=id_, channel=channel, address=address, now=now)
        (home,) = await world.rows("SELECT id FROM groups")
        written = [self._row(id_, channel, klass) for klass in classes]
        async with world.app.db.write() as conn:
            await conn.execute(sa.insert(lines).values(line))
            await conn.execute(sa.insert(members).values(id=id_, group_id=home.id, name="Ada", joined_at=now))
            await conn.execute(sa.insert(reaches).values(id=id_, member_id=id_, line_id=id_, channel=channel))
            await outbox.add(conn, written, now=now)
        self.rows |= {row.id: (address, CALL if channel == "voice" else row.say.text) for row in written}
        self.classes |= {row.id: row.klass for row in written}

    def _row(self, id: str, channel: str, klass: outbox.Class) -> outbox.Row:
        new = self.world.app.ids()
        return outbox.Row(
            id=new,
            line=id,
            member=id,
            channel=channel,
            klass=klass,
            dedupe_key=new,
            say=Say(text=f"No {new}."),
        )

    async def passes(self) -> None:
        """Time goes on, a little whenever nothing is in the middle of being sent, until all is settled."""
        world, end = self.world, self.world.clock() + STORM
        async with asyncio.timeout(60):
            while left := await self._states("waiting", "sending"):
                if "sending" not in left:
                    world.clock.forward(STEP)
                    world.app.lanes.wake()
                self.telegram.foul = self.twilio.foul = world.clock() < end
                await asyncio.sleep(0.02)

    async def _states(self, *states: str) -> set[str]:
        async with self.world.app.db.read() as conn:
            return set(await conn.scalars(sa.select(box.c.state).where(box.c.state.in_(states)).distinct()))

    async def undone(self) -> list[str]:
        """What did not go, and was not unclear more often than the weather had it."""
        rows = await self.world.rows("SELECT id, state, outcome FROM outbox ORDER BY id")
        return [
            f"{one.id} {one.state} {one.outcome}"
            for one in rows
            if one.state not in ("sent", "delivered") and not self.late[self.rows[one.id]]
        ]

    def too_often(self) -> list[str]:
        """What went again though it was known, or could be asked, that it had gone."""
        went = Counter(self.went)
        chats = self.telegram.met  # Telegram can't be asked
        spare = {key: self.telegram.unclear[key] + self.late[key] for key in chats}
        return [id_ for id_, key in self.rows.items() if went[key] - 1 > spare.get(key, 0)]

    def out_of_order(self) -> list[str]:
        """What arrived before one that stood before it, which did not have to wait for a word of Twilio's."""
        first = {key: at for at, key in reversed(list(enumerate(self.went)))}
        waited = {key for key, met in self.twilio.met.items() if set(UNCLEAR) & set(met) or self.late[key]}
        order = [(id_, key) for id_, key in self.rows.items() if key not in waited]
        each: dict[tuple[str, str], list[tuple[str, int]]] = {}
        for id_, key in order:
            each.setdefault((key[0], self.classes[id_]), []).append((id_, first[key]))
        return [later for theirs in each.values() for (_, a), (later, b) in pairwise(theirs) if a > b]


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """No provider is waited for as long as in life."""
    monkeypatch.setattr("bot.sending.senders.TelegramChannel", partial(TelegramChannel, patience=HURRY))
    timeout = ClientTimeout(total=HURRY)
    monkeypatch.setattr("bot.sending.senders.Account", partial(Account, timeout=timeout))


async def test_after_bad_weather_everything_has_gone_in_order_and_not_too_often(
    tmp_path: Path,
    migrated: Path,
    hurried: None,
    monkeypatch: pytest.MonkeyPatch,
    pytestconfig: pytest.Config,
) -> None:
    seed = pytestconfig.getoption("seed")
    async with open_world(tmp_path, migrated) as world:
        world.twilio.receipts = False  # nobody tells us what became of a message
        await world.group(hours="0-24")
        storm = Storm(world, random.Random(seed), monkeypatch)
        for number in NUMBERS:
            await storm.write("sms", number, *MESSAGES)
        for name in ("Ada", "Ben", "Cay"):
            await storm.write("telegram", str(world.telegram.person(name).id), *MESSAGES)
        for phone in PHONES:
            await storm.write("voice", phone, "notice")
        await storm.passes()
        assert not await storm.undone(), f"--seed {seed}"
        assert not storm.too_often(), f"--seed {seed}"
        assert not storm.out_of_order(), f"--seed {seed}"
        assert not storm.telegram.early + storm.twilio.early, f"--seed {seed}"
        assert not await world.rows("SELECT name FROM senders WHERE probe_at IS NOT NULL")


async def _chat(request: web.Request) -> Key | None:
    if not request.path.endswith("/sendMessage"):
        return None
    form = await request.post()
    return str(form["chat_id"]), str(form["text"])


async def _message(request: web.Request) -> Key | None:
    if request.method != "POST":
        return None
    form = await request.post()
    return str(form["To"]), str(form.get("Body", CALL))


def _telegrams(status: int, seconds: int) -> web.Response:
    body: dict[str, Any] = {"ok": False, "error_code": status, "description": "It fails by chance"}
    if status == 429:
        body |= {
            "description": f"Too Many Requests: retry after {seconds}",
            "parameters": {"retry_after": seconds},
        }
    return web.json_response(body, status=status)


def _twilios(status: int, seconds: int) -> web.Response:
    codes = {401: 20003, 429: 20429}
    body = {"code": codes.get(status), "message": "It fails by chance", "status": status}
    headers = {"Retry-After": str(seconds)} if status == 429 else {}
    return web.json_response(body, status=status, headers=headers)
