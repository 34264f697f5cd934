"""Alerts go out: at once when one is raised, and further while nobody has said SEEN."""

import asyncio
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import datetime
from functools import partial

import structlog

from bot.logs import place
from bot.sending import notices
from flows.library import Flows
from flows.sentences import Sentences
from storage.care import summoning
from storage.database import Database

EVERY = 15.0  # seconds until a look at what other processes raised, and at what is due


class Alerting:
    """`run` is the loop; `wake` it when an alert was raised; `once` takes every step that is due.

    What is due stands in the database, so that nothing is lost with a process.
    """

    def __init__(
        self,
        *,
        db: Database,
        flows: Flows,
        ids: Callable[[], str],
        channels: Collection[str],
        clock: Callable[[], datetime],
        told: Callable[[], None],
        pages: str,
    ) -> None:
        """`told` is called when somebody is to be told; `pages` is where facilitators look."""
        self._db = db
        self._words = Sentences(flows.phrases)
        self._ids = ids
        self._channels = channels
        self._clock = clock
        self._told = told
        self._pages = pages
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Look at once for what is due."""
        self._wake.set()

    async def run(self) -> None:
        """Take the steps of alerts, until cancelled."""
        while True:
            self._wake.clear()
            await self.once()
            # Not wait_for: before Python 3.12 it may swallow a cancellation that comes with the wake.
            with suppress(TimeoutError):
                async with asyncio.timeout(EVERY):
                    await self._wake.wait()

    async def once(self) -> None:
        """Take the steps that are due, each alert by itself: one that fails keeps no other from going."""
        async with self._db.read() as conn:
            alerts = await summoning.waiting(conn)
        for alert in alerts:
            try:
                await self._advance(alert)
            except Exception as error:
                structlog.get_logger().error(
                    "alert_failed", alert=alert, error=type(error).__name__, at=place(error)
                )

    async def _advance(self, alert: str) -> None:
        steps = await self._db.transact(
            lambda conn: summoning.advance(
                conn,
                alert,
                words=partial(notices.alert, self._words, self._pages),
                channels=self._channels,
                ids=self._ids,
                now=self._clock(),
            )
        )
        if steps.tell:
            self._told()
        if steps.nobody:
            structlog.get_logger().error("alert_unseen", alert=alert)
