"""Nothing that we start goes round the one place that decides whether it may go: `may_send`.

Looked for in the source, since a sender that nobody tests is the one that would go round it.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

HOME = Path(__file__).parent.parent
ROOMS = ("bot", "channels", "flows", "storage")


def modules(*words: str) -> Iterator[tuple[str, ast.Module]]:
    """The files that hold one of these words: reading all of our source takes a second."""
    for room in ROOMS:
        for path in sorted((HOME / room).rglob("*.py")):
            source = path.read_text()
            if any(word in source for word in words):
                yield path.relative_to(HOME).as_posix(), ast.parse(source)


def calling(*names: str, keyword: str = "") -> set[str]:
    """The files that call something of this name, with this keyword where one is given."""
    found = set()
    for file, tree in modules(*names):
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if called in names and (not keyword or keyword in {one.arg for one in node.keywords}):
                found.add(file)
    return found


def saying(*words: str) -> set[str]:
    """The files in which one of these words stands by itself, as a value."""
    return {
        file
        for file, tree in modules(*words)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node.value in words
    }


def test_only_the_channels_speak_to_providers() -> None:
    assert calling("create_async") == {"channels/sms.py", "channels/voice.py"}
    assert saying("send_message") == {"channels/telegram.py", "channels/telegram_out.py"}


def test_only_lanes_send_to_lines_and_only_what_was_claimed() -> None:
    # The other two post in group chats, which are nobody's line, and answer the button that was pressed.
    assert calling("send", keyword="load") == {"bot/sending/lanes.py", "bot/rooms.py", "bot/intake/chats.py"}
    assert calling("Claimed") == {"storage/sending/claims.py"}
    assert calling("claim") >= {"bot/sending/lane.py"}


def test_only_the_check_lets_a_message_be_claimed() -> None:
    # The others foretell what would go, and leave out of what goes together what may not go.
    telling = {"storage/keeping/resuming.py", "storage/sending/forecasting.py"}
    asking = {"storage/sending/claims.py", "storage/sending/together.py", *telling}
    assert "storage/sending/claims.py" in calling("may_send") <= asking
    sending = {file for file, tree in modules("sending") if _sets_sending(tree)}
    assert sending == {"storage/sending/claims.py"}


def test_only_the_outbox_makes_messages() -> None:
    making = {file for file, tree in modules("outbox") if _inserts_into_outbox(tree)}
    assert making == {"storage/sending/outbox.py"}


@pytest.mark.parametrize(
    ("line", "finds"),
    [
        ("sa.update(outbox).values(state='sending')", True),
        ("sa.update(outbox).values(state='sent')", False),
        ("taken.values(**{'state': 'sending'})", True),
    ],
)
def test_the_search_finds_what_it_looks_for(line: str, finds: bool) -> None:
    assert _sets_sending(ast.parse(line)) is finds


def _sets_sending(tree: ast.Module) -> bool:
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "state" and _is(node.value, "sending"):
            return True
        if isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            if any(key and _is(key, "state") and _is(value, "sending") for key, value in pairs):
                return True
    return False


def _inserts_into_outbox(tree: ast.Module) -> bool:
    """`insert(outbox)`, `outbox.insert()`, `upsert(conn, outbox)`: also where it is called `box`."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = getattr(node.func, "attr", getattr(node.func, "id", ""))
        about = [getattr(one, "id", "") for one in node.args]
        owner = getattr(getattr(node.func, "value", None), "id", "")
        if called in ("insert", "upsert", "upsert_for") and "outbox" in (owner, *about):
            return True
    return False


def _is(node: ast.AST, value: str) -> bool:
    return isinstance(node, ast.Constant) and node.value == value
