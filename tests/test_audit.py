"""The trail: every look at a person's record is in it, and nothing of what was seen or erased."""

import pytest

from tests.terminal import Takepart

LOOKS = [
    (("member", "export"), "wrote out everything held about them"),
    (("member", "stop"), "stopped all messages"),
    (("member", "forget", "--yes"), "erased them"),
]


def ada(takepart: Takepart) -> str:
    takepart("example")
    return str(
        next(one["id"] for one in takepart("member", "list", "GARDEN", "--json").json if one["name"] == "Ada")
    )


@pytest.mark.parametrize(("words", "did"), LOOKS)
def test_every_look_at_a_person_is_in_the_trail(takepart: Takepart, words: tuple[str, ...], did: str) -> None:
    member = ada(takepart)
    assert takepart(*words[:2], member, *words[2:]).code == 0
    first, *_, listed = takepart("audit", "GARDEN", "--json").json
    assert (first["did"], first["subject"], first["who"]) == (did, member, "operator")
    assert listed["did"] == "looked at the list of members"
    assert len(takepart("audit", "GARDEN", "--about", member, "--json").json) == 1


@pytest.mark.parametrize(
    ("words", "did"),
    [
        (("contributions", "GARDEN"), "read what members gave"),
        (("export", "GARDEN", "written"), "wrote out what members gave"),
    ],
)
def test_who_read_what_members_gave_is_in_the_trail(
    takepart: Takepart, words: tuple[str, ...], did: str
) -> None:
    takepart("example")
    ann = takepart("facilitator", "add", "GARDEN", "Ann Example", "--json").json["id"]
    assert takepart(*words, "--by", "Ann Example").code == 0
    assert (did, ann) in [(one["did"], one["who"]) for one in takepart("audit", "GARDEN", "--json").json]


def test_who_looked_is_named_and_only_staff_can_be(takepart: Takepart) -> None:
    member = ada(takepart)
    ann = takepart("facilitator", "add", "GARDEN", "Ann Example", "--json").json["id"]
    assert takepart("member", "export", member, "--by", "ann example").code == 0
    assert takepart("audit", "GARDEN", "--json").json[0]["who"] == ann
    assert takepart("member", "export", member, "--by", member).code == 2
    assert len(takepart("audit", "GARDEN", "--about", member, "--json").json) == 1


def test_25_the_trail_holds_nothing_of_what_was_erased(takepart: Takepart) -> None:
    member = ada(takepart)
    takepart("member", "name", member, "Ada Quillfeather")
    takepart("member", "forget", member, "--yes")
    said = takepart("audit", "GARDEN", "--json").out + takepart("audit", "GARDEN").out
    assert "erased them" in said
    assert "Quillfeather" not in said
    assert "Ada" not in said


def test_tidying_forgets_the_line_of_who_was_erased(takepart: Takepart) -> None:
    member = ada(takepart)
    takepart("member", "forget", member, "--yes")
    said = takepart("tidy", "--json").json
    assert said == {"lines": 1, "waiting": 0, "files": 0, "removals": 0, "stuck": 0}
    assert "Nothing that was erased is left" in takepart("tidy").out
