"""The pages for people: commands in them work, what they name is there, and their tables are whole."""

import io
import re
import shlex
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest
import time_machine
from PIL import Image

from bot import cli
from bot.metrics import Metrics, State
from bot.settings import setting_names
from bot.ways import shipped
from channels.base import Channel, Outcome
from flows.document import load
from flows.effects import Keep
from flows.steps import MENU, AskStep
from flows.understanding.talk import COMMANDS, STOP
from tests.phones import phone
from tests.scenes import Scene
from tests.scenes import shipped as flows_in_use
from tests.stores import KEY
from tests.terminal import built
from tests.transcripts import CHANNELS

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TODAY = datetime(2026, 2, 20, 10, tzinfo=UTC)  # before the dates that stand in the pages
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MAKES = {
    "meeting add": "MEETING",
    "brief add": "BRIEF",
    "poll open": "POLL",
    "facilitator add": "MEMBER",
    "need add": "NEED",
}
OTHERS = {"make", "cp", ".", ".venv/bin/pytest"}  # what else a reader is told to run
ROOMS = ("bot/", "channels/", "flows/", "storage/", "tests/", "docs/", "benchmarks/", ".ci/")


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(text: str, kind: str) -> list[str]:
    return [body for name, body in BLOCK.findall(text) if name == kind]


def commands(text: str) -> list[str]:
    return [line for block in blocks(text, "sh") for line in block.splitlines() if line.strip()]


def inline(text: str) -> list[str]:
    """What stands in the running text as code."""
    return re.findall(r"`([^`\n]+)`", BLOCK.sub("", text))


def first_cells(text: str) -> list[str]:
    """The first cell of each row of the page's tables, its code marks taken away."""
    return [cell.strip("` ") for cell in re.findall(r"^\| ([^|]+) \|", text, flags=re.MULTILINE)]


def names_of(paths: list[Path]) -> list[Any]:
    return [pytest.param(path, id=path.name) for path in paths]


every_page = pytest.mark.parametrize("path", names_of(PAGES))


@pytest.fixture
def kind() -> str:
    """The pages begin with the usual database."""
    return "sqlite"


@pytest.fixture
def terminal(
    store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[str], str]:
    """Types a line as it stands in a page, with the ids that lines before it printed."""

    async def served(*_: object, ready: Callable[[], None]) -> None:
        ready()

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TAKEPART_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("TAKEPART_SECRET_KEY", KEY.get_secret_value())
    monkeypatch.setattr(cli, "build", built)
    monkeypatch.setattr("bot.serving.serve", served)
    monkeypatch.setattr("bot.logs.configure", lambda **_: None)
    ids: dict[str, str] = {}

    def type_in(line: str) -> str:
        words = [ids.get(word, word) for word in shlex.split(line.partition(" > ")[0], comments=True)]
        monkeypatch.setattr(sys, "argv", words)
        monkeypatch.setattr(sys, "stdin", io.StringIO("" if "talk" in words else "y\n"))
        capsys.readouterr()
        try:
            cli.main()
        except SystemExit as end:
            assert not end.code, f"{line}: {capsys.readouterr().err}"
        said = capsys.readouterr().out
        made = MAKES.get(" ".join(words[1:3]))
        if made:
            ids[made] = said.split()[0]
        return said

    return type_in


def put_files(folder: Path, text: str) -> None:
    """What the commands of a page send: its own example of a brief, and a picture."""
    brief = next(iter(blocks(text, "markdown")), "# To read\n\nWords.\n")
    (folder / "travel.md").write_text(brief, encoding="utf-8")
    Image.new("RGB", (8, 8)).save(folder / "map.png")


WITH_COMMANDS = [path for path in PAGES if any(c.startswith("takepart") for c in commands(path.read_text()))]


@pytest.mark.parametrize("path", names_of(WITH_COMMANDS))
def test_every_command_in_a_page_works_in_its_order(
    path: Path, terminal: Callable[[str], str], tmp_path: Path
) -> None:
    text = path.read_text(encoding="utf-8")
    put_files(tmp_path, text)
    with time_machine.travel(TODAY):
        said = [terminal(line) for line in commands(text) if line.startswith("takepart ")]
    assert any(said)


@every_page
def test_what_else_is_to_be_run_is_there(path: Path) -> None:
    targets = set(re.findall(r"^(\w+):", page("Makefile"), flags=re.MULTILINE))
    for line in commands(path.read_text(encoding="utf-8")):
        first, *rest = shlex.split(line, comments=True)
        assert first in OTHERS | {"takepart"}, line
        if first == "make":
            assert rest[0] in targets, line
        if first == "cp" or first.endswith("pytest"):
            assert (ROOT / rest[0]).exists(), line


@every_page
def test_a_command_named_in_the_text_exists_with_its_options(path: Path) -> None:
    for code in inline(path.read_text(encoding="utf-8")):
        if not code.startswith("takepart "):
            continue
        at: Any = built()
        words = shlex.split(code)[1:]
        while words and not words[0].startswith("-") and hasattr(at, "commands"):
            at = at.commands[words.pop(0)]
        known = {option for param in at.params for option in param.opts} | {"--help"}
        assert {word for word in words if word.startswith("-")} <= known, code


@every_page
def test_links_lead_somewhere(path: Path) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", BLOCK.sub("", path.read_text(encoding="utf-8"))):
        if link.startswith("https://"):
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        assert target.exists(), link
        headings = (
            re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE) if anchor else []
        )
        assert not anchor or anchor in [_anchor(heading) for heading in headings], link


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@every_page
def test_files_named_in_a_page_exist(path: Path) -> None:
    named = [code for code in inline(path.read_text(encoding="utf-8")) if code.startswith(ROOMS)]
    assert [name for name in named if " " not in name and not list(ROOT.glob(name.rstrip("/")))] == []


def test_the_settings_table_says_what_the_example_file_says() -> None:
    example = dict(re.findall(r"^([A-Z_]+)=(.*)$", page(".env.example"), flags=re.MULTILINE))
    rows = re.findall(r"^\| `([A-Z_]+)` \| .* \| (.*) \|$", page("docs/operators.md"), flags=re.MULTILINE)
    assert sorted(name for name, _ in rows) == sorted(setting_names()) == sorted(example)
    assert [name for name, empty in rows if example[name] and f"`{example[name]}`" not in empty] == []


def test_the_numbers_named_are_those_that_are_counted() -> None:
    shown = Metrics().page(State(now=TODAY)).decode()
    counted = re.findall(r"^# TYPE (takepart_\w+) ", shown, flags=re.MULTILINE)
    rows = re.findall(r"^\| (`takepart_.*?) \|", page("docs/operators.md"), flags=re.MULTILINE)
    assert sorted(name for row in rows for name in inline(row)) == sorted(counted)


def test_the_paths_named_are_served() -> None:
    served = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "bot" / "web").glob("*.py"))
    named = [code for code in inline(page("docs/operators.md")) if code.startswith("/")]
    assert len(named) > 8
    assert [name for name in named if f'"{name}' not in served] == []


def test_members_are_told_every_word_that_works() -> None:
    words = {cell for cell in first_cells(page("docs/members.md")) if cell.isupper()}
    menu = {flow.name: {word.upper() for word in flow.words} for flow in flows_in_use().shelves[MENU]}
    assert set(COMMANDS.values()) <= words
    assert [name for name, opening in menu.items() if not opening & words] == []
    assert [word for word in STOP if word.upper() not in page("docs/members.md")] == []


def test_no_word_that_members_are_told_does_nothing() -> None:
    opening = {word.upper() for word in flows_in_use().triggers}
    words = {cell for cell in first_cells(page("docs/members.md")) if cell.isupper()}
    assert words - opening - set(COMMANDS.values()) == {"JUST YOU", "NO NAME"}


def test_members_are_told_what_the_key_0_offers() -> None:
    ask = next(step for step in flows_in_use().current["zero"].steps if isinstance(step, AskStep))
    listed = re.findall(r"^\d\. (.+)$", page("docs/members.md"), flags=re.MULTILINE)
    assert listed == [choice.label["en"] for choice in ask.choices]


def test_the_seam_is_described_whole() -> None:
    parts = {name for name in vars(Channel) if not name.startswith("_")} | set(Channel.__annotations__)
    cells = set(first_cells(page("docs/channels.md")))
    assert parts <= cells
    assert set(get_args(Outcome)) <= cells


@pytest.mark.parametrize("channel", CHANNELS)
async def test_the_flow_in_the_readme_works(channel: str) -> None:
    (body,) = blocks(page("README.md"), "yaml")
    scene = Scene(flows=load({**shipped(), "place.yaml": body}))
    hand = phone(channel, scene)
    by_voice = ["[rings]", "place", "[5 seconds]", "[press 1]", "[press 4]"]
    heard = [
        await hand.do(one) for one in (by_voice if channel == "Phone call" else ["place", "The library", "4"])
    ]
    kept = [effect for effect in scene.effects if isinstance(effect, Keep)][-1]
    assert (kept.flow, kept.answers["easy"].keys) == ("place", ("4",))
    assert any("Your place is kept" in line for line in heard[-1])
