"""For whoever runs the service: is it alive, is it ready, and what does it count."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import structlog
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.metrics import Metrics, State
from storage.database import SOON, Database
from storage.running import figures
from storage.running.figures import Figures

DATABASE = "database"


def routes(*, db: Database, state: Callable[[], State], metrics: Metrics) -> list[Route]:
    """`state` says how this process is, without what is read from the database."""

    async def live(request: Request) -> Response:
        return PlainTextResponse("alive\n")

    async def ready(request: Request) -> Response:
        answers = await db.alive()
        stopped = [*state().down, *([] if answers else [DATABASE])]
        return JSONResponse(
            {"ready": not stopped, DATABASE: answers, "down": stopped}, 503 if stopped else 200
        )

    async def numbers(request: Request) -> Response:
        moment = state()
        page = metrics.page(replace(moment, figures=await _figures(db, moment.now)))
        return Response(page, media_type=CONTENT_TYPE_LATEST)

    return [Route("/health/live", live), Route("/health/ready", ready), Route("/metrics", numbers)]


async def _figures(db: Database, now: datetime) -> Figures | None:
    """What the database says, None while it does not answer: the other numbers are wanted then, too."""
    try:
        async with asyncio.timeout(SOON), db.read() as conn:
            return await figures.read(conn, now)
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        structlog.get_logger().warning("figures_not_read", error=type(error).__name__)
        return None
