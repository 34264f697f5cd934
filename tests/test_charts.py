"""The result as a picture: large, readable without colour, with its words inside."""

import io
from xml.etree import ElementTree

import pytest
from PIL import Image

from bot.drawing.charts import FILL, Bar, png, svg

BARS = (
    Bar(label="Library", count=7, words="7 votes, 58%"),
    Bar(label="Community <café> & garden", count=5, words="5 votes, 42%"),
    Bar(label="Town hall", count=0, words="no votes"),
)
NS = "{http://www.w3.org/2000/svg}"


def drawn(title: str, sentence: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg(title, sentence, BARS, voted=12))  # noqa: S314  # our own words


def test_a_screen_reader_hears_the_title_and_every_count() -> None:
    drawing = drawn("Where shall we meet?", "Library won.")
    assert drawing.findtext(f"{NS}title") == "Where shall we meet?"
    words = drawing.findtext(f"{NS}desc") or ""
    assert all(f"{bar.label}: {bar.words}" in words for bar in BARS)


def test_bars_are_as_long_as_their_counts() -> None:
    drawing = drawn("Where?", "")
    filled = [int(r.get("width", 0)) for r in drawing.iter(f"{NS}rect") if r.get("fill") == FILL]
    assert [round(width / 880, 2) for width in filled] == [0.58, 0.42]


def test_the_picture_is_large_and_its_letters_are_drawn_with_our_own_font() -> None:
    with_words = Image.open(io.BytesIO(png(svg("Where shall we meet?", "Library won.", BARS, voted=12))))
    assert with_words.width >= 800
    alone = Image.open(io.BytesIO(png(svg("", "", BARS[:1], voted=7))))
    top = alone.convert("L").crop((0, 0, alone.width, 90))
    assert top.histogram()[0] > 100, "the label above the bar is not there"


@pytest.mark.parametrize("label", ["x" * 400, "word " * 120, "\x00\x1b", "مكتبة", ""])
def test_any_label_can_be_drawn(label: str) -> None:
    assert png(svg(label, label, [Bar(label=label, count=1, words="1 vote")], voted=1)).startswith(b"\x89PNG")


def test_no_votes_at_all_is_drawn_too() -> None:
    bars = [Bar(label="Library", count=0, words="no votes")]
    assert png(svg("Where?", "Nobody voted.", bars, voted=0)).startswith(b"\x89PNG")
