"""python-telegram-bot over a real socket against a Bot API server: taking in, sending, fetching."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from aiohttp import web
from pydantic import SecretStr
from structlog.testing import capture_logs

from channels.base import FetchLater, FetchRefused, Inbound, Parcel, Result, Trouble, Unreadable
from channels.telegram import ALLOWED_UPDATES, TelegramChannel
from channels.telegram_out import pop_up, room_poll
from flows.events import Event, Option, Question, Say, Shown
from tests.fakes.telegram import TOKEN, USERNAME, BotApi
from tests.fakes.telegram_people import Person
from tests.scenes import house

NOW = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
PLACES = (Option(key="library", label="Library"), Option(key="cafe", label="Café"))
WHERE = Question(id="q1", name="place", text="Where?", takes=("choice",), options=PLACES)
PICTURE = b"\x89PNG" + b"picture" * 1000
MOST = 20 * 1024 * 1024


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi() as server:
        yield server


@pytest.fixture
async def channel(api: BotApi) -> AsyncIterator[TelegramChannel]:
    made = bot(api.url)
    yield made
    await made.stop()


@pytest.fixture
def ada(api: BotApi) -> Person:
    return api.person("Ada")


def bot(url: str, *, token: str = TOKEN, patience: float = 5.0) -> TelegramChannel:
    secret = SecretStr("webhook-secret")
    return TelegramChannel(
        words=house(), token=SecretStr(token), secret=secret, api_url=url, patience=patience
    )


async def load(sha256: str) -> bytes:
    if sha256 == "5ha":
        return PICTURE
    raise FileNotFoundError


async def say(channel: TelegramChannel, person: Person, words: Say) -> list[Result]:
    return [await channel.send(one, outbox="1", load=load) for one in channel.encode(words, str(person.id))]


async def take(channel: TelegramChannel, offset: int = 0) -> list[Event]:
    updates = await channel.poll(offset, 2)
    return [event for update in updates for event in channel.decode_update(update, NOW)]


async def test_words_and_presses_come_by_polling(channel: TelegramChannel, ada: Person) -> None:
    await say(channel, ada, Say(text="Where?", question=WHERE))
    ada.writes("hello")
    query = ada.presses("Café")
    events = await take(channel)
    assert [(e.kind, e.text, e.value, e.question) for e in events] == [
        ("words", "hello", "", ""),
        ("press", "", "cafe", "q1"),
    ]
    assert events[1].session == query


async def test_polling_waits_for_somebody_and_takes_nothing_twice(
    channel: TelegramChannel, ada: Person
) -> None:
    waiting = asyncio.create_task(channel.poll(0, 5))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    ada.writes("first")
    (first,) = await waiting
    assert await channel.poll(first.update_id, 0) == (first,)
    assert await channel.poll(first.update_id + 1, 0) == ()


async def test_polling_asks_for_all_that_we_understand(api: BotApi, channel: TelegramChannel) -> None:
    await channel.poll(0, 0)
    assert api.calls[-1][1]["allowed_updates"] == list(ALLOWED_UPDATES)


async def test_an_update_that_nobody_can_read_does_not_hold_up_the_others(
    api: BotApi, channel: TelegramChannel, ada: Person
) -> None:
    api.update({"message": {"text": "secret words", "chat": {"id": 1}}})
    ada.writes("hello")
    with capture_logs() as lines:
        events = await take(channel)
    assert [event.text for event in events] == ["hello"]
    assert [line["event"] for line in lines] == ["update_unreadable"]
    assert "secret words" not in str(lines)


async def test_an_update_with_wrong_parts_is_unreadable_alone(api: BotApi, channel: TelegramChannel) -> None:
    chat = {"id": 1, "type": "private"}
    sender = {"id": 1, "is_bot": False, "first_name": "x"}
    api.update({"message": {"message_id": 1, "date": 1, "chat": chat, "from": sender, "text": ["words"]}})
    (update,) = await channel.poll(0, 0)
    with pytest.raises(Unreadable):
        channel.decode_update(update, NOW)


async def test_polling_beside_a_webhook_is_ours_to_mend(api: BotApi, channel: TelegramChannel) -> None:
    await channel.set_webhook("http://127.0.0.1:1/telegram/webhook")
    with pytest.raises(Trouble) as trouble:
        await channel.poll(0, 0)
    assert (trouble.value.result.outcome, trouble.value.result.code) == ("ours", "conflict")
    await channel.remove_webhook()
    assert await channel.poll(0, 0) == ()


async def test_a_sent_message_is_named_so_that_it_can_be_brought_up_to_date(
    api: BotApi, channel: TelegramChannel, ada: Person
) -> None:
    room = api.room("Tuesday group")
    none, one = "Nobody has voted yet.", "1 person has voted."
    sent = await channel.send(room_poll(str(room), WHERE, none, house()), outbox="1", load=load)
    now = room_poll(str(room), WHERE, one, house(), message=sent.id)
    later, again = [await channel.send(now, outbox=id_, load=load) for id_ in "23"]
    assert [sent.outcome, later.outcome, again.outcome] == ["sent"] * 3
    assert ada.heard(room=room) == ["Where?\n\n1 person has voted."]
    assert ada.buttons(room=room) == ["Library", "Café"]


async def test_a_pop_up_answers_a_press_once(api: BotApi, channel: TelegramChannel, ada: Person) -> None:
    await say(channel, ada, Say(text="Where?", question=WHERE))
    query = ada.presses("Library")
    first = await channel.send(pop_up(query, "Counted."), load=load)
    late = await channel.send(pop_up(query, "Counted."), load=load)
    assert [first.outcome, late.code] == ["sent", "too-late"]
    assert api.pop_ups[0]["text"] == "Counted."


@pytest.mark.parametrize(
    ("shown", "field"),
    [
        (Shown(kind="photo", media="m", sha256="5ha", type="image/png", words="A door."), "photo"),
        (Shown(kind="voice", media="m", sha256="5ha", type="audio/ogg"), "voice"),
        (Shown(kind="voice", media="m", sha256="5ha", type="audio/mpeg"), "audio"),
        (Shown(kind="file", media="m", sha256="5ha", type="application/pdf", name="brief.pdf"), "document"),
    ],
)
async def test_a_stored_file_arrives_whole(
    shown: Shown, field: str, api: BotApi, channel: TelegramChannel, ada: Person
) -> None:
    (result,) = await say(channel, ada, Say(text="", shown=(shown,)))
    assert result.outcome == "sent"
    (message,) = api.sent(ada.id)
    file = message[field][0] if field == "photo" else message[field]
    assert api.file(file["file_id"]) == PICTURE
    assert message.get("caption", "") == shown.words


async def test_a_picture_too_large_to_be_shown_arrives_as_a_file(
    api: BotApi, channel: TelegramChannel, ada: Person
) -> None:
    api.fail_next("sendPhoto", 400, "Bad Request: PHOTO_INVALID_DIMENSIONS")
    shown = Shown(kind="photo", media="m", sha256="5ha", type="image/jpeg", words="A door.")
    (result,) = await say(channel, ada, Say(text="", shown=(shown,)))
    assert result.outcome == "sent"
    assert api.sent(ada.id)[0]["caption"] == "A door."
    assert "document" in api.sent(ada.id)[0]


async def test_a_stored_file_that_is_missing_is_tried_again(channel: TelegramChannel, ada: Person) -> None:
    shown = Shown(kind="photo", media="m", sha256="gone", type="image/png")
    (result,) = await say(channel, ada, Say(text="", shown=(shown,)))
    assert (result.outcome, result.code) == ("retry", "no-file")
    assert ada.heard() == []


async def test_telegram_says_when_to_go_on(api: BotApi, channel: TelegramChannel, ada: Person) -> None:
    api.fail_next("sendMessage", 429, "Too Many Requests: retry after 3", retry_after=3)
    results = [*await say(channel, ada, Say(text="one")), *await say(channel, ada, Say(text="two"))]
    assert [(result.outcome, result.wait) for result in results] == [("throttled", 3), ("sent", 0)]
    assert ada.heard() == ["two"]


async def test_who_blocks_the_bot_is_stopped_until_they_come_back(
    channel: TelegramChannel, ada: Person
) -> None:
    ada.blocks()
    (while_blocked,) = await say(channel, ada, Say(text="Are you there?"))
    ada.unblocks()
    (after,) = await say(channel, ada, Say(text="Welcome back."))
    events = await take(channel)
    assert [event.value for event in events] == ["blocked", "unblocked"]
    assert [while_blocked.outcome, after.outcome] == ["stopped", "sent"]


async def test_a_chat_that_telegram_does_not_know_is_unreachable(channel: TelegramChannel) -> None:
    (parcel,) = channel.encode(Say(text="hello"), "424242")
    assert (await channel.send(parcel, load=load)).outcome == "unreachable"


async def test_an_answer_that_never_comes_leaves_it_unclear(api: BotApi, ada: Person) -> None:
    hasty = bot(api.url, patience=0.3)
    api.hang_next("sendMessage", does_it=True)
    (result,) = await say(hasty, ada, Say(text="hello"))
    await hasty.stop()
    assert result.outcome == "unclear"
    assert ada.heard() == ["hello"]


async def test_nothing_has_left_while_telegram_cannot_be_reached(api: BotApi, ada: Person) -> None:
    lost = bot("http://127.0.0.1:1")
    (result,) = await say(lost, ada, Say(text="hello"))
    await lost.stop()
    assert (result.outcome, result.code) == ("retry", "not-reached")


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_an_error_of_telegrams_own_is_tried_again(
    status: int, api: BotApi, channel: TelegramChannel, ada: Person
) -> None:
    api.fail_next("sendMessage", status)
    (result,) = await say(channel, ada, Say(text="hello"))
    assert result.outcome == "retry"


async def test_a_wrong_token_is_ours_and_is_not_told_on(
    api: BotApi, ada: Person, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = bot(api.url, token="100:wrong-token")
    (result,) = await say(wrong, ada, Say(text="hello"))
    with pytest.raises(Trouble) as trouble:
        await wrong.me()
    await wrong.stop()
    assert (result.outcome, trouble.value.result.outcome) == ("ours", "ours")
    assert "wrong-token" not in f"{result} {trouble.value}"


async def test_logs_hold_neither_the_token_nor_words(
    channel: TelegramChannel, ada: Person, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        ada.writes("secret words")
        await take(channel)
        await say(channel, ada, Say(text="secret words"))
    assert "secret words" not in caplog.text
    assert TOKEN not in caplog.text


async def test_a_parcel_of_another_channel_is_refused(channel: TelegramChannel) -> None:
    stray = Parcel(channel="telegram", line="1", method="delete_webhook", params={})
    assert (await channel.send(stray, load=load)).outcome == "refused"


async def test_a_photo_is_fetched_at_its_full_size(channel: TelegramChannel, ada: Person) -> None:
    ada.sends_photo(PICTURE, caption="The door", album="7")
    (event,) = await take(channel)
    assert (event.text, event.album) == ("The door", "7")
    assert await channel.fetch(event.attachments[0].ref, most=MOST) == PICTURE


async def test_a_file_that_is_too_large_is_not_even_fetched(api: BotApi, channel: TelegramChannel) -> None:
    for data, most in ((b"x" * 200, 100), (b"x" * (MOST + 1), MOST * 2)):
        with pytest.raises(FetchRefused):
            await channel.fetch(api.keep(data)["file_id"], most=most)
    assert api.downloads == 0


async def test_a_file_of_untold_size_is_measured(api: BotApi, channel: TelegramChannel) -> None:
    api.tells_sizes = False
    with pytest.raises(FetchRefused):
        await channel.fetch(api.keep(b"x" * 200)["file_id"], most=100)


async def test_a_file_that_telegram_does_not_know_is_refused(channel: TelegramChannel) -> None:
    with pytest.raises(FetchRefused):
        await channel.fetch("no-such-file", most=MOST)


@pytest.mark.parametrize(
    ("method", "status", "description"),
    [
        ("getFile", 400, "Bad Request: wrong file_id or the file is temporarily unavailable"),
        ("getFile", 500, "Internal Server Error"),
        ("download", 404, "Not Found"),
        ("download", 502, "Bad Gateway"),
    ],
)
async def test_a_file_that_is_not_there_yet_comes_later(
    method: str, status: int, description: str, api: BotApi, channel: TelegramChannel
) -> None:
    ref = api.keep(PICTURE)["file_id"]
    api.fail_next(method, status, description)
    with pytest.raises(FetchLater):
        await channel.fetch(ref, most=MOST)
    assert await channel.fetch(ref, most=MOST) == PICTURE


async def test_the_bot_knows_its_name_and_who_speaks_for_a_group(
    api: BotApi, channel: TelegramChannel, ada: Person
) -> None:
    bob = api.person("Bob")
    room = api.room("Tuesday group", administrators=(ada,))
    assert await channel.me() == USERNAME == channel.username
    speaks = [await channel.administers(str(room), str(line)) for line in (ada.id, bob.id, room)]
    assert speaks == [True, False, True]


async def test_a_stopped_channel_opens_again(channel: TelegramChannel, ada: Person) -> None:
    await say(channel, ada, Say(text="one"))
    await channel.stop()
    await channel.stop()
    await say(channel, ada, Say(text="two"))
    assert ada.heard() == ["one", "two"]


async def test_the_webhook_repeats_what_was_not_taken(
    api: BotApi, channel: TelegramChannel, ada: Person
) -> None:
    answers = [503, 200, 200]
    events: list[Event] = []

    async def take_in(request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        inbound = Inbound(url=str(request.url), headers=headers, body=await request.read())
        channel.verify(inbound)
        events.extend(channel.decode(inbound, NOW))
        return web.Response(status=answers.pop(0))

    async with serving(take_in) as url:
        await channel.set_webhook(url)
        ada.writes("first")
        ada.writes("second")
        await api.delivered()
    assert [event.text for event in events] == ["first", "first", "second"]
    assert events[0].id == events[1].id
    assert api.webhook_answers == [503, 200, 200]


@asynccontextmanager
async def serving(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    """A web server of ours, as far as Telegram sees it; gives the webhook's address."""
    app = web.Application()
    app.router.add_post("/telegram/webhook", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/telegram/webhook"
    await runner.cleanup()
