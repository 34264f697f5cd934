"""How long words are, and where to cut them: SMS parts, messages, minutes to listen, reading age."""

import math
import re
import unicodedata
from bisect import bisect_right

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")  # an escape and a letter: two septets
_GSM = _BASIC | _EXTENDED
# 3GPP TS 23.038 and 23.040: one part alone, and each of several, which carry a header.
_SEPTETS, _UNITS = (160, 153), (70, 67)

_PLAINER = str.maketrans(
    dict.fromkeys("‘’‚‛′´`", "'")
    | dict.fromkeys("“”„‟″«»", '"')
    | dict.fromkeys("‐‑‒–—―−•", "-")
    | dict.fromkeys("\t\u00a0\u2002\u2003\u2007\u2008\u2009\u200a\u202f", " ")
    | dict.fromkeys("\u00ad\u200b\ufeff", "")
    | {"…": "...", "\u2028": "\n", "\u2029": "\n\n"}
)

_PARAGRAPH = re.compile(r"\n\s*\n")
_LINE = re.compile(r"\n")
_SENTENCE = re.compile(r"[.!?…][\"'”’)]*(?=\s)")
_SPACE = re.compile(r"\s+|\S(?=\s)")
# A boundary is taken only if it leaves at least this share of the room filled.
_BOUNDARIES = ((_PARAGRAPH, 0.5), (_SENTENCE, 0.4), (_LINE, 0.4), (_SPACE, 0.0))
_LONGEST_CLUSTER = 40  # characters that are seen as one, an emoji family or stacked accents

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_ENDS = re.compile(r"[.!?…]+(?=\s|$)|\n+")
_SENTENCE_ENDS = re.compile(r"(?<=[.!?…])\s+")
_VOWELS = re.compile(r"[aeiouy]+")
_WORDS_A_MINUTE = 150  # slow speech
_YOUNGEST, _OLDEST = 5, 22


def plain(text: str) -> bool:
    """Whether phones' plain alphabet has all of it, so that more fits into each SMS part."""
    return _GSM.issuperset(text)


def units(text: str) -> int:
    """How long a text is as SMS: septets if it fits the GSM alphabet, else UTF-16 units."""
    return sum(map(_septets if plain(text) else _wide, text))


def parts(text: str) -> int:
    """How many SMS parts a text takes; what belongs together is never split between two."""
    if _BASIC.issuperset(text):  # as most are, and then nothing has to be counted letter by letter
        alone, each = _SEPTETS
        return 1 if len(text) <= alone else math.ceil(len(text) / each)
    measure, (alone, each) = (_septets, _SEPTETS) if plain(text) else (_wide, _UNITS)
    lengths = [measure(character) for character in text]
    if sum(lengths) <= alone:
        return 1
    count, filled = 1, 0
    for length in lengths:
        if filled + length > each:
            count, filled = count + 1, 0
        filled += length
    return count


def part_by_part(text: str) -> list[str]:
    """The text as its SMS parts carry it."""
    measure, (alone, each) = (_septets, _SEPTETS) if plain(text) else (_wide, _UNITS)
    if sum(map(measure, text)) <= alone:
        return [text]
    found, filled = [""], 0
    for character in text:
        if filled + measure(character) > each:
            found, filled = [*found, ""], 0
        found[-1] += character
        filled += measure(character)
    return found


def simplify(text: str) -> str:
    """The text in the GSM alphabet where that loses nothing but curls and dashes; else as it is.

    Accents, other scripts and emoji are never dropped.
    """
    plainer = unicodedata.normalize("NFC", text).replace("\r\n", "\n").translate(_PLAINER)
    return plainer if plain(plainer) else text


def split(text: str, most: int, *, tail: str = "") -> tuple[str, str]:
    """What fits `most` SMS parts together with `tail`, cut at a good place; and the rest.

    A text that fits as it is comes back whole, without the tail.
    """
    if parts(text) <= most:
        return text, ""
    ends = range(1, min(len(text), most * _SEPTETS[0]))
    longest = bisect_right(ends, most, key=lambda end: parts(text[:end] + tail))
    end = _good_end(text, max(1, longest))
    return text[:end].rstrip() + tail, text[end:].lstrip()


def pieces(text: str, longest: int) -> list[str]:
    """The text in pieces of at most `longest` UTF-16 units, cut at good places; at least one piece."""
    found: list[str] = []
    while len(text) > longest or _width(text) > longest:
        end = _good_end(text, _fitting(text, longest))
        found += [head] if (head := text[:end].rstrip()) else []
        text = text[end:].lstrip()
    return [*found, text] if text or not found else found


def seconds_to_listen(text: str) -> int:
    """How long it takes to hear this, spoken slowly."""
    return math.ceil(len(_WORD.findall(text)) * 60 / _WORDS_A_MINUTE)


def reading_age(text: str) -> int:
    """The age at which people read such English with ease, by the Flesch-Kincaid grade."""
    words = _WORD.findall(text)
    if not words:
        return _YOUNGEST
    sentences = max(1, sum(1 for sentence in _ENDS.split(text) if _WORD.search(sentence)))
    grade = 0.39 * len(words) / sentences + 11.8 * sum(map(_syllables, words)) / len(words) - 15.59
    return min(_OLDEST, max(_YOUNGEST, round(grade + 5)))


def long_sentences(text: str, most: int = 20) -> list[str]:
    """The sentences with more words than are taken in at one go."""
    found = (" ".join(one.split()) for line in text.splitlines() for one in _SENTENCE_ENDS.split(line))
    return [one for one in found if len(_WORD.findall(one)) > most]


def _septets(character: str) -> int:
    return 2 if character in _EXTENDED else 1


def _wide(character: str) -> int:
    return 2 if ord(character) > 0xFFFF else 1


def _width(text: str) -> int:
    return len(text) + sum(character > "\uffff" for character in text)


def _fitting(text: str, longest: int) -> int:
    """How many characters from the start fit, at least one."""
    end = longest
    while end > 1 and (over := _width(text[:end]) - longest) > 0:
        end -= (over + 1) // 2
    return max(1, end)


def _good_end(text: str, longest: int) -> int:
    """Where to cut at or before `longest`: after a paragraph, a sentence, a line or a word, if any."""
    for boundary, share in _BOUNDARIES:
        ends = [found.end() for found in boundary.finditer(text, 0, longest + 1) if found.end() <= longest]
        if ends and ends[-1] > share * longest:
            return ends[-1]
    end = longest
    while end > max(1, longest - _LONGEST_CLUSTER) and _joined(text, end):
        end -= 1
    return longest if _joined(text, end) else end


def _joined(text: str, at: int) -> bool:
    """Whether the characters around this place are seen as one."""
    if not 0 < at < len(text):
        return False
    before, after = text[at - 1], text[at]
    if "\U0001f1e6" <= after <= "\U0001f1ff":  # a flag is two letters
        flags = re.search("[\U0001f1e6-\U0001f1ff]*$", text[max(0, at - _LONGEST_CLUSTER) : at])
        return flags is not None and len(flags[0]) % 2 == 1
    tone_or_tag = "\U0001f3fb" <= after <= "\U0001f3ff" or "\U000e0020" <= after <= "\U000e007f"
    joins = unicodedata.category(after).startswith("M") or tone_or_tag
    return joins or "\u200d" in (before, after) or (before, after) == ("\r", "\n")


def _syllables(word: str) -> int:
    letters = word.casefold()
    groups = len(_VOWELS.findall(letters))
    silent = letters.endswith(("e", "ed")) and not letters.endswith(("le", "ee", "ye", "ted", "ded"))
    return max(1, groups - silent)
