"""Telegram's and Twilio's APIs in a process of their own, as strict about rates as Telegram is.

`python -m benchmarks.providers PORT`. `GET /told` says what came of it. A message that comes too early is
answered with 429 and the seconds to wait.
"""

import argparse
import itertools
import math
import os
from functools import partial
from time import monotonic, time

from aiohttp import web

OVERALL, SAVED = 30.0, 30.0  # messages a second, and how many may be saved up
CHAT, CHAT_SAVED = 1.0, 3.0  # the same for one chat
BOT = {"id": 100, "is_bot": True, "first_name": "Takepart", "username": "takepart_benchmark_bot"}


class Bucket:
    """Tokens that come at a rate, up to so many."""

    def __init__(self, rate: float, most: float) -> None:
        self._rate = rate
        self._most = most
        self._tokens = most
        self._at = monotonic()

    def short(self) -> float:
        """Seconds until there is a token; 0 where there is one."""
        now = monotonic()
        self._tokens = min(self._most, self._tokens + (now - self._at) * self._rate)
        self._at = now
        return max(0.0, (1 - self._tokens) / self._rate)

    def take(self) -> None:
        """Use one up."""
        self._tokens -= 1


class Providers:
    """Takes everything that a bot and a number send."""

    def __init__(self) -> None:
        self._all = Bucket(OVERALL, SAVED)
        self._chats: dict[str, Bucket] = {}
        self._numbers = itertools.count(1)
        self._taken: list[float] = []
        self._early = 0
        self._texts = 0

    def routes(self) -> list[web.RouteDef]:
        """The addresses that are called."""
        return [
            web.get("/told", self._told),
            web.post("/bot{token}/{method}", self._bot),
            web.post("/2010-04-01/Accounts/{sid}/Messages.json", self._text),
            web.get("/2010-04-01/Accounts/{sid}/{list}.json", self._listed),
        ]

    async def _told(self, request: web.Request) -> web.Response:
        return web.json_response(
            {
                "taken": len(self._taken),
                "first": min(self._taken, default=0.0),
                "last": max(self._taken, default=0.0),
                "early": self._early,
                "texts": self._texts,
            }
        )

    async def _bot(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        if method == "sendMessage":
            return await self._message(request)
        result: object = True
        if method == "getMe":
            result = BOT
        elif method == "getWebhookInfo":
            result = {"url": "", "has_custom_certificate": False, "pending_update_count": 0}
        return web.json_response({"ok": True, "result": result})

    async def _message(self, request: web.Request) -> web.Response:
        chat = str((await request.post())["chat_id"])
        buckets = (self._all, self._chats.setdefault(chat, Bucket(CHAT, CHAT_SAVED)))
        wait = max(bucket.short() for bucket in buckets)
        if wait > 0:
            self._early += 1
            seconds = max(1, math.ceil(wait))
            told = {
                "description": f"Too Many Requests: retry after {seconds}",
                "error_code": 429,
                "ok": False,
            }
            return web.json_response(told | {"parameters": {"retry_after": seconds}}, status=429)
        for bucket in buckets:
            bucket.take()
        self._taken.append(monotonic())
        who = {"id": int(chat), "type": "private", "first_name": "Ada"}
        made = {"message_id": next(self._numbers), "date": int(time()), "chat": who, "text": "said"}
        return web.json_response({"ok": True, "result": made})

    async def _text(self, request: web.Request) -> web.Response:
        self._texts += 1
        sid = f"SM{next(self._numbers):032x}"
        return web.json_response({"sid": sid, "status": "queued", "error_code": None}, status=201)

    async def _listed(self, request: web.Request) -> web.Response:
        """Nothing, on one page."""
        name = request.match_info["list"].lower()
        return web.json_response({name: [], "incoming_phone_numbers": [], "next_page_uri": None, "page": 0})


def main() -> None:
    """Serve on one core, until told to end."""
    given = argparse.ArgumentParser()
    given.add_argument("port", type=int)
    given.add_argument("--core", type=int)
    asked = given.parse_args()
    if asked.core is not None:
        os.sched_setaffinity(0, {asked.core})
    app = web.Application()
    app.add_routes(Providers().routes())
    ready = partial(print, "ready", flush=True)
    web.run_app(app, host="127.0.0.1", port=asked.port, print=lambda _: ready(), access_log=None)


if __name__ == "__main__":
    main()
