"""Inviting, asking in words of one's own, and ending a membership, as a facilitator does it."""

from pathlib import Path

import pytest

from tests.terminal import Takepart

OWN = "We keep what you send.\n{readers} read it.\n\n---\n\nIt costs you nothing.\n"


@pytest.fixture
def kind() -> str:
    """What commands say is the same on every kind of database."""
    return "sqlite"


@pytest.fixture
def garden(takepart: Takepart) -> Takepart:
    takepart("group", "add", "garden", "The Garden Group")
    for name in ("Ann", "Bo"):
        takepart("facilitator", "add", "GARDEN", name)
    return takepart


def member(garden: Takepart, name: str = "Ada") -> str:
    """The example group's member of that name."""
    garden("example")
    listed = garden("member", "list", "GARDEN", "--json").json
    return str(next(one["id"] for one in listed if one["name"] == name))


def test_an_invitation_is_eight_digits_that_can_be_keyed(garden: Takepart) -> None:
    made = garden("invite", "GARDEN", "--for", "Ada", "--json").json
    assert made.keys() == {"id", "code"}
    assert len(made["code"]) == 8
    assert made["code"].isdecimal()
    assert made["code"][0] != "0"


def test_an_invitation_says_how_it_is_used(garden: Takepart) -> None:
    said = garden("invite", "GARDEN").out
    assert "JOIN" in said
    assert "30 days" in said


def test_what_people_agree_to_is_shown_and_can_be_the_groups_own(garden: Takepart, tmp_path: Path) -> None:
    before = garden("consent", "GARDEN", "--json").json
    (tmp_path / "own.md").write_text(OWN)
    (tmp_path / "own.cy.md").write_text("Rydym yn cadw eich geiriau.")
    after = garden("consent", "GARDEN", "own.md", "--json").json
    assert (before["own"], after["own"]) == (False, True)
    assert after["text"]["en"].startswith("We keep what you send.")
    assert after["text"]["cy"] == "Rydym yn cadw eich geiriau."
    assert after["more"] == {"en": "It costs you nothing."}


@pytest.mark.parametrize(
    ("words", "wrong"),
    [("", "no words"), ("{nobody} reads it.", "nobody"), ("Text STOP.", "carriers act on")],
)
def test_a_wording_that_cannot_be_said_is_refused(
    garden: Takepart, tmp_path: Path, words: str, wrong: str
) -> None:
    (tmp_path / "own.md").write_text(words)
    said = garden("consent", "GARDEN", "own.md")
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert wrong in said.err
    assert not garden("consent", "GARDEN", "--json").json["own"]


def test_ending_a_membership_takes_two_facilitators(takepart: Takepart) -> None:
    ada = member(takepart)
    for name in ("Ann", "Bo"):
        takepart("facilitator", "add", "GARDEN", name)
    end = ("member", "end", ada, "--why", "She shared what others said", "--json", "--by")
    assert [takepart(*end, by).json["ended"] for by in ("Ann", "Ann", "Bo")] == [False, False, True]
    assert takepart(*end, "Bo").code == 2
    assert takepart(*end, "Nobody").code == 2


def test_only_who_waits_can_be_let_in_or_refused(takepart: Takepart) -> None:
    ada = member(takepart)
    for deed in ("approve", "refuse"):
        said = takepart("member", deed, ada)
        assert (said.code, said.err.count("\n")) == (2, 1)


def test_what_facilitators_say_of_themselves_is_noted(garden: Takepart) -> None:
    ann = garden("member", "list", "GARDEN", "--json").json[0]["id"]
    assert garden("member", "standing", ann, "works", "leads", "--json").json["standing"] == [
        "leads",
        "works",
    ]
    assert garden("member", "standing", ann, "reigns").code == 2
