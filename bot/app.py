"""Puts the service together: everything is made here, begun in order, and ended in the reverse of it."""

import asyncio
import os
import secrets as chance
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from bot import serving, ways
from bot.alone import Alone
from bot.exporting.loop import Exporting
from bot.fetch import Fetcher, teller
from bot.files import media_store
from bot.intake.calls import Calls
from bot.intake.catching_up import CatchingUp
from bot.intake.chats import Chats
from bot.intake.queue import Intake
from bot.intake.stepping import Tools, Turned
from bot.metrics import Metrics, State
from bot.practice.phones import PracticeCarrier, PracticePhones
from bot.rooms import Rooms
from bot.rounds import minutely
from bot.rounds.alerting import Alerting
from bot.rounds.clearing import Clearing
from bot.rounds.removing import Remover
from bot.rounds.rounds import Rounds
from bot.sending import senders
from bot.sending.lanes import Lanes, Width, fit, widths_of
from bot.sending.scheduler import Scheduler
from bot.sending.senders import Senders
from bot.settings import Settings
from bot.staff.briefs import pieces
from bot.tasks import Loop, Tasks
from bot.web import assets, media, operations, practice
from bot.web.console import pages as console
from bot.web.front import Front
from bot.web.headers import Headers
from bot.web.webhooks import Webhooks
from channels.base import Delivery
from flows.sentences import Sentences
from storage import bells, leases
from storage.erasure.register import register_in
from storage.files import fetches
from storage.ids import Ids
from storage.secrets import Secrets
from storage.sending import receipts
from storage.sending.outbox import PRACTICE
from storage.store import open_store
from storage.turning.views import House, Views

TELLS = 20.0
GRACE = 20  # seconds for what was handed in to be answered when the service ends


def _now() -> datetime:
    return datetime.now(UTC)


class App:
    """The service but for its port. `start` opens it and begins; `stop` lets what has begun finish.

    `clock` and `ids` can be handed in; `pages` are further routes, made once everything is open;
    `widths` say how fast the lanes may be. One that is `beside` a service for the length of a command
    leaves to it what is done once for all, such as what is due.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Callable[[], datetime] = _now,
        ids: Ids | None = None,
        pages: Callable[["App"], Sequence[BaseRoute]] = practice.routes,
        widths: Mapping[str, Width] | None = None,
        beside: bool = False,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.ids = ids or Ids(clock)
        self.holder = f"{os.getpid()}-{chance.token_hex(4)}"
        self.metrics = Metrics()
        self.tasks = Tasks()
        self._pages = pages
        self._widths = widths or widths_of(settings.twilio_segments, settings.twilio_calls)
        self._beside = beside
        self._open = AsyncExitStack()

    async def start(self) -> None:
        """Open the data and begin to work; raise StorageError or FlowError where that can't be."""
        await self.open()
        for name, loop in self.loops().items():
            self.tasks.keep_running(name, loop)

    async def open(self) -> None:
        """Open the data and put everything together, with nothing running yet; `stop` closes it."""
        async with AsyncExitStack() as opened:
            await self._keep(opened)
            await self._connect(opened)
            self._build()
            self._open = opened.pop_all()

    async def stop(self) -> None:
        """Answer what was handed in, finish what is being sent, and close."""
        try:
            async with asyncio.timeout(GRACE):
                await self.intake.drained()
        except TimeoutError:
            structlog.get_logger().error("stopped_with_events_waiting", events=self.intake.waiting)
        await self.tasks.stop()
        await self._open.aclose()

    async def serve(self, *, ready: Callable[[], None] = lambda: None) -> None:
        """Run behind the port until told to end; raise PortTaken. `ready` is called once it is open."""
        await serving.serve(self, self.settings.host, self.settings.port, ready=ready)

    async def _keep(self, opened: AsyncExitStack) -> None:
        self.secrets = Secrets(self.settings.secret_key())
        self.settings.ensure_data_dir()
        self.db = await open_store(self.settings.database_url, self.secrets)
        opened.push_async_callback(self.db.close)
        await register_in(self.settings.data_dir, self.secrets).keep(self.db)
        await self._take_over(opened)
        self.files = media_store(self.settings)
        self.flows = await ways.open_flows(self.db, self.clock())

    async def _take_over(self, opened: AsyncExitStack) -> None:
        """Alone on a SQLite database, nobody else can hold a lease: what a dead process held is free now."""
        alone = Alone(self.settings.data_dir)
        opened.callback(alone.leave)
        if self._beside:
            return
        first = alone.enter()
        if not self._on_file:
            opened.push_async_callback(self._gone)
        elif first:
            async with self.db.write() as conn:
                await leases.release_all(conn, self.clock())

    @property
    def _on_file(self) -> bool:
        return self.settings.database_url.startswith("sqlite")

    async def _gone(self) -> None:
        # Where the database is away, the lease ends by itself.
        with suppress(SQLAlchemyError, OSError):
            async with self.db.write() as conn:
                await leases.served(conn, self.holder)

    async def _connect(self, opened: AsyncExitStack) -> None:
        self.links = media.Links(self.secrets, self.settings.public_url or "")
        self.senders: Senders = await senders.make(
            self.settings,
            words=Sentences(self.flows.phrases),
            webhook_secret=senders.telegram_secret(self.settings, self.secrets),
            media_url=self.links,
        )
        opened.push_async_callback(self.senders.close)
        self.house = House(
            phone=self.settings.twilio_voice_number or self.settings.twilio_number or "",
            replies_to_optout=self.settings.sms_optout == "ours",
            safe_words=self.flows.safe_words,
        )

    def _build(self) -> None:
        common: dict[str, Any] = {"db": self.db, "clock": self.clock}
        self._build_outward(common)
        self._build_upkeep(common)
        self._build_inward(common)
        self.rooms, self.chats = self._telegram(common)
        webhooks = self._webhooks()
        pages = Starlette(routes=[*webhooks.routes(), *self._routes()], middleware=[Middleware(Headers)])
        pages.router.redirect_slashes = False  # it would lead to whatever host it is told
        self.web: ASGIApp = Front(webhooks.doors(), pages)

    def _build_outward(self, common: dict[str, Any]) -> None:
        """What sends, rings and fetches."""
        encoders, on = self.senders.encoders, self.senders.on
        self.practice = PracticeCarrier(**common, folder=self.settings.data_dir / "practice", ids=self.ids)
        self.lanes = Lanes(
            **common,
            ids=self.ids,
            secrets=self.secrets,
            carriers=on,
            encoders=encoders,
            practice=self.practice,
            load=self.files.load,
            flows=self.flows,
            holder=self.holder,
            noted=self.metrics.sent,
            carrier_stops=self.settings.sms_optout == "twilio",
            widths=self._widths,
        )
        self.fetcher = Fetcher(
            **common,
            secrets=self.secrets,
            store=self.files,
            sources={**on, **{fetches.PRACTICE + name: self.practice for name in encoders}},
            tell=teller(self.ids, Sentences(self.flows.phrases)),
            holder=self.holder,
            told=self.lanes.wake,
        )

    def _build_upkeep(self, common: dict[str, Any]) -> None:
        """What goes by the clock: what is due, what is to be told, what has had its time."""
        on = self.senders.on
        numbers = (self.settings.twilio_number, self.settings.twilio_voice_number)
        self.clearing = Clearing(**common, files=self.files)
        self.exporting = Exporting(**common, files=self.files, folder=self.settings.data_dir)
        self.remover = Remover(
            **common,
            secrets=self.secrets,
            provider=self.senders.account.removing if self.settings.twilio_on else None,
            numbers=[number for number in numbers if number],
        )
        tells: dict[str, Any] = {"flows": self.flows, "ids": self.ids, "channels": list(on)}
        pages = f"{self.settings.address}/console"
        self.alerting = Alerting(**common, **tells, told=self.lanes.wake, pages=pages)
        self.scheduler = Scheduler(
            **common, **tells, files=self.files, holder=self.holder, wake=self.lanes.wake, closed=self._stale
        )
        self.rounds = Rounds(
            minutely.rounds(**tells, db=self.db, secrets=self.secrets, wake=self.lanes.wake),
            clock=self.clock,
        )

    def _build_inward(self, common: dict[str, Any]) -> None:
        """What takes in and answers."""
        encoders = self.senders.encoders
        self.views = Views(self.house, pieces, self.secrets)
        self.tools = Tools(
            flows=self.flows,
            views=self.views,
            secrets=self.secrets,
            ids=self.ids,
            fit=fit(encoders),
            answer=lambda says, step: self.senders.voice.answer(says, step=step),
            channels=tuple(self.senders.on),
        )
        self.intake = Intake(**common, tools=self.tools, metrics=self.metrics, woken=self._woken)
        self.calls = Calls(self.intake)
        self.catching_up = CatchingUp(
            **common,
            secrets=self.secrets,
            sms=self.senders.sms,
            number=self.settings.twilio_number or "",
            intake=self.intake,
        )
        self.phones = PracticePhones(
            **common,
            secrets=self.secrets,
            uploads=self.practice.uploads,
            encoders=encoders,
            voice=self.senders.voice,
            intake=self.intake,
            calls=self.calls,
            receipt=self.receipt,
            ids=self.ids,
        )

    def _telegram(self, common: dict[str, Any]) -> tuple[Rooms | None, Chats | None]:
        channel = self.senders.telegram
        if not self.settings.telegram_on:
            return None, None
        rooms = Rooms(
            **common,
            flows=self.flows,
            channel=channel,
            secrets=self.secrets,
            views=self.views,
            ids=self.ids,
            turn=partial(self.lanes.turn, channel.name),
        )
        public = self.settings.public_url
        chats = Chats(
            **common,
            channel=channel,
            intake=self.intake,
            rooms=rooms,
            webhook=f"{public}/telegram/webhook" if public else "",
            named=self._named,
            holder=self.holder,
        )
        return rooms, chats

    def _webhooks(self) -> Webhooks:
        return Webhooks(
            telegram=self.senders.telegram if self.chats else None,
            sms=self.senders.sms if self.settings.twilio_on else None,
            voice=self.senders.voice if self.settings.twilio_on else None,
            chats=self.chats,
            calls=self.calls,
            intake=self.intake,
            receipt=self.receipt,
            missed=self.catching_up.wake,
            public_url=self.settings.public_url or "",
            clock=self.clock,
            metrics=self.metrics,
        )

    def _routes(self) -> list[BaseRoute]:
        return [
            *operations.routes(db=self.db, state=self._state, metrics=self.metrics),
            *media.routes(db=self.db, store=self.files, secrets=self.secrets, fetch=self.fetcher.now),
            *assets.routes(),
            *console.routes(self),
            *self._pages(self),
        ]

    def loops(self) -> dict[str, Loop]:
        """What runs beside the port, by name."""
        loops: dict[str, Loop] = {
            "intake": self.intake.run,
            "lanes": self.lanes.run,
            "practice": self.practice.run,
        }
        if not self._beside:
            loops |= {
                "fetcher": self.fetcher.run,
                "scheduler": self.scheduler.run,
                "rounds": self.rounds.run,
                "alerting": self.alerting.run,
                "clearing": self.clearing.rows,
                "sweeping": self.clearing.files,
                "removing": self.remover.run,
                "exporting": self.exporting.run,
            }
            if not self._on_file:
                loops |= {"serving": self._serving, "bells": self._listening}
            if self.settings.twilio_on:
                loops["catching_up"] = self.catching_up.run
        if self.rooms and self.chats:
            loops |= {"rooms": self.rooms.run, "telegram": self.chats.run}
        return loops

    def _state(self) -> State:
        return State(
            now=self.clock(),
            queue=self.intake.waiting,
            lanes=[*self.senders.on, PRACTICE],
            loops=self.tasks.names,
            down=self.tasks.down(),
        )

    async def receipt(self, delivery: Delivery) -> None:
        """Note what a provider says became of a message."""
        known = await self.db.transact(
            lambda conn: receipts.receive(conn, delivery, now=self.clock(), ids=self.ids)
        )
        if not known:
            structlog.get_logger().info("receipt_unknown", state=delivery.state, code=delivery.code)
        self.lanes.wake()

    def _woken(self, turned: Turned) -> None:
        if turned.sends:
            self.lanes.wake()
        if turned.fetches:
            self.fetcher.wake()
        if turned.alarms:
            self.alerting.wake()
        if turned.voted:
            self._stale(turned.voted)

    def _stale(self, poll: str) -> None:
        """What group chats show of a vote is no longer so."""
        if self.rooms:
            self.rooms.voted(poll)

    def _named(self, username: str) -> None:
        self.house.chat = username
        self.views.forget()

    async def _serving(self) -> None:
        """Let other hosts know that this one runs, so that nobody replaces the data meanwhile."""
        while True:
            async with self.db.write() as conn:
                await leases.serve(conn, self.holder, now=datetime.now(UTC))
            await asyncio.sleep(TELLS)

    async def _listening(self) -> None:
        """Look at once for what another process has put there."""

        def rung() -> None:
            self.lanes.wake()
            self.fetcher.wake()

        await bells.listen(self.settings.database_url, rung)
