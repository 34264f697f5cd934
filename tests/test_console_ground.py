"""What every page of the facilitators' console stands on."""

from tests.console import Desk


async def test_strangers_are_sent_to_sign_in(desk: Desk) -> None:
    nobody = await desk.browser()
    answer = await nobody.get("/console", follow=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/console/sign-in?next=/console")


async def test_who_runs_one_group_is_taken_there_and_who_runs_two_may_choose(desk: Desk) -> None:
    first = await desk.sam.get("/console", follow=False)
    assert (first.status, first.headers["Location"]) == (303, "/console/garden")
    other = await desk.group("ALLOT")
    both = await desk.browser(desk.sam_id, await desk.staff(other, "Sam Reed"))
    page = await both.get("/console")
    assert "The Garden Group" in page.words and "Allot" in page.words


async def test_an_address_below_the_console_that_is_no_page_is_told_plainly(desk: Desk) -> None:
    page = await desk.sam.get("/nothing/here")
    assert page.status == 404
    assert "There is no such page here" in page.words


async def test_pages_say_what_browsers_may_load(desk: Desk) -> None:
    other = await desk.group("ALLOT")
    page = await (await desk.browser(desk.sam_id, await desk.staff(other, "Sam Reed"))).get("/console")
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert page.headers["Cache-Control"] == "no-store"
    assert (
        "<style" not in page.text and " style=" not in page.text and " on" not in page.text.split("<body")[0]
    )
