"""Nobody else comes in: every page there is, tried by the wrong people, by forged forms, and without data.

The pages are read from the list of all, so that a new one is tried without a word here.
"""

import os
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from bot.web.console.desk import Page
from bot.web.console.pages import pages
from bot.web.staff_only import COOKIE
from storage.door import sessions, sign_ins
from storage.tables import members, meta
from storage.tables import sessions as kept
from tests.console import Browser, Desk, desk_in
from tests.full_group import fill
from tests.marking import TAKEN, mark

SIGN_IN = "/console/sign-in"
POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "media-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
}
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
FORGED: Mapping[str, Mapping[str, str]] = {
    "from elsewhere": {"Origin": "https://evil.example"},
    "from a page that says nothing": {"Origin": "null"},
    "from another site": {"Sec-Fetch-Site": "cross-site"},
    "from a neighbour": {"Sec-Fetch-Site": "same-site"},
}


NOBODYS = {"flow", "purpose"}  # what stands in addresses and belongs to no group


def address(page: Page, ids: Mapping[str, str] | None = None, group: str = "garden") -> str:
    """Where a page is; of something that is not there, where no ids are given."""
    path = re.sub(r"\{(\w+)(:\w+)?\}", lambda name: (ids or {}).get(name[1], "nowhere"), page.path)
    return (f"/console/{group}" if page.group else "/console") + path


GUARDED = [page for page in pages() if not page.anyone]
SHOWN = [address(page) for page in GUARDED if page.show]
DONE = [address(page) for page in GUARDED if page.do]
ALL_DONE = [address(page) for page in pages() if page.do]


async def looks(who: Browser, path: str) -> tuple[int, str]:
    """What somebody gets who opens a page: its state, and where they are sent."""
    got = await who.get(path, follow=False)
    safe(got.headers, path)
    return got.status, got.headers.get("Location", "").partition("?")[0]


async def sends(who: Browser, path: str, token: str = "", **headers: str) -> int:
    got = await who.post(path, follow=False, headers=headers, token=token)
    safe(got.headers, path)
    return got.status


def safe(headers: Mapping[str, str], path: str) -> None:
    """Whatever is answered, browsers are told to be careful, and keep nothing that a script may read."""
    cookie = headers.get("Set-Cookie", "httponly; samesite=lax").lower()
    assert "httponly" in cookie and "samesite=lax" in cookie, path
    if headers.get("Location") is None:
        assert set(headers["Content-Security-Policy"].split("; ")) == POLICY, path
        assert {name: headers.get(name) for name in ALWAYS} == ALWAYS, path


async def nothing_done(desk: Desk) -> bool:
    """Whether the trail says of nothing."""
    return not await desk.rows("SELECT 1 FROM audit")


# The wrong people -----------------------------------------------------------------------------------
async def is_out(desk: Desk, who: Browser) -> None:
    """Somebody sees no page but the one to sign in, and can do nothing."""
    token = await who.token(SIGN_IN)
    for path in SHOWN:
        assert await looks(who, path) == (303, SIGN_IN), path
    for path in DONE:
        assert await sends(who, path, token) == 403, path
    assert await nothing_done(desk)


async def test_a_stranger_sees_nothing(desk: Desk) -> None:
    assert len(SHOWN) + len(DONE) > 10  # or nothing was tried here
    await is_out(desk, await desk.browser())


async def test_a_member_cannot_sign_in_at_all(desk: Desk) -> None:
    async with desk.app.db.write() as conn:
        await conn.execute(sa.update(members).values(permission="member"))
    await is_out(desk, desk.sam)


@pytest.mark.parametrize("over", ["ended", "expired", "made up"])
async def test_a_session_that_is_over_is_nobody(desk: Desk, over: str) -> None:
    if over == "expired":
        desk.clock.forward(sessions.LASTS)
    else:
        async with desk.app.db.write() as conn:
            was = sa.update(kept).values(ends_at=desk.clock() - timedelta(seconds=1))
            await conn.execute(was if over == "ended" else sa.delete(kept))
    await is_out(desk, desk.sam)


async def test_a_facilitator_of_another_group_finds_no_such_page(desk: Desk) -> None:
    """Neither below that group's own address, nor what is that group's below their own."""
    theirs = await fill(desk)
    jo = await desk.browser(await desk.staff(await desk.group("OAK"), "Jo"), code="OAK")
    token, before = await jo.token("/console/my-page"), await everything(desk)
    found: list[str] = []
    for page in GUARDED:
        if page.group or page.owner:
            found += await answered(jo, page, address(page, theirs), token)
        if page.group and of_one_group(page):
            found += await answered(jo, page, address(page, theirs, "oak"), token)
    assert found == []
    assert await everything(desk) == before


async def answered(who: Browser, page: Page, path: str, token: str) -> list[str]:
    """What says anything else than that it is not there; of an empty form, or that it is not filled in."""
    shown = (await looks(who, path))[0] if page.show and not _list_again(page) else 404
    done = await sends(who, path, token) if page.do else 404
    return [f"{shown} {path}"] * (shown != 404) + [f"{done} to {path}"] * (done not in (404, 422))


def of_one_group(page: Page) -> bool:
    """Whether its address names something that a group has."""
    return bool(set(re.findall(r"\{(\w+)", page.path)) - NOBODYS)


def _list_again(page: Page) -> bool:
    """Whether it is a list that is also elsewhere, shown to whoever loads again what they did to one."""
    return any(one.show is page.show and not of_one_group(one) for one in GUARDED)


async def everything(desk: Desk) -> Mapping[str, Sequence[object]]:
    """All that is stored, but when who was last seen."""
    async with desk.app.db.read() as conn:
        return {
            table.name: sorted(map(repr, await conn.execute(sa.select(table))))
            for table in meta.sorted_tables
            if table.name != "sessions"
        }


# Forged forms ---------------------------------------------------------------------------------------
async def test_no_form_is_taken_that_was_not_ours(desk: Desk) -> None:
    other = await desk.browser(desk.sam_id)
    own, others = await desk.sam.token("/console/my-page"), await other.token("/console/my-page")
    for path in ALL_DONE:
        assert await sends(desk.sam, path) == 403, path
        assert await sends(desk.sam, path, others) == 403, path
        assert await sends(desk.sam, path, own, Origin="https://evil.example") == 403, path
    assert await nothing_done(desk)


@pytest.mark.parametrize("headers", FORGED.values(), ids=FORGED)
async def test_no_form_is_taken_from_elsewhere(desk: Desk, headers: Mapping[str, str]) -> None:
    own = await desk.sam.token("/console/my-page")
    assert await sends(desk.sam, "/console/sign-out", own, **headers) == 403
    assert await sends(desk.sam, "/console/sign-out", own[:-1]) == 403
    assert (await desk.sam.get("/console/my-page")).status == 200


async def test_a_form_that_is_ours_is_taken(desk: Desk) -> None:
    token = await desk.sam.token("/console/my-page")
    ours = {"Sec-Fetch-Site": "same-origin", "Origin": desk.url}
    assert await sends(desk.sam, "/console/sign-out", token, **ours) == 303


async def test_what_was_written_is_shown_once_more_where_somebody_is_signed_out_meanwhile(desk: Desk) -> None:
    token = await desk.sam.token("/console/my-page")
    words: dict[str, Any] = {"question": "Hours of work </textarea><script>alert(1)</script>", "token": token}
    desk.clock.forward(sessions.LASTS)
    got = await desk.sam.post("/polls/new", **words, headers={"Sec-Fetch-Site": "same-origin"})
    assert (got.status, "You are signed out" in got.words) == (403, True)
    assert "Hours of work &lt;/textarea&gt;" in got.text and "<script>alert" not in got.text
    assert token not in got.text
    got = await desk.sam.post("/polls/new", **words, headers={"Origin": "https://evil.example"})
    assert got.status == 403 and "Hours of work" not in got.text


async def test_what_is_too_much_is_not_read(desk: Desk) -> None:
    token = await desk.sam.token("/console/my-page")
    got = await desk.sam.post("/console/my-page/phone", token=token, member="x" * 300_000)
    assert (got.status, "too large" in got.words) == (413, True)


# What people wrote ----------------------------------------------------------------------------------
async def test_what_anybody_wrote_is_only_words(desk: Desk) -> None:
    """No page takes words for markup, whoever they are from: also what a group is called."""
    theirs = await fill(desk)
    await mark(desk)
    taken, shown = [], 0
    for page in GUARDED:
        if page.show and not page.owner:
            got = await desk.sam.get(address(page, theirs), follow=False)
            html = got.headers.get("Content-Type", "").startswith("text/html")
            taken += [page.path] * (html and any(one in got.text for one in TAKEN))
            shown += "&lt;script&gt;alert" in got.text
    assert taken == [] and shown > 10


# Cookies --------------------------------------------------------------------------------------------
async def test_by_https_every_cookie_stays_on_it(tmp_path: Path, migrated: Path) -> None:
    async with desk_in(tmp_path, migrated, TAKEPART_PUBLIC_URL="https://takepart.example") as there:
        async with there.app.db.write() as conn:
            ids, now = there.app.ids, there.clock()
            token = await sign_ins.new_link(conn, there.app.secrets, there.sam_id, ids=ids, now=now)
        where = f"{SIGN_IN}/{token}"
        async with there.sam.client.get(where) as seen:
            found = re.findall(r'name="token" value="([^"]+)"', await seen.text())
        form = {"token": found[0]}
        async with there.sam.client.post(where, data=form, allow_redirects=False) as let_in:
            given = let_in.headers.getall("Set-Cookie")
        signed = [one for one in given if one.startswith(COOKIE)]
        assert {re.findall(r"Path=([^;]+)", one)[0] for one in signed} == {"/console", "/practice"}
        for one in given:
            assert all(word in one.lower() for word in ("secure", "httponly", "samesite=lax")), one


# Without data ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("fault", ["fails", "gone"])
async def test_without_the_database_there_is_a_plain_page(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    def fails() -> None:
        raise OperationalError("SELECT a secret", {}, OSError("disk of a member's"))

    if fault == "gone":
        os.unlink(tmp_path / "takepart.db")
    else:
        monkeypatch.setattr(desk.app.db, "read", fails)
    for path in SHOWN:
        got = await desk.sam.get(path, follow=False)
        safe(got.headers, path)
        assert (got.status, "The data cannot be reached" in got.words) == (503, True), path
        assert not re.search("Traceback|SELECT|Error", got.text), path
