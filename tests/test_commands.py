"""The command line as a facilitator meets it: what it prints, what programs read, how it complains."""

import csv
import io
import json
import sqlite3
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from bot.exporting.folder import plain_cell
from storage.sending.checks import TOO_LATE
from tests.stores import ON_POSTGRESQL
from tests.terminal import Takepart


@pytest.fixture
def kind() -> str:
    """What commands say is the same on every kind of database."""
    return "sqlite"


@pytest.fixture
def garden(takepart: Takepart) -> Takepart:
    assert takepart("group", "add", "garden", "The Garden Group", "--hours", "0-24").code == 0
    return takepart


@pytest.fixture
def meeting(garden: Takepart, tmp_path: Path) -> str:
    (tmp_path / "travel.md").write_text("# Getting about\n\nBuses are late.")
    return garden("meeting", "add", "GARDEN", "Travel", "--at", "+10d", "--json").id


@ON_POSTGRESQL
def test_a_group_a_brief_and_a_vote_are_made_on_postgresql_too(garden: Takepart, meeting: str) -> None:
    brief = garden("brief", "add", meeting, "travel.md", "--before", "3d", "--json").id
    assert garden("brief", "status", brief, "--json").json == []
    poll = garden("poll", "open", "GARDEN", "Where?", "-o", "Library", "-o", "Park", "--json").id
    assert garden("poll", "close", poll).code == 0
    assert garden("poll", "result", poll, "--json").json["state"] == "closed"
    assert garden("meeting", "cancel", meeting).code == 0


def test_a_group_is_made_and_found_by_code_number_and_id(takepart: Takepart) -> None:
    made = takepart("group", "add", "GARDEN", "The Garden Group", "--json").json
    assert made.keys() == {"id", "code", "number"}
    for name in (made["code"], "garden", made["number"], made["id"]):
        assert takepart("member", "list", name).code == 0


def test_people_are_told_what_was_made_and_how_to_join(takepart: Takepart) -> None:
    said = takepart("group", "add", "GARDEN", "The Garden Group")
    assert len(said.out.splitlines()[0]) == 16
    assert "JOIN GARDEN" in said.out


def test_a_facilitator_stands_in_the_list_of_members(garden: Takepart) -> None:
    added = garden("facilitator", "add", "GARDEN", "Sam", "--json").json
    (listed,) = garden("member", "list", "GARDEN", "--json").json
    assert (listed["id"], listed["name"], listed["permission"]) == (added["id"], "Sam", "facilitator")


def test_a_facilitator_gets_a_link_to_the_pages_and_another_when_they_ask(garden: Takepart) -> None:
    added = garden("facilitator", "add", "GARDEN", "Sam", "--owner", "--json").json
    again = garden("facilitator", "link", "GARDEN", "sam", "--json").json
    assert added["link"].startswith("http://127.0.0.1:8000/console/sign-in/")
    assert again["link"] != added["link"]
    (listed,) = garden("member", "list", "GARDEN", "--json").json
    assert (listed["permission"], again["id"]) == ("owner", added["id"])
    did = [one["did"] for one in garden("audit", "GARDEN", "--json").json]
    assert {"made owner", "gave a link to the pages"} <= set(did)


def test_who_runs_a_group_no_more_is_out_of_it_but_not_while_needed(garden: Takepart) -> None:
    garden("facilitator", "add", "GARDEN", "Sam")
    garden("group", "helper", "GARDEN", "Sam")
    refused = garden("facilitator", "remove", "GARDEN", "Sam")
    assert (refused.code, "takepart group helper" in refused.err) == (2, True)
    garden("facilitator", "add", "GARDEN", "Jo")
    garden("group", "helper", "GARDEN", "Jo")
    assert garden("facilitator", "remove", "GARDEN", "Sam", "--json").json["state"] == "left"
    assert garden("facilitator", "link", "GARDEN", "Sam").code == 2


def test_the_helper_is_one_of_the_facilitators(garden: Takepart) -> None:
    garden("facilitator", "add", "GARDEN", "Sam")
    assert garden("group", "helper", "GARDEN", "sam", "--phone", "+441632960100").code == 0
    for wrong in (("Jo",), ("Sam", "--phone", "01632")):
        said = garden("group", "helper", "GARDEN", *wrong)
        assert (said.code, said.err.count("\n")) == (2, 1)


def test_a_word_links_a_group_chat(garden: Takepart) -> None:
    assert garden("group", "telegram", "GARDEN").out.startswith("/link ")


def test_a_member_can_be_stopped_for_them(garden: Takepart) -> None:
    added = garden("facilitator", "add", "GARDEN", "Sam", "--json").json
    assert garden("member", "stop", added["number"]).code == 0
    assert garden("member", "list", "GARDEN", "--json").json[0]["state"] == "stopped"


def test_a_member_gets_everything_that_is_held_about_them(takepart: Takepart) -> None:
    takepart("example")
    ada = next(one for one in takepart("member", "list", "GARDEN", "--json").json if one["name"] == "Ada")
    held = takepart("member", "export", ada["id"]).json
    assert held["member"]["name"] == "Ada"
    assert [one["flow"] for one in held["contributions"]] == ["thought"]


def test_forgetting_a_member_leaves_nothing_of_theirs(takepart: Takepart) -> None:
    takepart("example")
    ada = next(one for one in takepart("member", "list", "GARDEN", "--json").json if one["name"] == "Ada")
    assert takepart("member", "forget", ada["id"], "--yes").code == 0
    assert len(takepart("contributions", "GARDEN", "--json").json) == 2
    assert takepart("member", "export", ada["id"]).code == 2


def test_forgetting_needs_no_word_where_nobody_is_at_the_terminal(
    takepart: Takepart, monkeypatch: pytest.MonkeyPatch
) -> None:
    takepart("example")
    first, second, *_ = (one["id"] for one in takepart("member", "list", "GARDEN", "--json").json)
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    assert takepart("member", "forget", first, "--json").json == {"id": first, "state": "erased"}
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    assert takepart("member", "forget", second).code == 1
    assert takepart("member", "export", second).code == 0


def test_a_poll_from_opening_to_result(garden: Takepart) -> None:
    poll = garden("poll", "open", "GARDEN", "Where?", "-o", "Library", "-o", "Café", "--json").id
    open_ = garden("poll", "result", poll, "--json").json
    assert open_ == {
        "id": poll,
        "question": "Where?",
        "state": "open",
        "options": [{"option": "Library", "count": None}, {"option": "Café", "count": None}],
        "voted": 0,
        "eligible": 0,
    }
    assert "Nobody voted" in garden("poll", "close", poll).out
    closed = garden("poll", "result", poll, "--json").json
    assert (closed["state"], closed["options"][0]["count"]) == ("closed", 0)
    assert garden("poll", "close", poll).code == 2


def test_a_brief_from_adding_to_cancelling(garden: Takepart, meeting: str, tmp_path: Path) -> None:
    Image.new("RGB", (20, 20)).save(tmp_path / "map.png")
    wishes = ("--before", "3d", "--before", "1d", "--attach", "map.png")
    said = garden("brief", "add", meeting, "travel.md", *wishes)
    assert said.out.count("before: goes out on") == 2
    brief = said.out.splitlines()[0]
    assert garden("brief", "status", brief, "--json").json == []
    assert "goes out on" in garden("meeting", "move", meeting, "--at", "+20d").out
    assert garden("meeting", "cancel", meeting).code == 0
    assert garden("meeting", "move", meeting, "--at", "+30d").code == 2


def test_a_version_that_somebody_needs_is_named_before_sending(
    garden: Takepart, meeting: str, tmp_path: Path
) -> None:
    garden("facilitator", "add", "GARDEN", "Sam")
    assert garden("brief", "add", meeting, "travel.md", "--json").json["missing"] == []
    with sqlite3.connect(tmp_path / "takepart.db") as db:
        db.execute("UPDATE members SET language = 'cy', form = 'easy'")
    db.close()
    assert "not there: cy, easy read (members: 1)" in garden("brief", "add", meeting, "travel.md").out
    (tmp_path / "travel.cy.easy.md").write_text("Geiriau.")
    assert "not there" not in garden("brief", "add", meeting, "travel.md").out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("member", "list", "NOBODY"), "no group"),
        (("contributions", "NOBODY"), "no group"),
        (("export", "NOBODY", "out"), "no group"),
        (("group", "add", "X", "Name"), "3 to 20"),
        (("group", "add", "ORCHARD", "Name", "--timezone", "Mars/North"), "time zone"),
        (("group", "add", "ORCHARD", "Name", "--hours", "20-9"), "9-20"),
        (("group", "add", "GARDEN", "Name"), "already a group"),
        (("facilitator", "add", "GARDEN", ""), "1 to 100"),
        (("member", "stop", "nobody"), "no member"),
        (("meeting", "add", "GARDEN", "Travel", "--at", "2020-01-01 10:00"), "has passed"),
        (("meeting", "add", "GARDEN", "Travel", "--at", "tomorrow"), "A time is written like"),
        (("meeting", "add", "GARDEN", " ", "--at", "+2d"), "title"),
        (("meeting", "move", "nothing", "--at", "+2d"), "no meeting"),
        (("meeting", "cancel", "nothing"), "no meeting"),
        (("brief", "add", "nothing", "travel.md"), "no meeting"),
        (("brief", "status", "nothing"), "no brief"),
        (("poll", "open", "GARDEN", "Where?", "-o", "Library"), "at least two"),
        (("poll", "open", "GARDEN", "Where?", "-o", "Yes", "-o", "No"), "YES"),
        (("poll", "open", "GARDEN", "Where?", "-o", "A", "-o", "B", "--closes", "2020-01-01 10:00"), "past"),
        (("poll", "close", "nothing"), "no poll"),
        (("poll", "result", "nothing"), "no poll"),
        (("undelivered", "retry", "nothing"), "no message"),
        (("undelivered", "retry"), "--all"),
        (("problems", "replay", "nothing"), "no problem"),
        (("problems", "pass", "nothing"), "no problem"),
        (("problems", "done", "nothing"), "no problem"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(
    garden: Takepart, words: tuple[str, ...], says: str
) -> None:
    said = garden(*words)
    assert said.code == 2
    assert says in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("nowhere.md",), "no file nowhere.md"),
        (("travel.md", "--before", "soon"), "How long before"),
        (("travel.md", "--before", "3d", "--before", "3d"), "given twice"),
        (("travel.md", "--attach", "nowhere.png"), "no file nowhere.png"),
        (("travel.md", "--attach", "travel.md"), "travel.md cannot go along"),
    ],
)
def test_a_brief_that_cannot_be_sent_is_refused(
    garden: Takepart, meeting: str, words: tuple[str, ...], says: str
) -> None:
    said = garden("brief", "add", meeting, *words)
    assert (said.code, said.out) == (2, "")
    assert says in said.err


@pytest.mark.parametrize(
    "words", [("poll",), ("poll", "open"), ("nonsense",), ("poll", "open", "--nonsense")]
)
def test_a_command_used_wrongly_shows_how_it_is_used(takepart: Takepart, words: tuple[str, ...]) -> None:
    said = takepart(*words)
    assert said.code == 2
    assert "Usage: takepart" in said.out + said.err
    assert "Traceback" not in said.out + said.err


def test_another_key_than_the_data_was_written_with_is_refused(
    takepart: Takepart, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAKEPART_SECRET_KEY", "another key, which is long enough as well, I think")
    said = takepart("example")
    assert said.code == 2
    assert said.err.count("\n") == 1


def test_a_bug_is_told_without_a_traceback(takepart: Takepart, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("words of a member")

    monkeypatch.setattr("bot.commands.groups.groups.find_group", broken)
    said = takepart("member", "list", "GARDEN")
    assert said.code == 1
    assert "Traceback" not in said.out + said.err
    assert "words of a member" not in said.out + said.err


def test_the_example_fills_an_empty_database_once(takepart: Takepart) -> None:
    assert "example group" in takepart("example").out
    again = takepart("example")
    assert (again.code, "already" in again.out) == (0, True)
    assert "/console/sign-in/" in again.out
    shared = takepart("contributions", "GARDEN", "--json").json
    assert len(shared) == 3
    fields = ["id", "flow", "member", "channel", "at", "text", "answers", "audience", "practice", "media"]
    assert list(shared[0]) == fields
    people = {one["id"]: one["name"] for one in takepart("member", "list", "GARDEN", "--json").json}
    shown = takepart("contributions", "GARDEN").out
    for one in shared:
        assert people[one["member"]] in shown
        assert one["member"] not in shown


def test_an_export_holds_everything_and_counts_it(takepart: Takepart, tmp_path: Path) -> None:
    takepart("example")
    assert takepart("export", "GARDEN", "out").code == 0
    written = (tmp_path / "out" / "contributions.csv").read_bytes()
    assert written.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(written.decode("utf-8-sig").splitlines()))
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert len(rows) == manifest["contributions"] == 3
    again = takepart("export", "GARDEN", "out")
    assert (again.code, "empty folder" in again.err) == (2, True)


@pytest.mark.parametrize("cell", ["=1+1", "+44", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\n=1"])
def test_no_cell_runs_as_a_formula(cell: str) -> None:
    assert plain_cell(cell) == f"'{cell}"


def test_ordinary_words_stay_as_they_are_in_a_cell() -> None:
    assert plain_cell("2 = two") == "2 = two"


def test_nothing_undelivered_is_said_so_and_what_was_out_of_date_is_counted(
    garden: Takepart, tmp_path: Path
) -> None:
    assert "out of date" not in garden("undelivered").out
    with sqlite3.connect(tmp_path / "takepart.db") as db:
        db.execute("INSERT INTO lines (id, kind, address_hash) VALUES ('l', 'phone', x'00')")
        db.execute(
            "INSERT INTO outbox (id, line_id, channel, lane, class, dedupe_key, kind, merge, state, "
            "progress, tries, not_before, created_at, sentence, held) VALUES ('o', 'l', 'sms', 'sms', "
            "'notice', 'o', 'poll', '', 'dropped', 0, 0, ?, 0, ?, 0)",
            (time.time_ns() // 1000, TOO_LATE),
        )
    assert "Everything has arrived" in garden("undelivered").out
    assert "before they could go: 1." in garden("undelivered").out
    assert garden("undelivered", "--json").json == []


def test_the_doctor_says_what_is_off_and_what_is_well(garden: Takepart) -> None:
    said = garden("doctor", "--json")
    states = {one["what"]: one["state"] for one in said.json}
    assert {states.pop(name) for name in ("public address", "clock", "telegram", "twilio")} == {"off"}
    assert {states.pop(name) for name in ("safety", "helper")} == {"look"}  # nobody is named yet
    assert (set(states.values()), said.code) == ({"good"}, 0)


def test_the_doctor_fails_where_something_is_bad(garden: Takepart, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAKEPART_SECRET_KEY", "another key, which is long enough as well, I think")
    said = garden("doctor")
    assert (said.code, "written with another secret key" in " ".join(said.out.split())) == (1, True)


def test_webhooks_are_set_only_where_there_is_an_address(garden: Takepart) -> None:
    said = garden("doctor", "--set-webhooks")
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert "TAKEPART_PUBLIC_URL" in said.err


@pytest.mark.parametrize("name", ["call", "voice"])
def test_a_call_can_be_practised_by_either_of_its_names(
    name: str, garden: Takepart, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("hello\n"))
    assert "Type /ring first" in garden("talk", "--channel", name).out


def test_every_command_shows_an_example(takepart: Takepart) -> None:
    for words in _commands(takepart):
        shown = takepart(*words, "--help").out
        assert f"takepart {' '.join(words)}" in " ".join(shown.split("\n\n", 1)[1].split()), words


def _commands(takepart: Takepart) -> list[tuple[str, ...]]:
    """Every command, found by asking for help."""
    found: list[tuple[str, ...]] = []
    for name in _listed(takepart("--help").out):
        inner = _listed(takepart(name, "--help").out)
        found += [(name, one) for one in inner] or [(name,)]
    return found


def _listed(shown: str) -> list[str]:
    _, _, below = shown.partition("\nCommands:\n")
    return [line.split()[0] for line in below.splitlines() if line.startswith("  ") and line[2:3].strip()]
