"""`takepart safety`, `unheard` and `heard`, as whoever runs a group meets them."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage.columns import micros
from tests.terminal import Takepart


@pytest.fixture
def kind() -> str:
    """What commands say is the same on every kind of database."""
    return "sqlite"


@pytest.fixture
def garden(takepart: Takepart) -> Takepart:
    takepart("group", "add", "GARDEN", "The Garden Group", "--hours", "0-24")
    takepart("facilitator", "add", "GARDEN", "Sam")
    takepart("facilitator", "add", "GARDEN", "Bo")
    return takepart


@pytest.fixture
def alert(garden: Takepart, tmp_path: Path) -> str:
    """Somebody of the group sent words without a name; the alert's number."""
    with sqlite3.connect(tmp_path / "takepart.db") as store:
        (group,) = store.execute("SELECT id FROM groups").fetchone()
        raised = ("a", group, "123", False, "open", micros(datetime.now(UTC)))
        columns = "id, group_id, number, practice, state, at"
        store.execute(f"INSERT INTO alerts ({columns}) VALUES (?, ?, ?, ?, ?, ?)", raised)  # noqa: S608
        words = ("w", "a", "c", "I want to die", 1)
        store.execute("INSERT INTO alert_words (id, alert_id, gift, words, at) VALUES (?, ?, ?, ?, ?)", words)
    return "123"


def test_contacts_stand_in_their_order(garden: Takepart) -> None:
    assert "no line yet" in garden("safety", "contact", "GARDEN", "Bo").out
    garden("safety", "contact", "GARDEN", "sam", "--any-hour", "--first")
    found = garden("safety", "contact", "GARDEN", "--json").json
    assert [(one["name"], one["any_hour"]) for one in found] == [("Sam", True), ("Bo", False)]
    garden("safety", "contact", "GARDEN", "Sam", "--remove")
    assert [one["name"] for one in garden("safety", "contact", "GARDEN", "--json").json] == ["Bo"]


def test_only_who_runs_the_group_is_alerted(garden: Takepart) -> None:
    said = garden("safety", "contact", "GARDEN", "Eve")
    assert (said.code, said.out) == (2, "")
    assert "not one of this group's facilitators" in said.err


def test_the_doctor_says_who_is_missing(garden: Takepart, alert: str) -> None:
    assert "GARDEN: nobody is named to be alerted" in garden("doctor").out
    garden("safety", "contact", "GARDEN", "Sam")
    said = " ".join(garden("doctor").out.split())
    assert "Sam is to be alerted when somebody may be in danger, and has no line" in said
    assert "nobody has looked at alert 123" in said


def test_a_group_changes_its_phrases(garden: Takepart) -> None:
    garden("safety", "words", "GARDEN", "add", "ar sil y ffenest", "--language", "cy")
    garden("safety", "words", "GARDEN", "remove", "Bed sores")
    changed = [
        (one["language"], one["phrase"], one["dropped"])
        for one in garden("safety", "words", "GARDEN", "--json").json
        if one["own"] or one["dropped"]
    ]
    assert changed == [("cy", "ar sil y ffenest", False), ("en", "bed sores", True)]
    garden("safety", "words", "GARDEN", "add", "bed sores")
    garden("safety", "words", "GARDEN", "remove", "ar sil y ffenest")
    assert not [
        one for one in garden("safety", "words", "GARDEN", "--json").json if one["own"] or one["dropped"]
    ]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("add", "no"), "3 to 80 letters"),
        (("remove", "a good day"), "is not looked for"),
        (("add",), "Give the phrase too"),
    ],
)
def test_phrases_that_cannot_be_so_are_refused(garden: Takepart, asked: tuple[str, ...], said: str) -> None:
    assert said in garden("safety", "words", "GARDEN", *asked).err


def test_an_alert_is_listed_shown_and_seen(garden: Takepart, alert: str) -> None:
    assert "I want to die" not in garden("safety", "list", "GARDEN").out
    shown = garden("safety", "show", alert, "--by", "Sam", "--json").json
    assert [one["words"] for one in shown["said"]] == ["I want to die"]
    assert shown["name"] == ""
    assert "Nobody else is told" in garden("safety", "seen", alert, "--by", "Sam").out
    assert not garden("safety", "seen", alert, "--by", "Bo", "--json").json["first"]
    [listed] = garden("safety", "list", "GARDEN", "--json").json
    assert (listed["state"], listed["seen_by"]) == ("seen", "Sam")


def test_26_who_sent_it_needs_a_reason(garden: Takepart, alert: str) -> None:
    assert garden("safety", "who", alert, "--by", "Sam").code != 0
    assert "Say why" in garden("safety", "who", alert, "--by", "Sam", "--why", " ").err
    assert "Nobody is known" in garden("safety", "who", alert, "--by", "Sam", "--why", "to ring").err


def test_what_is_not_there_is_said_kindly(garden: Takepart) -> None:
    assert "There is no alert “999”" in garden("safety", "show", "999", "--by", "Sam").err
    assert "heard or seen before" in garden("heard", "nothing", "--by", "Sam").err
    assert "--all GROUP" in garden("heard", "--by", "Sam").err
    assert "Everything has been heard and seen." in garden("unheard", "GARDEN").out
    assert garden("heard", "--all", "GARDEN", "--by", "Sam", "--json").json == {"heard": 0, "alerts": 0}


def test_what_is_entered_for_somebody_is_looked_at_too(garden: Takepart) -> None:
    made = garden("facilitator", "add", "GARDEN", "Jo", "--json").json
    entered = garden("contribute", "She says: I want to die", "--for", made["number"], "--by", "Sam")
    assert entered.code == 0
    [alert] = garden("safety", "list", "GARDEN", "--json").json
    shown = garden("safety", "show", alert["number"], "--by", "Sam", "--json").json
    assert shown["name"] == "Jo"
    sender = garden("safety", "who", alert["number"], "--by", "Sam", "--why", "to ring", "--json").json
    assert sender["member"]["name"] == "Jo"
