"""A Bot API server over a real socket, and people with Telegram on their phones.

    async with BotApi() as api:
        ada = api.person("Ada")
        ada.writes("hello")          # the bot gets it by polling, or at its webhook
        ada.presses("Library")       # the newest button so labelled
        assert ada.heard() == ["..."]

By hand: `python -m tests.fakes.telegram_by_hand`, then type what a member writes.
Limits and descriptions are those of https://core.telegram.org/bots/api.
"""

import asyncio
import itertools
import json
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from tests.fakes.telegram_people import Person
from tests.fakes.telegram_rules import (
    LARGEST_DOWNLOAD,
    ApiError,
    Json,
    checked_buttons,
    checked_text,
    given,
    units,
)

TOKEN = "100:test-token"
USERNAME = "takepart_test_bot"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Stand = Callable[[web.Request, Handler], Awaitable[web.StreamResponse]]


@dataclass
class Failure:
    """The next call of a method goes wrong: with an error, or `hangs` without an answer.

    With `does_it` the call is carried out all the same, as when only its answer is lost.
    """

    error: ApiError | None
    hangs: bool
    does_it: bool


class BotApi:
    """The server. `calls` are all calls of the bot, as (method, parameters)."""

    def __init__(self, *, token: str = TOKEN, port: int = 0) -> None:
        self.token = token
        self.url = ""
        self.calls: list[tuple[str, Json]] = []
        self.pop_ups: list[Json] = []
        self.downloads = 0
        self.tells_sizes = True
        self.webhook: Json = {"url": ""}
        self.webhook_answers: list[int] = []
        self.blocked: set[int] = set()
        self.administrators: set[tuple[int, int]] = set()
        self.open_queries: set[str] = set()
        self.numbers = itertools.count(1000)
        self.told: Callable[[Json], None] = lambda message: None  # each message, before the bot is answered
        self.stand: Stand = lambda request, handler: handler(request)  # between the bot and the answers
        self._port = port
        self._people: dict[int, Person] = {}
        self._rooms: dict[int, str] = {}
        self._files: dict[str, bytes] = {}
        self._messages: list[Json] = []
        self._updates: deque[Json] = deque()
        self._arrived = asyncio.Condition()
        self._failures: dict[str, deque[Failure]] = {}
        self._closing = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._delivery: asyncio.Task[None] | None = None

    # For tests.

    def person(self, name: str, chat_id: int = 0) -> Person:
        """Somebody who has started the bot."""
        person = Person(self, chat_id or next(self.numbers), name)
        self._people[person.id] = person
        return person

    def room(self, title: str, *, administrators: tuple[Person, ...] = ()) -> int:
        """A group chat with the bot in it; returns its id."""
        room = -next(self.numbers)
        self._rooms[room] = title
        self.administrators |= {(room, person.id) for person in administrators}
        return room

    def sent(self, chat: int) -> list[Json]:
        """The bot's messages in one chat, as they read now."""
        return [message for message in self._messages if message["chat"]["id"] == chat]

    @property
    def waiting(self) -> int:
        """How many updates the bot has not taken yet."""
        return len(self._updates)

    def file(self, file_id: str) -> bytes:
        """The bytes of a file that was sent either way."""
        return self._files[file_id]

    def fail_next(
        self, method: str, status: int = 500, description: str = "Internal Server Error", **parameters: int
    ) -> None:
        """Answer the next call of `method` with an error, e.g. 429 with retry_after=3."""
        self._fail(method, Failure(ApiError(status, description, parameters), hangs=False, does_it=False))

    def hang_next(self, method: str, *, does_it: bool) -> None:
        """Leave the next call of `method` without an answer, carried out or not."""
        self._fail(method, Failure(None, hangs=True, does_it=does_it))

    def update(self, fields: Json) -> None:
        """Anything that the bot is to be told, as the fields of an Update."""
        self._updates.append({"update_id": next(self.numbers), **fields})
        self._soon(self._wake())

    async def delivered(self) -> None:
        """Wait until the bot has taken every update."""
        async with self._arrived, asyncio.timeout(10):
            await self._arrived.wait_for(lambda: not self._updates)

    # What people's phones are made of.

    def message(self, sender: Person, fields: Json, *, room: int = 0, message_id: int = 0) -> Json:
        """A Message of the Bot API."""
        base = {"message_id": message_id or next(self.numbers), "date": int(time.time())}
        return base | {"chat": self.chat(room or sender.id), "from": sender.user()} | fields

    def chat(self, chat_id: int) -> Json:
        """A Chat of the Bot API."""
        if chat_id in self._rooms:
            return {"id": chat_id, "type": "supergroup", "title": self._rooms[chat_id]}
        return {"id": chat_id, "type": "private", "first_name": self._people[chat_id].name}

    def bot_user(self) -> Json:
        """The bot as the Bot API's User."""
        bot_id = int(self.token.partition(":")[0])
        return {"id": bot_id, "is_bot": True, "first_name": "Takepart", "username": USERNAME}

    def keep(self, data: bytes) -> Json:
        """Store a file; returns the fields that every kind of file has."""
        file_id = f"file-{next(self.numbers)}"
        self._files[file_id] = data
        return {"file_id": file_id, "file_unique_id": f"u-{file_id}", "file_size": len(data)}

    def button(self, chat: int, label: str) -> tuple[Json, str]:
        """The newest button so labelled in a chat: its message and its data."""
        for message in reversed(self.sent(chat)):
            for row in message.get("reply_markup", {}).get("inline_keyboard", []):
                for button in row:
                    if button["text"] == label:
                        return message, button["callback_data"]
        raise AssertionError("there is no such button in this chat")

    # The server.

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=60 * 1024 * 1024, middlewares=[self._stand])
        app.router.add_route("*", "/bot{token}/{method}", self._answer)
        app.router.add_get("/file/bot{token}/{file_id}", self._download)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        await self._wake()
        for task in [*self._tasks, *([self._delivery] if self._delivery else [])]:
            task.cancel()
        await self._runner.cleanup()

    @web.middleware
    async def _stand(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        return await self.stand(request, handler)

    async def _answer(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        try:
            if request.match_info["token"] != self.token:
                raise ApiError(401, "Unauthorized")
            params = await self._params(request)
            self.calls.append((method, params))
            result = await self._carry_out(method, params)
        except ApiError as error:
            return _refusal(error)
        return web.json_response({"ok": True, "result": result})

    async def _carry_out(self, method: str, params: Json) -> Any:
        act: Callable[[Json], Any] | None = getattr(self, f"_do_{method}", None)
        if act is None and method != "getUpdates":
            raise ApiError(404, "Not Found")
        failures = self._failures.get(method)
        failure = failures.popleft() if failures else None
        if failure and failure.error:
            raise failure.error
        result = None
        if failure is None or failure.does_it:
            result = act(params) if act else await self._get_updates(params)
        if failure and failure.hangs:
            await self._closing.wait()
        return result

    async def _params(self, request: web.Request) -> Json:
        """Parameters as JSON, a form or an upload; files become those that are kept here."""
        if request.content_type == "application/json":
            return dict(await request.json())
        params: Json = {}
        for name, value in [*request.query.items(), *(await request.post()).items()]:
            if isinstance(value, web.FileField):
                params[name] = self.keep(value.file.read()) | {"file_name": value.filename}
            elif isinstance(value, str):
                params[name] = _parsed(name, value)
        return params

    async def _download(self, request: web.Request) -> web.Response:
        data = self._files.get(request.match_info["file_id"])
        failures = self._failures.get("download")
        failed = failures.popleft().error if failures else None
        self.downloads += 1
        if failed or data is None or request.match_info["token"] != self.token:
            return _refusal(failed or ApiError(404, "Not Found"))
        return web.Response(body=data, content_type="application/octet-stream")

    async def _get_updates(self, params: Json) -> list[Json]:
        if self.webhook["url"]:
            raise ApiError(409, "Conflict: can't use getUpdates method while webhook is active")
        offset, seconds = int(params.get("offset", 0)), float(params.get("timeout", 0))
        async with self._arrived:
            while self._updates and self._updates[0]["update_id"] < offset:
                self._updates.popleft()
            self._arrived.notify_all()
            try:
                async with asyncio.timeout(seconds):
                    await self._arrived.wait_for(lambda: self._updates or self._closing.is_set())
            except TimeoutError:
                return []
            return list(self._updates)[: int(params.get("limit", 100))]

    async def _deliver(self) -> None:
        """Post updates to the webhook, one by one and again until each is taken, as Telegram does."""
        headers = {"X-Telegram-Bot-Api-Secret-Token": self.webhook.get("secret_token", "")}
        async with ClientSession(timeout=ClientTimeout(total=10), headers=headers) as session:
            while True:
                async with self._arrived:
                    await self._arrived.wait_for(lambda: self._updates)
                if await self._taken(session, self._updates[0]):
                    async with self._arrived:
                        self._updates.popleft()
                        self._arrived.notify_all()
                else:
                    await asyncio.sleep(0.05)

    async def _taken(self, session: ClientSession, update: Json) -> bool:
        try:
            async with session.post(self.webhook["url"], json=update) as answer:
                self.webhook_answers.append(answer.status)
                return answer.ok
        except (ClientError, TimeoutError):
            return False

    # The methods, by their names in the Bot API.

    def _do_getMe(self, params: Json) -> Json:
        return self.bot_user() | {"can_join_groups": True, "can_read_all_group_messages": False}

    def _do_setWebhook(self, params: Json) -> bool:
        self.webhook = {"url": params.get("url", "")} | params
        if self._delivery:
            self._delivery.cancel()
        self._delivery = asyncio.ensure_future(self._deliver()) if self.webhook["url"] else None
        return True

    def _do_deleteWebhook(self, params: Json) -> bool:
        return self._do_setWebhook({"url": ""})

    def _do_getWebhookInfo(self, params: Json) -> Json:
        told = ("url", "allowed_updates", "last_error_date", "last_error_message")
        said = {name: self.webhook[name] for name in told if name in self.webhook}
        return {"has_custom_certificate": False, "pending_update_count": len(self._updates)} | said

    def _do_sendMessage(self, params: Json) -> Json:
        return self._post(params, {"text": checked_text(params)})

    def _do_sendPhoto(self, params: Json) -> Json:
        size = params["photo"] | {"width": 640, "height": 480}
        return self._post(params, {"photo": [size]})

    def _do_sendVoice(self, params: Json) -> Json:
        return self._post(params, {"voice": params["voice"] | {"duration": 1}})

    def _do_sendAudio(self, params: Json) -> Json:
        return self._post(params, {"audio": params["audio"] | {"duration": 1}})

    def _do_sendDocument(self, params: Json) -> Json:
        return self._post(params, {"document": params["document"]})

    def _do_editMessageText(self, params: Json) -> Json:
        self._may_write(params)
        text = checked_text(params)
        for message in self.sent(int(params["chat_id"])):
            if message["message_id"] == int(params["message_id"]):
                after = {"text": text} | given(reply_markup=checked_buttons(params))
                if all(message.get(name) == after.get(name) for name in ("text", "reply_markup")):
                    raise ApiError(400, "Bad Request: message is not modified: the content is the same")
                message.pop("reply_markup", None)
                message.update(after, edit_date=int(time.time()))
                return message
        raise ApiError(400, "Bad Request: message to edit not found")

    def _do_answerCallbackQuery(self, params: Json) -> bool:
        if params["callback_query_id"] not in self.open_queries:
            raise ApiError(
                400, "Bad Request: query is too old and response timeout expired or query ID is invalid"
            )
        if len(params.get("text", "")) > 200:
            raise ApiError(400, "Bad Request: MESSAGE_TOO_LONG")
        self.open_queries.discard(params["callback_query_id"])
        self.pop_ups.append(params)
        return True

    def _do_getFile(self, params: Json) -> Json:
        data = self._files.get(params["file_id"])
        if data is None:
            raise ApiError(400, "Bad Request: invalid file_id")
        if len(data) > LARGEST_DOWNLOAD:
            raise ApiError(400, "Bad Request: file is too big")
        size = given(file_size=len(data) if self.tells_sizes else 0)
        return {"file_id": params["file_id"], "file_unique_id": "u", "file_path": params["file_id"]} | size

    def _do_getChatMember(self, params: Json) -> Json:
        room, person = int(params["chat_id"]), int(params["user_id"])
        if person not in self._people:
            raise ApiError(400, "Bad Request: user not found")
        status = "creator" if (room, person) in self.administrators else "member"
        return {"status": status, "user": self._people[person].user(), "is_anonymous": False}

    def _post(self, params: Json, content: Json) -> Json:
        self._may_write(params)
        caption = params.get("caption", "")
        if units(caption) > 1024:
            raise ApiError(400, "Bad Request: message caption is too long")
        content |= given(caption=caption, reply_markup=checked_buttons(params))
        message = {"message_id": next(self.numbers), "date": int(time.time()), "from": self.bot_user()}
        message |= {"chat": self.chat(int(params["chat_id"]))} | content
        self._messages.append(message)
        self.told(message)
        return message

    def _may_write(self, params: Json) -> None:
        chat = int(params["chat_id"])
        if chat not in self._people and chat not in self._rooms:
            raise ApiError(400, "Bad Request: chat not found")
        if chat in self.blocked:
            raise ApiError(403, "Forbidden: bot was blocked by the user")

    def _fail(self, method: str, failure: Failure) -> None:
        self._failures.setdefault(method, deque()).append(failure)

    async def _wake(self) -> None:
        async with self._arrived:
            self._arrived.notify_all()

    def _soon(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _refusal(error: ApiError) -> web.Response:
    body = {"ok": False, "error_code": error.status, "description": error.description}
    if error.parameters:
        body["parameters"] = error.parameters
    return web.json_response(body, status=error.status)


def _parsed(name: str, value: str) -> Any:
    """Forms carry lists and objects as JSON, and everything else as it is."""
    if name in ("reply_markup", "allowed_updates", "link_preview_options"):
        return json.loads(value)
    return value
