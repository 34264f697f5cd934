"""What goes out, what waits and what did not get through, on the facilitators' pages."""

from datetime import timedelta
from typing import Any

from flows.events import Say
from storage.sending import outbox
from storage.tables import outbox as box
from storage.tables import senders
from tests.console import Desk, desk_in
from tests.test_console_helping import member


async def message(desk: Desk, id_: str, **more: Any) -> None:
    """Something written to Ada."""
    body = outbox.packed(outbox.Body(say=Say(text="Secret words")))
    row: dict[str, Any] = {
        "id": id_,
        "line_id": "ada",
        "member_id": "ada",
        "group_id": desk.home.id,
        "channel": "sms",
        "lane": "sms",
        "class": "notice",
        "dedupe_key": id_,
        "kind": "brief",
        "body": body,
        "not_before": desk.clock(),
        "created_at": desk.clock(),
    }
    async with desk.app.db.write() as conn:
        await conn.execute(box.insert().values(row | more))


async def test_what_did_not_get_through_has_its_reason_and_can_be_sent_again(desk: Desk) -> None:
    await member(desk)
    await message(desk, "m1", state="failed", sentence="The number is not in use.")
    page = await desk.sam.get("/messages/undelivered")
    assert "The number is not in use." in page.words and "Ada" in page.words and "brief" in page.words
    assert "Secret words" not in page.text
    other = await desk.group("ALLOT")
    kim = await desk.browser(await desk.staff(other, "Kim"), code="ALLOT")
    assert (await kim.send("/messages/undelivered/m1/again")).status == 404
    page = await desk.sam.send("/messages/undelivered/m1/again")
    assert "It is on its way again." in page.words
    assert [row[0] for row in await desk.rows("SELECT state FROM outbox")] == ["waiting"]
    page = await desk.sam.send("/messages/undelivered/m1/again")
    assert page.status == 409 and "tried again by itself" in page.words


async def test_lanes_say_what_waits_and_why_nothing_goes(tmp_path: Any, migrated: Any) -> None:
    accounts = {"TELEGRAM_BOT_TOKEN": "1:a", "TELEGRAM_API_URL": "http://127.0.0.1:9"}
    async with desk_in(tmp_path, migrated, **accounts) as desk:
        await member(desk)
        later = desk.clock() + timedelta(hours=3)
        lane = {"channel": "telegram", "lane": "telegram"}
        await message(desk, "m1", not_before=later, sentence="Held until the member's hours begin.", **lane)
        async with desk.app.db.write() as conn:
            why = {"name": "telegram", "paused": "The token is wrong.", "probe_at": later}
            await conn.execute(senders.insert().values(**why))
        page = await desk.sam.get("/messages")
        assert "The token is wrong." in page.words and "Telegram 0 1 0 0" in page.words
        page = await desk.sam.get("/messages/waiting")
        assert "Held until the member's hours begin." in page.words and "not before" in page.words


async def test_a_long_list_is_shown_a_page_at_a_time(desk: Desk) -> None:
    await member(desk)
    for n in range(52):
        await message(desk, f"m{n:02}", state="dead", sentence=f"Fault {n:02}.")
    first = await desk.sam.get("/messages/undelivered")
    assert "Fault 51." in first.words and "Fault 01." not in first.words
    rest = await desk.sam.get("/messages/undelivered", after="m02")
    assert "Fault 01." in rest.words and "Fault 00." in rest.words and "Fault 02." not in rest.words
