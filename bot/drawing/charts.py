"""One bar drawing for a poll's result: an SVG for pages, the same as PNG for picture messages.

It reads in black and white, names every bar with its number, and carries its words for screen readers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

import resvg_py

from bot.drawing.lettering import FONT, FONT_FILES, fits, lines, safe
from storage.sessions.polls import Tally

WIDTH = 960
FILL = "#1d3557"
_EDGE = 40  # the empty border
_FULL = WIDTH - 2 * _EDGE  # a bar that everybody chose
_TITLE = 34  # sizes of letters, large enough on a small phone
_LABEL = 28
_BAR = 34


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One option: what it is called, how many chose it, and what is printed beside it."""

    label: str
    count: int
    words: str


def svg(title: str, sentence: str, bars: Sequence[Bar], *, voted: int) -> str:
    """The drawing; `sentence` says the result in words. A full bar is everybody who voted."""
    parts: list[str] = []
    y = _EDGE
    y = _write(parts, title, y, _TITLE, bold=True)
    y = _write(parts, sentence, y + 4, _LABEL) + 18
    for bar in bars:
        y = _draw(parts, bar, y, voted)
    height = y + _EDGE - 20
    told = "; ".join(f"{bar.label}: {bar.words}" for bar in bars)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="title desc" '
        f'width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}">\n'
        f'<title id="title">{safe(title)}</title>\n'
        f'<desc id="desc">{safe(f"{sentence} {told}".strip())}</desc>\n'
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def of_result(standing: Tally) -> str:
    """The result of a closed poll as bars; "" where its counts are not told."""
    if not standing.counts:
        return ""
    labels = dict(standing.options)
    bars = [
        Bar(label=labels[key], count=count, words=line.removeprefix(f"{labels[key]}: "))
        for (key, count), line in zip(standing.counts.items(), standing.lines, strict=True)
    ]
    return svg(standing.question, standing.sentence, bars, voted=standing.voted)


def png(drawing: str) -> bytes:
    """The drawing as a picture, with our own font and no other, so that it is the same everywhere."""
    fonts = resources.files("bot") / "fonts"
    with resources.as_file(fonts) as folder:
        return resvg_py.svg_to_bytes(
            svg_string=drawing,
            skip_system_fonts=True,
            font_files=[str(folder / name) for name in FONT_FILES],
            font_family=FONT,
            sans_serif_family=FONT,
        )


def _write(parts: list[str], words: str, y: int, size: int, *, bold: bool = False) -> int:
    """Put words on as many lines as they need; the place below them."""
    weight = ' font-weight="700"' if bold else ""
    for line in lines(words, fits(_FULL, size)):
        y += round(size * 1.25)
        parts.append(
            f'<text x="{_EDGE}" y="{y - round(size * 0.3)}" font-family="{FONT}, sans-serif" '
            f'font-size="{size}"{weight} fill="#000000">{safe(line)}</text>'
        )
    return y


def _draw(parts: list[str], bar: Bar, y: int, voted: int) -> int:
    """One bar under its own words, so that a long label never runs into it."""
    y = _write(parts, f"{bar.label}: {bar.words}", y, _LABEL) + 4
    width = min(_FULL, round(_FULL * bar.count / voted)) if voted else 0
    place = f'x="{_EDGE}" y="{y}" height="{_BAR}"'
    parts.append(f'<rect {place} width="{_FULL}" fill="#ffffff" stroke="#000000" stroke-width="2"/>')
    if width:
        parts.append(f'<rect {place} width="{width}" fill="{FILL}"/>')
    return y + _BAR + 20
