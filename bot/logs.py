"""Log lines for the operator: an action, ids and counts; never a member's words, name or number.

Write `log.info("fetched", media=id, bytes=size)`. What has no shape below, or another one, is withheld.
What libraries say is kept to where it came from.
"""

import logging
import re
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

import structlog

HOME = Path(__file__).parent.parent
ROOMS = ("bot", "channels", "flows", "storage", "tests", "benchmarks")
# Whose messages tell of the service alone; any other library's may quote a body, an address or a token.
PLAIN = ("uvicorn.error",)
WITHHELD = "withheld"

WORD = re.compile(r"[a-z][a-z_ -]{0,39}")
NUMBER = re.compile(r"-?\d{1,9}(\.\d{1,6})?")
ID = re.compile(r"[0-9a-hjkmnp-tv-z]{16}")
CODE = re.compile(r"\d{3,5}|[A-Za-z][A-Za-z_-]{0,39}")
PLACE = re.compile(r"elsewhere|[\w/-]+\.(py|html):\d+ [\w<> ]+|\w+:\d+")
ERROR = re.compile(r"[A-Za-z_]\w*( at (elsewhere|[\w/]+\.py:\d+ [\w<>]+))?")
# No number of a phone, no address, no part of a form.
SENTENCE = re.compile(r"(?!.*\d{6})[^@\"=\n]{1,400}")

SHAPES: Mapping[str, re.Pattern[str]] = {
    **dict.fromkeys(("channel", "kind", "lane", "loop", "outcome", "reason", "state"), WORD),
    **dict.fromkeys(("bytes", "events", "number", "pause", "status", "texts", "tries"), NUMBER),
    **dict.fromkeys(("alert", "export", "media", "outbox", "poll", "problem", "sending"), ID),
    **dict.fromkeys(("at", "ours"), PLACE),
    "action": WORD,
    "code": CODE,
    "error": ERROR,
    "level": WORD,
    "library": re.compile(r"[\w.]{1,60}"),
    "said": re.compile(r"[^@\"=?\n]{1,200}"),
    "sentence": SENTENCE,
    "timestamp": re.compile(r"[\d-]{10}T[\d:.]{8,15}Z"),
    "version": re.compile(r"[0-9a-f]{12}"),
    "wanted": re.compile(r"True|False"),
}


def configure(*, json: bool = False, to: TextIO | None = None, least: int = logging.INFO) -> None:
    """Send every line to one place, standard error where none is named; called by the command that runs.

    `least` is the level below which nothing is written.
    """
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.EventRenamer("action"),
            _guard,
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


def fits(name: str, value: object) -> bool:
    """Whether a value under this name may be written down."""
    shape = SHAPES.get(name)
    return shape is not None and (value in (None, "") or shape.fullmatch(str(value)) is not None)


def place(error: BaseException) -> str:
    """Where in our code an error arose, as `file:line function`: all of it that may be written down."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if _ours(f.filename)]
    if not frames:
        return "elsewhere"
    last = frames[-1]
    return f"{Path(last.filename).relative_to(HOME)}:{last.lineno} {last.name}"


def of_library(record: logging.LogRecord) -> dict[str, object]:
    """What may be written of a library's line: where it came from, and the kind of error."""
    facts: dict[str, object] = {"library": record.name, "at": f"{record.module}:{record.lineno}"}
    if record.exc_info and record.exc_info[1]:
        facts |= {"error": type(record.exc_info[1]).__name__, "ours": place(record.exc_info[1])}
    if record.name in PLAIN:
        facts["said"] = record.getMessage()
    return facts


def _ours(filename: str) -> bool:
    path = Path(filename)
    return path.is_relative_to(HOME) and path.relative_to(HOME).parts[0] in ROOMS


def _guard(logger: object, method: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
    return {name: value if fits(name, value) else WITHHELD for name, value in line.items()}


class _Libraries(logging.Handler):
    """Turns the libraries' lines into ours."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger().log(record.levelno, "library", **of_library(record))
