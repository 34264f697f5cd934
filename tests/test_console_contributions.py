"""What came in, in the pages: found, read, heard, typed up, answered and hidden."""

from collections.abc import Mapping
from html import escape
from typing import Any
from urllib.parse import urlencode

import pytest

from bot.web.ranges import part
from storage.erasure.held import member_data
from storage.running.undelivered import undelivered
from storage.tables import contributions, matters, media, meetings, outbox, reached, reaches
from tests.console import Desk
from tests.fakes.twilio_calls import sound
from tests.gifts import JOURNEY, days, give, member, stored

# The clock of these tests says Tuesday 10 March 2026, 11:00.


async def test_the_newest_stands_first_and_what_has_no_name_tells_nothing(desk: Desk) -> None:
    await member(desk, "Mary")
    await give(desk, "mary", "the last one")
    await give(desk, "mary", "They shout", unnamed=True)
    await give(desk, "mary", "the day before", ago=days(1))
    words = (await desk.sam.get("/contributions")).words
    places = [words.index(one) for one in ("the last one", "They shout", "the day before")]
    assert places == sorted(places)
    assert "Thought by Mary , Tuesday 10 March, 11:00" in words
    assert "Thought without a name , Tuesday 10 March, They shout" in words
    assert (
        "00:00" not in words and words.count("by text") == 2 + 1
    )  # the third is among what can be looked for
    for asked in ("person=Mary", "person=mary", "channel=sms"):
        words = (await desk.sam.get(f"/contributions?{asked}")).words
        assert "the last one" in words and "Thought without" not in words


LOOKED_FOR = [
    ({"words": "ramp"}, "steep unheard"),
    ({"words": "RÄMPE"}, "german"),
    ({"words": "rämpe"}, "german"),
    ({"words": "100%"}, "percent"),
    ({"words": "a_b"}, ""),
    ({"words": "A roof"}, "journey"),
    ({"words": "happened"}, ""),
    ({"flow": "journey"}, "journey"),
    ({"person": "5512"}, "german"),
    ({"person": "nobody here"}, ""),
    ({"channel": "voice"}, "unheard"),
    ({"since": "2026-03-09", "until": "2026-03-09"}, "percent"),
    ({"until": "2026-03-08"}, ""),
    ({"unheard": "y"}, "unheard"),
    ({"meeting": "m1", "words": "steep"}, "steep"),
]


async def test_everything_can_be_looked_for(desk: Desk) -> None:
    await member(desk, "Mary")
    await member(desk, "Jürgen", number="5512")
    sounds = await stored(desk)
    async with desk.app.db.write() as conn:
        await conn.execute(media.update().values(typed="There is no ramp."))
        row = {"id": "m1", "group_id": desk.home.id, "title": "Spring", "at": desk.clock()}
        await conn.execute(meetings.insert().values(row))
    gifts = {
        "steep": await give(desk, "mary", "The Ramp is steep", meeting_id="m1"),
        "german": await give(desk, "jürgen", "Die Rämpe"),
        "percent": await give(desk, "mary", "100% of us, a b", ago=days(1)),
        "journey": await give(desk, "mary", "1. I waited", flow="journey", answers=JOURNEY),
        "unheard": await give(desk, "mary", channel="voice", files=[sounds]),
    }
    for query, wanted in LOOKED_FOR:
        text = (await desk.sam.get(f"/contributions?{urlencode(query)}")).text
        found = {name for name, id_ in gifts.items() if f'/contributions/{id_}"' in text}
        assert found == set(wanted.split()), query
    page = await desk.sam.get("/contributions", since="tomorrow")
    assert page.status == 422 and "From must be a day such as 2026-03-03." in page.words
    words = (await desk.sam.get(f"/contributions/{gifts['journey']}")).words
    assert "1. How did that feel? 1 of 5, very bad 1. What would have helped? A roof" in words


async def test_a_long_list_is_turned_page_by_page(desk: Desk) -> None:
    await member(desk, "Mary")
    common = {"group_id": desk.home.id, "flow": "thought", "at": desk.clock()}
    ids = [f"x{n:03}" for n in range(120)]
    async with desk.app.db.write() as conn:
        await conn.execute(contributions.insert(), [{"id": one, "text": "word", **common} for one in ids])
    seen: list[str] = []
    page = await desk.sam.get("/contributions", words="word")
    for _ in range(3):
        seen += reversed([one for one in ids if f'/contributions/{one}"' in page.text])
        if older := [part for part in page.text.split('"') if "after=" in part]:
            page = await desk.sam.get(older[0].replace("&amp;", "&"))
    assert seen == ids[::-1]
    assert "Older ones" not in page.words and "Newest first" in page.words


async def test_words_of_members_are_text_wherever_they_stand(desk: Desk) -> None:
    script = "<script>alert(1)</script>"
    await member(desk, script, number="1")
    file = await stored(desk)
    async with desk.app.db.write() as conn:
        await conn.execute(media.update().values(typed=script, name=script))
    gift = await give(desk, script.lower(), script, answers={"a<b": {"text": script + "2"}}, files=[file])
    for path in ("/contributions", f"/contributions/{gift}", f"/files/{file}/words"):
        page = await desk.sam.get(path)
        assert escape(script) in page.text and script not in page.text, path


async def test_nothing_of_another_group_is_there(desk: Desk) -> None:
    other = await desk.group("PARK")
    await member(desk, "Eve", group=other.id)
    file = await stored(desk)
    gift = await give(desk, "eve", "theirs", flow="journey", group_id=other.id, files=[file])
    matter = await stored(desk)
    row = {"id": "t", "group_id": other.id, "kind": "passed on", "media": [matter], "at": desk.clock()}
    async with desk.app.db.write() as conn:
        await conn.execute(matters.insert().values(row))
    addresses = [f"/contributions/{gift}{end}" for end in ("", "/hide", "/review")]
    addresses += [f"/files/{one}{end}" for one in (file, matter) for end in ("", "/small", "/words")]
    addresses += [f"/journeys/{gift}", f"/journeys/{gift}/picture.svg", "/contributions/none", "/files/none"]
    assert [(one, (await desk.sam.get(one)).status) for one in addresses] == [(one, 404) for one in addresses]
    token = await desk.sam.token("/contributions")
    posts = [f"/contributions/{gift}", f"/contributions/{gift}/hide", f"/files/{file}/words"]
    for one in [*posts, f"/files/{file}/heard"]:
        done = await desk.sam.post(one, token=token, body="a", why="dangerous", typed="a", now="show")
        assert done.status == 404, one
    assert "theirs" not in (await desk.sam.get("/contributions")).words


async def test_a_recording_is_typed_up_by_somebody_and_counts_as_heard(desk: Desk) -> None:
    await member(desk, "Mary")
    file = await stored(desk)
    gift = await give(desk, "mary", files=[file], ago=days(3))
    page = await desk.sam.get("/contributions")
    assert "Not heard yet It came 3 days ago." in page.words
    assert f'src="/console/garden/files/{file}"' in page.text
    page = await desk.sam.send(f"/files/{file}/words", typed="The bus was late.")
    assert page.at == f"/console/garden/contributions/{gift}" and "Not heard yet" not in page.words
    assert "What is said: The bus was late." in page.words
    assert "Typed up by Sam Reed, Tuesday 10 March, 11:00." in page.words
    page = await desk.sam.send(f"/files/{file}/words", typed="I want to kill myself")
    assert "may mean danger" in page.words and "bus" not in page.words
    assert len(await desk.rows("SELECT id FROM alerts WHERE member_id = 'mary'")) == 1
    page = await desk.sam.send(f"/files/{file}/words", typed="a" * 20_001)
    assert page.status == 422 and "too long" in page.words


async def test_a_photo_is_seen_described_and_told_of(desk: Desk) -> None:
    await member(desk, "Mary")
    photo = await stored(desk, "photo")
    gift = await give(desk, "mary", "The gate", flow="photo", files=[photo])
    page = await desk.sam.get("/contributions")
    assert 'alt="Photo 1, photo of Tuesday 10 March, sent with the words: The gate"' in page.text
    page = await desk.sam.post(f"/files/{photo}/heard", token=await desk.sam.token(f"/contributions/{gift}"))
    assert "Heard or seen by Sam Reed" in page.words
    again = await desk.sam.post(f"/files/{photo}/heard", token=await desk.sam.token(f"/contributions/{gift}"))
    assert again.status == 409
    page = await desk.sam.send(f"/files/{photo}/words", typed="A gate with a step")
    assert 'alt="A gate with a step"' in page.text and "Described by Sam Reed" in page.words
    small = await desk.sam.get(f"/files/{photo}/small")
    assert small.headers["Content-Type"] == "image/jpeg" and small.body[:2] == b"\xff\xd8"


async def test_a_file_is_given_as_what_it_is_and_in_parts(desk: Desk) -> None:
    await member(desk, "Mary")
    file, paper = await stored(desk), await stored(desk, data=b"%PDF-1.4 anything")
    await give(desk, "mary", files=[file, paper])
    whole = await desk.sam.get(f"/files/{file}")
    said = ("Content-Type", "X-Content-Type-Options", "Accept-Ranges", "Cache-Control", "Content-Disposition")
    assert [whole.headers[name] for name in said] == [
        *("audio/wav", "nosniff", "bytes", "no-store"),
        f'inline; filename="voice-{file}.wav"',
    ]
    assert "sandbox" in whole.headers["Content-Security-Policy"]
    assert (await desk.sam.get(f"/files/{file}/small")).status == 404
    async with desk.sam.client.get(desk.sam.path(f"/files/{file}"), headers={"Range": "bytes=4-7"}) as answer:
        assert (answer.status, await answer.read()) == (206, whole.body[4:8])
        assert answer.headers["Content-Range"] == f"bytes 4-7/{len(sound(1))}"
    kept = await desk.sam.get(f"/files/{paper}")
    assert kept.headers["Content-Disposition"] == f'attachment; filename="file-{paper}.pdf"'


PARTS = [
    ("", 200, b"0123456789"),
    ("bytes=0-", 206, b"0123456789"),
    ("bytes=2-4", 206, b"234"),
    ("bytes=8-99", 206, b"89"),
    ("bytes=-3", 206, b"789"),
    ("bytes=-99", 206, b"0123456789"),
    ("bytes=10-", 416, b""),
    ("bytes=-0", 416, b""),
    ("bytes=4-2", 200, b"0123456789"),
    ("bytes=-", 200, b"0123456789"),
    ("bytes=0-1,4-5", 200, b"0123456789"),
    ("bytes=²-", 200, b"0123456789"),
    ("lines=1-2", 200, b"0123456789"),
]


@pytest.mark.parametrize(("wanted", "status", "data"), PARTS)
def test_browsers_seek_in_a_recording(wanted: str, status: int, data: bytes) -> None:
    whole = b"0123456789"
    found = part(whole, wanted)
    assert (found.status, found.data) == (status, data)
    first = whole.index(data)
    of = {200: None, 206: f"bytes {first}-{first + len(data) - 1}/10", 416: "bytes */10"}
    assert found.headers.get("Content-Range") == of[status]


async def test_an_answer_goes_the_way_that_it_came(desk: Desk) -> None:
    await member(desk, "Mary")
    liked = {"id": "liked", "member_id": "mary", "line_id": "mary", "channel": "telegram", "rank": -1}
    async with desk.app.db.write() as conn:
        await conn.execute(reaches.insert().values(liked))
    gift = await give(desk, "mary", "More benches", flow="diary", ago=days(1))
    page = await desk.sam.get(f"/contributions/{gift}")
    assert "goes to Mary by text, the way it came" in page.words
    page = await desk.sam.send(f"/contributions/{gift}", body="Two <benches> come in May.")
    assert "Two <benches> come in May. Sam Reed, Tuesday 10 March, 11:00. It waits to go." in page.words
    [(body,)] = await desk.rows("SELECT body FROM outbox WHERE member_id = 'mary' AND channel = 'sms'")
    head = "An answer from The Garden Group to your diary entry, Monday 9 March:"
    assert head in body and "Two <benches> come in May." in body
    async with desk.app.db.write() as conn:
        await conn.execute(reached.update().values(state="failed"))
    assert "It could not be delivered." in (await desk.sam.get(f"/contributions/{gift}")).words
    for wrong, said in (("", "says nothing"), ("a" * 1001, "too long")):
        page = await desk.sam.send(f"/contributions/{gift}", body=wrong)
        assert page.status == 422 and said in page.words
    assert len(await desk.rows("SELECT id FROM replies")) == 1


async def test_what_has_no_name_is_answered_and_nobody_learns_whose_it_is(desk: Desk) -> None:
    await member(desk, "Mary")
    gift = await give(desk, "mary", "They shout at us", unnamed=True)
    page = await desk.sam.send(f"/contributions/{gift}", body="We have talked with them.")
    assert "Nobody is shown which, or what became of it." in page.words and "Mary" not in page.text
    [row] = await desk.rows("SELECT body, subject_id FROM outbox WHERE member_id = 'mary'")
    assert "to something that you gave:" in row.body and row.subject_id is None
    async with desk.app.db.write() as conn:
        await conn.execute(outbox.update().values(state="failed"))
        [lost] = await undelivered(conn)
        [theirs] = (await member_data(conn, "mary"))["replies"]
    assert (lost.kind, lost.member) == ("reply", None) and theirs["body"] == "We have talked with them."
    async with desk.app.db.write() as conn:
        await conn.execute(outbox.update().values(lane="sms", sentence="The number is wrong."))
    page = await desk.sam.get("/messages/undelivered")
    assert "Somebody reply to what they gave Tuesday 10 March" in page.words
    assert "Mary" not in page.text and "The number is wrong" not in page.words
    page = await desk.sam.send(f"/contributions/{gift}/hide", why="names somebody")
    assert "Whoever gave it is told" in page.words and "Mary" not in page.text


NO_WAY = [
    ({"never_ring": True}, "voice", "There is no way to Mary that we may use."),
    ({}, "telegram", "goes to Mary on Telegram, in the hours"),
]


@pytest.mark.parametrize(("wish", "channel", "said"), NO_WAY)
async def test_it_says_where_an_answer_goes(
    desk: Desk, wish: Mapping[str, Any], channel: str, said: str
) -> None:
    await member(desk, "Mary", channel, **wish)
    gift = await give(desk, "mary", "More benches", channel="sms")
    assert said in (await desk.sam.get(f"/contributions/{gift}")).words
    page = await desk.sam.send(f"/contributions/{gift}", body="Yes.")
    assert ("It did not go" in page.words) is bool(wish)


async def test_it_says_why_an_answer_would_not_reach_somebody(desk: Desk) -> None:
    await member(desk, "Mary", state="stopped")
    gift = await give(desk, "mary", "More benches")
    page = await desk.sam.get(f"/contributions/{gift}")
    assert "Mary would not get it. They asked us to stop. Your answer is kept here" in page.words


async def test_hiding_has_a_reason_and_a_second_person(desk: Desk) -> None:
    await member(desk, "Mary")
    gift = await give(desk, "mary", "Ben took it", audience="group")
    page = await desk.sam.send(f"/contributions/{gift}/hide")
    assert page.status == 422 and "Choose a reason" in page.words
    page = await desk.sam.send(f"/contributions/{gift}/hide", why="names somebody")
    assert "It is hidden from the others." in page.words and "Sam Reed hid it" in page.words
    assert "Hidden: names somebody" in (await desk.sam.get("/contributions")).words
    assert "What do you decide?" not in (await desk.sam.get(f"/contributions/{gift}/review")).words
    page = await desk.sam.send(f"/contributions/{gift}/review", now="show")
    assert page.status == 422 and "somebody else has to look" in page.words
    kim = await desk.browser(await desk.staff(desk.home, "Kim", "owner"))
    page = await kim.send(f"/contributions/{gift}/review", now="keep")
    assert "It stays hidden." in page.words and "Kim has looked at it too, and kept it hidden" in page.words
    page = await kim.send(f"/contributions/{gift}/review", now="show")
    assert "It is shown again." in page.words and "Hide it from the others" in page.words
    assert len(await desk.rows("SELECT id FROM outbox WHERE kind = 'hidden'")) == 3
