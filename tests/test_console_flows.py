"""The flows in use on the facilitators' pages, as they look and sound on three phones."""

import pytest

from bot.web.console.walking import walk
from storage.members.groups import settle
from tests.console import Desk
from tests.scenes import GROUP, START, shipped
from tests.test_console_phones import Service

PUZZLED = ("did not catch that", "ask that another way")


async def test_a_flow_is_shown_to_its_end_with_the_groups_own_readers(desk: Desk) -> None:
    page = await desk.sam.get("/settings/flows")
    assert "Write in your diary" in page.words and "DIARY, MY DIARY" in page.words
    assert "Diary: who runs the group: Sam Reed" in page.words
    page = await desk.sam.get("/settings/flows/diary")
    for said in ("What would you like to put in your diary?", "After the tone, tell us about your day."):
        assert said in page.words
    assert page.words.count("Sam Reed will read it. Text UNDO to take it back.") >= 2
    assert "They write: These are my own words." in page.words and "They press 1." in page.words
    assert await desk.rows("SELECT id FROM contributions UNION SELECT id FROM outbox") == []


async def test_each_language_of_the_group_and_easy_words_are_shown(desk: Desk) -> None:
    async with desk.app.db.write() as conn:
        await settle(conn, desk.home.id, {"languages": "en cy"})
    page = await desk.sam.get("/settings/flows/my%20data")
    assert "Cymraeg" in page.words and "English, easy read" in page.words
    assert (await desk.sam.get("/settings/flows/nothing")).status == 404


@pytest.mark.parametrize("channel", ["telegram", "sms", "voice"])
def test_every_flow_that_is_shipped_can_be_shown(channel: str) -> None:
    for name, flow in shipped().current.items():
        told = walk(Service(), name, GROUP, now=START)[channel]
        said = [say.text for turn in told for say in turn.says]
        assert not [one for one in said if any(words in one for words in PUZZLED)], name
        if flow.menu:  # what everybody can open comes to its end
            assert told and not told[-1].answer, name
