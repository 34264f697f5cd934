"""What could not be answered is kept, to be answered later or handed to a person; nobody else reads it."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.app import App
from bot.intake import places
from bot.intake.replaying import replay
from bot.settings import Settings
from flows import engine
from flows.events import Attachment, Event
from flows.library import Flows
from flows.state import Conversation
from flows.turns.turning import Outcome
from storage.members.groups import Complaint, add_group
from storage.running import problems
from storage.running.clearing import clear
from storage.running.problems import Problem
from storage.sessions.drafting import NewPoll
from storage.sessions.polls import close_poll, open_poll
from tests.stores import KEY, ON_SQLITE
from tests.world import ADA, BEN

DAY = "We went to see the sea, and it was very cold"


class Desk:
    """A service with one group in which Ada is a member; its turns can be made to fail."""

    def __init__(self, app: App, patch: pytest.MonkeyPatch) -> None:
        self.app = app
        self._patch = patch
        self._sent = 0

    async def group(self, code: str = "GARDEN") -> str:
        async with self.app.db.write() as conn:
            made = await add_group(conn, id=self.app.ids(), code=code, name=code, now=self.app.clock())
        return made.id

    async def texts(self, *words: str, line: str = ADA, **more: Any) -> str:
        """What is said to the last of these texts."""
        for text in words:
            self._sent += 1
            event = Event(
                channel="sms",
                id=f"SM{self._sent}",
                line=line,
                at=self.app.clock(),
                kind="words",
                can=self.app.senders.sms.can,
                text=text,
            )
            turned = await self.app.intake.take(replace(event, **more))
        return turned.says[0].text if turned.says else ""

    async def fails(self, text: str, *, line: str = ADA, **more: Any) -> str:
        """A text whose turn fails; the id of its problem."""
        with self._patch.context() as mistake:
            mistake.setattr(engine, "turn", _failing(engine.turn, text))
            assert "went wrong on our side" in await self.texts(text, line=line, **more)
        return (await self.open())[-1].id

    async def open(self) -> list[Problem]:
        async with self.app.db.read() as conn:
            return await problems.list_open(conn)

    async def replay(self, id: str) -> str:
        """As the command does it: in a service of its own, which runs nothing else."""
        beside = App(self.app.settings, beside=True)
        await beside.open()
        try:
            turned = await replay(id, db=beside.db, tools=beside.tools, clock=beside.clock)
        finally:
            await beside.stop()
        return turned.says[0].text if turned.says else ""

    async def pass_on(self, id: str, group: str | None = None) -> str:
        app = self.app
        async with app.db.write() as conn:
            return await problems.pass_on(
                conn, id, group=group, secrets=app.secrets, ids=app.ids, now=app.clock()
            )

    async def rows(self, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        async with self.app.db.read() as conn:
            return [tuple(row) for row in await conn.execute(sa.text(sql), values)]


def _failing(turn: Callable[..., Outcome], text: str) -> Callable[..., Outcome]:
    def fails(flows: Flows, conversation: Conversation, event: Event, *more: Any) -> Outcome:
        if event.text == text:
            raise ZeroDivisionError(text)
        return turn(flows, conversation, event, *more)

    return fails


@pytest.fixture
async def desk(tmp_path: Path, store_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    given = {
        "TAKEPART_DATABASE_URL": store_url,
        "TAKEPART_DATA_DIR": str(tmp_path),
        "TAKEPART_SECRET_KEY": KEY.get_secret_value(),
    }
    app = App(Settings.model_validate(given))
    await app.start()
    opened = Desk(app, monkeypatch)
    await opened.group()
    await opened.texts("JOIN GARDEN", "1", "Ada")
    yield opened
    await app.stop()


async def test_what_failed_is_answered_once_it_is_mended(desk: Desk) -> None:
    await desk.texts("diary")
    failed = await desk.fails(DAY)
    (listed,) = await desk.open()
    assert (listed.channel, listed.kind, listed.replay) == ("sms", "words", True)
    assert listed.error.startswith("ZeroDivisionError at tests/test_problems.py:")
    answer = await desk.replay(failed)
    assert await desk.rows("SELECT 1 FROM outbox WHERE dedupe_key LIKE 'replay:%' AND state = 'waiting'")
    assert "How was that day" in answer
    assert "kept" in await desk.texts("4")
    assert await desk.rows("SELECT text FROM contributions") == [(DAY,)]
    assert await desk.open() == []


@ON_SQLITE
async def test_nothing_is_replayed_twice(desk: Desk) -> None:
    failed = await desk.fails("diary")
    await desk.replay(failed)
    with pytest.raises(Complaint, match="no problem"):
        await desk.replay(failed)


@ON_SQLITE
async def test_what_others_did_meanwhile_keeps_nobody_from_a_replay(desk: Desk) -> None:
    failed = await desk.fails("diary")
    await desk.texts("JOIN GARDEN", "1", "Ben", line=BEN)
    assert "diary" in await desk.replay(failed)


async def test_what_would_come_out_of_order_goes_to_the_facilitators(desk: Desk) -> None:
    await desk.texts("diary")
    failed = await desk.fails(DAY)
    await desk.texts("Something else that I wanted to say")
    assert "facilitators" in (await desk.open())[0].why
    with pytest.raises(Complaint, match="out of its order"):
        await desk.replay(failed)
    matter = await desk.pass_on(failed)
    assert await desk.rows("SELECT id, kind, words FROM matters") == [(matter, "not answered", DAY)]
    assert await desk.open() == []


@ON_SQLITE
async def test_a_second_failure_is_kept_with_its_own_error(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = await desk.fails("diary")

    def otherwise(*_: object) -> None:
        raise LookupError("diary")

    with monkeypatch.context() as mistake:
        mistake.setattr(engine, "turn", otherwise)
        with pytest.raises(Complaint, match="failed again"):
            await desk.replay(failed)
    assert (await desk.open())[0].error.startswith("LookupError at ")
    assert "diary" in await desk.replay(failed)


@ON_SQLITE
async def test_what_is_no_longer_kept_says_so(desk: Desk) -> None:
    failed = await desk.fails(DAY)
    await clear(desk.app.db, desk.app.clock() + timedelta(days=8))
    assert "no longer kept" in (await desk.open())[0].why
    for way in (desk.replay, desk.pass_on):
        with pytest.raises(Complaint, match="no longer kept"):
            await way(failed)


@ON_SQLITE
async def test_a_photo_that_was_not_answered_is_fetched_for_the_facilitators(desk: Desk) -> None:
    photo = Attachment(kind="photo", ref="https://api.twilio.com/photo", type="image/jpeg")
    failed = await desk.fails("", kind="media", attachments=(photo,))
    await desk.pass_on(failed)
    ((file, state),) = await desk.rows("SELECT id, state FROM media")
    assert state == "waiting"
    assert file in str(await desk.rows("SELECT media FROM matters"))


async def test_what_may_be_a_secret_choice_is_read_by_nobody(desk: Desk) -> None:
    ((group,),) = await desk.rows("SELECT id FROM groups")
    new = NewPoll(group=group, question="Where?", options=["Library", "Hall"], secret=True)
    async with desk.app.db.write() as conn:
        poll = await open_poll(conn, new, ids=desk.app.ids, now=desk.app.clock())
    choice = await desk.fails("the library")
    with pytest.raises(Complaint, match="secret vote"):
        await desk.pass_on(choice)
    async with desk.app.db.write() as conn:
        await close_poll(conn, poll, ids=desk.app.ids, now=desk.app.clock())
    assert await desk.rows("SELECT body FROM events JOIN problems ON event_id = events.id") == [(None,)]


@ON_SQLITE
async def test_a_stranger_s_words_need_a_group(desk: Desk) -> None:
    await desk.group("OAKS")
    failed = await desk.fails("hello there", line=BEN)
    with pytest.raises(Complaint, match="--group"):
        await desk.pass_on(failed)
    ((oaks,),) = await desk.rows("SELECT id FROM groups WHERE code = 'OAKS'")
    await desk.pass_on(failed, oaks)
    assert await desk.rows("SELECT words FROM matters WHERE group_id = :group", group=oaks) == [
        ("hello there",)
    ]


@ON_SQLITE
async def test_a_step_of_a_call_is_taken_in_and_answered_by_nobody(desk: Desk) -> None:
    can, call = desk.app.senders.voice.can, "CA" + "1" * 32
    step: dict[str, Any] = {"channel": "voice", "session": call, "can": can}
    await desk.texts("", id=f"{call}:0", kind="call", **step)
    failed = await desk.fails("diary", id=f"{call}:1", spoken=True, **step)
    steps = await desk.rows("SELECT step, answer FROM call_steps ORDER BY step")
    assert "diary" in await desk.replay(failed)
    assert await desk.rows("SELECT step, answer FROM call_steps ORDER BY step") == steps


@ON_SQLITE
async def test_what_was_seen_to_leaves_the_list(desk: Desk) -> None:
    failed = await desk.fails("diary")
    async with desk.app.db.write() as conn:
        await problems.done(conn, failed, now=desk.app.clock())
    assert await desk.open() == []


@ON_SQLITE
async def test_what_not_even_an_apology_can_be_made_for_is_kept(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object, **__: object) -> None:
        raise LookupError

    with monkeypatch.context() as mistake:
        mistake.setattr(places, "find", fails)
        assert await desk.texts(DAY) == ""
    (listed,) = await desk.open()
    assert (listed.member, listed.replay) == (None, True)
    assert await desk.replay(listed.id)
