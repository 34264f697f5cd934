"""Polls in the pages: written, looked at, tried, opened, watched, reminded of, closed."""

import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from storage.given.browsing import Wanted, browse
from storage.sessions import polls, turnout
from storage.sessions.drafting import NewPoll
from storage.tables import ballots, contributions, given, sendings
from tests.console import Desk
from tests.joining import joins, uses

# The clock of these tests says Tuesday 10 March 2026, 11:00.
TRICKY = "<script>alert(1)</script>"
WRITTEN: dict[str, Any] = {
    "question": "Where shall we meet?",
    "options": "Library\nTown hall",
    "changes": "where we meet from May",
    "decides": "all of us",
    "kept": "open",
}


async def member(desk: Desk, name: str, **more: Any) -> str:
    """Somebody who gets texts."""
    id_ = await joins(desk.app, desk.home.id, name, **more)
    await uses(desk.app, id_)
    return id_


async def drafted(desk: Desk, **more: Any) -> str:
    """A draft, written in its page; its id."""
    page = await desk.sam.send("/polls/new", **WRITTEN | more)
    assert page.status == 200, page.words
    return page.at.rpartition("/")[2]


async def opened(desk: Desk, **more: Any) -> str:
    draft = await drafted(desk, **more)
    page = await desk.sam.send(f"/polls/drafts/{draft}/open")
    assert page.at.endswith(f"/polls/{draft}"), page.words
    return draft


async def vote(desk: Desk, poll: str, *who: str, key: str = "1") -> None:
    row = {"poll_id": poll, "choices": [key], "at": desk.clock(), "channel": "sms"}
    async with desk.app.db.write() as conn:
        await conn.execute(sa.insert(ballots), [{**row, "member_id": one} for one in who])


async def comment(desk: Desk, poll: str, who: str, words: str, **more: Any) -> None:
    id_ = desk.app.ids()
    row = {"id": id_, "group_id": desk.home.id, "flow": "comment", "poll_id": poll, "text": words}
    async with desk.app.db.write() as conn:
        await conn.execute(contributions.insert().values(**row, at=desk.clock(), channel="sms", **more))
        await conn.execute(given.insert().values(contribution_id=id_, member_id=who))


async def test_a_poll_is_a_draft_until_it_is_opened_and_looks_as_it_will(desk: Desk) -> None:
    await member(desk, "Ada")
    draft = await drafted(desk, options=f"Library\n{TRICKY}", closes_day="2026-03-12", closes_at="18:00")
    page = await desk.sam.get(f"/polls/drafts/{draft}")
    assert "<script>alert" not in page.text
    assert "A vote in The Garden Group: Where shall we meet?" in page.words
    assert "What this vote will change: where we meet from May." in page.words
    assert "For Library, press 1." in page.words and "Hello Sam. This is Takepart." in page.words
    assert "Ada. The vote has closed." not in page.words
    assert "If it is opened now, it closes on Thursday 12 March, 18:00." in page.words
    assert "Draft" in (await desk.sam.get("/polls")).words
    assert await desk.rows("SELECT id FROM sendings") == []
    page = await desk.sam.send(f"/polls/drafts/{draft}/open")
    assert "It is open." in page.words and "Open until Thursday 12 March, 18:00." in page.words
    assert len(await desk.rows("SELECT id FROM sendings WHERE kind = 'poll'")) == 1
    page = await desk.sam.send(f"/polls/drafts/{draft}/open")  # a button pressed twice
    assert page.at.endswith(f"/polls/{draft}")
    assert [tuple(row) for row in await desk.rows("SELECT who, did FROM audit")] == [
        (desk.sam_id, "opened a vote")
    ]


async def test_a_draft_whose_closing_has_passed_says_so(desk: Desk) -> None:
    draft = await drafted(desk, closes_day="2026-03-12", closes_at="18:00")
    desk.clock.forward(timedelta(days=3))
    again = await desk.browser(desk.sam_id)
    page = await again.get(f"/polls/drafts/{draft}")
    assert "and that has passed. Choose another time" in page.words and "If it is opened" not in page.words


WRONG = [
    ({"question": ""}, "Write the question."),
    ({"question": "x" * 1001}, "This is too long"),
    ({"options": "Library"}, "at least two options"),
    ({"options": ""}, "Write what people can choose"),
    ({"options": "Library\nlibrary"}, "Two options are alike"),
    ({"options": "Yes\nNo"}, "YES"),
    ({"options": "\n".join(map(str, range(21)))}, "20 options at most"),
    ({"changes": ""}, "Say what this vote will change."),
    ({"decides": " "}, "Say who decides in the end."),
    ({"kept": "hidden"}, "Choose one"),
    ({"closes_day": "2026-03-09", "closes_at": "10:00"}, "That time has passed."),
    ({"closes_day": "2026-03-19"}, "Choose both a day and a time"),
    ({"closes_day": "soon", "closes_at": "10:00"}, "a day such as"),
    ({"question_en_easy": "Where?"}, "at least two options"),
    ({"options_en_easy": "a\nb\nc", "question_en_easy": "Where?"}, "the same 2 choices"),
]


async def test_what_cannot_be_is_said_and_what_was_typed_is_kept(desk: Desk) -> None:
    for wrong, says in WRONG:
        typed = WRITTEN | {"changes": TRICKY} | wrong
        page = await desk.sam.send("/polls/new", **typed)
        assert page.status == 422 and says in page.words, (wrong, page.words)
        assert "<title>Error: " in page.text and "<script>alert" not in page.text
        assert "changes" in wrong or "&lt;script&gt;alert(1)" in page.text
        (target,) = set(re.findall(r'nhsuk-error-summary__list.*?href="#([^"]+)"', page.text, re.DOTALL))
        assert f'id="{target}"' in page.text
    several = {"question": "", "options": "One", "closes_day": "2020-01-01", "closes_at": "10:00"}
    page = await desk.sam.send("/polls/new", **WRITTEN | several)
    assert [f'href="#{place}"' in page.text for place in ("question", "options", "closes_day")] == [True] * 3
    assert await desk.rows("SELECT id FROM polls") == []


async def test_a_draft_is_mended_in_easy_words_too_and_thrown_away(desk: Desk) -> None:
    easy = {"question_en_easy": "Where do we meet?", "options_en_easy": "The library\nThe hall"}
    draft = await drafted(desk, kept="secret", several="y", **easy)
    page = await desk.sam.get(f"/polls/drafts/{draft}/write")
    assert "Where do we meet?" in page.text and "The library\nThe hall" in page.text
    page = await desk.sam.send(f"/polls/drafts/{draft}/write", **WRITTEN | easy | {"question": "Where now?"})
    assert page.at.endswith(draft) and "Where now?" in page.words and "easy read" in page.words
    assert "Where do we meet?" in page.words and "Not secret" in page.words
    assert "Nobody has been asked" in (await desk.sam.get(f"/polls/drafts/{draft}/drop")).words
    page = await desk.sam.send(f"/polls/drafts/{draft}/drop")
    assert "The draft is thrown away." in page.words
    left = "SELECT id FROM polls UNION SELECT owner FROM texts WHERE owner LIKE 'poll:%'"
    assert await desk.rows(left) == []


async def test_a_trial_goes_to_whoever_tries_it_alone(desk: Desk) -> None:
    await member(desk, "Ada")
    draft = await drafted(desk)
    page = await desk.sam.send(f"/polls/drafts/{draft}/try")
    assert page.status == 422 and "We have no phone or chat of yours" in page.words
    await uses(desk.app, desk.sam_id)
    page = await desk.sam.send(f"/polls/drafts/{draft}/try")
    assert "It is on its way to you by text." in page.words
    ((member_id, kind, body),) = await desk.rows("SELECT member_id, kind, body FROM outbox")
    assert (member_id, kind) == (desk.sam_id, "trial") and "Where shall we meet?" in body
    assert draft not in body  # so that nothing pressed there counts once it is open


async def test_the_turnout_is_shown_and_never_what_was_chosen(desk: Desk) -> None:
    ada, ben = await member(desk, "Ada"), await member(desk, "Ben")
    poll = await opened(desk)
    await vote(desk, poll, ada)
    page = await desk.sam.get(f"/polls/{poll}")
    assert "1 of 2 people has voted." in page.words and "By text 1" in page.words
    assert "Ben" in page.words and "Ada" not in page.words
    assert f'hx-get="/console/garden/polls/{poll}/turnout?had=open-1-2"' in page.text
    assert "hx-get" not in (await desk.sam.get(f"/polls/{poll}", still="1")).text
    same = await desk.sam.get(f"/polls/{poll}/turnout", had="open-1-2")
    assert (same.status, same.text) == (204, "")
    await vote(desk, poll, ben)
    part = await desk.sam.get(f"/polls/{poll}/turnout", had="open-1-2")
    assert "2 of 2 people have voted." in part.words and "<html" not in part.text
    assert (await desk.sam.get(f"/polls/{poll}/result.svg")).status == 404


async def test_a_page_that_changes_by_itself_leads_to_the_sign_in_once_nobody_is_signed_in(
    desk: Desk,
) -> None:
    poll = await opened(desk)
    stranger, at = await desk.browser(), f"/console/garden/polls/{poll}"
    asks = {"HX-Request": "true", "HX-Current-URL": f"{desk.url}{at}"}
    async with stranger.client.get(f"{at}/turnout", headers=asks, allow_redirects=False) as answer:
        assert (answer.status, await answer.text()) == (401, "")
        assert answer.headers["HX-Redirect"] == f"/console/sign-in?next={at}"


async def test_who_could_not_be_asked_is_named_with_the_reason(desk: Desk) -> None:
    await member(desk, "Ada", never_first=True)
    await member(desk, "Ben")
    poll = await opened(desk)
    await desk.app.scheduler.tick()
    page = await desk.sam.get(f"/polls/{poll}")
    assert "There is no way that we may use 1 It has not gone to them yet 1" in page.words
    assert "Ada. They asked us never to write or ring first." in page.words


async def test_a_secret_vote_of_few_tells_neither_ways_nor_names(desk: Desk) -> None:
    people = [await member(desk, f"Member {n}", never_first=n == 5) for n in range(6)]
    poll = await opened(desk, kept="secret")
    await vote(desk, poll, *people[:4])
    page = await desk.sam.get(f"/polls/{poll}")
    assert "4 of 6 people have voted." in page.words and "once five people have voted" in page.words
    assert "Member" not in page.words.replace("Members", "") and "By text" not in page.words
    page = await desk.sam.get(f"/polls/{poll}/remind")
    assert "It reaches 1 person." in page.words and "Member" not in page.words
    assert "5 parts of texts" in (await desk.sam.get(f"/polls/{poll}/close")).words  # one to each
    await desk.sam.send(f"/polls/{poll}/close")
    page = await desk.sam.get(f"/polls/{poll}")
    assert "Library won. 4 of 6 people voted, so we don't say how many chose each." in page.words
    assert "result.svg" not in page.text and "Member" not in page.words.replace("Members", "")


async def test_those_who_have_not_voted_are_reminded_once(desk: Desk) -> None:
    await member(desk, "Ada")
    poll = await opened(desk)
    page = await desk.sam.send(f"/polls/{poll}/remind")
    assert page.status == 409 and "still going out" in page.words
    async with desk.app.db.write() as conn:
        await conn.execute(sa.update(sendings).values(state="done"))
    page = await desk.sam.send(f"/polls/{poll}/remind")
    assert "are asked once more." in page.words and "were reminded once." in page.words
    assert "Remind those" not in page.words
    assert (await desk.sam.send(f"/polls/{poll}/remind")).status == 409


async def test_closing_says_what_will_happen_and_shows_the_result_in_every_form(desk: Desk) -> None:
    ada, ben = await member(desk, "Ada"), await member(desk, "Ben")
    poll = await opened(desk)
    await vote(desk, poll, ada, ben)
    page = await desk.sam.get(f"/polls/{poll}/close")
    assert "2 of 2 people have voted." in page.words and "cannot be opened again" in page.words
    page = await desk.sam.send(f"/polls/{poll}/close")
    assert "Library won with all 2 votes." in page.words and "Library 2 Town hall 0" in page.words
    drawn = await desk.sam.get(f"/polls/{poll}/result.svg")
    assert drawn.headers["Content-Type"].startswith("image/svg+xml") and "Library: 2 votes" in drawn.text
    assert "sandbox" in drawn.headers["Content-Security-Policy"]
    assert (
        await desk.sam.post(f"/polls/{poll}/close", token=await desk.sam.token("/polls/new"))
    ).status == 409
    assert "The vote has closed." in (await desk.sam.get(f"/polls/{poll}/turnout", had="open-2-2")).words
    assert len(await desk.rows("SELECT id FROM sendings WHERE kind = 'result'")) == 1


async def test_what_people_said_stands_with_the_vote_and_without_a_name_where_they_want_none(
    desk: Desk,
) -> None:
    ada = await member(desk, "Ada")
    poll = await opened(desk)
    await comment(desk, poll, ada, f"It is warm there {TRICKY}")
    await comment(desk, poll, ada, "The ramp is steep", unnamed=True)
    for path in (f"/polls/{poll}", f"/polls/{poll}/comments"):
        page = await desk.sam.get(path)
        assert "Words by Ada" in page.words and "It is warm there <script>" in page.words
        assert "<script>alert" not in page.text
        assert "Words without a name" in page.words and "The ramp is steep" in page.words
    async with desk.app.db.read() as conn:
        shelf = await browse(conn, desk.home.id, Wanted(poll="another"))
    assert shelf.found == ()


async def test_a_poll_of_another_group_is_not_there(desk: Desk) -> None:
    other = await desk.group("OTHER")
    kim = await desk.browser(await desk.staff(other, "Kim"), code="OTHER")
    draft, poll = await drafted(desk), await opened(desk)
    token = await kim.token("/polls/new")
    for path in (
        f"drafts/{draft}",
        f"drafts/{draft}/write",
        f"drafts/{draft}/drop",
        f"{poll}",
        f"{poll}/close",
    ):
        assert (await kim.get(f"/polls/{path}")).status == 404, path
    for path in (f"drafts/{draft}/open", f"drafts/{draft}/try", f"drafts/{draft}/drop", f"{poll}/remind"):
        assert (await kim.post(f"/polls/{path}", token=token)).status == 404, path
    assert "Where" not in (await kim.get("/polls")).words


async def test_many_polls_take_several_pages(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turnout, "PAGE", 2)
    async with desk.app.db.write() as conn:
        for n in range(3):
            new = NewPoll(group=desk.home.id, question=f"Question {n}?", options=("A1", "B1"))
            await polls.open_poll(conn, new, ids=desk.app.ids, now=desk.clock() + timedelta(seconds=n))
    page = await desk.sam.get("/polls")
    assert "Question 2?" in page.words and "Question 0?" not in page.words
    older = re.search(r'\?after=([^"]+)" rel="next"', page.text)
    assert older and "Question 0?" in (await desk.sam.get("/polls", after=older[1])).words
