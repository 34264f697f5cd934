"""Words in our drawings: in our own letters, broken into lines, and safe in an SVG."""

import unicodedata
from xml.sax.saxutils import escape

FONT = "Atkinson Hyperlegible"
FONT_FILES = ("AtkinsonHyperlegible-Regular.ttf", "AtkinsonHyperlegible-Bold.ttf")
ACROSS = 0.56  # how wide a letter of this font is on average, in parts of its size
_WIDE = 2  # a letter of Chinese or Japanese, and most emoji, take the room of two


def lines(words: str, longest: int) -> list[str]:
    """Words broken into lines of so many letters; one that is longer than a line is cut."""
    found = [""]
    for word in words.split():
        while _room(word) > longest:
            head = _head(word, longest)
            found, word = [*found, head], word[len(head) :]
        if not found[-1] or _room(found[-1]) + 1 + _room(word) <= longest:
            found[-1] = f"{found[-1]} {word}".strip()
        else:
            found.append(word)
    return [line for line in found if line]


def safe(words: str) -> str:
    """Words as XML takes them; the characters that it can't hold are left out."""
    return escape("".join(c for c in words if c.isprintable() or c == " "))


def fits(width: int, size: int) -> int:
    """How many letters of this size go on a line so wide."""
    return int(width / (size * ACROSS))


def _room(words: str) -> int:
    return sum(_takes(c) for c in words)


def _takes(c: str) -> int:
    if unicodedata.combining(c):
        return 0
    return _WIDE if unicodedata.east_asian_width(c) in "WF" else 1


def _head(word: str, longest: int) -> str:
    """As much of a word as goes on a line, and at least one letter."""
    room = 0
    for at, c in enumerate(word):
        room += _takes(c)
        if at and room > longest:
            return word[:at]
    return word
