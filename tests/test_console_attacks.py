"""What people try who are in already, or who only know the address: none of it works, and nothing is told."""

import pytest

from bot.web.console.people.finding import THEIRS
from storage.tables import ballots
from tests.console import Desk, desk
from tests.full_group import fill
from tests.stores import migrated

__all__ = ["desk", "migrated"]


# Secrets of members ---------------------------------------------------------------------------------
async def test_who_prints_a_copy_for_somebody_does_not_read_their_secrets(desk: Desk) -> None:
    theirs = await fill(desk)
    async with desk.app.db.write() as conn:
        chose = {"poll_id": theirs["poll"], "member_id": "ada", "choices": ["0"], "at": desk.clock()}
        await conn.execute(ballots.insert().values(**chose, channel="sms"))
    copy = (await desk.sam.send("/people/ada/copy")).text
    assert "The gate" in copy and "MY THINGS" in copy
    assert "Nobody asks us" not in copy and "Your votes" not in copy


# More than one may do -------------------------------------------------------------------------------
@pytest.mark.parametrize("deed", ["code", "copy", "numbers", "unjoin", "end", "forget"])
async def test_who_runs_one_group_cannot_become_who_runs_all(desk: Desk, deed: str) -> None:
    """Nor another who runs it: a code for a new phone, and so a code to sign in, would be theirs."""
    for permission in ("owner", "facilitator"):
        other = await desk.staff(desk.home, "Olga", permission)
        got = await desk.sam.send(f"/people/{other}/{deed}", sure="y", why="Gone")
        assert (got.status, THEIRS in got.words) == (409, True)
        assert "Make a code" not in (await desk.sam.get(f"/people/{other}")).text
    assert not await desk.rows("SELECT 1 FROM link_codes")
    assert not await desk.rows("SELECT 1 FROM members WHERE state != 'active'")


async def test_who_looks_after_all_groups_may_help_those_who_run_one(desk: Desk) -> None:
    olga = await desk.browser(await desk.staff(desk.home, "Olga", "owner"))
    assert "The code is" in (await olga.send(f"/people/{desk.sam_id}/code")).words
