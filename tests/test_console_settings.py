"""A group's settings on the facilitators' pages."""

from datetime import timedelta
from typing import Any

import pytest

from flows import rules
from flows.rules import Rules
from tests.console import Desk
from tests.test_console_export import gift
from tests.test_console_helping import member

SCRIPT = "<script>alert(1)</script>"
ABOUT: dict[str, Any] = {
    "name": "The Shed",
    "outside_name": "Shed",
    "hours": "10-16",
    "zone": "Europe/Paris",
    "language": "en",
}


async def test_the_group_is_changed_and_what_can_not_be_is_named_by_its_field(desk: Desk) -> None:
    for wrong in ({"hours": "never"}, {"zone": "Mars/Base"}, {"name": ""}, {"language": "english"}):
        page = await desk.sam.send("/settings/group", **(ABOUT | wrong))
        assert page.status == 422 and f'href="#{next(iter(wrong))}"' in page.text
    assert (await desk.rows("SELECT name FROM groups"))[0][0] == "The Garden Group"
    page = await desk.sam.send("/settings/group", **(ABOUT | {"name": SCRIPT}))
    assert "The group is changed." in page.words and SCRIPT not in page.text
    assert (await desk.rows("SELECT hours, zone FROM groups"))[0] == ("10-16", "Europe/Paris")


async def test_rules_change_together_or_not_at_all(desk: Desk) -> None:
    page = await desk.sam.get("/settings/rules")
    assert "How many messages that we start a member gets in a week" in page.words
    filled: dict[str, Any] = {"door": "approval", "messages_a_week": "many"}
    page = await desk.sam.send("/settings/rules", **(values() | filled))
    assert page.status == 422 and 'value="many"' in page.text
    assert "door" not in ((await desk.rows("SELECT settings FROM groups"))[0][0] or "")
    assert "Messages a week is a number" in page.words
    await member(desk)
    await gift(desk, "old", "It is long ago", at=desk.clock() - timedelta(days=40))
    filled |= {"messages_a_week": "0", "keep_days": "30"}
    page = await desk.sam.send("/settings/rules", **(values() | filled))
    assert "older than that within a week: 1." in page.words and "30 days." in page.words
    assert "The rules are changed." in page.words and "approval" in page.words


def values() -> dict[str, Any]:
    """What stands in the form of the rules."""
    return {name.replace("-", "_"): value for name, value in rules.values(Rules()).items()}


async def test_who_runs_the_group_is_added_with_a_link_and_taken_away(desk: Desk) -> None:
    page = await desk.sam.send("/settings/staff", who="Kim")
    assert "/console/sign-in/" in page.words and "Kim" in page.words
    page = await desk.sam.send("/settings/staff", who="Lee", owner="y")
    assert page.status == 422 and "Only somebody who looks after every group" in page.words
    ((kim,),) = await desk.rows("SELECT id FROM members WHERE name = 'Kim'")
    assert (await desk.sam.send(f"/settings/staff/{kim}/link")).status == 404
    browser = await desk.browser(kim)
    assert (await browser.get("/settings")).status == 200
    page = await desk.sam.send(f"/settings/staff/{kim}/remove")
    assert "do not run the group any more" in page.words
    assert (await browser.get("/settings", follow=False)).status == 303
    assert (await desk.sam.send(f"/settings/staff/{desk.sam_id}/remove")).status == 409


async def test_the_helper_is_named_and_the_number_checked(desk: Desk) -> None:
    page = await desk.sam.send("/settings/helper", who=desk.sam_id, phone="01632 960100")
    assert page.status == 422 and "with its country" in page.words
    page = await desk.sam.send("/settings/helper", who=desk.sam_id, phone="+441632960100")
    assert "put through" in page.words and "Sam Reed answers whoever asks for a person." in page.words
    page = await desk.sam.get("/settings/helper")
    assert 'value="+441632960100"' in page.text  # so saving the page again loses nothing


async def test_who_is_alerted_and_by_which_words(desk: Desk) -> None:
    page = await desk.sam.send("/settings/safety", who=desk.sam_id, any_hour="y")
    assert "at any hour" in page.words and "no phone or chat" in page.words
    page = await desk.sam.send(f"/settings/safety/{desk.sam_id}/drop")
    assert "Nobody is named" in page.words
    page = await desk.sam.send("/settings/words", phrase="x", language="en")
    assert page.status == 422 and "3 to 80 letters" in page.words
    page = await desk.sam.send("/settings/words", phrase="on the window ledge", language="en")
    assert "on the window ledge" in page.words and "your own" in page.words
    page = await desk.sam.send("/settings/words/drop", phrase="on the window ledge")
    assert "on the window ledge" not in page.words


async def test_what_people_agree_to_has_the_groups_own_words(desk: Desk) -> None:
    page = await desk.sam.send("/settings/consent/join", en_text="")
    assert page.status == 422 and "Write what people agree to." in page.words
    page = await desk.sam.send("/settings/consent/join", en_text="We keep your words. Sam reads them.")
    assert "in these words from now on" in page.words
    assert "We keep your words." in (await desk.sam.get("/settings/consent/join")).words
    assert (await desk.sam.get("/settings/consent/nothing")).status == 404


async def test_limits_may_be_none_at_all(desk: Desk) -> None:
    assert (await desk.sam.send("/settings/limits", segments="-1", minutes="many")).status == 422
    assert (
        "The limits are changed."
        in (await desk.sam.send("/settings/limits", segments="0", minutes="30")).words
    )
    assert (await desk.rows("SELECT daily_segments, daily_minutes FROM groups"))[0] == (0, 30)


@pytest.mark.parametrize(
    "path", ["", "/group", "/rules", "/limits", "/staff", "/helper", "/safety", "/words"]
)
async def test_settings_of_another_group_are_not_there(desk: Desk, path: str) -> None:
    kim = await desk.browser(await desk.staff(await desk.group("ALLOT"), "Kim"))
    assert (await kim.get(f"/settings{path}")).status == 404
