"""Where a reply mentions the options of a question: by words, by number, by letter or all at once."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from flows.understanding.options import Keys, Names, core, stem
from flows.understanding.talk import (
    ALL,
    ANY,
    CHATTER,
    CHATTER_BEGINS,
    CHATTER_PHRASES,
    CHOOSING,
    COUNTED,
    JOINERS,
    LETTER_PREFIXES,
    NONE,
)
from flows.understanding.tokens import Token, minus


@dataclass(slots=True, kw_only=True)
class Search:
    """A reply being searched. Each finder uses up what it understands; the rest is left over."""

    said: Sequence[Token]
    words: Sequence[int]  # the places of what is no mark
    known: Names
    several: bool
    used: set[int] = field(default_factory=set)
    found: list[tuple[Keys, bool]] = field(default_factory=list)
    both: bool = False
    none: bool = False
    stray: bool = False  # a number that no option has

    def free(self) -> list[int]:
        """The words that no finder has used."""
        return [at for at in self.words if at not in self.used]

    def left(self) -> list[int]:
        """The unused words that are not small talk."""
        return [at for at in self.free() if not self.idle(at)]

    def idle(self, at: int) -> bool:
        """Whether a word says nothing about the choice."""
        token = self.said[at]
        return token.mark or token.symbol or (token.text in CHATTER and token.text not in self.known.words)

    def take(self, places: Iterable[int], keys: Keys, *, sure: bool = True) -> None:
        """Note a mention of these options; sure unless it may be any one of several."""
        self.used.update(places)
        self.found.append((keys, sure))

    def text(self, at: int) -> str:
        """The word at a place, or nothing beyond the ends."""
        return self.said[at].text if 0 <= at < len(self.said) else ""


def search(said: Sequence[Token], known: Names, *, several: bool) -> Search:
    """Find every mention, the plainest kinds first."""
    words = [at for at, token in enumerate(said) if not token.mark]
    found = Search(said=said, words=words, known=known, several=several)
    for find in _FINDERS:
        find(found)
        if not found.free():
            break
    return found


def _phrases(search: Search) -> None:
    """An option's own words, the longest first, with or without the small words between."""
    for size in range(min(search.known.longest, len(search.said)), 0, -1):
        for skim in (False, True):
            places = [at for at in search.free() if not skim or core([search.said[at].text])]
            for window in _windows(places, size):
                keys = search.known.phrases.get(tuple(search.said[at].text for at in window))
                if keys and search.used.isdisjoint(window):
                    search.take(window, keys, sure=len(keys) == 1)


def _small_talk(search: Search) -> None:
    """Phrases that mean nothing here, unless an option shares their words ("That is all")."""
    said = {token.text for token in search.said}
    if said.isdisjoint(CHATTER_BEGINS):
        return
    for words in CHATTER_PHRASES:
        if not said.issuperset(words) or not search.known.words.keys().isdisjoint(words):
            continue
        for window in _windows(search.free(), len(words)):
            if tuple(search.said[at].text for at in window) == words:
                search.used.update(window)


def _groups(search: Search) -> None:
    """ "All three", "both", "none of them", "either"."""
    everything = frozenset(search.known.keys)
    for at in search.free():
        text = search.text(at)
        if text in search.known.words or at in search.used:
            continue
        if text in ALL:
            counted = search.text(at + 1) == str(len(everything))
            search.take([at, at + 1] if counted else [at], everything)
        elif text == "both" and len(everything) == 2:
            search.take([at], everything)
        elif text in ANY:
            search.take([at], everything, sure=False)
        elif text in NONE and search.known.refusal:
            search.take([at], search.known.refusal)
        elif text == "both" or text in NONE:
            search.used.add(at)
            search.both |= text == "both"
            search.none |= text in NONE


def _numbers(search: Search) -> None:
    """Numbers, number words and ordinals: the place in the list, or the value on a scale."""
    for at in search.free():
        token, ranked = search.said[at], search.known.ranked
        if token.text == "last" and ranked and "last" not in search.known.words:
            search.take([at], frozenset(search.known.keys[-1:]), sure=not _counts_on(search, at))
        elif at in search.used or token.value is None or (token.ordinal and not ranked):
            continue
        elif token.text == "1" and not token.digits and at - 1 in search.used:
            search.used.add(at)  # "the second one", "the blue one"
        else:
            _number(search, at, token)


def _number(search: Search, at: int, token: Token) -> None:
    known = search.known
    value = int(token.value) if token.value is not None and token.value.is_integer() else -1
    if not known.ranked and minus(search.said, at):
        value = -1
    also = known.words.get(token.text) if token.ordinal else known.leads.get(value)
    place = {known.places[value]} if value in known.places else set()
    keys = frozenset(place | (also or set()))
    if keys:
        search.used.update(_number_word(search, at) + _out_of(search, at))
        passing = _counts_on(search, at) or _in_passing(search, at)
        search.take([at], keys, sure=len(keys) == 1 and not passing)
    elif search.several and token.digits and set(token.text) <= {str(place) for place in known.places}:
        # "12" to three options may be 1 and 2; we ask.
        search.take([at], frozenset(known.places[int(digit)] for digit in token.text), sure=False)
    else:
        search.stray = True


def _number_word(search: Search, at: int) -> list[int]:
    """The "no" of "no 2" and "no. 2", where the reply begins with it."""
    before = at - 2 if search.text(at - 1) == "." else at - 1
    begins = search.left()[:1] == [before]
    return [before] if search.text(before) == "no" and begins and search.said[at].digits else []


def _out_of(search: Search, at: int) -> list[int]:
    """On a scale: the "/5" or "out of 5" after the number."""
    top = str(max(search.known.places, default=0))
    for words in () if search.known.ranked else (["/", top], ["of", top], ["out", "of", top]):
        after = range(at + 1, at + 1 + len(words))
        if [search.text(place) for place in after] == words:
            return list(after)
    return []


def _counts_on(search: Search, at: int) -> bool:
    """Whether a number counts things instead of naming one: "2 of them", "the first two"."""
    names_place = search.said[at].ordinal or search.text(at) == "last"
    after = search.said[at + 1] if at + 1 < len(search.said) and at + 1 not in search.used else None
    return after is not None and (after.text == "of" or (names_place and after.value not in {None, 1}))


def _in_passing(search: Search, at: int) -> bool:
    """Whether a number word only happens to be said: "hello you two", "I had one"."""
    token, before = search.said[at], search.text(at - 1)
    if token.digits or token.ordinal:
        return False
    if before in COUNTED or not search.known.ranked:  # "it felt like a four" is a value
        return before in COUNTED
    others = {search.text(one) for one in search.words if one != at and search.idle(one)}
    return before in {"the", "my", "a"} or not others <= CHOOSING


def _letters(search: Search) -> None:
    """ "Option b", or a letter alone; the latter is sure only if the labels are lettered."""
    known = search.known
    letters = [at for at in search.free() if len(search.text(at)) == 1 and search.text(at).isalpha()]
    if not (letters and known.ranked):
        return
    words = [at for at in search.free() if len(search.text(at)) == 1 or not search.idle(at)]
    for at in letters:
        letter = search.text(at)
        place = known.initials(letter, placed=True)
        ends = at + 1 == len(search.said) or search.text(at + 1) in JOINERS or search.idle(at + 1)
        if place and (search.text(at - 1) in LETTER_PREFIXES or (known.lettered and ends)):
            search.take([at], place)
        elif words == [at] and not search.found and known.initials(letter):
            search.take([at], known.initials(letter), sure=False)


def _misspelt(search: Search) -> None:
    """The whole reply as a misspelling of an option's several words."""
    if search.found:
        return
    places = search.left()
    keys = search.known.nearly(tuple(search.text(at) for at in places))
    if keys:
        search.take(places, keys, sure=len(keys) == 1)


def _telling_words(search: Search) -> None:
    """Single words of an option, misspelt ones too; words side by side narrow one another."""
    groups: list[tuple[list[int], Keys, bool]] = []
    beside = False
    for at, token in enumerate(search.said):
        if at in search.used or token.text in JOINERS:
            beside = False
        if at in search.used or search.idle(at):
            continue
        meant = None if token.value is not None else _word(search.known, token.text)
        if meant and beside and groups[-1][1] & meant[0]:
            places, keys, sure = groups.pop()
            groups.append(([*places, at], keys & meant[0], sure and meant[1]))
        elif meant:
            groups.append(([at], *meant))
        beside = meant is not None
    for places, keys, sure in groups:
        plain = search.known.ranked and len(keys) == 1 and not keys & search.known.negative
        search.take(places, keys, sure=sure and plain)


def _word(known: Names, word: str) -> tuple[Keys, bool] | None:
    if word in known.words:
        return known.words[word], True
    keys = known.stems.get(stem(word))
    return (keys, True) if keys else known.near(word)


def _windows(places: list[int], size: int) -> list[list[int]]:
    return [places[start : start + size] for start in range(len(places) - size + 1)]


_FINDERS: tuple[Callable[[Search], None], ...] = (
    *(_phrases, _small_talk, _groups, _numbers, _letters, _misspelt, _telling_words),
)
