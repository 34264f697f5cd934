"""For whoever runs the service: is it alive, is it ready, and what does it count."""

from collections.abc import Callable

import sqlalchemy as sa
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.metrics import Metrics
from storage.database import Database
from storage.tables import outbox


def routes(
    *, db: Database, down: Callable[[], list[str]], waiting: Callable[[], int], metrics: Metrics
) -> list[Route]:
    """`down` names the loops that don't run well; `waiting` counts the events in the queue."""

    async def live(request: Request) -> Response:
        return PlainTextResponse("alive\n")

    async def ready(request: Request) -> Response:
        stopped, answers = down(), await db.alive()
        well = answers and not stopped
        return JSONResponse({"ready": well, "database": answers, "down": stopped}, 200 if well else 503)

    async def numbers(request: Request) -> Response:
        o = outbox.c
        async with db.read() as conn:
            rows = await conn.execute(
                sa.select(o["class"], o.state, sa.func.count()).group_by(o["class"], o.state)
            )
            counts = {(klass, state): count for klass, state, count in rows}
        return Response(metrics.page(queue=waiting(), outbox=counts), media_type=CONTENT_TYPE_LATEST)

    return [Route("/health/live", live), Route("/health/ready", ready), Route("/metrics", numbers)]
