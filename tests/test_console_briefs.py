"""Briefs in the pages: written in every version, looked at, tried, let go; whom they have reached."""

import re
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import pytest
from starlette.datastructures import UploadFile

from bot.web.console.briefs.written import file_name
from storage.members.groups import settle
from storage.tables import reached
from tests.console import Browser, Desk, Got
from tests.practising import picture
from tests.test_console_meetings import member, planned

WORDS = "# Getting about\n\nTwo bus routes may change. Which stops do you use?"
LONG = "This sentence goes on and on " * 5 + "until nobody knows any more how it began."
Wrong = tuple[Mapping[str, Any], Mapping[str, tuple[str, bytes, str]], str]


async def writes(desk: Desk, meeting: str, **fields: Any) -> Got:
    """Fill in the form of a new brief and send it."""
    usual = {"title": "", "words_en_plain": WORDS, "spans": ["3d"], "other": ""}
    return await desk.sam.send(f"/meetings/{meeting}/briefs/new", **{"press": "keep", **usual, **fields})


def id_in(page: Got) -> str:
    """The brief that a page is of."""
    return page.at.split("/drafts/")[1]


async def test_a_brief_is_kept_as_a_draft_shown_tried_and_let_go(desk: Desk) -> None:
    async with desk.app.db.write() as conn:
        await settle(conn, desk.home.id, {"languages": "en cy"})
    await member(desk, "Ada")
    await member(desk, "Bet", language="cy")
    await member(desk, "Cy", state="stopped")
    easy = {"words_en_easy": "The bus may change."}
    files = {"files": ("map.png", picture(), "image/png")}
    page = await writes(desk, await planned(desk), **easy, spans=["3d", "1d"], other="2h", files=files)
    assert page.status == 200 and "Nobody has got it yet." in page.words
    assert "<h1>Getting about</h1>" in page.text
    for said in (
        "3 days before Monday 16 March, 10:00",
        "2 hours before Thursday 19 March, 12:00",
        "It reaches 2 people , and does not reach 1",
        "Cymraeg: Bet",
        "Cy. They asked us to stop.",
        "map.png",
        "English, easy read",
        "On a call",
    ):
        assert said in page.words, said
    brief = id_in(page)
    easy_page = await desk.sam.get(f"/meetings/drafts/{brief}?as=en.easy")
    assert "The bus may change." in easy_page.words and "Which stops" not in easy_page.words
    refused = await desk.sam.post(f"/meetings/drafts/{brief}/try", token=await _token(desk.sam))
    assert refused.status == 422 and "get a code for a phone of yours there" in refused.words
    assert "Nobody has got it yet." in refused.words and "Sign out" in refused.words  # the same page again
    page = await desk.sam.post(f"/meetings/drafts/{brief}/schedule", token=await _token(desk.sam))
    assert "It goes out on Monday 16 March at 10am." in page.words and "Change it" not in page.words
    assert len(await desk.rows("SELECT id FROM sendings WHERE state = 'waiting'")) == 3
    assert (await desk.sam.get(f"/meetings/drafts/{brief}/change")).status == 404


async def _token(browser: Browser) -> str:
    return await browser.token("/meetings/new")


async def to_read(desk: Desk) -> list[str]:
    """What members find who ask what to read."""
    async with desk.app.db.read() as conn:
        view = await desk.app.views.load(conn, {desk.home.id}, desk.clock())
    return [one.title for one in view[desk.home.id].briefs]


async def test_members_find_a_brief_to_read_from_when_it_is_scheduled_until_it_is_called_off(
    desk: Desk,
) -> None:
    brief = id_in(await writes(desk, await planned(desk)))
    assert await to_read(desk) == []
    await desk.sam.post(f"/meetings/drafts/{brief}/schedule", token=await _token(desk.sam))
    assert await to_read(desk) == ["Getting about"]
    page = await desk.sam.get(f"/meetings/briefs/{brief}/cancel")
    assert "Nobody has it yet, and nobody gets it." in page.words
    page = await desk.sam.send(f"/meetings/briefs/{brief}/cancel")
    assert "It is called off." in page.words and "Called off For" in page.words
    assert await to_read(desk) == []
    assert await desk.rows("SELECT * FROM sendings WHERE state = 'waiting'") == []
    page = await desk.sam.send(f"/meetings/briefs/{brief}/cancel")
    assert page.status == 409 and "was cancelled already" in page.words


async def test_a_trial_goes_to_whoever_asks_for_it(desk: Desk) -> None:
    brief = id_in(await writes(desk, await planned(desk)))
    await member(desk, "Ada")
    kim = await member(desk, "Kim", permission="facilitator")
    browser = await desk.browser(kim)
    page = await browser.post(f"/meetings/drafts/{brief}/try", token=await _token(browser))
    assert "It is on its way to you by text." in page.words
    (row,) = await desk.rows("SELECT member_id, kind, body FROM outbox")
    assert (row.member_id, row.kind) == (kim, "trial") and "Two bus routes may change." in row.body


async def test_a_draft_is_changed_with_all_that_it_has(desk: Desk) -> None:
    files = {"files": ("map.png", picture(), "image/png")}
    page = await writes(desk, await planned(desk), spans=["1w"], other="5d", files=files)
    where = f"/meetings/drafts/{id_in(page)}/change"
    page = await desk.sam.get(where)
    for kept in ('value="Getting about"', "Two bus routes may change.", 'value="5d"', "map.png"):
        assert kept in page.text
    ((file,),) = await desk.rows("SELECT media_id FROM attachments")
    words: dict[str, Any] = {
        "title": "Buses",
        "words_en_plain": "All new.",
        "words_en_easy": "",
        "spans": ["3d"],
        "other": "",
    }
    page = await desk.sam.send(where, press="keep", remove=[file], **words)
    assert "<h1>Buses</h1>" in page.text and "map.png" not in page.text
    assert [tuple(row) for row in await desk.rows("SELECT body FROM texts WHERE owner LIKE 'brief%'")] == [
        ("All new.",)
    ]
    page = await desk.sam.send(f"/meetings/drafts/{id_in(page)}/drop")
    assert "The draft is thrown away." in page.words
    for table in ("briefs", "sendings", "attachments", "media"):
        assert await desk.rows(f"SELECT * FROM {table}") == []  # noqa: S608  # the words above


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../map <b>.png", "map <b>.png"),
        ("C:\\papers\\map.png", "map.png"),
        ("a\nb\0.pdf", "a b .pdf"),
        ("/", "file"),
        ("x" * 200 + ".pdf", "x" * 96 + ".pdf"),
    ],
)
def test_a_files_name_says_nothing_of_where_it_was(given: str, kept: str) -> None:
    assert file_name(UploadFile(BytesIO(), filename=given)) == kept


async def test_words_may_come_as_a_file(desk: Desk) -> None:
    file = ("travel.md", "\ufeff# Ŵyn\r\n\r\nNew words.".encode(), "text/markdown")
    page = await writes(desk, await planned(desk), words_en_plain="Old ones.", files={"file_en_plain": file})
    assert "<h1>Ŵyn</h1>" in page.text and "New words." in page.words and "Old" not in page.words


WRONG: list[Wrong] = [
    ({"words_en_plain": ""}, {}, "Write the brief, or choose a file"),
    ({"words_en_plain": "No heading."}, {}, "Give it a title"),
    ({"words_en_easy": "[//]: # (nothing)"}, {}, "There is nothing in it to read"),
    ({"title": "x" * 201}, {}, "This is too long"),
    ({"spans": []}, {}, "Choose at least one time."),
    ({"other": "soon"}, {}, "How long before is written like 3d"),
    ({"spans": ["9y"]}, {}, "Choose one of the list."),
    ({}, {"file_en_plain": ("x.md", b"\xff\xfe\x00", "text/markdown")}, "x.md is not plain text"),
    ({}, {"file_en_plain": ("x.docx", b"PK", "text/plain")}, "x.docx is not a text file"),
    ({}, {"file_en_plain": ("x.md", b"y" * 200_001, "text/markdown")}, "x.md is too long"),
    ({}, {"files": ("map.png", b"MZ not a picture", "image/png")}, "map.png cannot go along"),
    ({"other": "?"}, {"files": ("map.png", b"", "image/png")}, "Choose these files once more"),
]


async def test_what_cannot_be_is_said_and_what_was_typed_is_kept(desk: Desk) -> None:
    meeting = await planned(desk)
    for fields, files, says in WRONG:
        page = await writes(
            desk, meeting, **{"words_en_easy": "Easy </textarea><script>", **fields}, files=files
        )
        assert page.status == 422 and says in page.words, says
        assert "<title>Error: " in page.text and "</textarea><script>" not in page.text
        if "words_en_easy" not in fields:
            assert "Easy &lt;/textarea&gt;" in page.text and "English, easy read: a reading age" in page.words
    assert await desk.rows("SELECT * FROM briefs") == [] == await desk.rows("SELECT * FROM media")


async def test_what_was_written_is_not_lost_where_the_meeting_is_called_off_meanwhile(desk: Desk) -> None:
    meeting, token = await planned(desk), await _token(desk.sam)
    await desk.sam.post(f"/meetings/{meeting}/cancel", token=token)
    words: dict[str, Any] = {"words_en_plain": "# A\n\nLong work.", "spans": "3d"}
    page = await desk.sam.post(f"/meetings/{meeting}/briefs/new", token=token, **words)
    assert page.status == 422 and "That meeting was cancelled" in page.words and "Long work." in page.text
    assert (await desk.sam.get(f"/meetings/{meeting}/briefs/new")).status == 409
    assert await desk.rows("SELECT * FROM briefs") == []


async def test_beside_the_words_stands_what_they_will_be_like(desk: Desk) -> None:
    meeting = await planned(desk)
    words: dict[str, Any] = {
        "title": "Buses",
        "words_en_plain": f"Come by bus. {LONG} {LONG}",
        "words_en_easy": "Take a bus.",
    }
    part = await desk.sam.post(f"/meetings/{meeting}/briefs/beside", token=await _token(desk.sam), **words)
    assert part.status == 200 and "<html" not in part.text
    more = "(3 at once, the rest when they text MORE)"
    for said in (
        "a reading age of",
        more,
        "Sentences to shorten: English",
        LONG,
        "under a minute",
        "On a call",
    ):
        assert said in part.words, said
    page = await writes(desk, meeting, press="check", **words)
    assert page.status == 200 and LONG in page.words and "Take a bus." in page.text
    assert await desk.rows("SELECT * FROM briefs") == []
    nothing = await desk.sam.post(f"/meetings/{meeting}/briefs/beside", token=await _token(desk.sam))
    assert "Write some words" in nothing.words


async def reached_by(desk: Desk, brief: str) -> None:
    """It has gone out: Ada has read it, Ben has it, it did not get to Cem, and Dee has stopped us."""
    names = {"Ada": "acknowledged", "Ben": "delivered", "Cem": "failed", "Dee": "not reachable"}
    for name, state in names.items():
        who = await member(desk, name, state="stopped" if name == "Dee" else "active")
        async with desk.app.db.write() as conn:
            row = {"kind": "brief", "subject_id": brief, "member_id": who, "channel": "sms", "state": state}
            await conn.execute(reached.insert().values(**row, at=desk.clock()))
    async with desk.app.db.write() as conn:
        await conn.exec_driver_sql("UPDATE sendings SET state = 'done'")


async def test_whom_it_has_reached_is_listed_and_the_others_can_get_it_again(desk: Desk) -> None:
    brief = id_in(await writes(desk, await planned(desk)))
    await desk.sam.post(f"/meetings/drafts/{brief}/schedule", token=await _token(desk.sam))
    await reached_by(desk, brief)
    page = await desk.sam.get(f"/meetings/briefs/{brief}")
    for said in ("Not reached: 2", "On its way: 0", "Have got it: 1", "Have read or heard it: 1"):
        assert said in page.words, said
    assert "Dee They asked us to stop." in page.words and "Ada" not in page.words
    mark = re.search('had=([^&"]+)', page.text)
    same = await desk.sam.get(f"/meetings/briefs/{brief}/people", had=mark[1] if mark else "")
    assert (same.status, same.text) == (204, "")  # who uses the keyboard there keeps their place
    page = await desk.sam.get(f"/meetings/briefs/{brief}/people", which="read")
    assert (
        "Ada They told us that they have read or heard it, by text" in page.words and "<html" not in page.text
    )
    page = await desk.sam.get(f"/meetings/briefs/{brief}/ring")
    assert "It reaches 0 people" in page.words and "Ring them" not in page.words
    page = await desk.sam.get(f"/meetings/briefs/{brief}/again")
    assert "It reaches 1 person , and does not reach 1" in page.words
    page = await desk.sam.send(f"/meetings/briefs/{brief}/again")
    assert "It is on its way, in the hours that people chose." in page.words
    assert "Again, to those it had not reached" in page.words


async def test_whose_phone_was_only_rung_has_not_got_it(desk: Desk) -> None:
    brief = id_in(await writes(desk, await planned(desk)))
    await desk.sam.post(f"/meetings/drafts/{brief}/schedule", token=await _token(desk.sam))
    await reached_by(desk, brief)
    async with desk.app.db.write() as conn:
        rung = reached.update().where(reached.c.state == "delivered")
        await conn.execute(rung.values(state="sent", channel="voice"))
    page = await desk.sam.get(f"/meetings/briefs/{brief}/people", which="waiting")
    assert "On its way: 1 Have got it: 0" in page.words and "Ben We rang them" in page.words


DRAFTS = ("drafts/{}", "drafts/{}/change", "drafts/{}/drop")
SEEN = ("briefs/{}", "briefs/{}/people", "briefs/{}/again", "briefs/{}/ring", "briefs/{}/cancel", *DRAFTS)
DONE = (*SEEN[2:5], *DRAFTS[1:], "briefs/{}/try", "drafts/{}/try", "drafts/{}/schedule")


async def test_briefs_of_other_groups_are_not_there(desk: Desk) -> None:
    meeting = await planned(desk)
    brief = id_in(await writes(desk, meeting))
    other = await desk.group("OTHER")
    kim = await desk.browser(await desk.staff(other, "Kim"), code="OTHER")
    token = await _token(kim)
    for path in SEEN:
        assert (await kim.get(f"/meetings/{path.format(brief)}")).status == 404, path
    for path in DONE:
        assert (await kim.post(f"/meetings/{path.format(brief)}", token=token)).status == 404, path
    for path in ("new", "beside"):
        assert (await kim.post(f"/meetings/{meeting}/briefs/{path}", token=token)).status == 404, path
    assert len(await desk.rows("SELECT * FROM briefs WHERE state = 'draft'")) == 1
