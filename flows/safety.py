"""Finds phrases that may mean that somebody is in danger, in whatever they write. Pure, and made once.

It misses things: spelling, hints and most of what people only say between the lines.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from flows.understanding.tokens import fold

_WORD = re.compile(r"[^\W_]+")
_SPACES = {code: " " for code in range(128) if not chr(code).isalnum()}  # the same in ASCII, and quicker
_LONGEST = 20_000  # letters that are looked at; no channel brings more


@dataclass(frozen=True, slots=True, kw_only=True)
class SafeWords:
    """The phrases that are shipped, by language, and ordinary talk that holds one of them."""

    phrases: Mapping[str, tuple[str, ...]]
    harmless: tuple[str, ...] = ()

    @classmethod
    def of(cls, table: Mapping[str, object]) -> "SafeWords":
        """As they stand in their file: a list by language, and one that is called harmless."""
        lists = {name: tuple(map(str, found)) for name, found in table.items() if isinstance(found, list)}
        return cls(harmless=lists.pop("harmless", ()), phrases=lists)

    def watch(self, *, added: Iterable[str] = (), dropped: Iterable[str] = ()) -> "Watch":
        """What looks for them: all languages at once, since people write in the one that comes first."""
        left_out = {plain(one) for one in dropped}
        every = [one for found in self.phrases.values() for one in found]
        wanted = [one for one in every if plain(one) not in left_out]
        return Watch([*wanted, *added], self.harmless)


class Watch:
    """Tells whether some words hold one of its phrases. Two looks into a set where they hold none."""

    def __init__(self, phrases: Collection[str], harmless: Collection[str] = ()) -> None:
        found: dict[str, list[str]] = defaultdict(list)
        for phrase in dict.fromkeys(map(plain, phrases)):
            if phrase:
                found[max(phrase.split(), key=len)].append(f" {phrase} ")
        # By the longest word of each, which ordinary words hold least often.
        self._phrases = {word: tuple(among) for word, among in found.items()}
        self._harmless = tuple(f" {plain(one)} " for one in harmless)

    def finds(self, words: str) -> bool:
        """Whether these words hold one of the phrases."""
        heard = _words(words[:_LONGEST])
        near = self._phrases.keys() & heard
        if not near:
            return False
        said = f" {' '.join(heard)} "
        for one in self._harmless:
            said = said.replace(one, " / ")
        return any(phrase in said for word in near for phrase in self._phrases[word])


def plain(words: str) -> str:
    """Words as they are compared: no capitals, accents, apostrophes or marks; one space between them."""
    return " ".join(_words(words))


def _words(words: str) -> list[str]:
    folded = fold(words)[0]
    return folded.translate(_SPACES).split() if folded.isascii() else _WORD.findall(folded)


NOTHING = SafeWords(phrases={})
