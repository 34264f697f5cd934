"""Journeys in the pages: each as a picture, all together, and both in tables and words."""

from collections.abc import Sequence
from xml.etree import ElementTree

import pytest

from bot.drawing.journeys import Scale, counted, in_words, picture, summed_up, together
from storage.given.journeys import Journey, Moment
from tests.console import Desk
from tests.gifts import JOURNEY, give, member, stored
from tests.office import NOON

SCALE = Scale()


def told(*felt: int | None, words: str = "It happened") -> Journey:
    moments = tuple(Moment(words=words, felt=one) for one in felt)
    return Journey(id="j", at=NOON, name="Ada", unnamed=False, practice=False, hidden="", moments=moments)


async def test_a_journey_is_a_picture_a_table_and_a_sentence(desk: Desk) -> None:
    await member(desk, "Mary")
    gift = await give(desk, "mary", "1. I waited", flow="journey", answers=JOURNEY)
    page = await desk.sam.get(f"/journeys/{gift}")
    assert "Journey by Mary" in page.words
    assert (
        "3 moments. Best at moment 2: 5 of 5, very good. Worst at moment 1: 1 of 5, very bad." in page.words
    )
    assert "1 I waited in the rain 1 of 5, very bad What would have helped? A roof" in page.words
    assert "3 Home Not said" in page.words
    drawn = await desk.sam.get(f"/journeys/{gift}/picture.svg")
    assert drawn.headers["Content-Type"] == "image/svg+xml"
    assert "sandbox" in drawn.headers["Content-Security-Policy"]
    assert "1. I waited in the rain (1 of 5, very bad) What would have helped? A roof" in _words(drawn.text)
    assert (await desk.sam.get(f"/contributions/{gift}")).text.count(f"/journeys/{gift}") == 1
    thought = await give(desk, "mary", "no journey")
    assert (await desk.sam.get(f"/journeys/{thought}")).status == 404


async def test_all_journeys_stand_together_and_practice_is_not_counted(desk: Desk) -> None:
    await member(desk, "Mary")
    assert "No journey was told yet" in (await desk.sam.get("/journeys")).words
    await give(desk, "mary", "1.", flow="journey", answers=JOURNEY, unnamed=True)
    await give(desk, "mary", "1.", flow="journey", answers={"moments": JOURNEY["moments"][:2]})
    await give(desk, "mary", "1.", flow="journey", answers=JOURNEY, practice=True)
    page = await desk.sam.get("/journeys")
    assert "2 journeys, with 2 to 3 moments." in page.words and "Practice: not counted" in page.words
    assert "5 of 5, very good 0 2 0" in page.words and "1 of 5, very bad 2 0 0" in page.words
    assert "Journey without a name, Tuesday 10 March" in page.words and page.words.count("by Mary") == 2
    drawn = (await desk.sam.get("/journeys/together.svg")).text
    assert [one for one in _texts(drawn) if one == "2"] and "very good" in _words(drawn)


async def test_a_spoken_journey_has_the_words_that_were_typed_up(desk: Desk) -> None:
    await member(desk, "Mary")
    files = [await stored(desk), await stored(desk, data=b"RIFF\0\0\0\0WAVE-another")]
    moments = [{"happened": {"media": [one]}, "felt": {"keys": ["2"]}} for one in files]
    gift = await give(desk, "mary", flow="journey", answers={"moments": moments}, files=files)
    await desk.sam.send(f"/files/{files[0]}/words", typed="I rang and rang.")
    words = (await desk.sam.get(f"/journeys/{gift}")).words
    assert "1 I rang and rang. 2 of 5" in words and "2 A recording that is not typed up yet. 2 of 5" in words


ODD = [
    told(),
    told(None),
    told(1),
    told(3, 3, 3),
    told(9, -4),
    told(*[1, 5] * 40),
    told(2, None, 5, words="<b>&\x00\u202eאבג " + "长" * 300 + "w" * 400),
]


@pytest.mark.parametrize("one", ODD)
def test_any_journey_can_be_drawn_and_said(one: Journey) -> None:
    for drawn in (
        picture(one, SCALE, title="A <journey>", questions={}),
        together([one, one], SCALE, title="All", sentence=summed_up([one, one], SCALE)),
    ):
        svg = _read(drawn)
        width, height = float(svg.attrib["width"]), float(svg.attrib["height"])
        for mark in svg.iter():
            assert 0 <= float(mark.attrib.get("cx", mark.attrib.get("x", 0))) <= width
            assert 0 <= float(mark.attrib.get("cy", mark.attrib.get("y", 0))) <= height
    assert in_words(one, SCALE) and len(counted([one], SCALE)) == SCALE.high + 1


SUMS: Sequence[tuple[Sequence[Journey], str]] = [
    ([], "No journey was told yet."),
    ([told(2)], "1 journey, with 1 moment."),
    (
        [told(1, 5), told(2, 4, 3), told(1, None)],
        "3 journeys, with 2 to 3 moments. The hardest was moment 1: half of them felt 1 of 5 or less there. "
        "The best was moment 2: half felt 4.5 of 5 or more.",
    ),
]


@pytest.mark.parametrize(("several", "said"), SUMS)
def test_all_are_summed_up_in_words(several: Sequence[Journey], said: str) -> None:
    assert summed_up(several, SCALE) == said


def _read(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314  # our own drawing


def _texts(svg: str) -> list[str]:
    return [one.text or "" for one in _read(svg).iter("{http://www.w3.org/2000/svg}text")]


def _words(svg: str) -> str:
    return " ".join(_texts(svg))
