"""A reply cut into words, numbers and marks, whatever script, case or keyboard it came from.

Labels are cut by the same rules, so that the two can be compared word by word.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from flows.values import replace

MARKS = ",.;:/&+?!)\n-"  # the hyphen last: it stands in a set of characters

_TOKEN = re.compile(
    rf"(?P<ordinal>\d+)(?:st|nd|rd|th)(?![^\s\d{MARKS}])"
    rf"|(?P<number>\d*\.\d+(?![\d.])|\d+)"
    rf"|(?P<mark>[{MARKS}])"
    rf"|(?P<word>[^\s\d{MARKS}]+)"
)
_DRAWN_OUT = re.compile(r"([^\W\d_])\1{2,}")  # "yesss", "nooo"

_UNITS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"),
    *("twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ORDINALS = (
    *("first", "second", "third", "fourth", "fifth", "sixth"),
    *("seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth"),
)
_CARDINALS = {word: float(value) for value, word in enumerate(_UNITS)} | {
    word: 10.0 * tens for tens, word in enumerate(_TENS, 2)
}
_RANKS = {word: float(value) for value, word in enumerate(_ORDINALS, 1)}

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_SHORT = {name[:3]: name for name in (*DAYS, *MONTHS)} | {
    **{"tues": "tuesday", "weds": "wednesday", "thur": "thursday", "thurs": "thursday"},
    "sept": "september",
}


def listed(words: str) -> frozenset[str]:
    """A set of words, written as a sentence would be."""
    return frozenset(words.split())


_NOT = listed(
    "dont doesnt didnt isnt wasnt arent werent wont cant couldnt wouldnt shouldnt "
    "havent hasnt hadnt aint cannot"
)
_SAME = _SHORT | dict.fromkeys(_NOT, "not")


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A word, number or mark. `start` and `end` point into the text as it came."""

    text: str  # folded; a number word and its digits are the same text, so are "2nd" and "second"
    start: int
    end: int
    value: float | None = None
    ordinal: bool = False
    digits: bool = False  # typed in digits, not as a word
    mark: bool = False

    @property
    def symbol(self) -> bool:
        """Whether this is an emoji or other sign rather than a word."""
        return not self.mark and self.value is None and not self.text[0].isalpha()


@lru_cache(maxsize=64)  # one turn looks at the same reply several times
def tokens(text: str) -> tuple[Token, ...]:
    """The words, numbers and marks of a text, in order."""
    folded, origin = fold(text)
    return tuple(_joined([_token(found, origin) for found in _TOKEN.finditer(folded)]))


def fold(text: str) -> tuple[str, Sequence[int]]:
    """The text with case, accents, width and control characters taken away; and where each came from."""
    if text.isascii():
        folded = text.translate(_ASCII)
        same = len(folded) == len(text)
        return folded, range(len(text)) if same else [
            at for at, character in enumerate(text) if _ASCII[ord(character)]
        ]
    kept: list[str] = []
    origin: list[int] = []
    for index, character in enumerate(text):
        for plain in _plain(character):
            kept.append(plain)
            origin.append(index)
    return "".join(kept), origin


@lru_cache(maxsize=2048)  # the letters of a script or two
def _plain(character: str) -> str:
    if character.isascii() and character.isalnum():
        return character.lower()
    if character == "🔟":
        return " 10 "
    kind = unicodedata.category(character)
    digit = unicodedata.digit(character, -1)
    if digit >= 0:  # digits of any script; ringed ones stand apart: "①③" is 1 and 3
        return f" {digit} " if kind == "No" else str(digit)
    part = unicodedata.numeric(character, 0) if kind == "No" else 0
    if 0 < part < 1:
        return f"{part:.3g}"[1:]  # "3½" is 3.5
    decomposed = unicodedata.normalize("NFKD", character).casefold()
    return "".join(map(_kept, unicodedata.normalize("NFKD", decomposed)))


def _kept(character: str) -> str:
    """One decomposed character as it counts for a comparison."""
    if character in MARKS or character.isalnum():
        return character
    kind = unicodedata.category(character)
    if character in "'’‘ʼ`´′\ufe0e\ufe0f" or "\u0300" <= character <= "\u036f" or kind in {"Cf", "Cs"}:
        return ""
    if "\U0001f3fb" <= character <= "\U0001f3ff":  # skin tones
        return ""
    if kind == "Pd":
        return "-"
    if kind == "So":
        return f" {character} "
    return character if kind in {"Mn", "Mc"} else " "


# Most replies are ASCII throughout, and then this takes the place of looking at each character.
_ASCII = {code: _plain(chr(code)) or None for code in range(128)}


def _token(found: re.Match[str], origin: Sequence[int]) -> Token:
    start, end = origin[found.start()], origin[found.end() - 1] + 1
    kind, text = found.lastgroup, found.group()
    if kind == "word":
        word, value, ordinal = _word(text)
        return Token(text=word, start=start, end=end, value=value, ordinal=ordinal)
    if kind == "mark":
        return Token(text=text, start=start, end=end, mark=True)
    value, ordinal = _value(found[kind or 0]), kind == "ordinal"
    return Token(text=_shown(value, ordinal), start=start, end=end, value=value, ordinal=ordinal, digits=True)


@lru_cache(maxsize=4096)  # the same few words are said over and over
def _word(text: str) -> tuple[str, float | None, bool]:
    """A word as it counts, the number that it is, and whether that is a place in an order."""
    word = _DRAWN_OUT.sub(r"\1", text)
    word = _SAME.get(word, word)
    rank, count = _RANKS.get(word), _CARDINALS.get(word)
    if rank is not None:
        return _shown(rank, True), rank, True
    return (word, None, False) if count is None else (_shown(count), count, False)


def minus(said: Sequence[Token], at: int) -> bool:
    """Whether a hyphen touches this number and nothing before it: "-3", but not "10-15"."""
    touches = at > 0 and said[at - 1].text == "-" and said[at - 1].end == said[at].start
    return touches and (at == 1 or said[at - 2].end < said[at - 1].start)


def _value(digits: str) -> float:
    """Very long numbers mean nothing to us, but must not fail."""
    return float(digits[:20])


def _shown(value: float, ordinal: bool = False) -> str:
    return (f"{value:.0f}" if value.is_integer() else f"{value:g}") + ("th" if ordinal else "")


def _joined(found: list[Token]) -> Iterator[Token]:
    """ "Twenty five" and "twenty-five" are one number, so is "a hundred"."""
    place = 0
    while place < len(found):
        if found[place].value is None and found[place].text not in {"a", "hundred"}:
            yield found[place]
            place += 1
            continue
        value, width = _spoken_number(found, place)
        last = found[place + width - 1]
        if value is not None:
            last = replace(last, text=_shown(value, last.ordinal), value=value, start=found[place].start)
        yield last
        place += width


def _spoken_number(found: list[Token], place: int) -> tuple[float | None, int]:
    """What several number words make together, and how many tokens they are."""
    token = found[place]
    step = 2 if [after.text for after in found[place + 1 : place + 2]] == ["-"] else 1
    last = found[place + step] if place + step < len(found) else token
    if not token.ordinal and _word_in(token, range(20, 100, 10)) and _word_in(last, range(1, 10)):
        return (token.value or 0) + (last.value or 0), step + 1
    if token.text in {"a", "1"} and last.text == "hundred":
        return 100.0, step + 1
    return (100.0, 1) if token.text == "hundred" else (None, 1)


def _word_in(token: Token, values: range) -> bool:
    return not token.digits and token.value is not None and int(token.value) in values
