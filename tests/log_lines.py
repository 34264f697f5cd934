"""Looks at every line that tests make the service log: whatever could be a member's is a fault of that test.

What is logged must be an action from the operators' page, with names and values of the shapes in `bot.logs`;
a word or a sentence must stand in our own source. So there is no place for what members say or are called.
"""

import ast
import errno
import functools
import logging
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import pytest
import structlog

from bot import logs

ROOT = Path(__file__).parent.parent
ROOMS = ("bot", "channels", "flows", "storage")
LEVELS = {"debug", "info", "warning", "error", "critical", "exception", "log"}
KIND = re.compile(r"[A-Z][a-z]+[A-Z]\w*|\d+")  # of an error, or a provider's own number for it
WORDS = {"code", "sentence", *(name for name, shape in logs.SHAPES.items() if shape is logs.WORD)} - {"level"}
OF_THE_SYSTEM = re.compile("|".join(re.escape(os.strerror(number)) for number in errno.errorcode))
HOLE = r"[\w-]{0,40}"  # what stands in a sentence's place for a kind or a count: never several words
OF_A_TEST = re.compile(r"[a-z]?\d{1,3}")  # ids that tests give by hand
NAMES = "example.py"  # has people in it
FEW = 15  # letters; with fewer of its own, a text with holes could be anything
FACT = re.compile(r'(\w+)(?:=("(?:[^"\\]|\\.)*"|\S*))?(?: |$)')
PHONE = re.compile(r"\+\d{6}|\b(?:44|0)\d{9,10}\b")

_faults: list[str] = []
_errors: list[IO[str]] = []


def watch(patch: pytest.MonkeyPatch) -> None:
    """Look at all that this process logs, however a test has set logging up."""
    _said()  # now, since reading our source takes a second that no service under test has
    through = structlog.BoundLoggerBase._proxy_to_logger
    plain = logging.getLogRecordFactory()

    def seen(self: Any, method: str, event: str | None = None, *more: Any, **facts: Any) -> Any:
        look({"level": method, "action": event, **facts})
        return through(self, method, event, *more, **facts)

    def made(*args: Any, **more: Any) -> logging.LogRecord:
        record = plain(*args, **more)
        look({"action": "library", **logs.of_library(record)})
        return record

    patch.setattr(structlog.BoundLoggerBase, "_proxy_to_logger", seen)
    logging.setLogRecordFactory(made)


def standard_error() -> IO[str]:
    """Where a program of ours that a test starts is to write its log."""
    file = tempfile.NamedTemporaryFile("w+")  # noqa: SIM115  # read and closed when the test is over
    _errors.append(file)
    return file


def faults() -> list[str]:
    """What was wrong with lines since this was last asked."""
    for file in _errors:
        file.seek(0)
        for line in file.read().splitlines():
            sys.stderr.write(f"{line}\n")
            look_at_text(line)
        file.close()
    _errors.clear()
    found = _faults[:]
    _faults.clear()
    return found


def look_at_text(line: str) -> None:
    """Look at a line as the service writes it; what else programs print may name no number."""
    if line.startswith("timestamp="):
        look({name: _plain(value) for name, value in FACT.findall(line)})
    elif PHONE.search(line):
        _faults.append("a program of ours printed a number")


def look(facts: Mapping[str, object]) -> None:
    """Look at one line."""
    if facts["action"] not in actions():
        _faults.append(f"{facts['action']!r} is no action of the operators' page")
    _faults.extend(f"{facts['action']}: {name} may not be {value!r}" for name, value in _unfit(facts))


@functools.cache
def actions() -> frozenset[str]:
    """The closed list of actions, as the operators' page has it."""
    page = (ROOT / "docs" / "operators.md").read_text(encoding="utf-8")
    logs_ = page.partition("\n## Logs\n")[2].partition("\n## ")[0]
    return frozenset(re.findall(r"^\| `(\w+)` \|", logs_, flags=re.MULTILINE))


def actions_in_source() -> dict[str, set[str]]:
    """The actions that our source logs, and the names that go with each where they stand there."""
    found: dict[str, set[str]] = {}
    for node in _nodes():
        match node:
            case ast.Call(
                func=ast.Attribute(attr=method, value=logger), args=[*_, ast.Constant(value=str(action))]
            ) if method in LEVELS and "log" in ast.unparse(logger):
                names = {keyword.arg for keyword in node.keywords if keyword.arg}
                found.setdefault(action, set()).update(names)
    return found


def _unfit(facts: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for name, value in facts.items():
        if logs.SHAPES.get(name) is logs.ID and OF_A_TEST.fullmatch(str(value)):
            continue
        if not logs.fits(name, value) or (name in WORDS and value and not _ours(str(value))):
            yield name, value
        elif PHONE.search(str(value)):
            yield name, "a number"


@functools.cache
def _ours(words: str) -> bool:
    """Whether these words stand in our own source."""
    constants, templates = _said()
    filled = OF_THE_SYSTEM.sub("fault", words)
    return words in constants or any(one.fullmatch(filled) for one in (KIND, *templates))


@functools.cache
def _said() -> tuple[frozenset[str], tuple[re.Pattern[str], ...]]:
    """Every text in our source, and the sentences among them that have holes."""
    constants, templates = set[str](), list[list[str]]()
    for node in _nodes():
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            constants.add(node.value)
            templates.append(re.split(r"\{\w*\}", node.value))
        elif isinstance(node, ast.JoinedStr):
            templates.append([str(one.value) if isinstance(one, ast.Constant) else "" for one in node.values])
    sentences = [one for one in templates if len(one) > 1 and len("".join(one)) > FEW]
    return frozenset(constants), tuple(map(_with_holes, sentences))


def _with_holes(parts: list[str]) -> re.Pattern[str]:
    """Adjoining texts have a hole between them, and so has an empty one."""
    return re.compile(HOLE.join(map(re.escape, parts)))


def _nodes() -> Iterator[ast.AST]:
    """All of our source. It is not kept: every look for garbage would go through it."""
    for file in (file for room in ROOMS for file in sorted((ROOT / room).rglob("*.py"))):
        if file.name != NAMES:
            yield from ast.walk(ast.parse(file.read_text(encoding="utf-8")))


def _plain(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
