"""What staff do about things that members gave, at a terminal: by their own name."""

from tests.terminal import Takepart


def entered(takepart: Takepart) -> tuple[str, str]:
    """Something that Ada gave, as Olu wrote it down, and her id."""
    takepart("example")
    for name in ("Olu", "Rhian"):
        takepart("facilitator", "add", "GARDEN", name)
    found = takepart("member", "list", "GARDEN", "--json").json
    ada = str(next(one["id"] for one in found if one["name"] == "Ada"))
    said = takepart("contribute", "The cook shouts", "--for", ada, "--by", "Olu", "--group", "--json")
    return said.id, ada


def test_who_hides_and_who_looks_again_say_who_they_are_by_name(takepart: Takepart) -> None:
    gift, _ = entered(takepart)
    why = ("--why", "names somebody")
    assert "not one of this group's facilitators" in takepart("hide", gift, *why, "--by", "Ada").err
    assert takepart("hide", gift, *why, "--by", "olu", "--json").json["hidden"] == "names somebody"
    assert "somebody else has to look" in takepart("review", gift, "--show", "--by", "Olu").err
    assert takepart("review", gift, "--show", "--by", "Rhian").code == 0
    assert "nothing with that id" in takepart("hide", "nothing", *why, "--by", "Olu").err


def test_who_notes_a_supporter_says_so_by_name(takepart: Takepart) -> None:
    _, ada = entered(takepart)
    assert takepart("supporter", "add", ada, "Joan", "--by", "Rhian").code == 0
    assert [one["name"] for one in takepart("supporter", "list", ada, "--json").json] == ["Joan"]
    assert takepart("supporter", "add", ada, "Jo", "--by", "Ada").code == 2
