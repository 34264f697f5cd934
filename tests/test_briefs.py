"""A brief in Markdown becomes plain pieces that can be read or heard, in every version beside it."""

from pathlib import Path

import pytest

from bot.staff.briefs import WORDS, pieces, read
from storage.members.groups import Complaint

PLAIN = [
    ("one line", "one line"),
    ("two\nlines", "two lines"),
    ("**bold** and *leaning* and `code`", "bold and leaning and code"),
    ("- milk\n- bread", "- milk\n\n- bread"),
    ("3. third\n4. fourth", "3. third\n\n4. fourth"),
    ("> a wise word", "a wise word"),
    ("# Why\n\nBecause.", "Why\n\nBecause."),
    ("see [our page](https://example.org/plan/)", "see our page (example.org/plan)"),
    ("see <https://example.org>", "see https://example.org"),
    ("![a ramp](ramp.png)", "(picture: a ramp)"),
    ("| Day | Who |\n|---|---|\n| Monday | Ann |\n| Friday | |", "Day: Monday. Who: Ann\n\nDay: Friday"),
    ("<b>kept</b> words", "<b>kept</b> words"),
    ("\u0645\u0631\u062d\u0628\u0627 👋", "\u0645\u0631\u062d\u0628\u0627 👋"),
]


@pytest.mark.parametrize(("markdown", "expected"), PLAIN)
def test_markdown_is_read_without_its_marks(markdown: str, expected: str) -> None:
    assert "\n\n".join(pieces(markdown)) == expected


def test_a_long_brief_is_cut_into_pieces_that_can_be_heard_at_one_go() -> None:
    paragraph = "This is a sentence of eight words here. " * 30
    made = pieces(f"# Travel\n\n{paragraph}\n\n# Food\n\nThere is soup.")
    assert all(len(piece.split()) <= WORDS + 1 for piece in made)
    assert made[0].startswith("Travel\n\nThis is")
    assert made[-1] == "Food\n\nThere is soup."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "travel.md").write_text("# Getting about\n\nBuses are late.", encoding="utf-8-sig")
    return tmp_path


def test_the_first_heading_is_the_title_and_is_not_repeated(folder: Path) -> None:
    written = read(folder / "travel.md", "en")
    assert (written.title, written.versions) == ("Getting about", {("en", "plain"): "Buses are late."})


@pytest.mark.parametrize(("own", "kept"), [("# Getting about\n\n", ""), ("# Teithio\n\n", "# Teithio\n\n")])
def test_nor_is_it_repeated_in_a_version_beside_it(folder: Path, own: str, kept: str) -> None:
    (folder / "travel.easy.md").write_text(f"{own}Other words.")
    assert read(folder / "travel.md", "en").versions["en", "easy"] == f"{kept}Other words."


def test_without_a_heading_the_file_names_the_brief(tmp_path: Path) -> None:
    (tmp_path / "bus-and-train.md").write_text("They are late.")
    assert read(tmp_path / "bus-and-train.md", "en").title == "Bus and train"


@pytest.mark.parametrize(
    ("beside", "where"),
    [
        ("travel.easy.md", ("en", "easy")),
        ("travel.cy.md", ("cy", "plain")),
        ("travel.cy.easy.md", ("cy", "easy")),
        ("travel.md.easy.md", ("en", "easy")),
        ("travel.md.cy.md", ("cy", "plain")),
    ],
)
def test_versions_beside_it_are_found(folder: Path, beside: str, where: tuple[str, str]) -> None:
    (folder / beside).write_text("Other words.")
    assert read(folder / "travel.md", "en").versions[where] == "Other words."


@pytest.mark.parametrize("other", ["travel.notes.md", "travels.md", "travel.easy.txt"])
def test_other_files_beside_it_are_left_alone(folder: Path, other: str) -> None:
    (folder / other).write_text("Not for anybody.")
    assert list(read(folder / "travel.md", "en").versions) == [("en", "plain")]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "There is no file"),
        (b"", "has no words"),
        (b"\xff\xfe\x00", "not plain text"),
        (b"x" * 300_000, "too long"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_one_sentence(
    tmp_path: Path, content: bytes | None, says: str
) -> None:
    if content is not None:
        (tmp_path / "x.md").write_bytes(content)
    with pytest.raises(Complaint, match=says):
        read(tmp_path / "x.md", "en")


def test_a_folder_given_for_a_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Complaint, match=r"^\. cannot be read"):
        read(Path("."), "en")
