"""Coming in to the pages: by a link, by a code on one's own line, and going out again."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from aiohttp import ClientSession, CookieJar
from playwright.async_api import Browser as Chrome
from playwright.async_api import expect

from bot.web.staff_only import COOKIE
from storage.door import sign_ins
from storage.lines import addresses
from storage.lines.linking import new_code
from storage.members.people import add_facilitator
from storage.sending.outbox import unpacked
from storage.tables import lines, reaches
from tests.console import Browser, Desk, desk_in
from tests.stories import reach
from tests.world import ADA, BEN, TUESDAY, World

ASK, HOME = "/console/sign-in", "/console/my-page"
SENT = "SELECT body, channel FROM outbox WHERE kind = 'code' ORDER BY id"
TWILIO = {
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "made up",
    "TWILIO_NUMBER": "+441632960000",
}


async def link(desk: Desk, member: str = "") -> str:
    """A new link of somebody's, Sam's if nobody is named."""
    async with desk.app.db.write() as conn:
        token = await sign_ins.new_link(
            conn, desk.app.secrets, member or desk.sam_id, ids=desk.app.ids, now=desk.clock()
        )
    return f"{ASK}/{token}"


async def line(desk: Desk, *who: str, number: str = "+447700900101", proved: bool = True) -> None:
    """One phone of these members', which they proved to be theirs."""
    ids, now = desk.app.ids, desk.clock()
    async with desk.app.db.write() as conn:
        row = addresses.row(desk.app.secrets, id=ids(), channel="sms", address=number, now=now)
        await conn.execute(sa.insert(lines).values(row))
        for one in who:
            reach = {"id": ids(), "member_id": one, "line_id": row["id"], "channel": "sms", "rank": 1}
            await conn.execute(sa.insert(reaches).values(**reach, proved_at=now if proved else None))


async def number(desk: Desk, member: str = "") -> str:
    (row,) = await desk.rows("SELECT number FROM members WHERE id = :id", id=member or desk.sam_id)
    return str(row.number)


async def codes(desk: Desk) -> list[str]:
    """The codes that were sent, as they can still be read."""
    bodies = [row.body for row in await desk.rows(SENT) if row.body]
    return [digits_in(unpacked(body).say.text) for body in bodies]


@pytest.fixture
async def texting(tmp_path: Path, migrated: Path) -> AsyncIterator[Desk]:
    """The pages of a service that sends texts; Sam has a phone."""
    async with desk_in(tmp_path, migrated, **TWILIO) as made:
        await line(made, made.sam_id)
        yield made


async def ask(desk: Desk, who: Browser, member: str = "") -> None:
    """Ask for a code; the browser is then where it is typed."""
    got = await who.send(ASK, group="garden", number=await number(desk, member))
    assert (got.status, got.at.startswith(f"{ASK}/code/")) == (200, True)


async def types(who: Browser, code: str) -> int:
    """Type a code on the page that asks for it."""
    assert who.last
    return (await who.send(who.last.at.partition("?")[0], code=code)).status


def cookies(who: Browser) -> set[str]:
    """What is kept of being signed in."""
    return {one.value for one in who.client.cookie_jar if one.key == COOKIE}


async def inside(who: Browser) -> bool:
    return (await who.get(HOME)).at == HOME


# By a link ------------------------------------------------------------------------------------------
async def test_a_link_lets_in_once_and_only_by_its_button(desk: Desk) -> None:
    where, one, other = await link(desk), await desk.browser(), await desk.browser()
    for _ in range(2):  # a messenger that shows what is behind it uses nothing up
        assert "Sign in as Sam Reed" in (await one.get(where)).words
    assert not await inside(one)
    await one.send(where)
    assert await inside(one)
    assert (await other.get(where)).status == 410 and not await inside(other)


async def test_a_link_is_void_after_a_week_and_once_there_is_a_new_one(desk: Desk) -> None:
    who = await desk.browser()
    old, new = await link(desk), await link(desk)
    assert (await who.get(old)).status == 410
    desk.clock.forward(sign_ins.LINK_LASTS)
    assert (await who.get(new)).status == 410
    assert (await who.get(f"{ASK}/made-up")).status == 410


async def test_a_second_link_adds_its_group_and_the_cookie_is_a_new_one(desk: Desk) -> None:
    who, oak = await desk.browser(), await desk.group("OAK")
    await who.send(await link(desk))
    first = cookies(who)
    where = await link(desk, await desk.staff(oak, "Sam"))
    assert "Add Oak" in (await who.get(where)).words
    await who.send(where)
    seen = (await who.get("/console")).words
    assert "Oak" in seen and "The Garden Group" in seen
    assert first and not first & cookies(who)  # nothing that was known before is good afterwards


async def test_a_link_of_somebody_who_runs_the_group_no_more_lets_nobody_in(desk: Desk) -> None:
    where, who = await link(desk), await desk.browser()
    async with desk.app.db.write() as conn:
        await conn.execute(sa.text("UPDATE members SET permission = 'member'"))
    assert (await who.get(where)).status == 410
    assert not await inside(desk.sam)


# By a code ------------------------------------------------------------------------------------------
async def test_a_code_comes_to_their_own_phone_and_lets_them_in(texting: Desk) -> None:
    who = await texting.browser()
    assert (await who.get(HOME)).at.startswith(ASK)
    await ask(texting, who)
    (code,) = await codes(texting)
    await types(who, f"{code[:3]} {code[3:]}")
    assert await inside(who)
    assert await codes(texting) == []  # its words are gone as soon as it is used


async def test_a_code_is_good_for_three_tries_and_ten_minutes_in_its_own_browser(texting: Desk) -> None:
    who, other = await texting.browser(), await texting.browser()
    await ask(texting, who)
    (code,) = await codes(texting)
    assert (await other.send(f"{ASK}/code/another", code=code)).status == 422
    wrong = f"{(int(code) + 1) % 10**6:06}"
    assert [await types(who, one) for one in (wrong, "words", wrong, code)] == [422] * 4
    await ask(texting, who)
    texting.clock.forward(sign_ins.CODE_LASTS)
    assert await types(who, (await codes(texting))[-1]) == 422
    assert not await inside(who)


async def test_nobody_learns_whose_number_it_is_and_no_member_gets_a_code(texting: Desk) -> None:
    who = await texting.browser()
    await ask(texting, who)
    assert who.last
    right, real = who.last, await number(texting)
    async with texting.app.db.write() as conn:
        await conn.execute(sa.text("UPDATE members SET permission = 'member'"))
    tries = (("GARDEN", real), ("GARDEN", "0000"), ("NOWHERE", real))
    for group, digits in tries:
        got = await who.send(ASK, group=group, number=digits)
        assert (got.status, got.words) == (right.status, right.words)
    assert len(await texting.rows(SENT)) == 1


async def test_so_many_codes_are_sent_in_an_hour_and_no_more(texting: Desk) -> None:
    who = await texting.browser()
    for _ in range(7):
        await ask(texting, who)
    assert len(await texting.rows(SENT)) == 5
    texting.clock.forward(timedelta(hours=1))
    await ask(texting, who)
    assert len(await texting.rows(SENT)) == 6


async def test_a_line_signs_in_to_all_groups_that_one_person_runs_with_it(texting: Desk) -> None:
    oak, elm = await texting.group("OAK"), await texting.group("ELM")
    sam = await texting.staff(oak, "Sam")
    await line(texting, texting.sam_id, sam, number="+447700900102")
    await line(texting, await texting.staff(elm, "Sam"), number="+447700900102x", proved=False)
    async with texting.app.db.write() as conn:  # the new phone is liked best
        await conn.execute(sa.text("UPDATE reaches SET rank = 9 WHERE rank = 1 AND rowid = 1"))
    who = await texting.browser()
    await ask(texting, who)
    await types(who, (await codes(texting))[0])
    seen = (await who.get("/console")).words
    assert ("Oak" in seen, "Elm" in seen) == (True, False)


async def test_a_phone_that_two_of_a_group_use_proves_only_who_asked(texting: Desk) -> None:
    oak = await texting.group("OAK")
    jo = await texting.staff(texting.home, "Jo")
    async with texting.app.db.write() as conn:
        await conn.execute(sa.text("DELETE FROM lines"))
    await line(texting, texting.sam_id, jo, await texting.staff(oak, "Jo"))
    who = await texting.browser()
    await ask(texting, who)
    await types(who, (await codes(texting))[0])
    assert "Oak" not in (await who.get("/console/my-page")).words


async def test_the_code_arrives_by_text_by_telegram_and_by_a_call(world: World) -> None:
    home = await world.group()
    await world.joined(ADA)
    async with world.app.db.write() as conn:
        await conn.execute(sa.text("UPDATE members SET permission = 'owner'"))
    (ada,) = await world.rows("SELECT id, number FROM members")
    async with ClientSession(world.url, cookie_jar=CookieJar(unsafe=True)) as client:
        who = Browser(client, home.code)

        async def asks() -> None:
            await who.send(ASK, group=home.number, number=ada.number)

        had = len(world.twilio.sent_to(ADA))
        await asks()
        await types(who, digits_in(await world.twilio.next_text(ADA, after=had)))
        page = await who.send("/console/my-page/phone", member=ada.id)
        person = world.telegram.person("Ada")
        await world.writes(person, digits_in(page.words))  # the code that opens another phone
        await client.post("/console/sign-out", data={"token": await who.token(HOME)})
        await prefer(world, "telegram")
        heard = len(person.heard())
        await asks()
        await world.met(lambda: len(person.heard()) > heard)
        await types(who, digits_in(person.heard()[-1]))
        assert await inside(who)
        await client.post("/console/sign-out", data={"token": await who.token(HOME)})
        await prefer(world, "voice")
        await asks()
        call = await world.twilio.answer(ADA)
        assert "code" not in call.said  # whoever lifts the phone
        await call.press("1")
        await types(who, digits_in(call.said.replace(", ", "")))
        assert await inside(who)
        await call.hang_up()


@pytest.mark.browser
async def test_signing_in_in_a_browser_with_the_keyboard_alone(world: World, chrome: Chrome) -> None:
    home = await world.group()
    await world.joined(ADA)
    async with world.app.db.write() as conn:
        await conn.execute(sa.text("UPDATE members SET permission = 'facilitator'"))
        ((ada, digits),) = await conn.execute(sa.text("SELECT id, number FROM members"))
        now, ids = world.clock(), world.app.ids
        token = await sign_ins.new_link(conn, world.app.secrets, ada, ids=ids, now=now)
    page = await chrome.new_page(base_url=world.url)
    await page.goto(f"{ASK}/{token}")
    await reach(page, "Sign in as Ada")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/console/garden")
    await reach(page, "Sign out")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("You are signed out.")).to_be_visible()
    await page.goto(HOME)
    await page.get_by_label("The code of your group").fill(home.code)
    await reach(page, "Send me a code")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("link", name="Write your member number.")).to_be_visible()
    await page.get_by_label("Your member number").fill(digits)
    had = len(world.twilio.sent_to(ADA))
    await page.keyboard.press("Enter")
    code = digits_in(await world.twilio.next_text(ADA, after=had))
    await page.get_by_label("The code").fill(code)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Your own page")).to_be_visible()
    assert page.url == world.url + HOME


async def test_who_was_only_added_makes_a_phone_theirs(world: World) -> None:
    home, sam = await world.group(), world.app.ids()
    async with world.app.db.write() as conn:
        await add_facilitator(conn, id=sam, group=home.id, name="Sam", now=world.clock())
        now, ids = world.clock(), world.app.ids
        code = await new_code(conn, world.app.secrets, sam, kind="link", ids=ids, now=now)
    said = await world.texts(BEN, code)
    (row,) = await world.rows("SELECT member_id, proved_at FROM reaches WHERE channel = 'sms'")
    assert row.member_id == sam and row.proved_at, said


async def prefer(world: World, channel: str) -> None:
    """Ada likes this way best from now on, at whatever hour it is."""
    world.clock.set(TUESDAY.replace(hour=23))
    async with world.app.db.write() as conn:
        liked = "UPDATE reaches SET may_start = 1, rank = CASE channel WHEN :channel THEN 0 ELSE 5 END"
        await conn.execute(sa.text(liked), {"channel": channel})


def digits_in(words: str) -> str:
    return str(re.findall(r"\b\d{6}\b", words)[0])


# Being there, and going out -------------------------------------------------------------------------
async def test_one_goes_where_one_wanted_to_but_never_elsewhere(desk: Desk) -> None:
    for wanted, comes in ((HOME, HOME), ("/practice", "/practice"), ("//evil.example", "/console/garden")):
        who = await desk.browser()
        where = await link(desk)
        token = await who.token(where)
        got = await who.post(f"{where}?next={wanted}", token=token, follow=False)
        assert (await who.get(got.headers["Location"])).at == comes


async def test_ones_own_page_gives_a_code_for_a_phone(texting: Desk) -> None:
    page = await texting.sam.send("/console/my-page/phone", member=texting.sam_id)
    assert re.search(r"Your code is \d{6}\b.*by text to \+441632960000", page.words)
    assert "by text, to the number that ends in 0101" in page.words
    other = await texting.staff(texting.home, "Jo")
    assert (await texting.sam.send("/console/my-page/phone", member=other)).status == 404


async def test_signing_out_here_and_everywhere(desk: Desk) -> None:
    second, third = await desk.browser(desk.sam_id), await desk.browser(desk.sam_id)
    token = await second.token("/console/my-page")
    got = await second.post("/console/sign-out", token=token)
    assert (got.at, "You are signed out." in got.words) == (ASK, True)
    assert not await inside(second) and await inside(third)
    await third.post("/console/my-page/sign-out-everywhere", token=await third.token("/console/my-page"))
    assert not await inside(third) and not await inside(desk.sam)


async def test_after_twelve_hours_one_signs_in_anew(desk: Desk) -> None:
    assert await inside(desk.sam)
    desk.clock.forward(timedelta(hours=12))
    assert (await desk.sam.get(HOME)).at == f"{ASK}?next={HOME}"


# The practice phone ---------------------------------------------------------------------------------
async def test_with_a_public_address_the_practice_phone_is_for_facilitators(
    tmp_path: Path, migrated: Path
) -> None:
    async with desk_in(tmp_path, migrated, TAKEPART_PUBLIC_URL="https://takepart.example") as there:
        stranger = await there.browser()
        assert (await stranger.get("/practice")).at == f"{ASK}?next=/practice"
        assert (await stranger.get("/practice/posts")).status == 403
        assert (await stranger.post("/practice/sms", text="JOIN GARDEN")).status == 403
        assert (await there.sam.get("/practice")).status == 200
