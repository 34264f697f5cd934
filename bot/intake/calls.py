"""Answers each step of a phone call, whatever happens: a caller is never met by an error or by nothing."""

import asyncio

import structlog

from bot.intake.queue import Busy, Intake
from bot.logs import place
from channels.voice import error_answer, one_moment
from flows.events import Event

PATIENCE = 3.0  # seconds; after that the caller hears that we are still there


class Calls:
    def __init__(self, intake: Intake, *, patience: float = PATIENCE) -> None:
        self._intake = intake
        self._patience = patience
        self._late: set[asyncio.Task[object]] = set()

    async def answer(self, event: Event, url: str) -> str:
        """TwiML for a step; `url` is the step's own address, to be asked again when we are slow."""
        turn = asyncio.create_task(self._intake.take(event))
        self._late.add(turn)
        turn.add_done_callback(self._over)
        try:
            turned = await asyncio.wait_for(asyncio.shield(turn), self._patience)
        except (TimeoutError, Busy):
            return one_moment(url)
        except Exception as error:
            structlog.get_logger().error("call_step_failed", error=type(error).__name__, at=place(error))
            return error_answer()
        if turned.answer:
            return turned.answer
        # A repeat whose answer was emptied meanwhile, or a turn that says nothing: hear them out.
        return error_answer()

    def _over(self, turn: "asyncio.Task[object]") -> None:
        self._late.discard(turn)
        if not turn.cancelled():
            turn.exception()  # whoever waited was told already
