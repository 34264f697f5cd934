"""Journeys as pictures: moments along a line, feeling as the height, words below; and the same in words.

They read in black and white, and every moment has its number.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from bot.drawing.lettering import FONT, fits, lines, safe
from storage.given.journeys import Journey, Moment

INK, SOFT, FAINT, FILL, PAPER = "#22262b", "#565049", "#b9b0a2", "#0b5a5c", "#ffffff"
UNSAID = "not said"
LEAST = 960  # so wide at least
_EDGE = 30
_LEFT = 190  # room for the words beside the heights
_STEP = 64  # between two heights
_APART = 60  # at least, between two moments
_DOT = 22
_SIZE = 26  # of letters


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """From the worst to the best, and what they are called."""

    low: int = 1
    high: int = 5
    worst: str = "very bad"
    best: str = "very good"

    def words(self, felt: int | None) -> str:
        """A feeling in words: 2 of 5."""
        if felt is None:
            return UNSAID
        named = {self.low: f", {self.worst}", self.high: f", {self.best}"}.get(felt, "")
        return f"{felt} of {self.high}{named}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    """Where things stand in a drawing: moments from the left, feelings from the top."""

    scale: Scale
    moments: int

    @property
    def width(self) -> int:
        return max(LEAST, _LEFT + _APART * self.moments + _EDGE)

    @property
    def bottom(self) -> int:
        """Where moments stand of which no feeling was said."""
        return self.y(self.scale.low) + _STEP

    def x(self, at: int) -> int:
        room = self.width - _LEFT - 2 * _EDGE
        return _LEFT + round(room * (at + 0.5) / max(1, self.moments))

    def y(self, felt: int | None) -> int:
        if felt is None:
            return self.bottom
        return _EDGE + _DOT + (self.scale.high - min(max(felt, self.scale.low), self.scale.high)) * _STEP


def in_words(one: Journey, scale: Scale) -> str:
    """A journey in a sentence or two, for who does not see the picture."""
    felt = [(moment.felt, at) for at, moment in enumerate(one.moments, 1) if moment.felt is not None]
    many = "1 moment" if len(one.moments) == 1 else f"{len(one.moments)} moments"
    if not felt:
        return f"{many}. How it felt was not said."
    (worst, low), (best, high) = min(felt), max(felt, key=lambda one: (one[0], -one[1]))
    if worst == best:
        return f"{many}. It felt the same throughout: {scale.words(best)}."
    return f"{many}. Best at moment {high}: {scale.words(best)}. Worst at moment {low}: {scale.words(worst)}."


def picture(one: Journey, scale: Scale, *, title: str, questions: Mapping[str, str]) -> str:
    """One journey as an SVG that can stand by itself, with its words below.

    `questions` are what was asked beside what happened, by name.
    """
    field = _Field(scale=scale, moments=len(one.moments))
    parts = [*_heights(field), *_line(one.moments, field)]
    y = field.bottom + 2 * _DOT
    for at, moment in enumerate(one.moments, 1):
        y = _write(parts, f"{at}. {_told(moment, scale, questions)}", y + 10, field.width - 2 * _EDGE)
    return _svg(field.width, y + _EDGE, title, in_words(one, scale), parts)


def small(one: Journey, scale: Scale) -> list[tuple[int, int, bool]]:
    """Where its moments stand in a small drawing, 40 high and 20 for each moment; whether it was said."""
    high = max(1, scale.high - scale.low)
    felt = [moment.felt for moment in one.moments]
    tops = [36 if f is None else 4 + round(32 * (scale.high - f) / high) for f in felt]
    return [(10 + 20 * at, top, f is not None) for at, (top, f) in enumerate(zip(tops, felt, strict=True))]


def together(several: Sequence[Journey], scale: Scale, *, title: str, sentence: str) -> str:
    """All of them in one SVG: how many stood at each height, and how many went from there to the next."""
    field = _Field(scale=scale, moments=max((len(one.moments) for one in several), default=0))
    stood, went = _counts(several)
    most = max(stood.values(), default=1)
    parts = list(_heights(field))
    for (at, one, other), number in sorted(went.items(), key=lambda item: item[1]):
        width = 2 + round(10 * number / most)
        parts.append(
            f'<line x1="{field.x(at)}" y1="{field.y(one)}" x2="{field.x(at + 1)}" y2="{field.y(other)}" '
            f'stroke="{FAINT}" stroke-width="{width}" stroke-linecap="round"/>'
        )
    for (at, felt), number in sorted(stood.items(), key=str):
        parts += _dot(field.x(at), field.y(felt), str(number), said=felt is not None)
    parts += [_text(field.x(at), field.bottom + 60, str(at + 1), middle=True) for at in range(field.moments)]
    return _svg(field.width, field.bottom + 90, title, sentence, parts)


def counted(several: Sequence[Journey], scale: Scale) -> list[tuple[str, list[int]]]:
    """The same as a table: for each feeling, how many had it at each moment."""
    stood, _ = _counts(several)
    moments = range(max((len(one.moments) for one in several), default=0))
    rows = [*range(scale.high, scale.low - 1, -1), None]
    return [(scale.words(felt), [stood[at, felt] for at in moments]) for felt in rows]


def summed_up(several: Sequence[Journey], scale: Scale) -> str:
    """What the picture of all shows, in words."""
    if not several:
        return "No journey was told yet."
    lengths = [len(one.moments) for one in several]
    many = "1 journey" if len(several) == 1 else f"{len(several)} journeys"
    between = f"{min(lengths)} to {max(lengths)}" if min(lengths) != max(lengths) else f"{max(lengths)}"
    said = f"{many}, with {between} {'moment' if between == '1' else 'moments'}."
    middles = [
        (median(felt), at)
        for at in range(max(lengths))
        if (felt := [f for one in several for f in _felt_at(one, at)])
    ]
    if len(middles) < 2 or min(middles)[0] == max(middles)[0]:
        return said
    (hard, low), (good, high) = min(middles), max(middles, key=lambda one: (one[0], -one[1]))
    return (
        f"{said} The hardest was moment {low + 1}: half of them felt {hard:g} of {scale.high} or less there. "
        f"The best was moment {high + 1}: half felt {good:g} of {scale.high} or more."
    )


def _felt_at(one: Journey, at: int) -> list[int]:
    felt = one.moments[at].felt if at < len(one.moments) else None
    return [] if felt is None else [felt]


def _counts(
    several: Sequence[Journey],
) -> tuple[Counter[tuple[int, int | None]], Counter[tuple[int, int | None, int | None]]]:
    """How many stood where, and how many went from where to where."""
    stood: Counter[tuple[int, int | None]] = Counter()
    went: Counter[tuple[int, int | None, int | None]] = Counter()
    for one in several:
        stood.update((at, moment.felt) for at, moment in enumerate(one.moments))
        steps = enumerate(pairwise(one.moments))
        went.update((at, first.felt, second.felt) for at, (first, second) in steps)
    return stood, went


def _told(moment: Moment, scale: Scale, questions: Mapping[str, str]) -> str:
    """A moment's words with how it felt, and what they said beside it."""
    felt = f"({scale.words(moment.felt)})" if moment.felt is not None else ""
    more = (f"{questions.get(name, '')} {said}".strip() for name, said in moment.more)
    return " ".join(filter(None, (moment.words, felt, *more)))


def _heights(field: _Field) -> list[str]:
    """A thin line for each feeling, with words at both ends."""
    scale = field.scale
    named = {scale.high: scale.best, scale.low: scale.worst}
    parts = []
    for felt in range(scale.low, scale.high + 1):
        y = field.y(felt)
        parts.append(_rule(field, y, FAINT))
        parts.append(_text(_EDGE, y + 9, f"{felt} {named.get(felt, '')}".strip()))
    return [
        *parts,
        _rule(field, field.bottom, PAPER),
        _text(_EDGE, field.bottom + 9, "not said", colour=SOFT),
    ]


def _rule(field: _Field, y: int, colour: str) -> str:
    return f'<line x1="{_LEFT}" y1="{y}" x2="{field.width - _EDGE}" y2="{y}" stroke="{colour}"/>'


def _line(moments: Sequence[Moment], field: _Field) -> list[str]:
    """From moment to moment; where a feeling was not said, the line is broken into dashes."""
    places = [
        (field.x(at), field.y(moment.felt), moment.felt is not None) for at, moment in enumerate(moments)
    ]
    parts = []
    for (x, y, said), (x2, y2, said2) in pairwise(places):
        dashes = "" if said and said2 else ' stroke-dasharray="4 8"'
        parts.append(
            f'<line x1="{x}" y1="{y}" x2="{x2}" y2="{y2}" stroke="{FILL}" stroke-width="5"{dashes}/>'
        )
    for number, (x, y, said) in enumerate(places, 1):
        parts += _dot(x, y, str(number), said=said)
    return parts


def _dot(x: int, y: int, words: str, *, said: bool) -> list[str]:
    fill, ink = (FILL, PAPER) if said else (PAPER, INK)
    circle = f'<circle cx="{x}" cy="{y}" r="{_DOT}" fill="{fill}" stroke="{FILL}" stroke-width="3"/>'
    return [circle, _text(x, y + 8, words, colour=ink, middle=True, size=22)]


def _text(
    x: int, y: int, words: str, *, colour: str = INK, middle: bool = False, size: int = _SIZE - 4
) -> str:
    anchor = ' text-anchor="middle"' if middle else ""
    return (
        f'<text x="{x}" y="{y}" font-family="{FONT}, sans-serif" font-size="{size}" fill="{colour}"{anchor}>'
        f"{safe(words)}</text>"
    )


def _write(parts: list[str], words: str, y: int, width: int) -> int:
    """Put words on as many lines as they need; the place below them."""
    for line in lines(words, fits(width, _SIZE)):
        y += round(_SIZE * 1.3)
        parts.append(_text(_EDGE, y - 8, line, size=_SIZE))
    return y


def _svg(width: int, height: int, title: str, told: str, parts: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="title desc" '
        f'width="{width}" height="{height}" viewBox="0 0 {width} {height}">\n'
        f'<title id="title">{safe(title)}</title>\n<desc id="desc">{safe(told)}</desc>\n'
        f'<rect width="{width}" height="{height}" fill="{PAPER}"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )
