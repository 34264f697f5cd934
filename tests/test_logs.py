"""Log lines give nobody away: each has an action from the operators' page, and values of known shapes."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from bot.logs import SHAPES, WITHHELD, configure, place
from tests import log_lines
from tests.world import ADA, World


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What the service writes, as it sets its log up."""
    to = io.StringIO()
    configure(json=True, to=to)
    yield to


def test_every_action_is_explained_to_operators() -> None:
    assert set(log_lines.actions_in_source()) == log_lines.actions()


def test_every_value_has_a_name_of_a_known_shape() -> None:
    named = log_lines.actions_in_source().values()
    assert {name for names in named for name in names} <= set(SHAPES)


def test_a_line_says_what_happened_and_nothing_else(lines: io.StringIO) -> None:
    structlog.get_logger().info("fetched", media="1m80fjqwhhepkf94", bytes=5)
    line = json.loads(lines.getvalue())
    assert (line["action"], line["media"], line["level"]) == ("fetched", "1m80fjqwhhepkf94", "info")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("words", "I went to the sea"),  # no such name
        ("state", "Ada Lovelace"),
        ("outbox", "+441632960001"),
        ("number", "441632960001"),
        ("code", "Ada Lovelace"),
        ("error", "ValueError: Ada's words"),
        ("sentence", "Ada said: 07700900123"),
    ],
)
def test_what_does_not_fit_is_withheld_and_noticed(lines: io.StringIO, name: str, value: str) -> None:
    structlog.get_logger().info("fetched", **{name: value})
    assert json.loads(lines.getvalue())[name] == WITHHELD
    assert [fault.split(":")[0] for fault in log_lines.faults()] == ["fetched"]


def test_what_a_library_says_of_a_member_is_left_out(lines: io.StringIO) -> None:
    try:
        raise ValueError("+441632960001")
    except ValueError:
        logging.getLogger("telegram.ext").exception("Could not send %s", "Ada's words")
    logging.getLogger("uvicorn.error").info("Started on port %d", 8000)
    logging.getLogger("uvicorn.error").info('"WebSocket /practice?name=%s"', "Ada")
    first, second, third = map(json.loads, lines.getvalue().splitlines())
    assert (first["library"], first["error"]) == ("telegram.ext", "ValueError")
    assert (second["said"], third["said"]) == ("Started on port 8000", WITHHELD)
    assert "Ada" not in lines.getvalue()
    assert "960001" not in lines.getvalue()
    log_lines.faults()


async def test_libraries_give_nobody_away_at_any_level(
    world: World, lines: io.StringIO, caplog: pytest.LogCaptureFixture
) -> None:
    configure(json=True, to=lines, least=logging.DEBUG)
    for name in ("", "telegram", "httpx", "httpcore", "twilio", "sqlalchemy", "aiosqlite", "uvicorn.error"):
        caplog.set_level(logging.DEBUG, logger=name)
    await world.group()
    await world.joined(ADA, name="Zebedee")
    await world.texts(ADA, "diary", "A zebra crossed the road")
    said = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert {one["library"].split(".")[0] for one in said if one["action"] == "library"} >= {"aiosqlite"}
    assert [word for word in ("Zebedee", "zebra", ADA[1:]) if word in lines.getvalue()] == []


@pytest.mark.parametrize(
    "facts", [{"state": "ada"}, {"code": "Ada"}, {"sentence": "Ada will not come."}, {"loop": "07700900123"}]
)
def test_what_our_source_does_not_say_is_noticed(facts: dict[str, str]) -> None:
    structlog.get_logger().info("fetched", **facts)
    assert len(log_lines.faults()) == 1


def test_a_program_that_tests_start_is_listened_to_as_well() -> None:
    file = log_lines.standard_error()
    file.write('timestamp=2026-03-03T10:00:00.000000Z level=info action=fetched said="Ada said \\"no\\""\n')
    file.write("The number is +447700900101.\n")
    file.flush()
    assert len(log_lines.faults()) == 2


def test_an_error_is_traced_to_our_own_line() -> None:
    try:
        json.loads("Ada")
    except ValueError as error:
        assert place(error).startswith("tests/test_logs.py:")
        assert place(error).endswith("test_an_error_is_traced_to_our_own_line")
