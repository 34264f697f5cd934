"""Bad weather before a provider: what it is asked for fails in every way in which it can, as chance has it.

One message meets a few faults only, and at most one that leaves it unclear whether it went: with more of them
it would rightly end with the dead letters.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Key = tuple[str, str]  # an address and the words
Refusal = Callable[[int, int], web.Response]  # of a status and, for 429, the seconds to wait

PAGE = "<html><body><h1>Welcome to the free WiFi</h1></body></html>"
HURRY = 0.8  # seconds that the service waits for an answer in such a test
PLAIN = {"not_ours": 1, "too_fast": 2, "broken": 2, "odd_type": 9}  # how often at most for one message
UNCLEAR = ("lost_before", "silent_before", "page", "lost_after", "silent_after", "garbled")


class Weather:
    """Stands before a fake's handlers. `key` names a message that is handed over, or gives None.

    `early` are the addresses that something came for before their limit was over; `unclear` says how
    often a message went without anybody hearing of it.
    """

    def __init__(
        self,
        chance: random.Random,
        clock: Callable[[], datetime],
        key: Callable[[web.Request], Awaitable[Key | None]],
        refusal: Refusal,
    ) -> None:
        self.foul = True
        self.early: list[str] = []
        self.met: dict[Key, list[str]] = {}
        self.unclear = Counter[Key]()
        self._limits: dict[str, datetime] = {}
        self._chance, self._clock, self._key, self._refusal = chance, clock, key, refusal

    async def stand(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let a request through, or not, or half of it."""
        key = await self._key(request)
        if key is None:
            return await handler(request)
        if key[0] in self._limits and self._clock() < self._limits[key[0]]:
            self.early.append(key[0])
        fault = self._next(key)
        if fault in ("silent_before", "silent_after", "lost_before", "lost_after"):
            return await self._lost(fault, request, handler, key)
        if fault == "not_ours":
            return self._refusal(401, 0)
        if fault == "broken":
            return self._refusal(self._chance.choice((500, 503)), 0)
        if fault == "too_fast":
            seconds = self._chance.randint(1, 4)
            self._limits[key[0]] = self._clock() + timedelta(seconds=seconds)
            return self._refusal(429, seconds)
        if fault == "page":
            return web.Response(text=PAGE, content_type="text/html", status=self._chance.choice((200, 502)))
        answer = await handler(request)
        if fault == "garbled":
            self.unclear[key] += 1
            return web.Response(body=b'{"ok": tru\xff', content_type="application/json")
        if fault == "odd_type":
            answer.content_type = "text/plain"
        return answer

    def _next(self, key: Key) -> str:
        """What the next try of a message meets with."""
        met = self.met.setdefault(key, [])
        may = [fault for fault, most in PLAIN.items() if met.count(fault) < most]
        may += UNCLEAR if not set(UNCLEAR) & set(met) else ()
        fault = self._chance.choice(may) if self.foul and may and self._chance.random() < 0.6 else "fine"
        met.append(fault)
        return fault

    async def _lost(self, fault: str, request: web.Request, handler: Handler, key: Key) -> web.StreamResponse:
        """The connection breaks, at once or after a silence, before or after the thing is done."""
        if fault.endswith("after"):
            await handler(request)
            self.unclear[key] += 1
        if fault.startswith("silent"):
            await asyncio.sleep(1.2 * HURRY)
        if request.transport:
            request.transport.abort()
        return web.Response()
