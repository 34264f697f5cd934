"""What people try who are in already, or who only know the address: none of it works, and nothing is told."""

import asyncio
import io
import os
import re
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock

import pytest
from aiohttp import ClientSession
from yarl import URL

from bot.exporting.loop import Exporting
from bot.web.console.forms import tidy
from bot.web.console.pages import pages
from bot.web.console.people.finding import THEIRS
from storage.files import leftovers
from storage.tables import ballots, members
from tests.console import Desk, desk_in
from tests.full_group import fill
from tests.walks import NAME, stops
from tests.world import TUESDAY


# Secrets of members ---------------------------------------------------------------------------------
async def test_who_prints_a_copy_for_somebody_does_not_read_their_secrets(desk: Desk) -> None:
    theirs = await fill(desk)
    async with desk.app.db.write() as conn:
        chose = {"poll_id": theirs["poll"], "member_id": "ada", "choices": ["0"], "at": desk.clock()}
        await conn.execute(ballots.insert().values(**chose, channel="sms"))
    copy = (await desk.sam.send("/people/ada/copy")).text
    assert "The gate" in copy and "MY THINGS" in copy
    assert "Nobody asks us" not in copy and "Your votes" not in copy


async def test_at_what_hour_somebody_wrote_is_told_nowhere(desk: Desk) -> None:
    """Whoever waits for something without a name would see who was in touch at that minute."""
    await fill(desk)
    async with desk.app.db.write() as conn:
        await conn.execute(members.update().values(heard_at=TUESDAY.replace(hour=7, minute=41)))
    await desk.sam.send("/export", purpose="To read", reach="inside")
    await desk.app.exporting.once()
    ((id_,),) = await desk.rows("SELECT id FROM exports")
    archive = zipfile.ZipFile(io.BytesIO((await desk.sam.get(f"/export/{id_}/fetch")).body))
    told = [archive.read("register.csv").decode()]
    told += [(await desk.sam.get(path)).text for path in ("/people", "/people/ada", "/people/quiet")]
    assert not any("07:41" in one for one in told) and TUESDAY.date().isoformat() in told[0]


DEEDS = ("code", "copy", "numbers", "unjoin", "end", "forget", "stop", "name", "wish")  # of somebody's page


# More than one may do -------------------------------------------------------------------------------
@pytest.mark.parametrize("deed", DEEDS)
async def test_who_runs_one_group_cannot_become_who_runs_all(desk: Desk, deed: str) -> None:
    """Nor another who runs it: a code for a new phone, and so a code to sign in, would be theirs."""
    for permission in ("owner", "facilitator"):
        other = await desk.staff(desk.home, "Olga", permission)
        got = await desk.sam.send(f"/people/{other}/{deed}", sure="y", why="Gone", name="Nobody")
        assert (got.status, THEIRS in got.words) == (409, True)
        assert "Make a code" not in (await desk.sam.get(f"/people/{other}")).text
    assert not await desk.rows("SELECT 1 FROM link_codes")
    assert not await desk.rows("SELECT 1 FROM members WHERE state != 'active'")


async def test_who_looks_after_all_groups_may_help_those_who_run_one(desk: Desk) -> None:
    olga = await desk.browser(await desk.staff(desk.home, "Olga", "owner"))
    assert "The code is" in (await olga.send(f"/people/{desk.sam_id}/code")).words


# What stands in an address --------------------------------------------------------------------------
async def test_the_other_kind_of_database_has_every_page_too(
    tmp_path: Path, migrated: Path, postgres_url: str
) -> None:
    """Also where an address has what no database has: that is nowhere, and nothing is wrong with it."""
    async with desk_in(tmp_path, migrated, TAKEPART_DATABASE_URL=postgres_url) as there:
        known = await fill(there)
        at = [stop.at for stop in stops(known) if not stop.page.anyone]
        assert [path for path in at if (await there.sam.get(path)).status != 200] == []
        lost = [NAME.sub("a%00b", page.path) for page in pages() if page.show and NAME.search(page.path)]
        assert [path for path in lost if (await there.sam.get(path)).status != 404] == []
        token = await there.sam.token("/console/my-page")
        done = [
            NAME.sub(lambda name: known.get(name[1], "x"), one.path)
            for one in pages()
            if one.do and one.group
        ]
        sent = {path: await there.sam.post(path, follow=False, token=token) for path in done}
        assert {path: got.words for path, got in sent.items() if got.status >= 500} == {}


@pytest.mark.parametrize("path", ["/console/garden/", "/health/live/", "//elsewhere.example/"])
async def test_a_slash_at_the_end_leads_to_no_other_host(desk: Desk, path: str) -> None:
    wrong = {"Host": "evil.example"}
    where = URL(desk.url + path, encoded=True)
    async with ClientSession() as client, client.get(where, headers=wrong, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (308, f"/{path.strip('/')}")


# Names and times ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("photo\u202egpj.exe", "photo gpj.exe"),
        ("Our session\r\nATTENDEE:mailto:a@evil.example", "Our session  ATTENDEE:mailto:a@evil.example"),
        ("\0\x1b[2Jx", "[2Jx"),
        ("Zoë 👩‍👩‍👧 ראשון", "Zoë 👩‍👩‍👧 ראשון"),
    ],
)
def test_what_cannot_be_seen_is_not_kept_of_a_name(typed: str, kept: str) -> None:
    assert tidy(typed, lines=False) == kept


# Twice at once --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("path", "field", "kept"),
    [
        ("/contributions/c3", "body", "SELECT 1 FROM replies"),
        ("/messages/handovers/h/answer", "words", "SELECT 1 FROM handover_words WHERE by = 'helper'"),
        ("/export", "purpose", "SELECT 1 FROM exports"),
        ("/people/ada/enter", "words", "SELECT 1 FROM entries"),
        ("/settings/staff", "who", "SELECT 1 FROM members WHERE name = 'We mended it.'"),
    ],
)
async def test_a_button_pressed_twice_sends_once(desk: Desk, path: str, field: str, kept: str) -> None:
    await fill(desk)
    token = await desk.sam.token("/console/my-page")
    form: dict[str, Any] = {"token": token, field: "We mended it.", "reach": "inside"}
    form |= {"flow": "diary", "audience": "group"}
    presses = (desk.sam.post(path, follow=False, **form) for _ in range(3))
    assert {got.status for got in await asyncio.gather(*presses)} <= {200, 303}
    assert len(await desk.rows(kept)) == 1


async def test_of_two_who_do_the_same_one_does(tmp_path: Path, migrated: Path, postgres_url: str) -> None:
    """Somebody is told each time, so also where several processes write at once."""
    async with desk_in(tmp_path, migrated, TAKEPART_DATABASE_URL=postgres_url) as there:
        meeting = (await fill(there))["meeting"]
        token = await there.sam.token("/console/my-page")
        deeds: dict[str, dict[str, Any]] = {
            "/contributions/c3/hide": {"why": "dangerous"},
            f"/meetings/{meeting}/move": {"day": "2026-03-20", "at": "15:00"},
            f"/meetings/{meeting}/cancel": {},
        }
        for path, form in deeds.items():
            form |= {"token": token}
            presses = (there.sam.post(path, follow=False, **form) for _ in range(6))
            done = [got.status for got in await asyncio.gather(*presses)]
            assert done.count(303) == 1 and {*done} <= {303, 409, 422}, path


async def test_a_practice_phone_says_that_the_data_is_away(desk: Desk, tmp_path: Path) -> None:
    await desk.sam.get("/practice")
    assert (await desk.sam.get("/practice/posts", after="\0")).status == 200
    os.unlink(tmp_path / "takepart.db")
    for got in (await desk.sam.get("/practice/posts"), await desk.sam.post("/practice/sms", text="Hello")):
        assert (got.status, "cannot be reached just now" in got.text) == (503, True)


# Killed in the middle -------------------------------------------------------------------------------
async def test_an_export_that_was_killed_leaves_nothing_behind(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither where it was written, nor among the files: its pieces hold what members gave."""
    await fill(desk)
    dead = tmp_path / "export-of-the-dead"
    dead.mkdir()
    (dead / "whole.zip").write_text("Nobody asks us")
    for one in (dead / "whole.zip", dead):
        os.utime(one, (0, 0))
    await desk.sam.send("/export", purpose="To read", reach="inside")
    monkeypatch.setattr(Exporting, "_finish", AsyncMock())
    kept = set((tmp_path / "media").rglob("*"))
    await desk.app.exporting.once()
    assert set((tmp_path / "media").rglob("*")) > kept and not dead.exists()
    await leftovers.sweep(desk.app.db, desk.app.files, desk.clock() + timedelta(hours=2))
    assert {one for one in (tmp_path / "media").rglob("*") if one.is_file()} <= kept


@pytest.mark.parametrize("path", ["/polls/new", "/meetings/new", "/settings/limits"])
async def test_a_file_in_the_place_of_words_is_only_a_mistake(desk: Desk, path: str) -> None:
    page = await desk.sam.get(path)
    names = set(re.findall(r'name="(\w+)"', page.text)) - {"token"}
    files = dict.fromkeys(names, ("notes.svg", b"<svg/>", "image/svg+xml"))
    got = await desk.sam.post(path, token=await desk.sam.token(path), files=files)
    assert (got.status, "Error:" in got.words) == (422, True)
