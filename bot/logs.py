"""Log lines for the operator: an action, ids and counts; never a member's words, name or number.

Write `log.info("fetched", media=id, bytes=size)`. What libraries say is kept to where it came from.
"""

import logging
import sys
import traceback
from pathlib import Path
from typing import TextIO

import structlog

ROOMS = Path(__file__).parent.parent
# Whose messages tell of the service alone; any other library's may quote a body, an address or a token.
PLAIN = ("uvicorn.error",)


def configure(*, json: bool = False, to: TextIO | None = None, least: int = logging.INFO) -> None:
    """Send every line to one place, standard error where none is named; called by the command that runs.

    `least` is the level below which nothing is written.
    """
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.EventRenamer("action"),
            structlog.processors.JSONRenderer()
            if json
            else structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "action"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.PrintLoggerFactory(to or sys.stderr),
    )
    logging.basicConfig(handlers=[_Libraries()], level=logging.WARNING, force=True)
    for name in PLAIN:
        logging.getLogger(name).setLevel(logging.INFO)


def place(error: BaseException) -> str:
    """Where in our code an error arose, as `file:line function`: all of it that may be written down."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if _ours(f.filename)]
    if not frames:
        return "elsewhere"
    last = frames[-1]
    return f"{Path(last.filename).relative_to(ROOMS)}:{last.lineno} {last.name}"


def _ours(filename: str) -> bool:
    path = Path(filename)
    return path.is_relative_to(ROOMS) and "site-packages" not in path.parts


class _Libraries(logging.Handler):
    """Turns the libraries' lines into ours."""

    def emit(self, record: logging.LogRecord) -> None:
        facts: dict[str, object] = {"library": record.name, "at": f"{record.module}:{record.lineno}"}
        if record.exc_info and record.exc_info[1]:
            facts |= {"error": type(record.exc_info[1]).__name__, "ours": place(record.exc_info[1])}
        if record.name in PLAIN:
            facts["said"] = record.getMessage()
        structlog.get_logger().log(record.levelno, "library", **facts)
